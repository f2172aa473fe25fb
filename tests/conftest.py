"""Shared by all tests: random ones have fixed seeds, so that a failure is the same for everyone."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

import streamreg as sr

# Machines differ too much for deadlines.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


BROKER = "tests/kafka/"
ON_BROKERS = (BROKER, "tests/spark/")
"""Folders whose tests are run by one process, one after the other: brokers and Spark fill the machine."""


class Groups(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Where several processes run the tests, one takes all that share a broker; those of a module stay together."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return BROKER if module.startswith(ON_BROKERS) else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:  # noqa: ANN401  # as xdist has it
    return Groups(config, log)


@pytest.fixture(autouse=True)
def no_outputs_of_others() -> Iterator[None]:
    """Outputs outlive a run that fails: each test begins without those of the one before."""
    sr.clear()
    yield
    sr.clear()


@pytest.fixture(autouse=True)
def no_log_settings_of_others() -> Iterator[None]:
    """A command that runs in the process of the tests sets what is logged, for good: it is undone after each."""
    loggers = [
        logging.getLogger(name) for name in ("streamreg", "streamreg.run", "streamreg.librdkafka")
    ]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    logging.captureWarnings(False)

"""Shared by all tests: random ones have fixed seeds, so that a failure is the same for everyone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import streamreg as sr

# Machines differ too much for deadlines.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes run the tests, one takes all that share a broker, and each module's stay together."""
    for item in items:
        path = item.path.relative_to(HERE)
        item.add_marker(
            pytest.mark.xdist_group(path.parts[0] if "kafka" in path.parts else str(path))
        )


@pytest.fixture(autouse=True)
def no_outputs_of_others() -> Iterator[None]:
    """Outputs outlive a run that fails: each test begins without those of the one before."""
    sr.clear()
    yield
    sr.clear()

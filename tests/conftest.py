"""Shared by all tests: random ones have fixed seeds, so that a failure is the same for everyone."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

import streamreg as sr

# Machines differ too much for deadlines.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


@pytest.fixture(autouse=True)
def no_outputs_of_others() -> Iterator[None]:
    """Outputs outlive a run that fails: each test begins without those of the one before."""
    sr.clear()
    yield
    sr.clear()

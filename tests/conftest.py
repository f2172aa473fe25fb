"""Shared by all tests: random ones have fixed seeds, so that a failure is the same for everyone."""

from hypothesis import settings

# Machines differ too much for deadlines.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")

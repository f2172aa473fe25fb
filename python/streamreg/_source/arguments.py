"""Source: checks of arguments that all functions have which read something."""

from __future__ import annotations

from streamreg._exceptions import ConfigurationError


def check_mode(given: object) -> None:
    """Raises ConfigurationError if it is none."""
    if given not in ("streaming", "static"):
        raise ConfigurationError(f"mode: expected 'streaming' or 'static', found {given!r}")


def check_interval(given: object) -> None:
    """Raises ConfigurationError if it is no time between the ends of two epochs."""
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise ConfigurationError(
            f"autocommit_duration_ms: expected a number of milliseconds, 0 or more, found {given!r}"
        )

"""Spark: what an engine may be asked for, checked by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from streamreg._exceptions import ConfigurationError

MOST_ROWS: Final = 10**9
MOST_TASKS: Final = 100_000
MOST_SHARDS: Final = 512
"""Each is a file that is open while a state is cut into shards."""

_SECONDS: Final[Mapping[str, float]] = {
    "millisecond": 0.001,
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
}
_TRIGGER: Final = re.compile(r"([0-9]{1,9}) ?([A-Za-z]+)")


def trigger_seconds(given: object) -> float:
    """The seconds of a trigger like "1 second". Raises ConfigurationError for anything else."""
    if isinstance(given, timedelta) and given >= timedelta(0):
        return given.total_seconds()
    found = _TRIGGER.fullmatch(given) if isinstance(given, str) else None
    unit = None if found is None else _SECONDS.get(found[2].lower().removesuffix("s"))
    if found is None or unit is None:
        raise ConfigurationError(
            'trigger: expected a time like "1 second", "500 milliseconds" or "2 minutes", '
            f"or a timedelta, found {given!r}"
        )
    return int(found[1]) * unit


def check_count(name: str, given: object, most: int) -> int:
    """Raises ConfigurationError for what is no number from 1 to the most."""
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= most:
        raise ConfigurationError(f"{name}: expected 1 to {most}, found {given!r}")
    return given

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

_MASTER: Final = re.compile(r"local(\[.+\])?|local-cluster\[.+\]|yarn|(spark|k8s)://.+")
"""What spark-submit takes."""

_MICROSECOND: Final = timedelta(microseconds=1)
_MOST_TRIGGER: Final = timedelta(days=366) // _MICROSECOND
_UNITS: Final[Mapping[str, int]] = {
    "microsecond": 1,
    "millisecond": 1000,
    "second": 10**6,
    "minute": 60 * 10**6,
    "hour": 3600 * 10**6,
    "day": 24 * 3600 * 10**6,
    "week": 7 * 24 * 3600 * 10**6,
}
"""In microseconds."""

_PART: Final = r"([0-9]{1,9}) ?([A-Za-z]+)"
_TRIGGER: Final = re.compile(rf"{_PART}(?: {_PART})*")


def trigger_seconds(given: object) -> float:
    """The seconds of a trigger like "1 second". Raises ConfigurationError for anything else, and for years."""
    found = given // _MICROSECOND if isinstance(given, timedelta) else _microseconds(given)
    if found is None or found < 0:
        raise ConfigurationError(
            'trigger: expected a time like "1 second", "500 milliseconds" or "1 minute 30 seconds", '
            f"or a timedelta, found {given!r}"
        )
    if found > _MOST_TRIGGER:
        raise ConfigurationError(f"trigger: expected a year at most, found {given!r}")
    return found / 10**6


def _microseconds(given: object) -> int | None:
    """What an interval of Spark's comes to; None for anything else."""
    if not isinstance(given, str) or not _TRIGGER.fullmatch(given):
        return None
    total = 0
    for count, name in re.findall(_PART, given):
        unit = _UNITS.get(name.lower().removesuffix("s"))
        if unit is None:
            return None
        total += int(count) * unit
    return total


def checked_master(given: object) -> str:
    """Raises ConfigurationError for what is no master of Spark's."""
    if not isinstance(given, str) or not _MASTER.fullmatch(given):
        raise ConfigurationError(
            'master: expected "local[4]", "spark://host:7077", "yarn", "k8s://…" or "local-cluster[2,1,1024]", '
            f"found {given!r:.200}"
        )
    return given


def checked_conf(given: object) -> dict[str, str]:
    """Settings as Spark takes them. Raises ConfigurationError for what is none."""
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"conf: expected texts by name, found {given!r}")
    for name, value in given.items():
        if not isinstance(name, str) or not isinstance(value, str | int | float):
            raise ConfigurationError(f"conf: expected texts by name, found {name!r}: {value!r}")
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in given.items()
    }


def check_count(name: str, given: object, most: int) -> int:
    """Raises ConfigurationError for what is no number from 1 to the most."""
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= most:
        raise ConfigurationError(f"{name}: expected 1 to {most}, found {given!r}")
    return given

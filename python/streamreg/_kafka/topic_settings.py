"""Sink, Kafka: the settings with which a topic is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streamreg._exceptions import ConfigurationError

_MOST: Final = {"num.partitions": 100_000, "replication.factor": 32_767}
"""What the client takes."""
_DIGITS: Final = 18


def checked_topic_settings(given: object) -> Mapping[str, str | int] | None:
    """As they are given. Raises ConfigurationError for one that cannot be."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"create: expected settings of a topic, found {given!r}")
    for name, value in given.items():
        if not isinstance(name, str) or isinstance(value, bool) or not isinstance(value, str | int):
            raise ConfigurationError(f"create: {name}: expected text or a number, found {value!r}")
        most = _MOST.get(name)
        if most is not None and not _is_count(value, most):
            raise ConfigurationError(
                f"create: {name}: expected a number above 0, {most:,} at most, found {value!r}"
            )
        if isinstance(value, str) and not (value.isprintable() and name.isprintable()):
            raise ConfigurationError(f"create: {name}: expected plain text, found {value!r}")
    return dict(given)


def _is_count(value: str | int, most: int) -> bool:
    if isinstance(value, str):
        if not (value.isascii() and value.isdecimal() and len(value) <= _DIGITS):
            return False
        value = int(value)
    return 0 < value <= most

"""Sink, Kafka: the settings with which a topic is made."""

from __future__ import annotations

from collections.abc import Mapping

from streamreg._exceptions import ConfigurationError


def checked_topic_settings(given: object) -> Mapping[str, str | int] | None:
    """As they are given. Raises ConfigurationError for one that cannot be."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"create: expected settings of a topic, found {given!r}")
    for name, value in given.items():
        number = name in ("num.partitions", "replication.factor")
        if not isinstance(name, str) or isinstance(value, bool) or not isinstance(value, str | int):
            raise ConfigurationError(f"create: {name}: expected text or a number, found {value!r}")
        if number and not (str(value).isascii() and str(value).isdecimal() and int(value) > 0):
            raise ConfigurationError(f"create: {name}: expected a number above 0, found {value!r}")
    return dict(given)

"""Source, Kafka: which topics are read: one, several, or all whose names match a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._types import quoted

_INTERNAL: Final = "__"
"""How names of topics begin that Kafka keeps for itself, and tools for themselves."""


@dataclass(frozen=True)
class Topics:
    """The topics that a program asks for: their names in order, or a pattern."""

    names: tuple[str, ...] = ()
    pattern: str | None = None
    """A regular expression, which a whole name matches; internal topics are left out."""

    @property
    def name(self) -> str:
        """What messages and states call them. No topic is called as a pattern is."""
        if self.pattern is None:
            return ", ".join(self.names)
        return "^" + self.pattern.removeprefix("^")

    @property
    def alone(self) -> str | None:
        """The topic, if there can be no other."""
        return self.names[0] if len(self.names) == 1 else None

    def has(self, topic: str) -> bool:
        """Whether this is one of them."""
        if self.pattern is None:
            return topic in self.names
        return not topic.startswith(_INTERNAL) and re.fullmatch(self.pattern, topic) is not None

    def among(self, known: Iterable[str]) -> list[str]:
        """Which topics of a cluster they are, in the order of their names."""
        return sorted(filter(self.has, known))


def checked_topics(topic: object, pattern: object = None) -> Topics:
    """The topics that were asked for.

    Raises:
        ConfigurationError: if that is neither names of topics nor a pattern, or both.
    """
    if pattern is not None:
        if topic is not None:
            raise ConfigurationError("topic: give either topic or pattern")
        if not isinstance(pattern, str) or not pattern:
            raise ConfigurationError(
                f"pattern: expected a regular expression, found {quoted(pattern)}"
            )
        try:
            re.compile(pattern)
        except re.error as error:
            raise ConfigurationError(
                f"pattern: {quoted(pattern)} is no regular expression: {error}"
            ) from None
        return Topics(pattern=pattern)
    several = isinstance(topic, Sequence) and not isinstance(topic, str | bytes)
    given = tuple(topic) if several else (topic,)  # type: ignore[arg-type]  # `several` says so
    names = tuple(name for name in given if isinstance(name, str) and name)
    if not names or len(names) < len(given):
        expected = "the name of a topic, or several"
        raise ConfigurationError(f"topic: expected {expected}, found {quoted(topic)}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigurationError(f"topic: {twice!r} is named twice")
    return Topics(tuple(sorted(names)))

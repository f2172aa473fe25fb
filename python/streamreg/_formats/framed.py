"""Format: messages behind the frame of a Schema Registry. The schemas that a batch names are there when it is decoded.

What an id stands for never changes, so that what a message becomes still depends on the message alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from streamreg._core import schema_ids
from streamreg._exceptions import ConfigurationError, SourceError
from streamreg._formats.schema_registry import AwayError, SchemaRegistry

if TYPE_CHECKING:
    from streamreg._core import Decoded, Decoder
    from streamreg._formats.contract import Input
    from streamreg._formats.schema_registry import RegisteredSchema
    from streamreg._source.contract import Report, Source
    from streamreg._source.messages import MessageValues
    from streamreg._types import SourceType

_log = logging.getLogger("streamreg")

Registered: TypeAlias = tuple[int, tuple[str, Sequence[tuple[str, str]]] | None, str]
"""The id of a schema, its text and those that it refers to by their names, or why values are not read by it."""

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 15.0
_ASKED_AGAIN: Final = 10.0
"""Seconds until an id that the registry did not know is asked for again, if it comes again."""
_MOST_UNKNOWN: Final = 10_000
_WAKE: Final = 0.2
"""Seconds between two looks whether a run that waits is to stop."""


class Patience:
    """Asks a registry, and when it is away waits longer each time before it is asked again."""

    def __init__(self, registry: SchemaRegistry) -> None:
        """Of this registry."""
        self._registry = registry
        self._pause = 0.0
        self._next = 0.0
        self._told: str | None = None

    def ask(self, question: Callable[[], None], report: Report, timeout: float) -> bool:
        """Whether the question was answered; otherwise up to `timeout` seconds were waited."""
        left = self._next - time.monotonic()
        if left > 0:
            time.sleep(min(left, timeout))
            if left > timeout:
                return False
        try:
            question()
        except AwayError as error:
            self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            self._next = time.monotonic() + self._pause
            if self._told != str(error):
                self._told = str(error)
                report(f"schema registry {self._registry.name}: waiting for it: {error}")
            return False
        if self._told is not None:
            report(f"schema registry {self._registry.name}: it answers again")
        self._pause, self._next, self._told = 0.0, 0.0, None
        return True


class FramedDecoder:
    """A decoder that asks for the schemas that it does not know yet."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        kind: str,
        decoder: Callable[[Sequence[Registered]], Decoder],
    ) -> None:
        """`kind` is that of the schemas; `decoder` makes the decoder that knows some."""
        self._registry = SchemaRegistry(settings)
        self._patience = Patience(self._registry)
        self._kind = kind
        self._make = decoder
        self._known: dict[int, Registered] = {}
        self._unknown: dict[int, float] = {}
        self._decoder = decoder(())

    def ready(self, values: MessageValues, report: Report, timeout: float) -> bool:
        """Whether all is there to decode these values; otherwise it has waited for it up to `timeout` seconds.

        Raises:
            SourceError: if the registry does not let the program in.
        """
        wanted = [id for id in schema_ids(values) if not self._is_known(id)]
        return not wanted or self._patience.ask(lambda: self._find(wanted), report, timeout)

    def decode(self, values: MessageValues) -> Decoded:
        while not self.ready(values, _log.warning, _LONGEST_PAUSE):
            pass
        return self._decoder.decode(values)

    def _is_known(self, id: int) -> bool:
        if id in self._known:
            return True
        asked = self._unknown.get(id)
        return asked is not None and time.monotonic() < asked + _ASKED_AGAIN

    def _find(self, ids: Sequence[int]) -> None:
        before = len(self._known)
        try:
            for id in ids:
                found = self._registry.schema(id)
                if found is not None:
                    self._known[id] = self._registered(id, found)
                    self._unknown.pop(id, None)
                    continue
                if len(self._unknown) >= _MOST_UNKNOWN:
                    self._unknown.clear()
                self._unknown[id] = time.monotonic()
        finally:
            # Schemas are few: no connection waits for the next one.
            self._registry.close()
            if len(self._known) > before:
                self._decoder = self._make(list(self._known.values()))

    def _registered(self, id: int, found: RegisteredSchema) -> Registered:
        if found.kind != self._kind:
            return id, None, f"it is of the kind {found.kind}, not {self._kind}"
        return id, (found.text, found.references), ""


class Framed(Protocol):
    """A format whose messages have the frame."""

    @property
    def subject(self) -> str | None:
        """Whose latest schema is looked at; None: by the strategy of topic names."""

    def check_schema(
        self, subject: str, schema: RegisteredSchema, columns: Mapping[str, SourceType]
    ) -> None:
        """Raises ConfigurationError if the schema of a subject does not give these columns."""


def subjects_of(format: Framed, source: Source) -> tuple[str, ...]:
    """The subjects of the values: that of each topic by its name, unless the program says."""
    return (format.subject,) if format.subject else tuple(f"{t}-value" for t in source.topics)


def check_subjects(
    format: Framed,
    settings: Mapping[str, Any],
    input: Input,
    report: Report,
    stopping: Callable[[], bool],
) -> None:
    """As `contract.SubjectCheck`: the latest schema of each subject, before a run begins."""
    registry = SchemaRegistry(settings)
    patience = Patience(registry)
    with closing(registry):
        for subject in subjects_of(format, input.source):
            found: list[RegisteredSchema | None] = []

            def ask(subject: str = subject, into: list[RegisteredSchema | None] = found) -> None:
                into.append(registry.latest(subject))

            while not (stopping() or patience.ask(ask, report, _WAKE)):
                pass
            for schema in found:
                if schema is None:
                    report(
                        f"schema registry {registry.name}: there is no subject {subject!r} yet: messages of topic "
                        f"{input.source.name!r} are read by the schemas that they name"
                    )
                else:
                    format.check_schema(subject, schema, input.fields)


def looked_up(settings: Mapping[str, Any], subject: str) -> RegisteredSchema | None:
    """The latest schema of a subject, without any patience; None if there is no such subject.

    Raises:
        SourceError: if the registry cannot be reached, or does not let the program in.
        ConfigurationError: if the settings cannot be used.
    """
    registry = SchemaRegistry(settings)
    try:
        with closing(registry):
            return registry.latest(subject)
    except AwayError as error:
        raise SourceError(f"schema registry {registry.name}: {error}") from None


def kind_checked(subject: str, schema: RegisteredSchema, kind: str) -> None:
    """Raises ConfigurationError if a subject's schema is of another kind."""
    if schema.kind != kind:
        raise ConfigurationError(
            f"format: the schema of subject {subject!r} is of the kind {schema.kind}, not {kind}"
        )

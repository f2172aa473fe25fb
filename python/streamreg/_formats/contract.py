"""Format: the contract. How the values of messages become columns.

A format is a picklable description: it travels to the worker processes and is compared with what a state remembers. To
add one: a file in this folder, a file in the core's `decode`, and a line in `_formats.registry`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from streamreg._core import ChangeEvents, Decoded
    from streamreg._formats.metadata import Metadata
    from streamreg._source.contract import Report, Source, Watermarks
    from streamreg._source.messages import MessageValues
    from streamreg._types import SourceType

Found: TypeAlias = Any
"""What a preamble has found, as JSON has it; None if there was nothing to find."""


class Decoder(Protocol):
    """Decodes values of one format and schema. It keeps nothing from one call to the next."""

    def decode(self, values: MessageValues) -> Decoded:
        """The columns of those values that fit, and why the others do not. None is a tombstone."""


class Preamble(Protocol):
    """What must be known of a topic before its messages can be decoded, and is found in the topic itself."""

    @property
    def name(self) -> str:
        """How people call it, like "header"."""

    def find(
        self,
        input: Input,
        watermarks: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> Found:
        """What there is to know; `watermarks` are the partitions there are.

        Waits for it as long as it may come, telling `report` that it does. None if `stopping`, or if there is nothing
        to read and nothing to wait for.

        Raises:
            SourceError: if the topic has none.
        """

    def wanted(self, columns: Mapping[str, SourceType]) -> str:
        """What must come before the first row, for people, like "the header 'x,y'"."""

    def shown(self, found: Found) -> str:
        """What was found, for people, like "the columns are x, y"."""

    def check(self, found: Found, columns: Mapping[str, SourceType]) -> None:
        """Raises ValueError if that is nothing that `find` has found for these columns: a state may say anything."""

    def repeats(self, value: bytes | None, found: Found) -> bool:
        """Whether the first message of a partition is the preamble (again), and so no row."""

    def differs(self, value: bytes | None, found: Found, columns: Mapping[str, SourceType]) -> bool:
        """Whether it is another one, by which what follows it would have to be read; asked of several topics."""


class Format(Protocol):
    """A format."""

    @property
    def name(self) -> str:
        """How people call it."""

    @property
    def preamble(self) -> Preamble | None:
        """The step that comes before the first worker; None where messages say everything themselves."""

    def identity(self) -> Mapping[str, Any]:
        """What makes it the same format, as JSON has it: its name as `format`, then its options.

        A state is continued in the same format alone.
        """

    def check(self, columns: Mapping[str, SourceType]) -> None:
        """Raises ConfigurationError if messages of this format cannot hold these columns."""

    def decoder(self, columns: Mapping[str, SourceType], found: Found) -> Decoder:
        """The decoder for a schema; `found` is what the preamble has found."""


class Events(Protocol):
    """What a format has beside, as `events`, if its messages say what happened to a row, and do not only hold it."""

    def __call__(self, values: MessageValues) -> ChangeEvents:
        """The events of messages. The decoder then reads the rows that they hold."""


def events_of(format: Format) -> Events | None:
    """How the messages of a format are split into events; None if they are the rows themselves."""
    found: Events | None = getattr(format, "events", None)
    return found


class SubjectCheck(Protocol):
    """What a format has beside, as `check_subject`, if a Schema Registry knows its messages' schemas."""

    def __call__(self, input: Input, report: Report, stopping: Callable[[], bool]) -> None:
        """Compares the registry's latest schema with the columns; waits for the registry, telling `report`.

        Raises:
            SourceError: if the registry does not let the program in.
            ConfigurationError: if the schema does not give the columns.
        """


def subject_check_of(format: Format) -> SubjectCheck | None:
    """How a format compares the registry's schema with the columns; None if it has no registry."""
    found: SubjectCheck | None = getattr(format, "check_subject", None)
    return found


def is_framed(format: Format) -> bool:
    """Whether its values have the frame of a Schema Registry before them."""
    return bool(getattr(format, "schema_registry", None))


def ready(decoder: Decoder, values: MessageValues, report: Report, timeout: float) -> bool:
    """Whether a decoder has all that these values need; otherwise it has waited for it up to `timeout` seconds.

    One that needs nothing beside the values has no `ready` of its own.
    """
    own: Callable[[MessageValues, Report, float], bool] | None = getattr(decoder, "ready", None)
    return own is None or own(values, report, timeout)


@dataclass(frozen=True, eq=False)
class Input:
    """Where the rows of a program come from: messages of a source, decoded by a format to columns. It is picklable."""

    source: Source
    format: Format
    columns: Mapping[str, SourceType]
    """Names and types, in the order of the schema."""

    metadata: Metadata | None = None
    """Which of the columns are parts of a message beside its value."""

    upsert: bool = False
    """Whether the key of a message names its row, so that rows are replaced and taken back."""

    @property
    def fields(self) -> dict[str, SourceType]:
        """The columns that stand in the value of a message."""
        parts = () if self.metadata is None else self.metadata.parts
        return {name: kind for name, kind in self.columns.items() if name not in parts}

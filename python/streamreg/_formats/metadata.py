"""Format: columns of what a message carries beside its value: timestamp, key, topic, partition, offset and headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._types import OPTIONAL, is_optional

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamreg._source.messages import Batch, Origin
    from streamreg._types import SourceType

_HEADER: Final = "header:"
_TYPES: Final[Mapping[str, tuple[SourceType, ...]]] = {
    "timestamp": ("datetime", "int"),
    "key": ("str", "bytes"),
    "topic": ("str",),
    "partition": ("int",),
    "offset": ("int",),
    _HEADER: ("str", "bytes"),
}
"""Of each part the types that a column of it can have, the usual one first."""

_INSTEAD: Final[Mapping[SourceType, object]] = {"datetime": 0, "int": 0, "str": "", "bytes": b""}
"""What stands in the place of what is not there."""

Part: TypeAlias = "tuple[NDArray[Any] | list[object], NDArray[np.bool_] | None]"
"""A column, and which of its values are missing, if they can be."""

Fault: TypeAlias = tuple[str, str, str]
"""Kind, column and detail of a reject."""


@dataclass(frozen=True)
class Metadata:
    """Which columns hold which part of a message.

    Raises:
        ConfigurationError: if a part is none, or a column of the schema has a type that the part cannot have.
    """

    parts: Mapping[str, str]

    def __post_init__(self) -> None:
        """Check the parts."""
        for column, part in self.parts.items():
            if not isinstance(part, str) or _kind(part) not in _TYPES or part == _HEADER:
                raise ConfigurationError(
                    f'metadata: {column}: expected "timestamp", "key", "topic", "partition", "offset" or '
                    f'"header:<name>", '
                    f"found {part!r}"
                )

    def columns(self, schema: Mapping[str, SourceType]) -> dict[str, SourceType]:
        """The columns of a schema and these; those that it has not are added with their usual types.

        Raises:
            ConfigurationError: if a column has a type that its part cannot have, or if none is left for the value.
        """
        found = dict(schema)
        for column, part in self.parts.items():
            types = _TYPES[_kind(part)]
            if _present(found.setdefault(column, types[0])) not in types:
                raise ConfigurationError(
                    f"metadata: {column}: the schema says {found[column]}, but the {part} of a message is "
                    f"{' or '.join(types)}"
                )
        if found.keys() <= self.parts.keys():
            raise ConfigurationError(
                "metadata: the schema needs a column of the message's value too"
            )
        return found

    def read(
        self, batch: Batch, types: Mapping[str, SourceType], origin: Callable[[int], Origin]
    ) -> tuple[dict[str, Part], dict[int, Fault]]:
        """These columns, an entry for each message, and the messages that do not have them, by index.

        In the place of what is not there stands something else. `origin` is that of the source.
        """
        faults: dict[int, Fault] = {}
        columns: dict[str, Part] = {}
        for column, part in self.parts.items():
            entries, kind = list(_entries(part, batch, origin)), _present(types[column])
            missing = np.zeros(len(entries), np.bool_)
            for index, entry in enumerate(entries):
                if entry is None:
                    missing[index] = True
                    if not is_optional(types[column]):
                        faults.setdefault(index, ("null", column, f"{_named(part)} is not there"))
                    entries[index] = _INSTEAD[kind]
                elif kind == "str" and isinstance(entry, bytes):
                    try:
                        entries[index] = entry.decode()
                    except UnicodeDecodeError as error:
                        detail = f"{_named(part)} is no text: {error.reason}"
                        faults.setdefault(index, ("invalid-utf8", column, detail))
                        entries[index] = ""
            optional = missing if is_optional(types[column]) else None
            columns[column] = _column(entries, kind), optional
        return columns, faults


def _column(entries: list[object], kind: SourceType) -> NDArray[Any] | list[object]:
    match kind:
        case "int":
            return np.array(entries, dtype=np.int64)
        case "datetime":
            return np.array(entries, dtype="M8[ms]").astype("M8[us]")
        case _:
            return entries


def _present(kind: SourceType) -> SourceType:
    """The type of the values that are there."""
    return kind.removesuffix(OPTIONAL)


def _kind(part: str) -> str:
    return _HEADER if part.startswith(_HEADER) else part


def _named(part: str) -> str:
    name = part.removeprefix(_HEADER)
    return f"the message's {part}" if name == part else f"the message's header {name!r}"


def _entries(part: str, batch: Batch, origin: Callable[[int], Origin]) -> Iterator[object]:
    messages = range(len(batch.values))
    match _kind(part):
        case "topic":
            origins = cache(origin)
            return (origins(int(number)).name for number in batch.partitions())
        case "partition":
            origins = cache(origin)
            return (origins(int(number)).partition for number in batch.partitions())
        case "offset":
            return iter(batch.offsets())
        case "timestamp":
            return (batch.locate(index).timestamp for index in messages)
        case "key":
            return (batch.envelope(index).key for index in messages)
        case _:
            name = part.removeprefix(_HEADER)
            return (last_header(batch.envelope(index).headers, name) for index in messages)


def header_names(metadata: Metadata) -> tuple[str, ...]:
    """The names of the headers that there are columns of."""
    parts = sorted(set(metadata.parts.values()))
    return tuple(part.removeprefix(_HEADER) for part in parts if _kind(part) == _HEADER)


def last_header(headers: Sequence[tuple[str, bytes | None]], name: str) -> bytes | None:
    """The value of the last header of this name, which is the one that counts where there are several."""
    return next((value for named, value in reversed(headers) if named == name), None)

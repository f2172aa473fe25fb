"""Format CSV: finds the message that names the fields, before any worker starts.

The first message of the topic names the fields, once. With several partitions the header stands first in at least one
of them. It is found here, in the parent, and given to every worker, so that what a worker makes of a message depends
on no other message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from streamreg._core import first_record, split_header
from streamreg._dataclass import dataclass
from streamreg._exceptions import SourceError
from streamreg._formats.appearance import appearance, header_and_more

if TYPE_CHECKING:
    from streamreg._formats.contract import Found, Input
    from streamreg._formats.options import Records
    from streamreg._source.contract import Report, Watermarks
    from streamreg._types import SourceType

_SHOWN: Final = 80
"""Characters of a message shown in an error."""
_LOOKED_AT: Final = 4096
"""Bytes of a message that are looked at to say what it may be."""


@dataclass(frozen=True)
class CsvHeader:
    """The preamble of CSV: the header. Of messages that hold many records it is the first record of one."""

    delimiter: str = ","
    records: Records = "one"

    name = "header"

    def find(
        self,
        input: Input,
        watermarks: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> Found:
        others: dict[int, bytes] = {}
        empty: set[int] = set()
        waits = False
        source = input.source
        for partition, value in source.first_messages(watermarks, report, stopping):
            if value is None:
                empty.add(partition)
            else:
                names = self._names(value)
                if set(names) >= input.fields.keys():
                    _check_once(input, partition, names)
                    return names
                empty.discard(partition)
                others[partition] = value[:_LOOKED_AT]
            if len(others) == len(watermarks):
                raise _no_header(input, others)
            if (
                source.mode != "static"
                and not waits
                and len(others) + len(empty) == len(watermarks)
            ):
                waits = True
                instead = f"; {_found_instead(input, others)}" if others else ""
                report(f"topic {source.name!r}: waiting for {self.wanted(input.fields)}{instead}")
        if others and source.mode == "static" and not stopping():
            raise _no_header(input, others)
        return None

    def wanted(self, columns: Mapping[str, SourceType]) -> str:
        return f"the header {self.delimiter.join(columns)!r}"

    def shown(self, found: Found) -> str:
        return f"the columns are {', '.join(found)}"

    def check(self, found: Found, columns: Mapping[str, SourceType]) -> None:
        """The names are those of the columns, each once, and of what else there is."""
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
            raise ValueError("it is no list of names")
        if any(found.count(name) != 1 for name in columns):
            raise ValueError("it is no header for the columns of the job")

    def repeats(self, value: bytes | None, found: Found) -> bool:
        # Of many records the decoder skips a header before them.
        return value is not None and self.records == "one" and self._names(value) == found

    def differs(self, value: bytes | None, found: Found, columns: Mapping[str, SourceType]) -> bool:
        names = [] if value is None else self._names(value)
        return names != found and set(names) >= columns.keys()

    def _names(self, value: bytes) -> list[str]:
        try:
            first = first_record(value, self.delimiter) if self.records == "many" else value
            return split_header(first, self.delimiter)
        except ValueError:
            return []


def _wanted(input: Input) -> str:
    return ",".join(input.fields)


def _check_once(input: Input, partition: int, names: list[str]) -> None:
    twice = [name for name in input.fields if names.count(name) > 1]
    if twice:
        raise SourceError(
            f"{input.source.origin(partition)}: the header, {','.join(names)[:_SHOWN]!r}, "
            f"names the column {twice[0]!r} twice, so that it is not known which field is meant. Let the producer "
            "name each field once, or leave the column out of the schema"
        )


def _no_header(input: Input, others: Mapping[int, bytes]) -> SourceError:
    return SourceError(
        f"topic {input.source.name!r} has no header: {_found_instead(input, others)}"
    )


def _found_instead(input: Input, others: Mapping[int, bytes]) -> str:
    """What stands where the header should, and what to do about it."""
    partition, value = next(iter(others.items()))
    shown = value[: 4 * _SHOWN].decode("utf-8", "replace")[:_SHOWN]
    several = len(input.source.topics) > 1
    where = input.source.origin(partition) if several else f"partition {partition}"
    text = f"the first message of {where} is {shown!r}"
    if header_and_more(value, input.fields):
        return (
            f"{text}, which holds the names of the columns and a record in one. For messages of many records set "
            'records="many"; or let the producer send the names once, in a message of their own, or send none and '
            "give them as header=[…] (Telegraf: csv_header = false)"
        )
    look = appearance(value, "csv", input.fields)
    todo = "Send the names as the first message, or give them as header=[…] if the messages come without"
    if look is not None:
        todo = f"It looks like {look}"
    return f"{text}, not the names of the columns {_wanted(input)!r}. {todo}"

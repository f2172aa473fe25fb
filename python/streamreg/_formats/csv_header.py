"""Format CSV: finds the message that names the fields, before any worker starts.

The first message of the topic names the fields, once. With several partitions the header stands first in at least one
of them. It is found here, in the parent, and given to every worker, so that what a worker makes of a message depends
on no other message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from streamreg._core import split_header
from streamreg._exceptions import SourceError

if TYPE_CHECKING:
    from streamreg._formats.contract import Found, Input
    from streamreg._source.contract import Report, Watermarks

_SHOWN: Final = 80
"""Characters of a message shown in an error."""


class CsvHeader:
    """The preamble of CSV: the header."""

    def find(
        self,
        input: Input,
        watermarks: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> Found:
        others: dict[int, str] = {}
        empty: set[int] = set()
        waits = False
        source = input.source
        for partition, value in source.first_messages(watermarks, report, stopping):
            if value is None:
                empty.add(partition)
            else:
                names = _names(value)
                if set(names) >= input.columns.keys():
                    return names
                empty.discard(partition)
                others[partition] = value[:_SHOWN].decode("utf-8", "replace")
            if len(others) == len(watermarks):
                raise _no_header(input, others)
            if (
                source.mode != "static"
                and not waits
                and len(others) + len(empty) == len(watermarks)
            ):
                waits = True
                report(f"topic {source.name!r}: waiting for the header {_wanted(input)!r}")
        if others and source.mode == "static" and not stopping():
            raise _no_header(input, others)
        return None

    def repeats(self, value: bytes | None, found: Found) -> bool:
        return value is not None and _names(value) == found


def _names(value: bytes) -> list[str]:
    try:
        return split_header(value)
    except ValueError:
        return []


def _wanted(input: Input) -> str:
    return ",".join(input.columns)


def _no_header(input: Input, others: Mapping[int, str]) -> SourceError:
    partition, value = next(iter(others.items()))
    return SourceError(
        f"topic {input.source.name!r} has no header: the first message of partition {partition} is "
        f"{value!r}, not the names of the columns {_wanted(input)!r}. Send the names as the first "
        "message, or give them as header=[…] if the messages come without"
    )

"""Source, files: how the text of a file is laid out: which line ends are those of records, and what a header names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streamreg._core import split_header
from streamreg._dataclass import dataclass
from streamreg._exceptions import SourceError

if TYPE_CHECKING:
    from streamreg._source.messages import Origin

_SHOWN: Final = 80


@dataclass(frozen=True)
class Layout:
    """The layout of all files of a source."""

    quotes: bool = False
    """Whether line ends between quotes end no record, as in CSV."""

    delimiter: str = ","
    wanted: tuple[str, ...] | None = None
    """The columns that the header of each file must name, in any order and beside others; None: files have none."""

    @property
    def between(self) -> str | None:
        """The delimiter where quotes tell which line ends are those of records; None where each line is one."""
        return self.delimiter if self.quotes else None

    def names(self, record: bytes, origin: Origin) -> list[str]:
        """What a header names. Raises SourceError if it is none for the columns."""
        shown = record[: 4 * _SHOWN].decode("utf-8", "replace")[:_SHOWN]
        try:
            found = split_header(record, self.delimiter)
        except ValueError as error:
            raise SourceError(
                f"{origin}: its first record, {shown!r}, is no header: {error}"
            ) from None
        for name in self.wanted or ():
            if found.count(name) != 1:
                how = (
                    "twice, so that it is not known which field is meant"
                    if name in found
                    else "not"
                )
                raise SourceError(
                    f"{origin}: its first record, {shown!r}, names the column {name!r} {how}. Let the file begin with "
                    "the names of the columns, or give them as header=[…] if no file has them"
                )
        return found

    def no_header(self, origin: Origin) -> SourceError:
        """For a file that ends before it has one."""
        wanted = self.delimiter.join(self.wanted or ())
        return SourceError(f"{origin} holds nothing, not even the header {wanted!r}")

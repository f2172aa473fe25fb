"""Format CSV: records (RFC 4180). The first of the topic names the fields, or the program does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from streamreg._core import Decoder, csv_decoder, split_header
from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._formats.csv_header import CsvHeader
from streamreg._formats.options import Records, check_records, chosen
from streamreg._types import encodable

if TYPE_CHECKING:
    from streamreg._formats.contract import Found
    from streamreg._types import SourceType


@dataclass(frozen=True)
class Csv:
    """Messages that are records.

    Raises:
        ConfigurationError: if the header is no list of names.
    """

    header: Sequence[str] | None = None
    """The names of the fields, for a topic whose messages come without a header."""

    delimiter: str = ","
    """What stands between the fields."""

    records: Records = "one"
    """How many records a message holds: "one", or any number ("many"), one a line."""

    name = "csv"

    def __post_init__(self) -> None:
        """Check the names."""
        check_records(self.records)
        try:
            split_header(b"x", self.delimiter)
        except (TypeError, ValueError):
            raise ConfigurationError(
                f"delimiter: expected one character that can stand between numbers, such as ';', '|' or a tab, "
                f"found {self.delimiter!r}"
            ) from None
        header = self.header
        if header is None:
            return
        if (
            isinstance(header, str)
            or not isinstance(header, Sequence)
            or not all(isinstance(name, str) and encodable(name) for name in header)
        ):
            raise ConfigurationError(f"header: expected a list of names, found {header!r}")
        object.__setattr__(self, "header", tuple(header))

    @property
    def preamble(self) -> CsvHeader | None:
        return CsvHeader(self.delimiter, self.records) if self.header is None else None

    def identity(self) -> Mapping[str, Any]:
        header = None if self.header is None else list(self.header)
        return {"format": self.name, "header": header, **chosen(self, "delimiter", "records")}

    def check(self, columns: Mapping[str, SourceType]) -> None:
        for name in columns if self.header is not None else ():
            if list(self.header or ()).count(name) != 1:
                raise ConfigurationError(
                    f"header: column {name!r} of the schema must stand in it once, found {list(self.header or ())}"
                )

    def decoder(self, columns: Mapping[str, SourceType], found: Found) -> Decoder:
        names = found if self.header is None else self.header
        many = self.records == "many"
        return csv_decoder(list(columns.items()), list(names), self.delimiter, many)

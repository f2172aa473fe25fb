"""Format CSV: one record a message (RFC 4180). The first message of the topic names the fields, or the program does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streamreg._core import Decoder, csv_decoder
from streamreg._exceptions import ConfigurationError
from streamreg._formats.csv_header import CsvHeader
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

    name = "csv"

    def __post_init__(self) -> None:
        """Check the names."""
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
        return CsvHeader() if self.header is None else None

    def identity(self) -> Mapping[str, Any]:
        return {"format": self.name, "header": None if self.header is None else list(self.header)}

    def check(self, columns: Mapping[str, SourceType]) -> None:
        for name in columns if self.header is not None else ():
            if list(self.header or ()).count(name) != 1:
                raise ConfigurationError(
                    f"header: column {name!r} of the schema must stand in it once, found {list(self.header or ())}"
                )

    def decoder(self, columns: Mapping[str, SourceType], found: Found) -> Decoder:
        names = found if self.header is None else self.header
        return csv_decoder(list(columns.items()), list(names))

"""Format raw: the whole value of a message is the only column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from streamreg._core import Decoder, raw_decoder
from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError

if TYPE_CHECKING:
    from streamreg._formats.contract import Found
    from streamreg._types import SourceType


@dataclass(frozen=True)
class Raw:
    """Messages that are one value."""

    name = "raw"
    preamble = None

    def identity(self) -> Mapping[str, Any]:
        return {"format": self.name}

    def check(self, columns: Mapping[str, SourceType]) -> None:
        if list(columns.values()) not in (["bytes"], ["str"]):
            raise ConfigurationError('schema: format="raw" needs one column, of type bytes or str')

    def decoder(self, columns: Mapping[str, SourceType], found: Found) -> Decoder:
        return raw_decoder(list(columns.items()))

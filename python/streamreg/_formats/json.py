"""Format JSON: one object a message (RFC 8259), whose members are the columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streamreg._core import Decoder, json_decoder

if TYPE_CHECKING:
    from streamreg._formats.contract import Found
    from streamreg._types import SourceType


@dataclass(frozen=True)
class Json:
    """Messages that are objects."""

    name = "json"
    preamble = None

    def identity(self) -> Mapping[str, Any]:
        return {"format": self.name}

    def check(self, columns: Mapping[str, SourceType]) -> None:
        return  # An object can hold columns of any type.

    def decoder(self, columns: Mapping[str, SourceType], found: Found) -> Decoder:
        return json_decoder(list(columns.items()))

"""Format JSON: objects (RFC 8259), whose members are the columns, or in which they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from streamreg._core import Decoder, json_decoder
from streamreg._exceptions import ConfigurationError
from streamreg._formats.options import Records, check_records, chosen

if TYPE_CHECKING:
    from streamreg._formats.contract import Found
    from streamreg._types import SourceType


@dataclass(frozen=True)
class Json:
    """Messages that are objects, or hold some.

    Raises:
        ConfigurationError: if an option cannot be used.
    """

    json_field_paths: Mapping[str, str] = field(default_factory=dict)
    """Columns that are no members of the object itself, and their JSON pointers (RFC 6901)."""

    numbers_in_strings: bool = False
    """Whether a number may be written as a string, in columns of float and int."""

    records: Records = "one"
    """How many objects a message holds: "one", or any number ("many"), in an array or one a line."""

    name = "json"
    preamble = None

    def __post_init__(self) -> None:
        """Check the options."""
        check_records(self.records)
        paths = self.json_field_paths
        if not isinstance(paths, Mapping) or not all(
            isinstance(part, str) for pair in paths.items() for part in pair
        ):
            raise ConfigurationError(
                f"json_field_paths: expected names of columns and JSON pointers, found {paths!r}"
            )
        if not isinstance(self.numbers_in_strings, bool):
            raise ConfigurationError(
                f"numbers_in_strings: expected True or False, found {self.numbers_in_strings!r}"
            )
        object.__setattr__(self, "json_field_paths", dict(paths))

    def identity(self) -> Mapping[str, Any]:
        paths = {"json_field_paths": self.json_field_paths} if self.json_field_paths else {}
        return {"format": self.name, **paths, **chosen(self, "numbers_in_strings", "records")}

    def check(self, columns: Mapping[str, SourceType]) -> None:
        try:
            self.decoder(columns, None)
        except ValueError as error:
            raise ConfigurationError(f"json_field_paths: {error}") from None

    def decoder(self, columns: Mapping[str, SourceType], found: Found) -> Decoder:
        return json_decoder(
            list(columns.items()),
            list(self.json_field_paths.items()),
            self.numbers_in_strings,
            self.records == "many",
        )

"""Format Debezium: change events in JSON, each an envelope about one row, which is a JSON object as in that format.

https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events: `op` is `c` (created),
`r` (read by a snapshot), `u` (updated), `d` (deleted), `t` (truncated) or `m` (a message); `before` and `after` hold
the row. With a schema in each message the event stands in `payload`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from streamreg._core import ChangeEvents, debezium_events
from streamreg._dataclass import dataclass
from streamreg._formats.json import Json
from streamreg._formats.options import chosen

if TYPE_CHECKING:
    from streamreg._formats.contract import Decoder, Found
    from streamreg._source.messages import MessageValues
    from streamreg._types import SourceType

NO_KEYS: Final = frozenset({None, b"null", b'{"schema":null,"payload":null}'})
"""What Kafka Connect's JSON converter, of any release, makes of no key: that of a table without a primary key."""


@dataclass(frozen=True)
class Debezium:
    """Messages that are change events.

    Raises:
        ConfigurationError: if an option cannot be used.
    """

    json_field_paths: Mapping[str, str] = field(default_factory=dict)
    """Columns that are no members of the row itself, and their JSON pointers (RFC 6901) in it."""

    numbers_in_strings: bool = False
    """Whether a number may be written as a string, in columns of float and int."""

    name = "debezium"
    preamble = None

    def __post_init__(self) -> None:
        """Check the options."""
        object.__setattr__(self, "json_field_paths", dict(self._rows.json_field_paths))

    @property
    def _rows(self) -> Json:
        """The format of the rows."""
        return Json(self.json_field_paths, self.numbers_in_strings)

    def identity(self) -> Mapping[str, Any]:
        paths = {"json_field_paths": self.json_field_paths} if self.json_field_paths else {}
        return {"format": self.name, **paths, **chosen(self, "numbers_in_strings")}

    def check(self, columns: Mapping[str, SourceType]) -> None:
        self._rows.check(columns)

    def decoder(self, columns: Mapping[str, SourceType], found: Found) -> Decoder:
        return self._rows.decoder(columns, found)

    def events(self, values: MessageValues) -> ChangeEvents:
        """The events of messages."""
        return debezium_events(values)

"""Rejects: one message that does not fit."""

from __future__ import annotations

from streamreg._dataclass import dataclass
from streamreg._source.messages import Headers, Location


@dataclass(frozen=True, slots=True)
class Reject:
    """A message that does not fit: where, why, and what it held."""

    location: Location
    kind: str
    column: str | None
    detail: str
    value: bytes
    key: bytes | None = None
    headers: Headers = ()

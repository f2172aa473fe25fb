"""Rejects: the messages that did not fit, in a dead-letter file with one line of JSON each.

Here is every reason there is, how a reject becomes a line, and how a line becomes a message again
(for `streamreg replay-rejects`). The line holds all that a replay needs: value, key and headers, as text where they
are UTF-8 and else as base64 under the name with `_base64` behind it.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from streamreg._dataclass import dataclass
from streamreg._exceptions import DeadLetterError, RejectsError
from streamreg._rejects.reject import Reject
from streamreg._source.messages import Headers, Location

REASONS: Final[Mapping[str, str]] = {
    "missing-field": "the JSON object, or the schema of the Avro or Protobuf message, lacks the column",
    "field-count": "the CSV record has more or fewer fields than the header",
    "malformed-csv": "no CSV record: a stray or unclosed quote, or a line end outside quotes",
    "malformed-json": "no JSON, or something stands after it",
    "not-an-object": "JSON, but no object",
    "wrong-type": "a JSON, Avro or Protobuf value of another type than the column's",
    "not-framed": "a value without the frame of a Schema Registry",
    "unknown-schema": "the registry has no schema of the id in the frame",
    "unusable-schema": "the schema of the id in the frame is of another format, or cannot be read",
    "malformed-avro": "bytes that are no record of their schema",
    "malformed-protobuf": "bytes that are no message of their schema",
    "null": "null, or an empty CSV field, where a number or a boolean belongs",
    "invalid-number": "text that is no decimal number",
    "decimal-range": "a decimal of more than 34 significant digits, or with an exponent beyond ±400",
    "invalid-integer": "text or a number that is no integer, 1.0 and 1e3 included",
    "integer-overflow": "an integer, received or computed, beyond 64 bits",
    "invalid-datetime": "text that is no date and time with an offset, or a leap second",
    "datetime-range": "a datetime outside of the years 1 to 9999, or finer than a microsecond",
    "clock-change": "a local time that the clocks of its time zone skip, or show twice",
    "invalid-timedelta": "text that is no duration in weeks, days, hours, minutes and seconds",
    "timedelta-range": "a timedelta beyond 64 bits of microseconds, or finer than one",
    "invalid-boolean": "text that is none of true, false, 1 and 0",
    "invalid-utf8": "text that is not UTF-8",
    "invalid-base64": "text that is no base64 where bytes belong",
    "non-finite": "a number that is NaN, infinite or nearest to no finite double",
    "division-by-zero": "a computed integer that divides by zero",
    "late": "a row whose windows had passed, by the times before it in its partition",
    "time-range": "an event time that is not finite, or in no window that can be written",
    "missing-key": "a message without a key, where the key names the row",
    "missing-before": "a change event without the row that it takes back, or a column of it",
    "missing-after": "a change event that inserts or updates a row, without the row",
    "unknown-operation": "a change event of another operation than c, r, u, d, t and m",
    "function-error": 'a function given to apply with on_error="reject" that raises',
}
"""Every reason for which a message is rejected, and what it means. The names are stable: files hold them."""

# Line ends to some readers of text, though not to JSON: escaped, so that a reject is one line to all of them.
_LINE_ENDS: Final = {
    "\u0085".encode(): b"\\u0085",
    "\u2028".encode(): b"\\u2028",
    "\u2029".encode(): b"\\u2029",
}
_MOST_OFFSET = 2**63
_MOST_PARTITION = 2**31
_SHOWN = 60


def dead_letter_lines(topic: str, rejects: Iterable[Reject]) -> Iterator[bytes]:
    """A line for each reject. One at a time: a message may be as large as the broker lets it."""
    for reject in rejects:
        fields = {
            **place_of(topic, reject.location),
            "offset": reject.location.offset,
            "timestamp": reject.location.timestamp,
            "reason": reject.kind,
            "column": reject.column,
            "detail": reject.detail,
        }
        parts = [f'"{name}": '.encode() + _json(field) for name, field in fields.items()]
        if reject.key is not None:
            parts.append(b"".join(_data("key", reject.key)))
        if reject.headers:
            headers = b", ".join(_header(name, value) for name, value in reject.headers)
            parts.append(b'"headers": [' + headers + b"]")
        # Joined once, all together: another copy of a value may be many megabytes.
        yield b"".join([b"{", b", ".join(parts), b", ", *_data("value", reject.value), b"}\n"])


def place_of(topic: str, location: Location) -> dict[str, object]:
    """The file of a message, or its topic and its partition there; `topic` is the one that is read, if it is alone."""
    origin = location.origin
    if origin is None:
        return {"topic": topic, "partition": location.partition}
    if origin.partition is None:
        return {"file": origin.name}
    return {"topic": origin.name, "partition": origin.partition}


def _header(name: str, value: bytes | None) -> bytes:
    parts = [b'"name": ' + _json(name)]
    if value is not None:
        parts.append(b"".join(_data("value", value)))
    return b"{" + b", ".join(parts) + b"}"


def _data(name: str, data: bytes) -> tuple[bytes, bytes, bytes]:
    try:
        return f'"{name}": '.encode(), _json(data.decode()), b""
    except UnicodeDecodeError:
        return f'"{name}_base64": "'.encode(), base64.b64encode(data), b'"'


def _json(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False).encode()
    for end, escaped in _LINE_ENDS.items():
        text = text.replace(end, escaped)
    return text


def shown(reject: Reject) -> str:
    """The place of a reject and its reason, for people."""
    origin = reject.location.origin
    column = "" if reject.column is None else f" in column {reject.column}"
    detail = f": {reject.detail}" if reject.detail else ""
    place = f"partition {reject.location.partition} offset {reject.location.offset}"
    if origin is not None:
        unit = "byte" if origin.partition is None else "offset"
        place = f"{origin}, {unit} {reject.location.offset}"
    return f"{place}: {reject.kind}{column}{detail}"


def counted(counts: Mapping[str, int]) -> str:
    """`field-count 3, invalid-number 117`."""
    return ", ".join(f"{kind} {count:,}" for kind, count in sorted(counts.items()))


class RejectLimit:
    """How many messages one run may reject."""

    def __init__(self, limit: int | None, dead_letters: str | None) -> None:
        """`limit` None: any number. `dead_letters` is the name of what keeps them."""
        self._limit = limit
        self._dead_letters = dead_letters
        self._counts: Counter[str] = Counter()
        self._first: Reject | None = None

    def add(self, rejects: Sequence[Reject]) -> None:
        """Raises RejectsError if that is more than the run may reject."""
        if self._limit is None:
            return
        self._first = self._first or rejects[0]
        self._counts.update(reject.kind for reject in rejects)
        count = self._counts.total()
        if count > self._limit:
            kept = (
                "give the run a file or a topic for them (rejects=)"
                if self._dead_letters is None
                else f"they are in {self._dead_letters}"
            )
            raise RejectsError(
                f"messages rejected: {count:,} ({counted(self._counts)}), more than max_rejects={self._limit:,}; "
                f"the first at {shown(self._first)}; {kept}"
            )


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a dead-letter file: the message, and where it was in its topic."""

    line: int
    topic: str
    """Or the path of the file."""

    partition: int
    offset: int
    reason: str
    value: bytes
    key: bytes | None
    headers: Headers


def read_dead_letters(
    path: Path, longest: int, end: int | None = None
) -> Iterator[tuple[Entry, int]]:
    """The entries of a dead-letter file, each with the length in bytes of the file up to its end.

    Args:
        path: the file. It is read a line at a time, and everything in it is checked.
        longest: the most bytes of a line.
        end: up to which byte to read; None: to its end.

    Raises:
        DeadLetterError: naming the line that is not one of a dead-letter file.
        OSError: if the file cannot be read.
    """
    done = 0
    with path.open("rb") as file:
        number = 0
        while end is None or done < end:
            line = file.readline(longest + 1)
            if not line:
                return
            number += 1
            done += len(line)
            try:
                if len(line) > longest:
                    raise ValueError(
                        f"longer than {longest:,} bytes, too long for a message that the client sends: "
                        "raise its setting message.max.bytes if it is one"
                    )
                if not line.endswith(b"\n"):
                    raise ValueError("ends in the middle: is it still being written?")
                entry = entry_of(number, line)
            except RecursionError:
                raise DeadLetterError(f"{path}:{number}: nested too deeply") from None
            except ValueError as error:
                raise DeadLetterError(f"{path}:{number}: {error}") from None
            yield entry, done


def entry_of(number: int, line: bytes) -> Entry:
    """What a line of a dead-letter file says. Raises ValueError, RecursionError if it is none."""
    try:
        fields = json.loads(line.decode())
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(fields, dict):
        raise ValueError("is no JSON object")
    value = _bytes(fields, "value")
    if value is None:
        raise ValueError("has neither value nor value_base64")
    headers = fields.get("headers", [])
    if not isinstance(headers, list):
        raise ValueError(f"headers: expected an array, found {_short(headers)}")
    return Entry(
        line=number,
        topic=_text(fields, "file" if "file" in fields else "topic"),
        partition=0 if "file" in fields else _integer(fields, "partition", _MOST_PARTITION),
        offset=_integer(fields, "offset", _MOST_OFFSET),
        reason=_text(fields, "reason"),
        value=value,
        key=_bytes(fields, "key"),
        headers=tuple(_read_header(header) for header in headers),
    )


def _read_header(header: object) -> tuple[str, bytes | None]:
    if not isinstance(header, dict):
        raise ValueError(f"headers: expected objects, found {_short(header)}")
    name = _text(header, "name")
    if "\0" in name:
        raise ValueError("headers: a name holds a NUL character")  # the client would cut it there
    return name, _bytes(header, "value")


def _integer(fields: Mapping[str, Any], name: str, most: int) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < most:
        raise ValueError(f"{name}: expected an integer from 0, found {_short(value)}")
    return value


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name}: expected a string, found {_short(value)}")
    _encoded(name, value)
    return value


def _bytes(fields: Mapping[str, Any], name: str) -> bytes | None:
    """The bytes under a name, written as text or as base64; None if there are none."""
    in_base64 = f"{name}_base64"
    if name in fields and in_base64 in fields:
        raise ValueError(f"has both {name} and {in_base64}")
    if in_base64 in fields:
        try:
            return base64.b64decode(_text(fields, in_base64), validate=True)
        except ValueError as error:
            raise ValueError(f"{in_base64}: {error}") from None
    return _encoded(name, _text(fields, name)) if name in fields else None


def _encoded(name: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # JSON can write half a surrogate pair; no message holds one as text
        raise ValueError(f"{name}: holds half of a surrogate pair") from None


def _short(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str | int | float):
        text = repr(value)
        return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return f"a value of type {type(value).__name__}"

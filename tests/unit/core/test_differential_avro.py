"""Avro: random schemas and rows that fastavro writes are read as fastavro reads them."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import fastavro
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from streamreg._core import avro_decoder
from streamreg._evaluate.columns import nullable, to_list
from tests.support.registry import framed

_INT, _LONG = 2**31, 2**63


def _moment(value: datetime | date) -> datetime:
    """A date is its midnight."""
    if isinstance(value, datetime):
        return value
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


_doubles = st.floats(allow_nan=False, allow_infinity=False)
_floats = st.floats(allow_nan=False, allow_infinity=False, width=32)
_ints, _longs = st.integers(-_INT, _INT - 1), st.integers(-_LONG, _LONG - 1)
_decimals = st.decimals(-(10**15), 10**15, places=3)
_times = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))

_DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 3}
_NUMBER = {"type": "bytes", "logicalType": "decimal", "precision": 200, "scale": 127}
"""As Oracle's NUMBER is written: in more than 128 bits, nearly all of them for zeros."""
_MICROS = {"type": "long", "logicalType": "timestamp-micros"}
_DATE = {"type": "int", "logicalType": "date"}

# The reader's type, the writer's, its values, and what they are as entries of a column.
_READ: list[tuple[str, Any, st.SearchStrategy[Any], Callable[[Any], Any]]] = [
    ("float", "double", _doubles, float),
    ("float", "float", _floats, float),
    ("float", "long", _longs, float),
    ("float", "int", _ints, float),
    ("int", "long", _longs, int),
    ("int", "int", _ints, int),
    ("bool", "boolean", st.booleans(), bool),
    ("str", "string", st.text(max_size=8), str),
    ("str", "bytes", st.text(max_size=8).map(str.encode), bytes.decode),
    ("bytes", "bytes", st.binary(max_size=8), bytes),
    ("bytes", "string", st.text(max_size=8), str.encode),
    ("decimal", _DECIMAL, _decimals, Decimal),
    ("decimal", _NUMBER, _decimals, Decimal),
    ("float", _NUMBER, _decimals, float),
    ("decimal", "long", _longs, Decimal),
    ("datetime", _MICROS, _times, _moment),
    ("datetime", _DATE, st.dates(date(1, 1, 1), date(9999, 12, 31)), _moment),
]


@st.composite
def _anything(draw: st.DrawFn, depth: int = 3) -> tuple[Any, st.SearchStrategy[Any]]:
    """A type that nobody wants, and its values."""
    plain = ["null", "int", "long", "float", "double", "string", "fixed", "enum", "bytes"]
    nested = ["array", "map", "record", "union"] if depth else []
    kind = draw(st.sampled_from(plain + nested))
    match kind:
        case "null":
            return kind, st.none()
        case "int":
            return kind, _ints
        case "long":
            return kind, _longs
        case "float" | "double":
            return kind, _floats
        case "string":
            return kind, st.text(max_size=4)
        case "bytes":
            return kind, st.binary(max_size=4)
        case "fixed":
            size = draw(st.integers(0, 3))
            return {"type": kind, "name": "N", "size": size}, st.binary(
                min_size=size, max_size=size
            )
        case "enum":
            return {"type": kind, "name": "N", "symbols": ["A", "B"]}, st.sampled_from("AB")
        case "array":
            inner, values = draw(_anything(depth - 1))
            return {"type": kind, "items": inner}, st.lists(values, max_size=3)
        case "map":
            inner, values = draw(_anything(depth - 1))
            return {"type": kind, "values": inner}, st.dictionaries(
                st.text(max_size=2), values, max_size=3
            )
        case "record":
            fields = draw(st.lists(_anything(depth - 1), max_size=3))
            record = {
                "type": kind,
                "name": "N",
                "fields": [
                    {"name": f"f{at}", "type": inner} for at, (inner, _) in enumerate(fields)
                ],
            }
            return record, st.fixed_dictionaries(
                {f"f{at}": values for at, (_, values) in enumerate(fields)}
            )
    return ["null", "string", "boolean"], st.one_of(st.none(), st.text(max_size=3), st.booleans())


def _named(schema: Any, numbers: Iterator[int]) -> Any:  # noqa: ANN401  # as JSON has it
    """The schema with another name for each type."""
    if isinstance(schema, list):
        return [_named(one, numbers) for one in schema]
    if not isinstance(schema, dict):
        return schema
    own = {"name": f"N{next(numbers)}"} if schema.get("name") == "N" else {}
    return {key: _named(value, numbers) for key, value in {**schema, **own}.items()}


@st.composite
def _topics(
    draw: st.DrawFn,
) -> tuple[list[tuple[str, str, Callable[[Any], Any]]], dict[str, Any], list[Any]]:
    """Columns, a schema with fields for most of them among others, and rows."""
    columns, fields, values = [], [], {}
    for at in range(draw(st.integers(1, 4))):
        name = f"c{at}"
        kind, written, entries, meant = draw(st.sampled_from(_READ))
        optional = draw(st.booleans())
        columns.append((name, f"{kind} | None" if optional else kind, meant))
        if optional and draw(st.integers(0, 3)) == 0:
            continue  # a field that the schema lacks
        if optional and draw(st.booleans()):
            branches = draw(st.permutations(["null", written]))
            written, entries = branches, st.one_of(st.none(), entries)
        fields.append({"name": name, "type": written})
        values[name] = entries
    for at in range(draw(st.integers(0, 3))):
        inner, others = draw(_anything())
        fields.append({"name": f"o{at}", "type": inner})
        values[f"o{at}"] = others
    fields = draw(st.permutations(fields))
    schema = _named({"type": "record", "name": "N", "fields": fields}, itertools.count())
    rows = draw(st.lists(st.fixed_dictionaries(values), min_size=1, max_size=5))
    return columns, schema, rows


@seed(20261129)
@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(_topics())
def test_differential_fastavro(
    topic: tuple[list[tuple[str, str, Callable[[Any], Any]]], dict[str, Any], list[Any]],
) -> None:
    """Each column has what fastavro reads of the same bytes, to the bit; None where there is no value."""
    columns, schema, rows = topic
    parsed = fastavro.parse_schema(schema)
    messages: list[bytes | None] = []
    read: list[Any] = []
    for row in rows:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, parsed, row)
        read.append(fastavro.schemaless_reader(io.BytesIO(out.getvalue()), parsed, None))
        messages.append(framed(1, out.getvalue()))
    named = [(name, kind) for name, kind, _ in columns]
    decoded = avro_decoder(named, [], [(1, (json.dumps(schema), []), "")]).decode(messages)
    assert decoded.rejects == []
    for at, (name, _, meant) in enumerate(columns):
        wanted = [None if row.get(name) is None else meant(row[name]) for row in read]
        found = to_list(nullable(decoded.columns[at], decoded.missing[at]))
        assert [_bits(value) for value in found] == [_bits(value) for value in wanted], name


def _bits(value: object) -> object:
    """What is compared: a double by its bits."""
    return value.hex() if isinstance(value, float) else value

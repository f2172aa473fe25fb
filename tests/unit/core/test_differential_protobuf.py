"""Protobuf: random schemas and messages that Google's library writes are read as that library reads them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from google.protobuf import (
    descriptor_pb2,
    duration_pb2,
    message_factory,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from streamreg._core import protobuf_decoder
from streamreg._evaluate.columns import nullable, to_list
from streamreg._formats.framed import Registered
from tests.support.registry import framed

_Proto = descriptor_pb2.FieldDescriptorProto
_INT, _LONG = 2**31, 2**63
_doubles = st.floats(allow_nan=False, allow_infinity=False)
_floats = st.floats(allow_nan=False, allow_infinity=False, width=32)
_ints, _longs = st.integers(-_INT, _INT - 1), st.integers(-_LONG, _LONG - 1)
_unsigned, _halves = st.integers(0, 2 * _INT - 1), st.integers(0, _LONG - 1)
_text, _bytes = st.text(max_size=8), st.binary(max_size=8)
_moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
# Apart: in a message of parts the seconds of one and the nanoseconds of another must have one sign.
_later = st.timedeltas(timedelta(0), timedelta(9000))
_earlier = st.timedeltas(timedelta(-9000), timedelta(0))


def _timestamp(value: timestamp_pb2.Timestamp) -> datetime:
    return value.ToDatetime(UTC)


def _duration(value: duration_pb2.Duration) -> timedelta:
    return value.ToTimedelta()


def _wrapped(value: wrappers_pb2.DoubleValue) -> object:
    return value.value


class _Read(NamedTuple):
    """The column's type, the field's, its values, and what they are as entries of a column."""

    column: str
    written: str
    values: st.SearchStrategy[Any]
    meant: Callable[[Any], Any]


_READ = [
    _Read("float", "double", _doubles, float),
    _Read("float", "float", _floats, float),
    _Read("float", "uint64", st.integers(0, 2 * _LONG - 1), float),
    _Read("int", "int32", _ints, int),
    _Read("int", "int64", _longs, int),
    _Read("int", "uint32", _unsigned, int),
    _Read("int", "uint64", _halves, int),
    _Read("int", "sint32", _ints, int),
    _Read("int", "sint64", _longs, int),
    _Read("int", "fixed32", _unsigned, int),
    _Read("int", "fixed64", _halves, int),
    _Read("int", "sfixed32", _ints, int),
    _Read("int", "sfixed64", _longs, int),
    _Read("int", "Color", st.sampled_from([0, 1, 7]), int),
    _Read("str", "Color", st.sampled_from([0, 1, 7]), lambda value: {0: "RED", 1: "BLUE", 7: "GREEN"}[value]),
    _Read("bool", "bool", st.booleans(), bool),
    _Read("str", "string", _text, str),
    _Read("bytes", "string", _text, str.encode),
    _Read("bytes", "bytes", _bytes, bytes),
    _Read("decimal", "sint64", _longs, Decimal),
    _Read("datetime", "google.protobuf.Timestamp", _moments, _timestamp),
    _Read("timedelta", "google.protobuf.Duration", _later, _duration),
    _Read("timedelta", "google.protobuf.Duration", _earlier, _duration),
    _Read("float", "google.protobuf.DoubleValue", _doubles, _wrapped),
    _Read("int", "google.protobuf.Int64Value", _longs, _wrapped),
    _Read("str", "google.protobuf.StringValue", _text, _wrapped),
]  # fmt: skip

_OTHERS = [
    ("repeated double", _doubles),
    ("repeated sint32", _ints),
    ("repeated string", _text),
    ("bytes", _bytes),
    ("fixed32", _unsigned),
]
_SCALARS = {name.removeprefix("TYPE_").lower(): number for name, number in _Proto.Type.items()}
_MODULES = ("timestamp", "duration", "wrappers")
_HEAD = "".join(
    [
        'syntax = "proto3";\npackage p;\n',
        *(f'import "google/protobuf/{name}.proto";\n' for name in _MODULES),
        "enum Color { RED = 0; BLUE = 1; GREEN = 7; }\n",
    ]
)


class _Field(NamedTuple):
    name: str
    number: int
    label: str
    """"", "optional", "repeated", or "oneof" for one of those of which one alone is there."""

    written: str


def _text_of(fields: list[_Field]) -> str:
    """The schema in the language of .proto files."""
    lines = [
        f"  {each.label} {each.written} {each.name} = {each.number};\n"
        for each in fields
        if each.label != "oneof"
    ]
    choice = [
        f"    {each.written} {each.name} = {each.number};\n"
        for each in fields
        if each.label == "oneof"
    ]
    oneof = f"  oneof choice {{\n{''.join(choice)}  }}\n" if choice else ""
    return f"{_HEAD}message M {{\n{''.join(lines)}{oneof}}}\n"


def _class_of(fields: list[_Field]) -> type[Message]:
    """The same as a class of Google's library, without a text between them."""
    file = descriptor_pb2.FileDescriptorProto(name="m.proto", package="p", syntax="proto3")
    file.dependency.extend(f"google/protobuf/{name}.proto" for name in _MODULES)
    color = file.enum_type.add(name="Color")
    for name, number in (("RED", 0), ("BLUE", 1), ("GREEN", 7)):
        color.value.add(name=name, number=number)
    message = file.message_type.add(name="M")
    oneof = any(each.label == "oneof" for each in fields)
    if oneof:
        message.oneof_decl.add(name="choice")
    for each in fields:
        field = message.field.add(name=each.name, number=each.number)
        field.label = _Proto.LABEL_REPEATED if each.label == "repeated" else _Proto.LABEL_OPTIONAL
        if each.written in _SCALARS:
            field.type = _SCALARS[each.written]
        else:
            field.type_name = ".p.Color" if each.written == "Color" else f".{each.written}"
            field.type = _Proto.TYPE_ENUM if each.written == "Color" else _Proto.TYPE_MESSAGE
        if each.label == "oneof":
            field.oneof_index = 0
        if each.label == "optional":
            field.proto3_optional = True
            field.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{each.name}")
    pool = DescriptorPool()
    for module in (timestamp_pb2, duration_pb2, wrappers_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("p.M"))


def _set(message: Message, field: _Field, value: object) -> None:
    if field.label == "repeated":
        getattr(message, field.name).extend([value, value])
    elif field.written.endswith("Timestamp"):
        getattr(message, field.name).FromDatetime(value)
    elif field.written.endswith("Duration"):
        getattr(message, field.name).FromTimedelta(value)
    elif field.written.endswith("Value"):
        getattr(message, field.name).value = value
        getattr(message, field.name).SetInParent()
    else:
        setattr(message, field.name, value)


class _Topic(NamedTuple):
    columns: list[tuple[str, _Read]]
    fields: list[_Field]
    messages: list[bytes]
    """Each is some messages, one behind the other, which readers take for one."""


@st.composite
def _topics(draw: st.DrawFn) -> _Topic:
    numbers = draw(st.permutations([*range(1, 12), 500, 2**29 - 1]))
    places = itertools.count()
    columns, fields, values = [], [], {}
    for at in range(draw(st.integers(1, 5))):
        read = draw(st.sampled_from(_READ))
        label = draw(st.sampled_from(["", "optional", "oneof"]))
        field = _Field(f"c{at}", numbers[next(places)], label, read.written)
        columns.append((field.name, read))
        fields.append(field)
        values[field] = read.values
    for at in range(draw(st.integers(0, 3))):
        written, entries = draw(st.sampled_from(_OTHERS))
        label, _, kind = written.rpartition(" ")
        field = _Field(f"o{at}", numbers[next(places)], label, kind)
        fields.append(field)
        values[field] = entries
    made_by = _class_of(fields)

    def message() -> bytes:
        made = made_by()
        for field in draw(st.permutations(fields)):
            if draw(st.integers(0, 2)):
                _set(made, field, draw(values[field]))
        return bytes(made.SerializeToString())

    rows = [
        b"".join(message() for _ in range(draw(st.integers(1, 3))))
        for _ in range(draw(st.integers(1, 4)))
    ]
    return _Topic(columns, fields, rows)


@seed(20261129)
@settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(_topics())
def test_differential_google(topic: _Topic) -> None:
    """Each column has what Google's library reads of the same bytes, to the bit; None where there is no value."""
    kind = _class_of(topic.fields)
    named = [(name, f"{read.column} | None") for name, read in topic.columns]
    schemas: list[Registered] = [(1, (_text_of(topic.fields), []), "")]
    values: list[bytes | None] = [framed(1, b"\0" + each) for each in topic.messages]
    decoded = protobuf_decoder(named, [], schemas).decode(values)
    assert decoded.rejects == []
    labels = {field.name: field.label for field in topic.fields}
    for at, (name, read) in enumerate(topic.columns):
        wanted = []
        for each in topic.messages:
            message = kind.FromString(each)
            presence = labels[name] != "" or read.written.startswith("google")
            there = not presence or message.HasField(name)
            wanted.append(read.meant(getattr(message, name)) if there else None)
        found = to_list(nullable(decoded.columns[at], decoded.missing[at]))
        assert [_bits(value) for value in found] == [_bits(value) for value in wanted], name


def _bits(value: object) -> object:
    """What is compared: a double by its bits."""
    return value.hex() if isinstance(value, float) else value

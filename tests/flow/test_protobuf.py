"""Protobuf behind the frame of a Schema Registry: which schema is asked for, and what its answers come to."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

import streamreg as sr
from streamreg.testing import collect, read
from tests.support.registry import FakeRegistry, fake_registry, framed


class Point(sr.Schema):
    x: float
    y: float


POINT = 'syntax = "proto3"; message Point { double x = 1; double y = 2; }'
OTHERS = """
syntax = "proto3";
import "label.proto";
message Other { Label label = 4; optional float y = 3; sint32 x = 9; }
"""
LABEL = 'syntax = "proto3"; message Label { string text = 1; }'


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with fake_registry() as found:
        yield found


def table(registry: FakeRegistry, *values: bytes | None, **options: object) -> sr.Table:
    options = {"format": "protobuf", "schema_registry": registry.settings, **options}
    return read([values], schema=Point, batch=1, **options)  # type: ignore[arg-type]


def point(id: int, x: float, y: float) -> bytes:
    return framed(id, b"\0\x09" + struct.pack("<d", x) + b"\x11" + struct.pack("<d", y))


def test_schemas_change_in_the_stream(registry: FakeRegistry) -> None:
    """Each message is read by the schema that it names, with those that it imports, asked for once."""
    registry.put(1, POINT, "list-value", kind="PROTOBUF")
    registry.put(5, LABEL, "label.proto", kind="PROTOBUF")
    registry.put(2, OTHERS, "list-value", kind="PROTOBUF", references=[("label.proto", 1)])
    other = framed(2, b"\0\x22\x03\x0a\x01a\x48\x05\x1d" + struct.pack("<f", 0.25))
    without_y = framed(2, b"\0\x48\x05")
    t = table(registry, point(1, 0.5, 2), other, None, without_y, point(1, 7, 8), framed(1, b"\0"))
    found = collect(t)
    summary = sr.run(processes=0)
    assert [row for row, _, _ in found] == [(0.5, 2.0), (-3.0, 0.25), (7.0, 8.0), (0.0, 0.0)]
    assert (summary.rejects, summary.tombstones) == ({"null": 1}, 1)
    asked = [path.partition("?")[0] for path in registry.asked if "/ids/" in path]
    assert asked == ["/schemas/ids/1", "/schemas/ids/2"]


def test_the_subject_is_checked_first(registry: FakeRegistry) -> None:
    """The latest schema of the subject must give the columns: the error names the field and both types."""
    registry.put(1, POINT.replace("double y", "string y"), "list-value", kind="PROTOBUF")
    collect(table(registry))
    with pytest.raises(
        sr.ConfigurationError, match=r"'list-value'.*y \(float\): string where float belongs"
    ):
        sr.run(processes=0)


def test_hostile_values_are_rejects(registry: FakeRegistry) -> None:
    """Values that are no messages, and schemas of another kind or that are none, stop nothing."""
    registry.put(1, POINT, kind="PROTOBUF")
    registry.put(2, {"type": "string"})
    registry.put(3, "message {", kind="PROTOBUF")
    good = point(1, 1, 2)
    values = (good[:-1], framed(1, b""), framed(2, b"\0"), framed(3, b"\0"), framed(4, b""), good)
    found = collect(table(registry, *values))
    summary = sr.run(processes=0)
    assert [row for row, _, _ in found] == [(1.0, 2.0)]
    assert summary.rejects == {"malformed-protobuf": 2, "unusable-schema": 2, "unknown-schema": 1}


def test_the_frame_is_no_surprise(registry: FakeRegistry, caplog: pytest.LogCaptureFixture) -> None:
    """Where nothing fits, nobody is told to read what is read."""
    registry.put(1, POINT, kind="PROTOBUF")
    collect(table(registry, framed(1, b"\xff"), framed(9, b"\0")))
    assert sr.run(processes=0).rejects == {"malformed-protobuf": 1, "unknown-schema": 1}
    assert "looks like" not in caplog.text


def test_a_registry_is_needed() -> None:
    """The format cannot be read without the settings of a registry, and says so."""
    with pytest.raises(sr.ConfigurationError, match=r"schema_registry: format=.protobuf. needs it"):
        read([[]], schema=Point, format="protobuf")


def test_a_state_goes_on(registry: FakeRegistry, tmp_path: Path) -> None:
    """A run goes on with its state; with another format it does not."""
    registry.put(1, POINT, "list-value", kind="PROTOBUF")
    values = [point(1, each, each) for each in range(3)]
    state, path = tmp_path / "state", tmp_path / "points.csv"
    for _ in range(2):
        sr.io.csv.write(table(registry, *values), path)
        sr.run(processes=0, state=state)
        sr.clear()
    assert len(path.read_text().splitlines()) == 4
    sr.io.csv.write(table(registry, *values, format="avro"), path)
    with pytest.raises(sr.StreamregError, match="format"):
        sr.run(processes=0, state=state)

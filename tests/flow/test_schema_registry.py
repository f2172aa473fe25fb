"""Messages behind the frame of a Schema Registry: which schema is asked for, when, and what its answers come to."""

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import fastavro
import pytest

import streamreg as sr
from streamreg.testing import collect, read
from tests.support.process import wait_until
from tests.support.registry import FakeRegistry, fake_registry, framed


class Point(sr.Schema):
    x: float
    y: float


class Looser(sr.Schema):
    x: float
    y: float | None


POINT = {
    "type": "record",
    "name": "Point",
    "fields": [{"name": "x", "type": "double"}, {"name": "y", "type": "double"}],
}
X_ALONE = {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "long"}]}
OTHERS = {
    "type": "record",
    "name": "Point",
    "fields": [
        {"name": "y", "type": ["null", "float"]},
        {"name": "label", "type": "string"},
        {"name": "x", "type": "int"},
    ],
}
PAGES = (b"<html>no such page</html>", b"{}", b"[]", b"")
"""What another server answers, or another part of a registry's."""


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with fake_registry() as found:
        yield found


def avro(id: int, schema: object, row: object) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), row)  # type: ignore[arg-type]
    return framed(id, out.getvalue())


def table(
    registry: FakeRegistry,
    *values: bytes | None,
    schema: type[sr.Schema] = Point,
    **options: object,
) -> sr.Table:
    options = {"format": "avro", "schema_registry": registry.settings, **options}
    return read([values], schema=schema, batch=1, **options)  # type: ignore[arg-type]


def test_schemas_change_in_the_stream(registry: FakeRegistry) -> None:
    """Each message is read by the schema that it names, each of which is asked for once."""
    registry.put(1, POINT, "list-value")
    registry.put(2, OTHERS, "list-value")
    t = table(
        registry,
        avro(1, POINT, {"x": 0.5, "y": 2}),
        avro(2, OTHERS, {"y": 0.25, "label": "a", "x": 3}),
        None,
        avro(1, POINT, {"x": 7, "y": 8}),
        avro(2, OTHERS, {"y": None, "label": "a", "x": 3}),
    )
    found = collect(t)
    summary = sr.run(processes=0)
    assert [row for row, _, _ in found] == [(0.5, 2.0), (3.0, 0.25), (7.0, 8.0)]
    assert (summary.rejects, summary.tombstones) == ({"null": 1}, 1)
    asked = [path.partition("?")[0] for path in registry.asked]
    assert [path for path in asked if "/ids/" in path] == ["/schemas/ids/1", "/schemas/ids/2"]


def test_optional_columns_may_lack(registry: FakeRegistry, tmp_path: Path) -> None:
    """A column without a field is missing where it can be; otherwise the message is a reject that names it."""
    registry.put(1, POINT)
    registry.put(2, X_ALONE)
    values = (avro(1, POINT, {"x": 1, "y": 2}), avro(2, X_ALONE, {"x": 3}))
    found = collect(table(registry, *values, schema=Looser))
    sr.run(processes=0)
    assert [row for row, _, _ in found] == [(1.0, 2.0), (3.0, None)]
    sr.clear()
    collect(table(registry, *values))
    sr.run(processes=0, rejects=tmp_path / "rejects.jsonl")
    [line] = (tmp_path / "rejects.jsonl").read_text().splitlines()
    reject = json.loads(line)
    assert (reject["reason"], reject["column"]) == ("missing-field", "y")
    assert reject["detail"] == 'the schema has no field "y"'


def test_the_subject_is_checked_first(registry: FakeRegistry) -> None:
    """The latest schema of the subject must give the columns: the error names the field and both types."""
    registry.put(1, POINT, "points")
    misfit = {**POINT, "fields": [POINT["fields"][0], {"name": "y", "type": "string"}]}
    registry.put(2, misfit, "points")
    collect(table(registry, subject="points"))
    with pytest.raises(
        sr.ConfigurationError, match=r"'points'.*y \(float\): string where float belongs"
    ):
        sr.run(processes=0)


def test_fields_of_one_name_are_no_schema(registry: FakeRegistry) -> None:
    """A schema that has a field twice is refused at the start, and makes rejects where a message names it."""
    twice = {**POINT, "fields": [*POINT["fields"], POINT["fields"][0]]}
    registry.put(1, twice)
    body = avro(1, POINT, {"x": 1, "y": 2})
    collect(table(registry, body + bytes(8)))
    assert sr.run(processes=0).rejects == {"unusable-schema": 1}
    sr.clear()
    registry.put(2, twice, "list-value")
    collect(table(registry, body))
    with pytest.raises(sr.ConfigurationError, match='two fields of the name "x"'):
        sr.run(processes=0)


def test_unknown_and_strange_schemas_are_rejects(registry: FakeRegistry) -> None:
    """An id that the registry does not know, a schema of another kind and a value without a frame stop nothing."""
    registry.put(1, POINT)
    registry.put(3, {"type": "object"}, kind="JSON")
    good = avro(1, POINT, {"x": 1, "y": 2})
    values = (framed(9, b"x"), framed(3, b"{}"), b'{"x": 1, "y": 2}', good, good + b"\0")
    found = collect(table(registry, *values))
    summary = sr.run(processes=0)
    assert [row for row, _, _ in found] == [(1.0, 2.0)]
    assert summary.rejects == {
        "unknown-schema": 1,
        "unusable-schema": 1,
        "not-framed": 1,
        "malformed-avro": 1,
    }


@pytest.mark.parametrize("status", [401, 403])
def test_a_registry_that_refuses_ends_the_run(registry: FakeRegistry, status: int) -> None:
    """One line says that the registry does not let the program in, and no credentials."""
    registry.status = status
    settings = {**registry.settings, "basic.auth.user.info": "alice:alice-secret"}
    collect(table(registry, schema_registry=settings))
    with pytest.raises(
        sr.SourceError, match=r"does not let this program in.*basic\.auth"
    ) as caught:
        sr.run(processes=0)
    assert "alice-secret" not in str(caught.value)


@pytest.mark.parametrize("processes", [0, 1])
def test_a_registry_that_is_away_is_waited_for(
    registry: FakeRegistry, processes: int, caplog: pytest.LogCaptureFixture
) -> None:
    """While the registry does not answer the run waits and says so; then it goes on, and nothing is lost."""
    registry.put(1, POINT, "list-value")
    registry.status = 503
    found = collect(table(registry, avro(1, POINT, {"x": 1, "y": 2})))

    def mend() -> None:
        wait_until(lambda: len(registry.asked) > 1, 60)
        registry.status = 200

    mending = threading.Thread(target=mend)
    mending.start()
    sr.run(processes=processes)
    mending.join()
    assert [row for row, _, _ in found] == [(1.0, 2.0)]
    assert "waiting for it: not now" in caplog.text
    assert "it answers again" in caplog.text


@pytest.mark.parametrize(
    ("status", "page"),
    [
        (404, None),
        *((404, page) for page in PAGES),
        *((200, page) for page in PAGES),
        (302, b""),
        (405, b""),
        (422, None),
    ],
)
def test_what_is_no_registry_ends_the_run(
    registry: FakeRegistry, status: int, page: bytes | None
) -> None:
    """Where something else answers, as at a wrong path, no message is taken for one of an unknown schema."""
    registry.status, registry.page = status, page
    collect(table(registry, avro(1, POINT, {"x": 1, "y": 2})))
    with pytest.raises(
        sr.SourceError, match=r"is no Schema Registry.*check url in schema_registry"
    ):
        sr.run(processes=0)


@pytest.mark.parametrize("page", [PAGES[0], None])
def test_a_registry_that_has_answered_is_waited_for_behind_another_server(
    registry: FakeRegistry, page: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    """A proxy that says that there is no such page while the registry is away costs no message."""
    registry.put(1, POINT, "list-value")
    registry.put(2, OTHERS)
    values = avro(1, POINT, {"x": 1, "y": 2}), avro(2, OTHERS, {"y": 4, "label": "", "x": 3})
    found = collect(table(registry, *values))
    answers = iter([(404, page), (404, page), (200, None)])

    def before(path: str) -> None:
        if path.startswith("/schemas/ids/2"):
            registry.status, registry.page = next(answers)

    registry.before = before
    sr.run(processes=0)
    assert [row for row, _, _ in found] == [(1.0, 2.0), (3.0, 4.0)]
    assert "it answers again" in caplog.text


def test_an_id_that_no_registry_has_is_not_asked_for(registry: FakeRegistry) -> None:
    """Ids have a sign: a registry answers to a greater one as to a path that it does not have."""
    registry.put(1, POINT, "list-value")
    collect(table(registry, framed(2**31, b"x"), framed(2**31 - 1, b"x")))
    assert sr.run(processes=0).rejects == {"unknown-schema": 2}
    assert f"/schemas/ids/{2**31}" not in registry.asked


def test_an_address_that_cannot_be_one_is_refused(registry: FakeRegistry) -> None:
    """A port that is no number is an error of the settings, in one line."""
    collect(table(registry, framed(1, b""), schema_registry={"url": "http://localhost:abc"}))
    with pytest.raises(sr.ConfigurationError, match=r"schema_registry: url: .*abc"):
        sr.run(processes=0)


def test_a_run_that_waits_for_a_registry_can_be_stopped(registry: FakeRegistry) -> None:
    """A run whose registry is away ends when it is told to."""
    registry.status = 503
    collect(table(registry, framed(1, b"")))
    assert sr.run(processes=0, stop=lambda progress: True).ended_by == "stop"


def test_references_are_followed(registry: FakeRegistry) -> None:
    """A schema may refer to another by its name, and that to a third; a column may stand in a record of theirs."""
    registry.put(1, X_ALONE, "Point")
    mid = {"type": "record", "name": "Mid", "fields": [{"name": "point", "type": "Point"}]}
    registry.put(2, mid, "Mid", references=[("Point", 1)])
    top = {
        "type": "record",
        "name": "Top",
        "fields": [{"name": "mid", "type": ["null", "Mid"]}, {"name": "y", "type": "double"}],
    }
    registry.put(3, top, "list-value", references=[("Point", 1), ("Mid", 1)])
    body = b"\x02\x0e" + bytes(8)
    t = table(registry, framed(3, body), json_field_paths={"x": "/mid/point/x"})
    found = collect(t)
    sr.run(processes=0)
    assert [row for row, _, _ in found] == [(7.0, 0.0)]


def test_json_behind_a_frame(registry: FakeRegistry) -> None:
    """JSON is read behind the frame of a JSON schema; without a frame, or behind another, it is a reject."""
    registry.put(1, {"type": "object"}, "list-value", kind="JSON")
    registry.put(2, POINT)
    text = b'{"x": 0.1, "y": 2}'
    values = (framed(1, text), text, framed(2, text), framed(3, text), framed(1, b"{"))
    found = collect(table(registry, *values, format="json"))
    summary = sr.run(processes=0)
    assert [row for row, _, _ in found] == [(0.1, 2.0)]
    assert summary.rejects == {
        "not-framed": 1,
        "unusable-schema": 1,
        "unknown-schema": 1,
        "malformed-json": 1,
    }


def test_a_frame_that_is_not_expected_is_named(tmp_path: Path) -> None:
    """A framed message that is read as plain JSON is a reject that says how it is to be read."""
    collect(read([[framed(7, b"\x02")]], schema=Point, format="json"))
    sr.run(processes=0, rejects=tmp_path / "rejects.jsonl")
    assert "(schema id 7): read it with format='avro'" in (tmp_path / "rejects.jsonl").read_text()


def test_a_state_knows_no_address(registry: FakeRegistry, tmp_path: Path) -> None:
    """A run goes on at another registry, with other credentials; not with another format."""
    registry.put(1, POINT, "list-value")
    values = [avro(1, POINT, {"x": each, "y": each}) for each in range(3)]
    state, path = tmp_path / "state", tmp_path / "points.csv"
    sr.io.csv.write(table(registry, *values), path)
    sr.run(processes=0, state=state)
    sr.clear()
    with fake_registry() as other:
        other.put(1, POINT, "list-value")
        settings = {**other.settings, "basic.auth.user.info": "alice:alice-secret"}
        sr.io.csv.write(table(other, *values, schema_registry=settings), path)
        sr.run(processes=0, state=state)
        sr.clear()
    kept = b"".join(path.read_bytes() for path in state.iterdir() if path.is_file())
    assert b"alice-secret" not in kept
    assert b"127.0.0.1" not in kept
    sr.io.csv.write(read([values], schema=Point, format="json"), path)
    with pytest.raises(sr.StreamregError, match="format"):
        sr.run(processes=0, state=state)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "avro"}, "schema_registry: format=.avro. needs it"),
        ({"format": "avro", "schema_registry": {}}, "schema_registry: url: missing"),
        ({"format": "avro", "schema_registry": "http://x"}, "schema_registry: expected settings"),
        (
            {"format": "csv", "schema_registry": {"url": "http://x"}},
            "schema_registry: only format=",
        ),
        (
            {"format": "json", "schema_registry": {"url": "http://x"}, "records": "many"},
            "records: a message behind the frame",
        ),
        ({"format": "json", "subject": "s"}, "subject: it is one of a registry"),
        (
            {
                "format": "avro",
                "schema_registry": {"url": "http://x"},
                "json_field_paths": {"z": "/z"},
            },
            "json_field_paths: .*z",
        ),
    ],
)
def test_options_are_checked(options: dict[str, object], message: str) -> None:
    """What cannot be used is an error where the table is made, and names the option."""
    with pytest.raises(sr.ConfigurationError, match=message):
        read([[]], schema=Point, **options)  # type: ignore[arg-type]


def test_settings_are_checked_by_the_client(registry: FakeRegistry) -> None:
    """A setting that the client does not know is an error that names it, without its value."""
    settings = {**registry.settings, "no.such.setting": "secret-value"}
    collect(table(registry, schema_registry=settings))
    with pytest.raises(
        sr.ConfigurationError, match=r"schema_registry: .*no\.such\.setting"
    ) as caught:
        sr.run(processes=0)
    assert "secret-value" not in str(caught.value)

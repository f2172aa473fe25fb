"""Arguments and settings that cannot be used: told when the program is written, by name."""

import multiprocessing
from typing import Any

import pytest

import streamreg as sr
from streamreg._formats.registry import FORMATS
from streamreg.testing import read
from tests.support.numbered import Point, stream, write_regression

BROKER = {"bootstrap.servers": "127.0.0.1:1"}


class Data(sr.Schema):
    data: bytes


class Number(sr.Schema):
    x: float


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (None, "rdkafka_settings: expected a mapping"),
        ([("bootstrap.servers", "a:1")], "rdkafka_settings: expected a mapping"),
        ({}, "bootstrap.servers is missing"),
        ({"bootstrap.servers": ""}, "bootstrap.servers is missing"),
        ({"metadata.broker.list": "a:1"}, "bootstrap.servers is missing"),
        ({"bootstrap.servers": "  "}, "bootstrap.servers is missing"),
        (dict([*BROKER.items(), (5, "a")]), "5 is not the name"),
        ({**BROKER, "client.id": None}, "client.id: expected a string or a number"),
        ({**BROKER, "client.id": ["a"]}, "client.id: expected a string or a number"),
        ({**BROKER, "enable.auto.commit": True}, "enable.auto.commit must be false"),
        ({**BROKER, "enable.auto.offset.store": "true"}, "enable.auto.offset.store must be false"),
        ({**BROKER, "enable.partition.eof": "false"}, "enable.partition.eof must be true"),
        ({**BROKER, "auto.offset.reset": "newest"}, "auto.offset.reset: expected earliest"),
    ],
)
def test_settings_of_the_client(settings: object, name: str) -> None:
    """The error names the setting, and says what it should be."""
    with pytest.raises(sr.ConfigurationError, match=name):
        sr.io.kafka.read(settings, "topic", schema=Point)  # type: ignore[arg-type]


def test_settings_that_are_ours_may_be_given_as_they_are() -> None:
    """Whoever turns auto-commit off says what is so anyway; aliases of earliest and latest are known."""
    for reset in ("earliest", "smallest", "beginning", "latest", "largest", "end"):
        given = {**BROKER, "enable.auto.commit": "false", "auto.offset.reset": reset}
        sr.io.kafka.read(given, "topic", schema=Point)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"topic": ""}, "topic: "),
        ({"topic": None}, "topic: "),
        ({"format": "xml"}, f"format: .*{' or '.join(map(repr, FORMATS))}"),
        ({"format": ["csv"]}, "format: "),
        ({"mode": "batch"}, "mode: .*'streaming' or 'static'"),
        ({"autocommit_duration_ms": -1}, "autocommit_duration_ms: "),
        ({"autocommit_duration_ms": 1.5}, "autocommit_duration_ms: "),
        ({"autocommit_duration_ms": True}, "autocommit_duration_ms: "),
        ({"autocommit_duration_ms": "100"}, "autocommit_duration_ms: "),
        ({"format": "raw"}, "schema: .*one column"),
        ({"format": "raw", "schema": Number}, "schema: .*one column"),
        ({"header": "x,y"}, "header: expected a list"),
        ({"header": [1, 2]}, "header: expected a list"),
        ({"header": 5}, "header: expected a list"),
        ({"header": ["x", "\ud800"]}, "header: expected a list"),
        ({"header": []}, "header: column 'x'"),
        ({"header": ["x"]}, "header: column 'y'"),
        ({"header": ["x", "y", "x"]}, "header: column 'x'"),
        ({"header": ["x", "y"], "format": "json"}, 'header: only format="csv"'),
    ],
)
def test_arguments_of_read(arguments: dict[str, Any], name: str) -> None:
    """The error names the argument, and says what was found."""
    given = {"topic": "topic", "schema": Point, **arguments}
    with pytest.raises(sr.ConfigurationError, match=f"^{name}"):
        sr.io.kafka.read(BROKER, **given)


def test_what_is_right_is_taken() -> None:
    """Every combination that means something."""
    sr.io.kafka.read(BROKER, "t", schema=Data, format="raw", mode="static")
    sr.io.kafka.read(BROKER, "t", schema=Point, format="json", autocommit_duration_ms=0)
    sr.io.kafka.read(BROKER, "t", schema=Point, header=("y", "z", "x"))


def test_the_header_given_is_not_shared() -> None:
    """The program may change its list later; the run has what was given."""
    names = ["x", "y"]
    t = read([[b"1,2"]], schema=Point, header=names)
    names.reverse()
    names.append("z")
    sr.io.csv.write(t, "rows.csv")
    assert sr.run(processes=0).rows == 1


@pytest.mark.parametrize("schema", [None, "Point", Point(), sr.Schema, dict])
def test_what_is_no_schema_is_refused(schema: object) -> None:
    """The error shows how one is written."""
    with pytest.raises(sr.ProgramError, match="class InputSchema"):
        sr.io.kafka.read(BROKER, "topic", schema=schema)  # type: ignore[arg-type]


@pytest.mark.parametrize("processes", [-1, 1.0, True, "2"])
def test_processes_must_be_a_number_of_processes(processes: object) -> None:
    """The error names the argument."""
    write_regression(read(stream(10, 1), schema=Point))
    with pytest.raises(sr.ConfigurationError, match=f"^processes: .*{processes!r}"):
        sr.run(processes=processes)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "-1", "two", "1.5", "²", "1 "])
def test_the_environment_must_give_a_number_of_processes(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the variable."""
    monkeypatch.setenv("STREAMREG_PROCESSES", text)
    write_regression(read(stream(10, 1), schema=Point))
    with pytest.raises(sr.ConfigurationError, match=r"^STREAMREG_PROCESSES: "):
        sr.run()


@pytest.mark.parametrize(
    ("variable", "argument", "expected"),
    [("3", 0, 0), ("0", None, 0), ("2", None, 2), ("9", None, 3)],
)
def test_the_argument_goes_before_the_environment(
    variable: str, argument: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And there are never more workers than partitions."""
    seen: set[int] = set()
    monkeypatch.setenv("STREAMREG_PROCESSES", variable)
    write_regression(read(stream(10, 3), schema=Point))
    sr.run(
        processes=argument,
        progress=lambda _: seen.add(len(multiprocessing.active_children())),
        stop=lambda progress: progress.rows > 0,
    )
    assert max(seen) == expected


def test_durability_has_two_values() -> None:
    """The error names the argument and both."""
    write_regression(read(stream(10, 1), schema=Point))
    with pytest.raises(sr.ConfigurationError, match=r'^durability: .*"process" or "power".*disk'):
        sr.run(durability="disk")  # type: ignore[arg-type]

"""A sink and a format that the package does not know: a job runs with them, is inspected, verified, and goes on."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._compile.compile import compile as compile_plan
from streamreg._core import Decoder, json_decoder
from streamreg._formats.contract import Input
from streamreg._language import outputs
from streamreg._language.outputs import Output
from streamreg._operate import inspect
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._sinks.cells import lines_of
from streamreg._sinks.contract import Changes, ColumnSpec
from streamreg._sinks.csv_file import CsvFile
from streamreg._sinks.file_sink import FileSpec
from streamreg._sinks.records import RecordError, records
from streamreg._source.contract import Report, Watermarks
from streamreg._state.snapshot import read
from streamreg.testing import Change, ListSink


@dataclass(frozen=True)
class JsonLines(FileSpec):
    """An array a line: the row, its time and its diff."""

    sink: ClassVar[str] = "json lines"
    call: ClassVar[str] = "test.write"

    def beginning(self, columns: Sequence[ColumnSpec]) -> bytes:
        return b""

    def text_of(self, changes: Changes) -> bytes:
        return b"".join(json.dumps(change).encode() + b"\n" for change in changes)

    def changes_in(
        self, columns: Sequence[ColumnSpec], pieces: Iterator[bytes]
    ) -> Iterator[Sequence[bytes]]:
        def rows() -> Iterator[tuple[Sequence[object], int, int]]:
            for lines in records(pieces, quotes=False):
                for line in lines:
                    try:
                        values, time, diff = json.loads(line)
                    except ValueError as error:
                        raise RecordError(f"{line!r} is no change: {error}") from None
                    yield values, time, diff

        return lines_of(rows())


class Unread(CsvFile):
    """A file that cannot be read back."""

    def read_back(self, columns: object, position: object) -> None:  # type: ignore[override]
        return


class Units:
    """A preamble that is no list of names."""

    name = "units"

    def find(
        self,
        input: Input,
        watermarks: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> Any:  # noqa: ANN401 - whatever JSON has
        return {"scale": 1, "of": ["m", None]}

    def wanted(self, columns: object) -> str:
        return "the units"

    def shown(self, found: object) -> str:
        return f"the units are {found}"

    def check(self, found: object, columns: object) -> None:
        return

    def repeats(self, value: bytes | None, found: object) -> bool:
        return value == b"units"

    def differs(self, value: bytes | None, found: object, columns: object) -> bool:
        return False


@dataclass(frozen=True)
class WithUnits:
    """JSON whose topic begins with its units."""

    name = "units and json"
    preamble = Units()

    def identity(self) -> dict[str, object]:
        return {"format": self.name}

    def check(self, columns: object) -> None:
        return

    def decoder(self, columns: Mapping[str, Any], found: Any) -> Decoder:  # noqa: ANN401 - whatever JSON has
        assert found == {"scale": 1, "of": ["m", None]}
        return json_decoder(list(columns.items()))


class Row(sr.Schema):
    k: str
    x: float
    y: float


KEYS = ("", 'a "b",', "two\nlines")
MESSAGES: list[bytes | None] = [
    b"units",
    *(json.dumps({"k": KEYS[i % 3], "x": i / 8, "y": i * i % 7}).encode() for i in range(40)),
]
KEPT: list[Change] = []


def tables(count: int) -> dict[str, sr.Table]:
    t = testing.read([MESSAGES[:count]], schema=Row, format=WithUnits(), batch=7)
    fit = t.linear_regression(t.y, t.x)
    return {
        "rows": t,
        "fit": fit,
        "by": t.linear_regression(t.y, t.x, by=t.k, singular="null"),
        "scores": fit.predict_on(t),
    }


def run(sink: Callable[[str], Any], count: int) -> None:
    for name, table in tables(count).items():
        outputs.write(table, sink(name))
    sr.run(processes=0, state="state")


def checks(sink: Callable[[str], Any], count: int) -> list[Check]:
    plan = compile_plan([Output(table, sink(name)) for name, table in tables(count).items()])
    return list(verify(plan, read(Path("state")), None, report=print, tell=lambda *_: None))


def lines(name: str) -> JsonLines:
    return JsonLines(f"{name}.jsonl")


COMPARED = [
    "fit, last row in the state",
    "fit, its changes folded",
    "by, last rows in the state",
    "by, its changes folded",
    "rows, its rows",
    "scores, its rows but for scores",
    "scores, its scores",
]


def test_a_sink_of_another_kind_is_verified(folder: Path) -> None:
    """Its changes are read back as values, and are the same; a file has its bytes compared too."""
    run(lines, 20)
    run(lines, 41)
    found = checks(lines, 41)
    assert [check for check in found if check.difference] == []
    subjects = [check.subject.replace(".jsonl", "") for check in found[6:]]
    assert subjects == [
        *COMPARED,
        *(f"{name}, its bytes" for name in ("by", "fit", "rows", "scores")),
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "subject"),
    [
        ("rows", "0.125", "0.126", "its rows"),
        ("rows", "[[", "[", "its rows"),
        ("fit", ", 1]", ", -1]", "its changes folded"),
        ("by", '"two\\nlines"', '"two\\nLines"', "its changes folded"),
        ("scores", "0.125", "0.126", "its rows but for scores"),
    ],
)
def test_what_was_changed_in_it_is_told(
    folder: Path, name: str, old: str, new: str, subject: str
) -> None:
    """As of any file: once, by the name of the output."""
    run(lines, 41)
    path = folder / f"{name}.jsonl"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1) + " " * (len(old) - len(new)))
    assert [c.subject for c in checks(lines, 41) if c.difference] == [f"{path.name}, {subject}"]


def test_a_list_is_verified(folder: Path) -> None:
    """A sink without bytes is compared by its changes alone."""
    held: dict[str, list[Change]] = {name: [] for name in tables(1)}

    def sink(name: str) -> ListSink:
        return ListSink(held[name], name)

    run(sink, 20)
    run(sink, 41)
    found = checks(sink, 41)
    assert [check for check in found if check.difference] == []
    assert [check.subject for check in found[6:]] == COMPARED
    held["rows"].pop()
    (different,) = [check for check in checks(sink, 41) if check.difference]
    assert str(different) == "DIFFERENT  rows, its rows: it holds 39 changes, not 40"


def test_what_cannot_be_read_back_is_named(folder: Path) -> None:
    """Nobody is told that an output is as it should be which was never looked at."""

    def sink(name: str) -> CsvFile:
        return Unread(f"{name}.csv")

    run(sink, 41)
    unknown = [str(check) for check in checks(sink, 41) if not check.compared]
    assert unknown == [
        f"unknown    {subject}: not compared: such an output cannot be read back"
        for subject in (
            "fit.csv, its changes folded",
            "by.csv, its changes folded",
            "rows.csv, its rows",
            "scores.csv, its rows",
        )
    ]


def test_both_are_inspected(folder: Path) -> None:
    """What a format of a program's own has found is shown as it is, and a file is known by its position."""
    run(lines, 41)
    found = inspect.describe(read(Path("state")))
    assert found["job"]["preamble"] == {"scale": 1, "of": ["m", None]}
    assert found["files"] == {
        f"{n}.jsonl": (folder / f"{n}.jsonl").stat().st_size for n in tables(1)
    }
    shown = list(inspect.lines("state", found))
    assert shown[1] == (
        "topic       list, units and json, preamble {'of': ['m', None], 'scale': 1}"
    )


def test_messages_call_an_output_as_its_sink_does(folder: Path) -> None:
    """The function that was called, and what it writes to."""
    t = tables(1)["rows"]
    with pytest.raises(sr.ProgramError, match=r"^testing\.write: expected a table, found str$"):
        testing.write("rows", KEPT)  # type: ignore[arg-type]  # what people try
    with pytest.raises(sr.ProgramError, match=r"^io\.csv\.write: time: expected \"epoch\" or"):
        sr.io.csv.write(t, "out.csv", time="now")  # type: ignore[arg-type]  # what people try
    twice = [Output(t, ListSink(KEPT, name)) for name in "ab"]
    with pytest.raises(sr.ProgramError, match="two outputs write b: give each a list of its own"):
        sr.run(outputs=twice, processes=0)
    same = [Output(t, ListSink([], "a")) for _ in range(2)]
    with pytest.raises(sr.ProgramError, match="a is written twice; give each output a list of"):
        compile_plan(same)

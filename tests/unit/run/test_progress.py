"""The line of progress, and the summary: what a person sees."""

import contextlib
import fcntl
import io
import logging
import os
import pty
import struct
import sys
import termios
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

import streamreg as sr
from streamreg._run.progress import ProgressLine, Rate
from streamreg._terminal.log_lines import logged_apart
from streamreg._terminal.screen import Screen

WIDE = {"intercept": 0.1234567890123, "a_long_name": 123456789.123, "数量": Decimal("1.23456789")}
PROGRESS = sr.Progress(1, 1, 1, 12.3, 4567, {"out.csv": {**WIDE, "none": None, "n": 10**12}})


class Terminal:
    """A terminal, its stream, and what has been written to it."""

    def __init__(self, columns: int) -> None:
        self._looking, own = pty.openpty()
        if columns:
            fcntl.ioctl(own, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.stream = os.fdopen(own, "w", encoding="utf-8")

    def shown(self) -> str:
        """All of it; nothing can be written any more."""
        self.stream.close()
        data = b""
        with contextlib.suppress(OSError):  # the end of what a terminal holds
            while more := os.read(self._looking, 4096):
                data += more
        os.close(self._looking)
        return data.decode().replace("\r\n", "\n")


@pytest.fixture(params=[0, 40, 80, 200], ids=lambda columns: f"{columns} columns")
def columns(request: pytest.FixtureRequest) -> int:
    """The width of a terminal, 0 if it does not know."""
    width: int = request.param
    return width


def cells(text: str) -> int:
    """Columns that a text takes: these letters take two."""
    return len(text) + sum(text.count(letter) for letter in "数量")


def test_the_line_fits_and_cuts_no_number(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is narrower than the terminal, 80 columns if that is unknown; a part that does not fit is omitted whole."""
    terminal = Terminal(columns)
    screen = Screen(terminal.stream)
    shown: list[str] = []
    monkeypatch.setattr(screen, "status", shown.append)
    ProgressLine(screen)(PROGRESS)
    screen.close()
    terminal.shown()
    (line,) = shown
    assert cells(line) < (columns or 80)
    whole = (
        "1 row  12/s  lag 4,567  1 reject  intercept 0.123457  a_long_name 1.23457e+08  "
        "数量 1.23457  none -  n 1000000000000"
    )
    assert line == whole if columns == 200 else line.endswith("  …")
    assert set(line.removesuffix("  …").split("  ")) <= set(whole.split("  "))


def test_times_are_shown_as_files_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Datetimes in UTC and durations, as ISO 8601 writes them."""
    terminal = Terminal(200)
    screen = Screen(terminal.stream)
    shown: list[str] = []
    monkeypatch.setattr(screen, "status", shown.append)
    berlin = datetime(2026, 11, 28, 17, 10, 34, tzinfo=timezone(timedelta(hours=1)))
    row = {"at": berlin, "gap": timedelta(minutes=-90)}
    ProgressLine(screen)(sr.Progress(1, 1, 0, 12.3, None, {"out.csv": row}))
    screen.close()
    terminal.shown()
    assert shown == ["1 row  12/s  at 2026-11-28T16:10:34Z  gap -PT1H30M"]


def test_a_log_line_does_not_run_into_it() -> None:
    """It stands on a line of its own, above the progress, which is shown again; afterwards the handler is as before."""
    terminal = Terminal(80)
    logger = logging.Logger("of this test")
    handler = logging.StreamHandler(terminal.stream)
    logger.addHandler(handler)
    screen = Screen(terminal.stream)
    with logged_apart(logger, terminal.stream, screen):
        screen.status("5 rows")
        logger.warning("a word\nof two lines")
        screen.status("6 rows")
    screen.close("the end")
    assert handler.stream is terminal.stream
    lines: list[str] = []
    for renewed in terminal.shown().split("\r\x1b[K"):
        if lines and not renewed.startswith("\n"):
            lines.pop()  # the renewed line is written over
        lines += renewed.split("\n")
    assert lines == ["a word", "of two lines", "the end", ""]


def test_nothing_is_renewed_in_a_pipe() -> None:
    """Progress into a pipe or file is whole lines, with neither carriage return nor escape."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream, os.fdopen(reading) as reader:
        times = iter([0.0, 1.0, 11.0])
        screen = Screen(stream)
        line = ProgressLine(screen, clock=lambda: next(times))
        for _ in range(3):
            line(PROGRESS)
        screen.close("the end")
        stream.close()
        said = reader.read()
    assert "\r" not in said
    assert "\x1b" not in said
    first, second, last = said.splitlines()
    assert first == second
    assert first.startswith("streamreg: 1 row  12/s")
    assert last == "the end"


def test_a_pipe_that_does_not_wait_gets_every_line() -> None:
    """Where a process that shares the pipe has set it not to block, a full one delays the lines and loses none."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with os.fdopen(writing, "w") as stream, os.fdopen(reading) as reader:
        screen = Screen(stream)
        lines = [f"{number} {'-' * 1000}" for number in range(500)]
        for line in lines:
            screen.line(line)
        assert [reader.readline().removesuffix("\n") for _ in lines] == lines
        screen.close("the end")
        assert reader.readline() == "the end\n"


def test_a_stream_that_is_no_file_is_written_to_at_once() -> None:
    """As that of a notebook: no thread writes to it behind its back."""
    stream = io.StringIO()
    screen = Screen(stream)
    screen.line("a word")
    assert stream.getvalue() == "a word\n"
    screen.close("the end")
    assert stream.getvalue() == "a word\nthe end\n"


def test_the_rate_is_that_of_the_last_seconds() -> None:
    """A stream that has become quiet or fast is said to be so within ten seconds, however long the run was."""
    rate = Rate(0, 0.0)
    assert rate.at(100, 1.0) == 100
    for second in range(2, 1001):
        rate.at(100 * second, float(second))
    assert rate.at(100_000, 1000.0) == 100
    for second in range(1001, 1011):
        last = rate.at(100_000, float(second))
    assert last == 0
    for second in range(1011, 1021):
        last = rate.at(100_000 + 7 * (second - 1010), float(second))
    assert last == 7


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        (sr.Summary(rows=1, epochs=1, seconds=1.23), "1 row in 1 epoch, 1.2 s"),
        (
            sr.Summary(rows=2, epochs=1, rejects={"null": 1}),
            "2 rows in 1 epoch, 0.0 s; 1 reject (null 1)",
        ),
        (
            sr.Summary(rejects={"null": 2}),
            "0 rows in 0 epochs, 0.0 s; 2 rejects (null 2); no message was a row",
        ),
        (
            sr.Summary(
                epochs=40,
                rows=1012,
                rejects={"null": 3, "field-count": 1},
                earlier_epochs=37,
                earlier_rows=1000,
                earlier_rejects=3,
            ),
            "12 rows in 3 epochs, 0.0 s; 1 reject; "
            "with the earlier runs 1,012 rows in 40 epochs, 4 rejects (field-count 1, null 3)",
        ),
        (
            sr.Summary(rows=5, epochs=2, earlier_epochs=2, earlier_rows=5),
            "0 rows in 0 epochs, 0.0 s; with the earlier runs 5 rows in 2 epochs",
        ),
    ],
)
def test_the_summary_tells_this_run_from_all(summary: sr.Summary, text: str) -> None:
    """Counts of one thing are in the singular; what earlier runs did is counted apart."""
    assert str(summary) == text


def test_progress_asked_for_without_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is nobody to show it to, a run shows it to nobody."""
    from streamreg.testing import collect, read

    class Point(sr.Schema):
        x: float
        y: float

    monkeypatch.setattr(sys, "stderr", None)
    collect(read([[b"x,y", b"1,2"]], schema=Point))
    assert sr.run(processes=0, progress=True).rows == 1

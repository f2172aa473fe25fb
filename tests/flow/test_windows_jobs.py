"""A job file with windows: it runs, goes on after it was killed, and verifies; each final row is there once."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from streamreg._cli import main
from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.changelog import changes, rejects
from tests.support.produce import send
from tests.support.windows import (
    Partition,
    Windowed,
    events,
    in_grid,
    in_last,
    in_sessions,
    late_of,
    table,
)

COLUMNS = ("k", "window_start", "window_end", "intercept", "x", "n")
JOB = """
[source]
topic = "{topic}"
mode = "static"
header = ["at", "x", "y", "k"]
[source.kafka]
bootstrap.servers = "{servers}"
[schema]
at = "int"
x = "float"
y = "float"
k = "str"
[regression]
target = "y"
features = ["x"]
by = ["k"]
statistics = ["n"]
[window]
time = "at"
{window}
[output]
regression = "fit.csv"
input = "rows.csv"
[run]
rejects = "rejects.jsonl"
processes = {processes}
"""
PARTITIONS = 4

OPTIONAL = JOB.replace(
    "[output]\n", '[state]\ndirectory = "state"\n[output]\nscores = "scores.csv"\n'
)
for kind in ("int", "float", "str"):
    OPTIONAL = OPTIONAL.replace(f'= "{kind}"\n', f'= "{kind} | None"\n')
"""The same, where every value can be missing, and rows are scored."""

WINDOWS = {
    "tumbling": 'kind = "tumbling"\nduration = 10\ncutoff = 5',
    "sliding": 'kind = "sliding"\nhop = 5\nduration = 20\nexactly_once = true\nshift = 5',
    "session": 'kind = "session"\nmax_gap = 4\nexactly_once = true\nshift = 5',
    "last": 'kind = "last"\nrows = 25',
}


def defined(topic: list[Partition], kind: str) -> Windowed:
    if kind == "last":
        return in_last(topic, 25)
    if kind == "session":
        return in_sessions(topic, 4, cutoff=5)
    hop, duration = (10, 10) if kind == "tumbling" else (5, 20)
    return in_grid(topic, hop, duration, cutoff=5)


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("kind", WINDOWS)
def test_oracle_a_job_with_windows(
    folder: Path,
    broker: EmbeddedBroker,
    topic: str,
    kind: str,
    processes: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In three runs: last rows, final rows and late rejects are those of the definition, and `verify` agrees."""
    sent = events(900, PARTITIONS, seed=processes, spread=25)
    servers = broker.settings["bootstrap.servers"]
    Path("windowed.toml").write_text(
        JOB.format(topic=topic, servers=servers, window=WINDOWS[kind], processes=processes)
    )
    for first in range(3):
        parts = {
            number: [
                b"junk" if event is None else event.line
                for event in part[len(part) * first // 3 : len(part) * (first + 1) // 3]
            ]
            for number, part in enumerate(sent)
        }
        send(broker, topic, parts)
        assert main(["run", "windowed.toml"]) == 0
    assert Path("windowed.state").is_dir()
    assert main(["verify", "windowed.toml"]) == 0
    assert "different" not in capsys.readouterr().out
    expected = defined(sent, kind)
    time = expected.time
    assert time is not None
    wait = {"sliding": 5, "session": 9}.get(kind)

    def stands(_: Fraction, end: Fraction) -> bool:
        return wait is None or end + wait <= time

    standing: dict[tuple[str, ...], tuple[str, ...]] = {}
    for change in changes("fit.csv", *COLUMNS):
        key = change.row[:1] if kind == "last" else change.row[:3]
        assert change.diff == 1 or wait is None
        if change.diff == 1:
            assert key not in standing
            standing[key] = change.row
        else:
            assert standing.pop(key) == change.row
    wanted = table(expected, lambda value: str(value.numerator), stands)
    assert set(standing.values()) == set(wanted.values())
    assert len(wanted) > (2 if kind == "last" else 20)
    assert late_of(rejects("rejects.jsonl")) == expected.late


@pytest.mark.parametrize("kind", WINDOWS)
def test_oracle_a_job_whose_values_can_be_missing(
    folder: Path,
    broker: EmbeddedBroker,
    topic: str,
    kind: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In two runs, times among them: `verify` finds all as it is, `inspect` says how far partitions have come."""
    sent = events(500, PARTITIONS, seed=21, spread=25, missing=0.15, rejects=0)
    servers = broker.settings["bootstrap.servers"]
    Path("windowed.toml").write_text(
        OPTIONAL.format(topic=topic, servers=servers, window=WINDOWS[kind], processes=2)
    )
    for half in (0, 1):
        parts = {
            number: [event.line for event in part[half::2] if event is not None]
            for number, part in enumerate(sent)
        }
        send(broker, topic, parts)
        assert main(["run", "windowed.toml"]) == 0
    # As they stand in the topic.
    sent = [[*part[0::2], *part[1::2]] for part in sent]
    capsys.readouterr()
    assert main(["verify", "windowed.toml"]) == 0
    told = capsys.readouterr().out
    if kind != "last":
        told_of_scores = "scores.csv, its scores: as the windows that had closed before each epoch"
        assert told_of_scores in told
    expected = defined(sent, kind)
    time = expected.time
    assert time is not None
    wait = {"sliding": 5, "session": 9}.get(kind)
    wanted = table(
        expected,
        lambda value: str(value.numerator),
        lambda _, end: wait is None or end + wait <= time,
    )
    found = changes("fit.csv", *COLUMNS)
    standing = Counter[tuple[str, ...]]()
    for change in found:
        standing[change.row] += change.diff
    assert +standing == Counter(wanted.values())
    assert len(wanted) > 2
    assert late_of(rejects("rejects.jsonl") if expected.late else []) == expected.late
    assert main(["inspect", "state"]) == 0
    greatest = [max(int(e.at) for e in part if e is not None and e.has("at")) for part in sent]
    shown = capsys.readouterr().out
    assert "at int | None" in shown
    for number, last in enumerate(greatest):
        assert re.search(rf"partition   {number}: .*, event time {last}\n", shown)

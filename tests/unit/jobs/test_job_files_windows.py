"""What a job file says of windows: each key, and each thing that is wrong with one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

import streamreg as sr
from streamreg._jobs import Job, example
from streamreg._jobs.run_job import plan_job
from streamreg._language.windows import Behavior
from tests.support.job_files import MINIMAL, changed, problems, read

SCHEMA = changed(
    's = "str"', 's = "str"\nat = "datetime"\nf = "float"\nms = { type = "datetime", unit = "ms" }'
)
MINUTE = timedelta(minutes=1)


def with_window(lines: str, text: str = SCHEMA) -> str:
    return text.replace("[output]", f"[window]\n{lines}\n[output]")


def windows_of(lines: str) -> tuple[object, Behavior | None]:
    window = read(with_window(lines)).window
    assert window is not None
    return window.window, window.behavior


tumbling, sliding = sr.temporal.tumbling, sr.temporal.sliding


@pytest.mark.parametrize(
    ("lines", "window"),
    [
        ('kind = "tumbling"\ntime = "at"\nduration = "PT5M"', tumbling(5 * MINUTE)),
        ('kind = "tumbling"\ntime = "ms"\nduration = "P1D"', tumbling(timedelta(days=1))),
        (
            'kind = "tumbling"\ntime = "at"\nduration = "PT1H"\norigin = "2026-01-01T00:30+02:00"',
            tumbling(60 * MINUTE, origin=datetime(2025, 12, 31, 22, 30, tzinfo=UTC)),
        ),
        ('kind = "tumbling"\ntime = "n"\nduration = 10\norigin = -3', tumbling(10, origin=-3)),
        ('kind = "tumbling"\ntime = "f"\nduration = 0.5', tumbling(0.5)),
        ('kind = "tumbling"\ntime = "f"\nduration = 2\norigin = 0.25', tumbling(2, origin=0.25)),
        (
            'kind = "sliding"\ntime = "at"\nduration = "PT5M"\nhop = "PT0.25S"',
            sliding(timedelta(milliseconds=250), 5 * MINUTE),
        ),
        ('kind = "sliding"\ntime = "n"\nduration = 10\nhop = 4', sliding(4, 10)),
        ('kind = "session"\ntime = "at"\nmax_gap = "PT10M"', sr.temporal.session(max_gap=10 * MINUTE)),
        ('kind = "session"\ntime = "f"\nmax_gap = 1e-3', sr.temporal.session(max_gap=1e-3)),
        ('kind = "last"\ntime = "n"\nrows = 250', sr.temporal.last(rows=250)),
    ],
)  # fmt: skip
def test_windows_are_those_of_the_language(lines: str, window: object) -> None:
    """Lengths are durations for datetimes, and numbers in the unit of the column for others."""
    assert windows_of(lines) == (window, None)


@pytest.mark.parametrize(
    ("lines", "behavior"),
    [
        ("cutoff = 3", sr.temporal.common_behavior(cutoff=3)),
        ("cutoff = 0", sr.temporal.common_behavior(cutoff=0)),
        ("delay = 2", sr.temporal.common_behavior(delay=2)),
        (
            "delay = 2\ncutoff = 3\nkeep_results = false",
            sr.temporal.common_behavior(2, 3, keep_results=False),
        ),
        ("exactly_once = true", sr.temporal.exactly_once_behavior()),
        ("exactly_once = true\nshift = 5", sr.temporal.exactly_once_behavior(5)),
        (
            'exactly_once = true\nidle_timeout = "PT30S"',
            sr.temporal.exactly_once_behavior(idle_timeout=30),
        ),
        (
            'cutoff = 1\nidle_timeout = "PT0.5S"',
            sr.temporal.common_behavior(cutoff=1, idle_timeout=0.5),
        ),
        ("exactly_once = false", sr.temporal.common_behavior()),
        ("keep_results = true", sr.temporal.common_behavior()),
    ],
)
def test_behaviors_are_those_of_the_language(lines: str, behavior: Behavior) -> None:
    """Each key of them; a timeout is a duration of the wall clock whatever the times are."""
    text = f'kind = "tumbling"\ntime = "n"\nduration = 10\n{lines}'
    assert windows_of(text) == (tumbling(10), behavior)


def test_a_job_without_windows_has_none() -> None:
    """An empty table is none."""
    assert read(MINIMAL).window is None
    assert read(with_window("")).window is None


TUMBLING = 'kind = "tumbling"\ntime = "n"\nduration = 10'


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('time = "n"\nduration = 10', ["kind: missing"]),
        ('kind = "tumbling"\nduration = "PT1S"', ["time: missing"]),
        ('kind = "tumbling"\ntime = "n"', ["duration: missing"]),
        ('kind = "sliding"\ntime = "n"\nduration = 10', ["hop: missing"]),
        ('kind = "session"\ntime = "n"', ["max_gap: missing"]),
        ('kind = "last"\ntime = "n"', ["rows: missing"]),
        (
            'kind = "hopping"\ntime = "n"\nduration = 10',
            ['kind: expected one of "tumbling", "sliding", "session", "last", found "hopping"'],
        ),
        ('kind = 3\ntime = "n"', ["kind: expected a string, found 3"]),
        (
            'kind = "tumbling"\ntime = "nn"\nduration = "PT1S"',
            ['time: "nn" is no column of the schema; did you mean "n"?'],
        ),
        (
            'kind = "tumbling"\ntime = "s"\nduration = 1',
            ['time: "s" is str: times are "datetime", "int", "float"'],
        ),
        (TUMBLING + "\nhop = 1", ['hop: not of "tumbling": it has "duration", "origin"']),
        (TUMBLING + "\nrows = 1", ['rows: not of "tumbling": it has "duration", "origin"']),
        (TUMBLING + "\nmax_gap = 1", ['max_gap: not of "tumbling": it has "duration", "origin"']),
        (
            'kind = "last"\ntime = "n"\nrows = 5\norigin = 3',
            ['origin: not of "last": it has "rows"'],
        ),
        (
            'kind = "last"\ntime = "n"\nrows = 5\ncutoff = 3',
            ['kind: the last rows are never closed: leave what belongs to "behavior" away'],
        ),
        (
            TUMBLING + "\nexactly_once = true\ncutoff = 3\ndelay = 1\nkeep_results = false",
            [
                "delay: only without exactly_once",
                "cutoff: only without exactly_once",
                "keep_results: only without exactly_once",
            ],
        ),
        (TUMBLING + "\nshift = 3", ["shift: only with exactly_once = true"]),
        (TUMBLING + "\nexactly_once = 1", ["exactly_once: expected true or false, found 1"]),
        (TUMBLING + "\nkeep_results = 0", ["keep_results: expected true or false, found 0"]),
    ],
)
def test_what_does_not_go_together(lines: str, told: list[str]) -> None:
    """Each fault is one line that names the key."""
    assert problems(with_window(lines)) == [f"window.{each}" for each in told]


@pytest.mark.parametrize(
    "key", ["duration", "hop", "max_gap", "cutoff", "delay", "shift", "origin"]
)
@pytest.mark.parametrize(
    ("time", "value"),
    [
        ("at", "5"), ("at", '"5"'), ("at", '"PT"'), ("at", '"5 minutes"'), ("at", "true"), ("at", "[]"),
        ("at", '""'), ("at", "1979-05-27"), ("at", '"P999999999999999D"'), ("at", '"\\u0000"'),
        ("n", '"PT5M"'), ("n", "1.5"), ("n", "true"), ("n", str(2**63)), ("n", "nan"), ("n", "1" + "0" * 4000),
        ("f", '"PT5M"'), ("f", "nan"), ("f", "inf"), ("f", "-inf"), ("f", "true"), ("f", "1" + "0" * 400),
        ("f", "{ a = 1 }"),
    ],
)  # fmt: skip
def test_a_value_of_another_kind(key: str, time: str, value: str) -> None:
    """Whatever stands for a length or a point, there is a problem with that key, of one short line."""
    told = problems(with_window(f'kind = "tumbling"\ntime = "{time}"\n{key} = {value}'))
    assert any(re.match(rf"window\.{key}: (expected|holds|not of)", each) for each in told), told
    assert all(len(each) < 200 for each in told)


@pytest.mark.parametrize("key", ["duration", "hop", "max_gap", "cutoff", "delay", "shift"])
@pytest.mark.parametrize(("time", "value"), [("at", '"-PT1S"'), ("n", "-1"), ("f", "-0.5")])
def test_a_length_below_zero(key: str, time: str, value: str) -> None:
    """No length is; 0 is one of what may be none."""
    told = problems(with_window(f'kind = "tumbling"\ntime = "{time}"\n{key} = {value}'))
    assert any(each.startswith(f"window.{key}: expected a") for each in told), told


@pytest.mark.parametrize("value", ['"PT0S"', '"-PT1S"', "30", '"30"', "true", '"PT"'])
def test_a_timeout_is_a_duration_above_zero(value: str) -> None:
    """Of the wall clock."""
    told = problems(with_window(f"{TUMBLING}\nidle_timeout = {value}"))
    (problem,) = told
    assert problem.startswith("window.idle_timeout: expected a")


def test_unknown_keys_are_told() -> None:
    """With a question if one is near."""
    told = problems(with_window(TUMBLING + "\ncut_off = 3"))
    assert told == ['window.cut_off: unknown key; did you mean "cutoff"?']
    told = problems(MINIMAL.replace("[source]", "window = 3\n[source]", 1))
    assert told == ["window: expected a table, [window], found 3"]


def test_names_of_the_bounds_are_taken() -> None:
    """Neither a key nor a feature is called window_start."""
    schema = SCHEMA.replace('s = "str"', 's = "str"\nwindow_start = "int"')
    keyed = schema.replace('["x", "n"]', '["x", "n"]\nby = ["window_start"]')
    told = problems(with_window(TUMBLING, keyed))
    assert told == ['window: "window_start" is a column of the result too']
    featured = schema.replace('["x", "n"]', '["x", "window_start"]')
    assert problems(with_window(TUMBLING, featured)) == told


def test_scores_need_windows_that_close() -> None:
    """By the last closed window."""
    scored = SCHEMA.replace('"out.csv"', '"out.csv"\nscores = "scores.csv"')
    told = problems(with_window(TUMBLING, scored))
    assert told == [
        "output.scores: by the last closed window: give [window] a cutoff, or exactly_once"
    ]
    for lines in ("cutoff = 0", "exactly_once = true"):
        (output,) = plan_job(read(with_window(f"{TUMBLING}\n{lines}", scored))).score_outputs
        assert output.name == "scores.csv"


def uncommented(kind: str, *more: str) -> Job:
    """The example with its section of windows, of this kind."""
    section = example().partition("# [window]")[2].partition("[output]")[0]
    keys = {"kind", "time", *more}
    lines = [
        line.removeprefix("# ")
        for line in section.splitlines()
        if re.match(r"# (\w+) = ", line) and re.match(r"# (\w+)", line)[1] in keys  # type: ignore[index]
    ]
    assert len(lines) == len(keys)
    chosen = "\n".join(lines).replace('kind = "tumbling"', f'kind = "{kind}"')
    text = example().replace('# at = "datetime"', 'at = "datetime"')
    return read(text.replace("# [window]", f"[window]\n{chosen}"))


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("tumbling", ("duration", "origin")),
        ("sliding", ("duration", "hop", "origin")),
        ("session", ("max_gap",)),
        ("last", ("rows",)),
    ],
)
def test_the_example_is_valid_with_its_windows(kind: str, keys: tuple[str, ...]) -> None:
    """Of each kind, with each behaviour; every key there is stands there."""
    assert uncommented(kind, *keys).window is not None
    updated = ("cutoff", "delay", "keep_results", "idle_timeout")
    once = ("exactly_once", "shift", "idle_timeout")
    for more in (updated, once) if kind != "last" else ():
        job = uncommented(kind, *keys, *more)
        assert job.window is not None
        assert job.window.scores_rows
        (output,) = plan_job(job).result_outputs
        assert output.names[:2] == ("window_start", "window_end")

"""A job that is changed goes on with its state: what it keeps is right, and what begins, begins right."""

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import pytest

import streamreg as sr
from streamreg._sinks.append_file import AppendFile
from streamreg._state.snapshot import read
from streamreg._state.store import Store
from tests.support.changed_jobs import (
    Tables,
    Wider,
    check_as_from_scratch,
    checked,
    fit,
    fit_and_more,
    folded,
    messages,
    only_fit,
    run,
    topic,
)


def test_an_added_output_begins_with_the_table_as_it_stands(folder: Path) -> None:
    """Results stand there with the next epoch, also where no message comes; rows and scores begin with the next row."""
    run(only_fit, 40)
    before = read(Path("state"))
    assert run(fit_and_more, 40).rows == before.rows
    check_as_from_scratch(fit_and_more, 40, ["fit.csv", "count.csv", "high.csv"])
    assert folded("rows.csv") == Counter({"k,s,time,diff": 1})
    unknown = [check.subject for check in checked(fit_and_more, 40) if not check.compared]
    assert unknown == ["scores.csv, its scores"]
    summary = run(fit_and_more, 90)
    check_as_from_scratch(fit_and_more, 90, ["fit.csv", "count.csv", "high.csv"])
    assert folded("rows.csv").total() == 1 + summary.rows - before.rows
    assert checked(fit_and_more, 90)


def test_a_removed_output_is_left_as_it_is(folder: Path) -> None:
    """Its file keeps its bytes, and the others go on; its sums are gone, or are summed further beside others."""
    run(fit_and_more, 40)
    old = {name: Path(name).read_bytes() for name in fit_and_more(topic(1))}
    run(only_fit, 90)
    check_as_from_scratch(only_fit, 90, ["fit.csv"])
    assert checked(only_fit, 90)
    for name in old.keys() - {"fit.csv"}:
        assert Path(name).read_bytes() == old[name]
    assert Path("fit.csv").read_bytes().startswith(old["fit.csv"])


def test_an_output_that_was_removed_can_come_back_elsewhere(folder: Path) -> None:
    """As one that is added: where another output has kept its sums, it has them of all rows."""
    run(fit_and_more, 40)
    run(lambda t: {"count.csv": fit_and_more(t)["count.csv"]}, 60)
    run(lambda t: {"count.csv": fit_and_more(t)["count.csv"], "again.csv": fit(t)}, 90)
    check_as_from_scratch(
        lambda t: {"count.csv": fit_and_more(t)["count.csv"], "again.csv": fit(t)},
        90,
        ["count.csv", "again.csv"],
    )


def test_expressions_of_a_removed_output_are_summed_further(folder: Path) -> None:
    """Sums that are kept together with others go on, whatever they are of: filters, branches, functions, constants."""

    def both(t: sr.Table) -> Mapping[str, sr.Table]:
        part = t.filter(t.x > 0.5)
        odd = sr.if_else(part.y > 1.0, part.x * 2.0, part.y - 1.0)
        half = sr.apply_with_type(lambda x: x / 2, float, part.x)
        grouped = part.groupby(part.k)
        return {
            "sum.csv": grouped.reduce(part.k, s=sr.reducers.sum(part.x), h=sr.reducers.max(half)),
            "odd.csv": grouped.reduce(part.k, s=sr.reducers.sum(odd), m=sr.reducers.min(odd)),
        }

    def one(t: sr.Table) -> Mapping[str, sr.Table]:
        return {"sum.csv": both(t)["sum.csv"]}

    run(both, 40)
    run(one, 60)
    assert checked(one, 60)
    Path("odd.csv").rename("odd.csv.before")
    run(both, 90)
    check_as_from_scratch(both, 90, ["sum.csv", "odd.csv"])
    assert checked(both, 90)


def test_what_can_be_summed_no_further_is_named(folder: Path) -> None:
    """A function that the program no longer has, or a column that the schema no longer has."""

    def both(t: sr.Table) -> Mapping[str, sr.Table]:
        wider = t.z if "z" in t else t.y
        grouped = t.groupby(t.k)
        return {
            "sum.csv": grouped.reduce(t.k, s=sr.reducers.sum(t.x)),
            "odd.csv": grouped.reduce(t.k, s=sr.reducers.sum(sr.apply(halved, wider))),
        }

    def halved(value: float) -> float:
        return value / 2

    def one(t: sr.Table) -> Mapping[str, sr.Table]:
        return {"sum.csv": both(t)["sum.csv"]}

    run(both, 40, schema=Wider)
    with pytest.raises(sr.StateError, match=r"summed for odd\.csv .* no function .*halved"):
        run(one, 60, schema=Wider)
    with pytest.raises(sr.StateError, match="no column z any more"):
        run(one, 60)


@pytest.mark.parametrize("by", [True, False], ids=["by key", "of all rows"])
def test_an_added_statistic_begins_a_new_file(
    folder: Path, by: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The old file has the time in its name, and what it had; the new one has the table with the statistic."""

    def more(t: sr.Table) -> Mapping[str, sr.Table]:
        return {"fit.csv": fit(t, "r2", "n", by=by)}

    run(lambda t: {"fit.csv": fit(t, by=by)}, 40)
    before = Path("fit.csv").read_bytes()
    run(more, 40)
    assert "fit.csv has other columns, and begins anew" in caplog.text
    check_as_from_scratch(more, 40, ["fit.csv"])
    assert checked(more, 40)
    (aside,) = [path for path in folder.iterdir() if re.fullmatch(r"fit\.\d+T\d+Z\.csv", path.name)]
    assert aside.read_bytes() == before
    run(more, 90)
    check_as_from_scratch(more, 90, ["fit.csv"])
    assert len(list(folder.glob("fit.*.csv"))) == 1


def test_a_renamed_file_goes_on(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is known by its content: moved, it is continued, and nothing has changed."""
    run(fit_and_more, 40, rejects="rejects.jsonl")
    names = {name: f"new-{name}" for name in fit_and_more(topic(1))}
    for old, new in [*names.items(), ("rejects.jsonl", "letters")]:
        Path(old).rename(new)

    def renamed(t: sr.Table) -> Mapping[str, sr.Table]:
        return {names[name]: table for name, table in fit_and_more(t).items()}

    run(renamed, 90, rejects="letters")
    assert "the job was changed" not in caplog.text
    results = [names[name] for name in ("fit.csv", "count.csv", "high.csv")]
    check_as_from_scratch(renamed, 90, results)
    assert all(check.compared for check in checked(renamed, 90, rejects="letters"))


def test_outputs_in_another_order_go_on(folder: Path) -> None:
    """No output's last row is taken back in the file of another."""

    def reversed_(t: sr.Table) -> Mapping[str, sr.Table]:
        return dict(reversed([*fit_and_more(t).items()]))

    run(fit_and_more, 40)
    run(reversed_, 90)
    check_as_from_scratch(reversed_, 90, ["fit.csv", "count.csv", "high.csv"])
    assert all(check.compared for check in checked(reversed_, 90))


def test_a_rejects_file_comes_and_goes(folder: Path) -> None:
    """It begins with the rejects from then on, and a comparison knows."""
    run(only_fit, 40)
    run(only_fit, 90, rejects="rejects.jsonl")
    assert checked(only_fit, 90, rejects="rejects.jsonl")
    lines = Path("rejects.jsonl").read_text().splitlines()
    assert 0 < len(lines) < sum(message == b"oops" for message in messages(90))
    run(only_fit, 120)
    assert len(Path("rejects.jsonl").read_text().splitlines()) == len(lines)
    assert checked(only_fit, 120)


def test_an_unused_column_comes_and_goes(folder: Path) -> None:
    """From then on messages that lack it are rejected, or no more; a comparison reads each part by its own columns."""
    run(only_fit, 40, rejects="rejects.jsonl")
    before = read(Path("state")).rejects
    run(only_fit, 90, rejects="rejects.jsonl", schema=Wider)
    between = read(Path("state")).rejects
    assert sum(between.values()) > sum(before.values()) + 10
    assert all(check.compared for check in checked(only_fit, 90, "rejects.jsonl", Wider))
    run(only_fit, 150, rejects="rejects.jsonl")
    assert all(check.compared for check in checked(only_fit, 150, "rejects.jsonl"))
    kinds = read(Path("state")).rejects
    assert kinds["field-count"] > between["field-count"]
    assert kinds.keys() == between.keys()
    assert all(kinds[kind] == between[kind] for kind in kinds.keys() - {"field-count"})


def test_what_rejects_other_messages_is_not_compared(folder: Path) -> None:
    """An output that cannot be computed for some rows takes them from all: the topic alone does not say since when."""

    def divided(t: sr.Table) -> Mapping[str, sr.Table]:
        return {**only_fit(t), "whole.csv": t.select(z=sr.cast(int, t.x / (t.x - 1.0)))}

    run(only_fit, 40)
    run(divided, 90)
    unknown = [check for check in checked(divided, 90) if not check.compared]
    assert [check.subject for check in unknown] == ["messages before the job was changed"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (lambda t: {"fit.csv": t.linear_regression(t.x, t.y, by=[t.k])}, "needs moments of"),
        (lambda t: {"fit.csv": fit(t.filter(t.x > 1))}, "rows, keys or windows"),
        (lambda t: {"fit.csv": fit(t), "all.csv": fit(t, by=False)}, r"all\.csv: its sums are of"),
        (
            lambda t: {"fit.csv": fit(t), "m.csv": t.groupby(t.k).reduce(m=sr.reducers.max(t.x))},
            r"m\.csv: it needs max of",
        ),
    ],
)
def test_what_needs_a_new_start_says_why(folder: Path, changed: Tables, why: str) -> None:
    """Sums that were not kept cannot be made of rows that are read: the output is named, and nothing is touched."""
    run(only_fit, 40)
    before = {path: path.read_bytes() for path in folder.glob("fit*")}
    with pytest.raises(sr.StateError, match=why) as caught:
        run(changed, 90)
    assert "--fresh" in str(caught.value)
    assert {path: path.read_bytes() for path in folder.glob("*.csv")} == before


@pytest.mark.parametrize(
    ("changed", "time"),
    [
        (lambda t: {"fit.csv": t.linear_regression(t.y, t.x, by=[t.k], ridge=0.5)}, "epoch"),
        (lambda t: {"fit.csv": fit(t).filter(sr.this.x > 0)}, "epoch"),
        (only_fit, "unix_ms"),
    ],
    ids=["model", "rows", "time"],
)
def test_an_output_that_is_written_otherwise_needs_another_name(
    folder: Path, changed: Tables, time: Literal["epoch", "unix_ms"]
) -> None:
    """A changelog does not go from one table to another; under another name it begins beside the old one."""
    run(only_fit, 40)
    before = Path("fit.csv").read_bytes()
    for name in ("fit.csv", "other.csv"):
        for table in changed(topic(90)).values():
            sr.io.csv.write(table, name, time=time)
        if name == "fit.csv":
            with pytest.raises(sr.StateError, match=r"fit\.csv is written otherwise"):
                sr.run(processes=0, state="state")
            sr.clear()
        else:
            sr.run(processes=0, state="state")
    assert Path("fit.csv").read_bytes() == before
    begun = folded("other.csv")
    Path("fit.csv").unlink()
    run(changed, 90, None)
    assert folded("fit.csv") == begun


def test_a_changed_job_that_was_not_run_is_not_compared(folder: Path) -> None:
    """Its state is still that of the job before: run it first, says verify."""
    run(only_fit, 40)
    with pytest.raises(sr.StateError, match=r"count\.csv begins with .* Run it first"):
        checked(fit_and_more, 40)


class Killed(BaseException):
    """Stands for a SIGKILL: nothing goes on after it, and nothing is written."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(1, 11))
def test_a_kill_around_a_change_loses_nothing(
    folder: Path, step: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before or after whichever write to disk, it goes on as if it had not been."""
    first: Tables = lambda t: {"fit.csv": fit(t), "gone.csv": fit(t)}  # noqa: E731 - two programs side by side

    def second(t: sr.Table) -> Mapping[str, sr.Table]:
        return {**fit_and_more(t), "fit.csv": fit(t, "n")}

    run(first, 40)
    taken = 0

    def dying(call: Callable[..., object]) -> Callable[..., object]:
        def method(*arguments: object, **options: object) -> object:
            nonlocal taken
            taken += 1
            if taken == step and not after:
                raise Killed
            result = call(*arguments, **options)
            if taken == step:
                raise Killed
            return result

        return method

    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", dying(Store.save))
        patch.setattr(AppendFile, "_write", dying(AppendFile._write))
        patch.setattr(os, "rename", dying(os.rename))
        with pytest.raises(Killed):
            run(second, 90)
        sr.clear()
    run(second, 90)
    check_as_from_scratch(second, 90, ["fit.csv", "count.csv", "high.csv"])
    assert len(list(folder.glob("fit.*.csv"))) == 1
    assert [c.subject for c in checked(second, 90) if not c.compared] in (
        [],
        ["scores.csv, its scores"],
    )

"""Tables of an SQLite database: exactly once, as a changelog and as they stand; what does not fit is told early."""

import os
from collections import Counter
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as read_state
from streamreg.testing import read
from tests.support.destinations import NAMES, besieged, check, exact, folded, kinds
from tests.support.sqlite_tables import fit, opened, rows_of, run, table, write
from tests.support.verified import checks_of

ROWS = 360


def test_each_change_is_there_once_whatever_dies(folder: Path) -> None:
    """After a death at every step folded changelogs are the current tables, and these the exact ones."""
    besieged("sqlite", folder, ROWS)
    check({f"{name}_{mode}": rows_of(f"{name}_{mode}") for name, mode in NAMES}, ROWS, folder)


@pytest.mark.parametrize("state", [None, "state"])
def test_differential_changelog_and_current(folder: Path, state: str | None) -> None:
    """A changelog folds to the table as it stands, of keys that are missing too, and of rows that go and come."""
    sr.io.csv.write(fit(t := table()), "fit.csv")
    result = fit(t)
    steep = result.filter(result.x > 0.01)
    sr.io.sqlite.write(result, "out.db", table="log")
    sr.io.sqlite.write(result, "out.db", table="current", mode="current")
    sr.io.sqlite.write(steep, "out.db", table="steep log")
    sr.io.sqlite.write(steep, "out.db", table="steep", mode="current")
    sr.run(processes=0, state=state)
    assert Counter(rows_of("current")) == folded(rows_of("log"))
    assert len(rows_of("current")) == 4
    assert Counter(rows_of("steep")) == folded(rows_of("steep log"))
    assert [diff for *_, diff in rows_of("steep log")].count(-1) > 4
    changes = (folder / "fit.csv").read_text().splitlines()[1:]
    assert len(changes) == len(rows_of("log"))


def test_a_run_goes_on_with_its_tables(folder: Path) -> None:
    """In parts the tables are those of one run; each epoch is known by its time."""
    for count in (10, 10, 40):
        run(count)
    parts = {name: rows_of(name) for name in ("rows", "fit", "one", "steep")}
    os.rename("out.db", "parts.db")
    run(40, state="whole")
    assert {name: Counter(found) for name, found in parts.items()} == {
        name: Counter(rows_of(name)) for name in parts
    } | {"rows": Counter(rows_of("rows", "parts.db"))}
    assert [row[:3] for row in parts["rows"]] == [row[:3] for row in rows_of("rows")]


def test_types_are_kept(folder: Path) -> None:
    """Every type comes back as it was written, and what is missing is NULL."""
    rows = [
        b'-9223372036854775808,0.10,True,"a,""b""\nc",AAH/,2026-01-01T00:00:00.000001Z,PT1.5S,1e300',
        b'9223372036854775807,-12345678901234567890.123,False,"",,9999-12-31T23:59:59Z,-P1D,',
    ]
    t = kinds([rows])
    nan = sr.apply_with_type(lambda i: float("nan") if i < 0 else float("-inf"), float, t.i)
    sr.io.sqlite.write(t.select(*sr.this, nan=nan), "out.db", table="kinds")
    sr.io.csv.write(t.select(*sr.this, nan=nan), "kinds.csv")
    summary = sr.run(processes=0, state="state")
    assert summary.rows == 2, summary.rejects
    first, second = rows_of("kinds")
    assert first[:4] == (-(2**63), "0.1", 1, 'a,"b"\nc')
    assert first[5:] == ("2026-01-01T00:00:00.000001Z", "PT1.5S", 1e300, "NaN", 0, 1)
    assert second[:4] == (2**63 - 1, "-12345678901234567890.123", 0, "")
    assert second[5:] == ("9999-12-31T23:59:59Z", "-PT24H", None, float("-inf"), 0, 1)
    assert isinstance(first[4], bytes)


def test_an_integer_that_does_not_fit_is_named(folder: Path) -> None:
    """Sums of integers have no bounds, and SQLite's integers have: the run ends, and says which column it was."""
    t = read([[b"9223372036854775807", b"1"]], schema=One, header=["i"])
    sr.io.sqlite.write(t.reduce(total=sr.reducers.sum(t.i)), "out.db", table="sum")
    with pytest.raises(sr.OutputError, match=r"column 'total': 9223372036854775808 does not fit"):
        sr.run(processes=0, state="state")
    assert rows_of("sum") == []


class One(sr.Schema):
    i: int


def test_what_cannot_be_upserted_is_told_at_its_line() -> None:
    """Rows without keys, and results without a column of theirs."""
    t = table()
    with pytest.raises(
        sr.ProgramError, match=r'io\.sqlite\.write: mode="current" is for tables with'
    ):
        sr.io.sqlite.write(t, "out.db", table="t", mode="current")
    result = fit(t)
    with pytest.raises(sr.ProgramError, match="k is not among the columns: select it too"):
        sr.io.sqlite.write(result.select(result.x), "out.db", table="t", mode="current")
    windows = t.windowby(t.x, window=sr.temporal.tumbling(4.0)).reduce(n=sr.reducers.count())
    windows = windows.without(windows.window_end)
    with pytest.raises(sr.ProgramError, match="window_end is not among the columns"):
        sr.io.sqlite.write(windows, "out.db", table="t", mode="current")
    with pytest.raises(sr.ConfigurationError, match='mode: expected "changelog" or "current"'):
        sr.io.sqlite.write(t, "out.db", table="t", mode="upsert")  # type: ignore[arg-type]  # what people try
    for name in ("", "streamreg_epochs", "sqlite_x", "a\0b"):
        with pytest.raises(sr.ConfigurationError, match=r"^table: "):
            sr.io.sqlite.write(t, "out.db", table=name)


def test_windows_stand_by_their_bounds(folder: Path) -> None:
    """Closed windows keep their rows, or lose them, in the table as in its changelog."""
    for keep in (True, False):
        t = table()
        behavior = sr.temporal.common_behavior(cutoff=4.0, keep_results=keep)
        w = t.windowby(t.x, window=sr.temporal.sliding(2.0, 8.0), instance=t.k, behavior=behavior)
        counted = w.reduce(n=sr.reducers.count())
        sr.io.sqlite.write(counted, "out.db", table=f"log {keep}")
        sr.io.sqlite.write(counted, "out.db", table=f"now {keep}", mode="current")
        sr.run(processes=0, state=f"state {keep}")
        now = rows_of(f"now {keep}")
        assert Counter(now) == folded(rows_of(f"log {keep}"))
        assert len(now) == len({row[:3] for row in now}) > 3
    assert len(rows_of("now True")) > len(rows_of("now False"))


def checks(count: int = 40) -> dict[str, Check]:
    return checks_of(write(table(count)), Path("state"))


def test_tables_are_verified(folder: Path) -> None:
    """What stands in them is compared with the topic; whoever changes a row is found out."""
    run()
    found = checks()
    assert [str(check) for check in found.values() if check.difference or not check.compared] == []
    assert {
        "out.db:rows, its rows",
        "out.db:fit log, its changes folded",
        "out.db:fit, its changes folded",
        "out.db:one, its changes folded",
    } <= found.keys()
    with opened() as database:
        database.execute("UPDATE fit SET x = x + 1 WHERE k = 'a'")
        database.execute("DELETE FROM rows WHERE rowid = 3")
        database.execute("UPDATE one SET x = 0.25")
    different = {subject for subject, check in checks().items() if check.difference}
    assert different == {
        "out.db:rows, its rows",
        "out.db:fit, its changes folded",
        "out.db:one, its changes folded",
    }


def test_what_goes_on_is_not_compared(folder: Path) -> None:
    """A table as it stands is compared with no earlier checkpoint; changelogs are, up to it."""
    run(20)
    checkpoint = read_state(Path("state"))
    run(40)
    plan = compile_plan(write(table(40)))
    sr.clear()
    found = list(verify(plan, checkpoint, None, report=print, tell=lambda *_: None))
    assert [str(check) for check in found if check.difference] == []
    unknown = {check.subject.partition(",")[0] for check in found if not check.compared}
    assert unknown == {"out.db:fit", "out.db:one", "out.db:steep"}


def test_the_truth_of_these_tests() -> None:
    """The exact tables have a row for each row, one in all, and one for each key."""
    assert {name: rows.total() for name, rows in exact(30).items()} == {
        "rows": 30,
        "line": 1,
        "by_key": 5,
    }

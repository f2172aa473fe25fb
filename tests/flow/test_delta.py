"""Delta Lake tables: exactly once, as a changelog and as they stand; what does not fit is told early."""

import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._operate import inspect
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._sinks import delta_table
from streamreg._sinks.contract import EpochChanges
from streamreg._sinks.delta_table import DeltaDestination
from streamreg._state.snapshot import read as read_state
from streamreg.testing import read
from tests.support.destinations import NAMES, Job, Mode, besieged, check, folded, kinds
from tests.support.produce import send
from tests.support.verified import checks_of

ROWS = 360


def rows_of(path: str) -> list[tuple[Any, ...]]:
    """As DuckDB sees them; of a changelog in the order of its times."""
    dataset = DeltaTable(path).to_pyarrow_dataset()
    with duckdb.connect() as database:
        found = database.from_arrow(dataset).fetchall()
    if "time" in dataset.schema.names:
        at = dataset.schema.names.index("time")
        found.sort(key=lambda row: row[at])
    return found


def tables() -> dict[str, list[tuple[Any, ...]]]:
    return {f"{name}_{mode}": rows_of(f"{name}_{mode}") for name, mode in NAMES}


class Point(sr.Schema):
    k: str | None
    x: float
    y: float


def table(count: int = 40) -> sr.Table:
    keys = [b"a", b'"q"",""r"', b"", b'""']
    lines = [b"%b,%d,%d" % (keys[i % 4], i, i * i % 7) for i in range(count)]
    return read([lines], schema=Point, header=["k", "x", "y"], batch=7)


def write(count: int = 40, rows_per_file: int = 1) -> list[sr.Output]:
    t = table(count)
    fit = t.linear_regression(t.y, t.x, by=t.k, singular="null")
    steep = fit.filter(fit.x > 0.01)
    one = t.linear_regression(t.y, t.x, singular="null")

    def to(rows: sr.Table, path: str, mode: Mode = "changelog") -> sr.Output:
        return sr.io.delta.write(rows, path, mode=mode, rows_per_file=rows_per_file)

    return [
        to(t, "rows"),
        to(fit, "fit-log"),
        to(fit, "fit", "current"),
        to(steep, "steep-log"),
        to(steep, "steep", "current"),
        to(one, "one", "current"),
    ]


def run(count: int = 40, state: str | None = "state", rows_per_file: int = 1) -> sr.Summary:
    return sr.run(outputs=write(count, rows_per_file), processes=0, state=state)


def test_each_change_is_there_once_whatever_dies(folder: Path) -> None:
    """After a death at every step folded changelogs are the current tables, and these the exact ones."""
    besieged("delta", folder, ROWS)
    check(tables(), ROWS, folder)


def test_killed_at_any_moment(folder: Path) -> None:
    """Also within a commit of the library: killed as soon as a file of it is there, again and again."""
    options = {"SINK_ROWS_PER_FILE": "25"}

    def files() -> int:
        return sum(1 for path in folder.rglob("*") if path.suffix in (".parquet", ".json", ".tmp"))

    for more in (1, 9, 22):
        with Job("delta", folder, ROWS, **options) as job:
            before = files()
            job.wait_until(lambda: files() >= before + more)  # noqa: B023 - called before the next
            job.signal(signal.SIGKILL)
            assert job.exit_code() == -signal.SIGKILL
    with Job("delta", folder, ROWS, **options) as job:
        job.finish(60)
    check(tables(), ROWS, folder)


@pytest.mark.parametrize("state", [None, "state"])
def test_differential_changelog_and_current(folder: Path, state: str | None) -> None:
    """A changelog folds to the table as it stands, of keys that are missing and of rows that go; parts make a whole."""
    if state:
        run(20)
    run(40, state)
    assert Counter(rows_of("fit")) == folded(rows_of("fit-log"))
    assert len(rows_of("fit")) == 4
    assert Counter(rows_of("steep")) == folded(rows_of("steep-log"))
    assert -1 in [row[-1] for row in rows_of("steep-log")]
    assert (len(rows_of("one")), len(rows_of("rows"))) == (1, 40)


def test_small_files_are_gathered(folder: Path) -> None:
    """A commit holds at least as many rows as were asked for, but for the last; what waits is in the state."""
    run(40, rows_per_file=1)
    each = DeltaTable("rows").version()
    shutil.rmtree("state")
    for name in ("rows", "fit-log", "fit", "steep-log", "steep", "one"):
        shutil.rmtree(name)
    run(40, rows_per_file=15)
    actions = DeltaTable("rows").get_add_actions(flatten=True)
    counts = sorted(pa.table(actions)["num_records"].to_pylist())
    assert sum(counts) == 40
    assert len(counts) < each - 2
    assert all(count >= 15 for count in counts[1:])
    assert Counter(rows_of("fit")) == folded(rows_of("fit-log"))
    assert "outbox" not in inspect.describe(read_state(Path("state")))


def test_what_is_gathered_is_there_after_a_kill(folder: Path) -> None:
    """Nothing of it was delivered yet: it is in the state, and comes with the next run."""
    with Job(
        "delta",
        folder,
        90,
        SINK_ROWS_PER_FILE="100000",
        CHAOS_STEP="after the commit, before the first delivery",
        CHAOS_COUNT="5",
    ) as job:
        assert job.exit_code(60) == -signal.SIGKILL
    found = inspect.describe(read_state(Path("state")))
    assert found["outbox"]["rows_changelog"] == 4
    assert rows_of("rows_changelog") == []
    with Job("delta", folder, ROWS, SINK_ROWS_PER_FILE="100000") as job:
        job.finish(60)
    check(tables(), ROWS, folder)
    assert DeltaTable("rows_changelog").version() == 2


def test_what_is_gathered_is_delivered_in_time(
    folder: Path, broker: EmbeddedBroker, topic: str
) -> None:
    """After the interval, though no more messages come."""
    waits = threading.Event()

    def there(_: sr.Progress) -> bool:
        return waits.is_set() or (DeltaTable.is_deltatable("rows") and bool(rows_of("rows")))

    send(broker, topic, {0: [b"k,x,y", b"a,1,2", b"a,2,3"]})
    t = sr.io.kafka.read(broker.settings, topic, schema=Point, format="csv")
    output = sr.io.delta.write(t, "rows", interval=timedelta(seconds=1))
    stopped = threading.Timer(60, waits.set)
    stopped.start()
    try:
        sr.run(outputs=[output], processes=0, state="state", stop=there)
    finally:
        stopped.cancel()
    assert not waits.is_set()


def test_types_are_kept(folder: Path) -> None:
    """Every type comes back as it was written, and what is missing is null."""
    rows = [
        b'-9223372036854775808,0.10,True,"a,""b""\n\\N\t\0",AAH/,2026-01-01T00:00:00.000001Z,PT1.5S,1e300',
        b'7,-12345678901234567890.123,False,"",,9999-12-31T23:59:59.999999Z,-P1DT1S,',
        b"9223372036854775807,100,False,x,AA==,0001-01-01T00:00:00Z,PT0S,-0.0",
    ]
    t = kinds([rows])
    nan = sr.apply_with_type(lambda i: float("nan") if i < 0 else -0.0, float, t.i)
    output = sr.io.delta.write(t.select(*sr.this, nan=nan), "kinds")
    other = sr.io.csv.write(t.select(*sr.this, nan=nan), "kinds.csv")
    summary = sr.run(outputs=[output, other], processes=0, state="state")
    assert summary.rows == 3, summary.rejects
    found = DeltaTable("kinds").to_pyarrow_table().sort_by("i").to_pylist()
    assert [row["d"] for row in found] == [
        Decimal("0.1"),
        Decimal("-12345678901234567890.123"),
        Decimal(100),
    ]
    first, second, third = ({n: v for n, v in row.items() if n != "d"} for row in found)
    assert first["i"] == -(2**63)
    assert (first["b"], first["s"], first["raw"]) == (True, 'a,"b"\n\\N\t\0', b"\0\1\xff")
    assert first["at"] == datetime(2026, 1, 1, 0, 0, 0, 1, UTC)
    assert (first["lasted"], first["f"], repr(first["nan"])) == ("PT1.5S", 1e300, "nan")
    assert (second["s"], second["f"], second["lasted"]) == ("", None, "-PT24H1S")
    assert second["at"] == datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)
    assert (third["i"], repr(third["f"]), repr(third["nan"])) == (2**63 - 1, "-0.0", "-0.0")
    compared = verify(
        compile_plan([output, other]),
        read_state(Path("state")),
        None,
        report=print,
        tell=lambda *_: None,
    )
    assert [str(c) for c in compared if c.difference or not c.compared] == []


MADE = {
    "fits": (pa.schema({"x": pa.float64(), "z": pa.string(), "intercept": pa.float64()}), ""),
    "lacks": (pa.schema({"intercept": pa.float64()}), "has no column 'x' (double)"),
    "narrow": (
        pa.schema({"intercept": pa.float64(), "x": pa.float32()}),
        "column 'x' is float, which does not hold float: make it double",
    ),
    "needs": (
        pa.schema(
            [
                pa.field("intercept", pa.float64()),
                pa.field("x", pa.float64()),
                pa.field("z", pa.int64(), nullable=False),
            ]
        ),
        "column 'z' must have a value",
    ),
}


@pytest.mark.parametrize("made", MADE)
def test_a_table_that_is_there_is_checked(folder: Path, made: str) -> None:
    """One that fits is used, of another the column that does not fit is named, before anything is read."""
    schema, words = MADE[made]
    DeltaTable.create("one", schema)
    t = table()
    output = sr.io.delta.write(t.linear_regression(t.y, t.x), "one", mode="current")
    if words:
        with pytest.raises(sr.OutputError) as caught:
            sr.run(outputs=[output], processes=0, state="state")
        assert words in str(caught.value)
    else:
        sr.run(outputs=[output], processes=0, state="state")
        assert len(rows_of("one")) == 1


def test_other_columns_of_a_table_are_null(folder: Path) -> None:
    """In a changelog, and in the table as it stands, with keys and without."""
    key, own = {"k": pa.string()}, {"intercept": pa.float64(), "x": pa.float64()}
    for name, columns in (
        ("one", own),
        ("fit", {**key, **own}),
        ("fit-log", {**key, **own, "time": pa.int64(), "diff": pa.int64()}),
    ):
        DeltaTable.create(name, pa.schema({"z": pa.list_(pa.int64()), **columns, "w": pa.int64()}))
    run(20)
    run(40)
    for name in ("one", "fit", "fit-log"):
        found = DeltaTable(name).to_pyarrow_table()
        assert len(found) > 0
        assert found["z"].null_count == found["w"].null_count == len(found)
    rows = [row[1:-1] for row in rows_of("fit-log")]
    assert folded(rows) == Counter(row[1:-1] for row in rows_of("fit"))


def test_rows_of_somebody_else_are_left_alone(folder: Path) -> None:
    """A table with rows, or of another run, is refused; so is a file."""
    mine = pa.table({"k": ["a"], "x": [1.0], "y": [2.0], "time": [0], "diff": [1]})
    write_deltalake("rows", mine)
    for state in (None, "state"):
        with pytest.raises(sr.OutputError, match=r"^rows holds rows that no run has written"):
            run(state=state)
    assert DeltaTable("rows").version() == 0
    shutil.rmtree("rows")
    run()
    before = rows_of("rows")
    for state in (None, "other"):
        with pytest.raises(
            sr.OutputError, match="holds the changes of a run, and there is no state"
        ):
            run(state=state)
    assert rows_of("rows") == before
    shutil.rmtree("rows")
    Path("rows").touch()
    with pytest.raises(sr.OutputError, match=r"^rows is a file: a Delta Lake table is a directory"):
        run()


def test_a_table_of_another_time_is_refused(folder: Path) -> None:
    """One that is behind the state, of another run or gone: nothing is written to it."""
    run(20)
    shutil.copytree("rows", "older")
    run(40)
    os.rename("rows", "whole")
    with pytest.raises(sr.OutputError, match=r"^rows is gone or empty, but the state says"):
        run(40)
    os.rename("older", "rows")
    version = DeltaTable("rows").version()
    with pytest.raises(sr.OutputError, match="it is older than the state"):
        run(40)
    assert DeltaTable("rows").version() == version
    shutil.rmtree("rows")
    other = sr.io.delta.write(table(), "rows")
    sr.run(outputs=[other], processes=0, state="another")
    with pytest.raises(sr.OutputError, match="rows holds the changes of another run than this"):
        run(40)
    shutil.rmtree("rows")
    os.rename("whole", "rows")
    run(40)


def test_a_table_that_has_forgotten_its_epoch_is_refused(folder: Path) -> None:
    """One that says whose it is, and holds rows, must say up to where."""
    schema = {"k": pa.string(), "x": pa.float64(), "y": pa.float64()}
    schema |= {"time": pa.int64(), "diff": pa.int64()}
    DeltaTable.create(
        "rows",
        pa.schema(schema),
        configuration={"streamreg.run": "0" * 32},
        raise_if_key_not_exists=False,
    )
    row = {"k": ["a"], "x": [1.0], "y": [2.0], "time": [0], "diff": [1]}
    write_deltalake("rows", pa.table(row), mode="append")
    with pytest.raises(sr.OutputError, match="no longer says up to which epoch: its property"):
        run()
    assert DeltaTable("rows").version() == 1


@contextmanager
def held_run(path: str) -> Iterator[None]:
    """A run that has the table, and goes on after the block."""
    opening, waits = threading.Event(), threading.Event()

    def held(x: float) -> float:
        waits.set()
        assert opening.wait(60)
        return x

    t = table()
    slow = t.select(t.k, x=sr.apply(held, t.x), y=t.y)
    options: dict[str, Any] = {
        "outputs": [sr.io.delta.write(slow, path)],
        "processes": 0,
        "state": "first",
    }
    thread = threading.Thread(target=sr.run, kwargs=options)
    thread.start()
    try:
        assert waits.wait(60)
        yield
    finally:
        opening.set()
        thread.join(60)


def test_a_second_run_is_refused(folder: Path) -> None:
    """As of files: a table has one run at a time."""
    with held_run("rows"):
        for state in (None, "second"):
            again = sr.io.delta.write(table(), "./rows")
            with pytest.raises(sr.OutputError, match="another run uses it: stop that one first"):
                sr.run(outputs=[again], processes=0, state=state)
    assert len(rows_of("rows")) == 40


def test_two_runs_without_a_lock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be locked, as in an object store, the one that comes second writes nothing."""
    monkeypatch.setattr(delta_table, "lock", lambda *_given, **_named: None)
    failed: list[BaseException] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: failed.append(args.exc_value))
    with held_run("rows"):
        again = sr.io.delta.write(table(), "rows")
        sr.run(outputs=[again], processes=0, state="second")
    assert "another run has written to it meanwhile" in str(failed[0])
    assert len(rows_of("rows")) == 40


def test_a_store_that_is_away_is_waited_for(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The run says so once, without a secret, and ends when it is told to."""
    options = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "hunter-id",
        "AWS_SECRET_ACCESS_KEY": "hunter-secret",
    }
    output = sr.io.delta.write(table(), "s3://bucket/rows", storage_options=options)
    ending = threading.Timer(3, signal.raise_signal, [signal.SIGINT])
    ending.start()
    summary = sr.run(outputs=[output], processes=0, state="state")
    ending.cancel()
    assert summary.ended_by == "SIGINT"
    [said] = [record.message for record in caplog.records]
    assert said.startswith("s3://bucket/rows: ")
    assert "error sending request" in said
    assert said.endswith("waits until it is back; its changes are kept in the state")
    assert "hunter" not in said + repr(output.sink)


def test_a_url_is_written_to_without_a_lock(folder: Path) -> None:
    """It stands as it is given, and is exact as a directory is."""
    for count in (20, 40):
        output = sr.io.delta.write(table(count), f"file://{folder}/rows")
        sr.run(outputs=[output], processes=0, state="state")
    assert sorted(row[1] for row in rows_of("rows")) == list(range(40))
    assert not Path("rows.lock").exists()


def test_others_may_commit(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever compacts the table is not in the way; whoever commits in the same moment makes the run look again."""
    made = DeltaDestination._write
    commits = iter(range(3))

    def meanwhile(self: DeltaDestination, epochs: Sequence[EpochChanges]) -> pa.Table:
        rows = made(self, epochs)
        if next(commits, None) is not None:
            DeltaTable("rows").alter.set_table_description("of somebody else")
        return rows

    monkeypatch.setattr(DeltaDestination, "_write", meanwhile)

    def compact(progress: sr.Progress) -> None:
        if progress.rows == 28:
            found = DeltaTable("rows")
            found.optimize.compact()
            found.vacuum(0, dry_run=False, enforce_retention_duration=False)

    output = sr.io.delta.write(table(), "rows", rows_per_file=1)
    sr.run(outputs=[output], processes=0, state="state", progress=compact)
    assert "somebody else has committed to the table" in caplog.text
    assert sorted(row[1] for row in rows_of("rows")) == list(range(40))


def test_what_does_not_fit_is_named(folder: Path) -> None:
    """A number that its column cannot hold ends the run, and the column is named; nothing of the epoch is there."""

    class One(sr.Schema):
        i: int
        d: Decimal

    t = read([[b"9223372036854775807,1e-19", b"1,2"]], schema=One, header=["i", "d"])
    output = sr.io.delta.write(t.reduce(total=sr.reducers.sum(t.i)), "sum", rows_per_file=1)
    with pytest.raises(sr.OutputError, match=r"^sum: column 'total': 9223372036854775808 does not"):
        sr.run(outputs=[output], processes=0, state="state")
    output = sr.io.delta.write(t, "rows", rows_per_file=1)
    with pytest.raises(sr.OutputError, match=r"column 'd': .* does not fit in decimal\(38,18\)"):
        sr.run(outputs=[output], processes=0, state="other")
    assert rows_of("sum") == rows_of("rows") == []
    DeltaTable.create(
        "fine",
        pa.schema(
            {"i": pa.int64(), "d": pa.decimal128(30, 19), "time": pa.int64(), "diff": pa.int64()}
        ),
    )
    sr.run(outputs=[sr.io.delta.write(t, "fine")], processes=0, state="third")
    assert [row[1] for row in rows_of("fine")] == [Decimal("1e-19"), Decimal(2)]


def test_what_cannot_be_written_is_told_at_its_line(folder: Path) -> None:
    """Names that Delta Lake does not have, and arguments that are none."""
    t = table()
    for names, words in (({"a b": t.x}, "column 'a b'"), ({"X": t.x, "x": t.y}, "differ in case")):
        output = sr.io.delta.write(t.select(**names), "t")
        with pytest.raises(sr.OutputError, match=words):
            sr.run(outputs=[output], processes=0)
    with pytest.raises(sr.ProgramError, match=r'io\.delta\.write: mode="current" is for tables'):
        sr.io.delta.write(t, "t", mode="current")
    given: list[dict[str, Any]] = [
        {"path": ""},
        {"rows_per_file": 0},
        {"interval": "1 MB"},
        {"interval": "soon"},
        {"storage_options": {"a": 1}},
    ]
    for arguments in given:
        [name] = arguments
        with pytest.raises(sr.ConfigurationError, match=f"^{name}: expected"):
            sr.io.delta.write(t, **{"path": "t", **arguments})


def test_windows_stand_by_their_bounds(folder: Path) -> None:
    """Closed windows keep their rows, or lose them, in the table as in its changelog."""
    for keep in (True, False):
        t = table()
        behavior = sr.temporal.common_behavior(cutoff=4.0, keep_results=keep)
        w = t.windowby(t.x, window=sr.temporal.sliding(2.0, 8.0), instance=t.k, behavior=behavior)
        counted = w.reduce(n=sr.reducers.count())
        outputs = [
            sr.io.delta.write(counted, f"log-{keep}", rows_per_file=1),
            sr.io.delta.write(counted, f"now-{keep}", mode="current", rows_per_file=9),
        ]
        sr.run(outputs=outputs, processes=0, state=f"state {keep}")
        now = rows_of(f"now-{keep}")
        assert Counter(now) == folded(rows_of(f"log-{keep}"))
        assert len(now) == len({row[:3] for row in now}) > 3


def checks(count: int = 40) -> dict[str, Check]:
    return checks_of(write(count), Path("state"))


def test_tables_are_verified(folder: Path) -> None:
    """What stands in them is compared with the topic; whoever changes a row is found out."""
    run()
    compared = checks()
    assert [str(c) for c in compared.values() if c.difference or not c.compared] == []
    assert {
        "rows, its rows",
        "fit-log, its changes folded",
        "one, its changes folded",
    } <= compared.keys()
    DeltaTable("fit").update(updates={"x": "x + 1"}, predicate="k = 'a'")
    DeltaTable("rows").delete("x = 3")
    different = {subject for subject, c in checks().items() if c.difference}
    assert different == {"rows, its rows", "fit, its changes folded"}


def test_what_waits_is_not_compared(folder: Path) -> None:
    """What is gathered in the state is no difference to a table that has yet to get it."""
    seen: list[dict[str, Check]] = []

    def look(progress: sr.Progress) -> None:
        if progress.rows == 28:
            seen.append(checks())

    sr.run(outputs=write(40, 1000), processes=0, state="state", progress=look)
    assert [str(c) for c in seen[0].values() if c.difference] == []
    unknown = {subject for subject, c in seen[0].items() if not c.compared}
    assert "rows, its rows" in unknown
    assert [str(c) for c in checks().values() if c.difference or not c.compared] == []

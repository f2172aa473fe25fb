"""Delta Lake tables: exactly once, as a changelog and as they stand; what does not fit is told early."""

import shutil
import signal
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._operate import inspect
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as read_state
from streamreg.testing import read
from tests.support.delta_tables import Point, rows_of, run, table, tables, write
from tests.support.destinations import Job, Mode, besieged, check, folded, kinds
from tests.support.produce import send
from tests.support.verified import checks_of

ROWS = 360


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


@pytest.mark.parametrize("mode", ["changelog", "current"])
@pytest.mark.parametrize("key", ["", "__HIVE_DEFAULT_PARTITION__", "a/b=c"])
def test_a_key_that_a_partition_cannot_have_is_refused(folder: Path, mode: Mode, key: str) -> None:
    """A table that is partitioned by a text would have a missing value in place of some: they are told."""
    columns = [("k", pa.string()), ("x", pa.float64()), ("time", pa.int64()), ("diff", pa.int64())]
    made = columns if mode == "changelog" else columns[:2]
    DeltaTable.create("sums", pa.schema(made), partition_by=["k"])
    t = read([[b'"%b",1,2' % key.encode(), b",2,3"]], schema=Point, header=["k", "x", "y"])
    sums = t.groupby(t.k).reduce(t.k, x=sr.reducers.sum(t.x))
    output = sr.io.delta.write(sums, "sums", mode=mode)
    if "/" in key:
        sr.run(outputs=[output], processes=0)
        found = DeltaTable("sums").to_pyarrow_table().to_pylist()
        assert {(row["k"], row["x"]) for row in found} == {(key, 1.0), (None, 2.0)}
    else:
        with pytest.raises(sr.OutputError, match=r"column 'k': .*would be a missing value"):
            sr.run(outputs=[output], processes=0)


def test_a_table_to_which_is_only_added_is_no_current_one(folder: Path) -> None:
    """It would refuse each commit: the run says so at the start, and a changelog is written."""
    columns = [("k", pa.string()), ("x", pa.float64())]
    only = {"delta.appendOnly": "true"}
    DeltaTable.create("current", pa.schema(columns), configuration=only)
    own = [("time", pa.int64()), ("diff", pa.int64())]
    DeltaTable.create("log", pa.schema(columns + own), configuration=only)
    t = table()
    sums = t.groupby(t.k).reduce(t.k, x=sr.reducers.sum(t.x))
    with pytest.raises(sr.OutputError, match="can only be added to the table"):
        sr.run(outputs=[sr.io.delta.write(sums, "current", mode="current")], processes=0)
    sr.run(outputs=[sr.io.delta.write(sums, "log")], processes=0)


def test_a_url_is_written_to_without_a_lock(folder: Path) -> None:
    """It stands as it is given, and is exact as a directory is."""
    for count in (20, 40):
        output = sr.io.delta.write(table(count), f"file://{folder}/rows")
        sr.run(outputs=[output], processes=0, state="state")
    assert sorted(row[1] for row in rows_of("rows")) == list(range(40))
    assert not Path("rows.lock").exists()


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

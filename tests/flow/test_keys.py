"""Reductions by keys: an exact result for each, and a changelog of those that have changed."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import streamreg as sr
from streamreg.testing import read
from tests.support.changelog import changes, current
from tests.support.child import killed_twice
from tests.support.resumed import after, check_same_bytes
from tests.support.sensors import NAMES, Point, Reading, check, message, points, topic, write_lines

ROWS = 2000


class Count(sr.Schema):
    k: int
    v: int


def counted(messages: list[bytes], batch: int) -> sr.Table:
    return read([messages], schema=Count, header=["k", "v"], batch=batch)


@pytest.mark.parametrize("batch", [3, 1000])
def test_oracle_each_key_has_its_exact_line(folder: Path, processes: int, batch: int) -> None:
    """Whoever reads the rows in whatever batches: for each key the rational line of its rows, rounded once."""
    found = points(500, 7)
    write_lines(topic(found, 5, batch))
    summary = sr.run(processes=processes)
    assert summary.rows == 500
    check(folder, found)


values = st.tuples(
    st.sampled_from(NAMES),
    st.booleans(),
    st.integers(-9, 9).map(float),
    st.integers(-9, 9).map(float),
)


@hypothesis_settings(max_examples=30)
@given(
    found=st.lists(values, min_size=1, max_size=40),
    partitions=st.integers(1, 4),
    batch=st.integers(1, 50),
)
def test_law_any_split_gives_the_same(found: list[Point], partitions: int, batch: int) -> None:
    """Any points, over any partitions in any batches, end in the table that they determine."""
    for name in ("lines.csv", "counts.csv"):
        Path(name).unlink(missing_ok=True)
    write_lines(topic(found, partitions, batch))
    sr.run(processes=0)
    check(Path(), found)


def test_only_the_keys_that_changed_are_written(folder: Path) -> None:
    """An epoch's lines are of its rows' keys, and of none whose result stays the same."""
    messages = [b"1,5", b"2,7", b"1,4", b"2,9"]
    table = counted(messages, 1)
    sr.io.csv.write(
        table.groupby(table.k).reduce(table.k, least=sr.reducers.min(table.v)), "least.csv"
    )
    sr.run(processes=0)
    found = changes("least.csv", "k", "least")
    assert found == [
        (("1", "5"), 0, 1),
        (("2", "7"), 1, 1),
        (("1", "5"), 2, -1),
        (("1", "4"), 2, 1),
    ]


def word(k: int) -> str:
    return "ab"[k % 3 > 0]


def test_keys_can_be_computed(folder: Path, processes: int) -> None:
    """A key may be arithmetic, what a function returned, a truth value or the same for every row."""
    table = counted([b"%d,%d" % (i, i) for i in range(12)], 5)
    table += table.select(
        parity=table.k % 2, word=sr.apply(word, table.k), small=table.v < 6, one="x"
    )
    keys = table.groupby(table.parity, table.word, table.small, table.one)
    sr.io.csv.write(keys.reduce(*keys_of(table), n=sr.reducers.count()), "n.csv")
    sr.run(processes=processes)
    found = current("n.csv", 4, "parity", "word", "small", "one", "n")
    expected: dict[tuple[str, ...], int] = {}
    for i in range(12):
        key = (str(i % 2), word(i), str(i < 6), "x")
        expected[key] = expected.get(key, 0) + 1
    assert found == {key: (*key, str(n)) for key, n in expected.items()}


def keys_of(table: sr.Table) -> list[sr.Column]:
    return [table.parity, table.word, table.small, table.one]


def test_rows_of_an_epoch_are_in_the_order_of_keys(folder: Path) -> None:
    """Integers by value: minus two, three, ten."""
    table = counted([b"10,1", b"-2,1", b"3,1"], 10)
    sr.io.csv.write(table.groupby(table.k).reduce(table.k, n=sr.reducers.count()), "n.csv")
    sr.run(processes=0)
    assert [change.row[0] for change in changes("n.csv", "k", "n")] == ["-2", "3", "10"]


def shouted(k: int, n: int) -> str:
    return f"{k}!" * n


def test_results_are_computed_and_filtered_for_each_key(folder: Path) -> None:
    """What follows a reduction is a row for each key: arithmetic, functions, filters, missing values."""
    table = counted([b"1,0", b"2,4", b"2,6", b"3,9223372036854775807", b"3,1"], 100)
    sums = table.groupby(table.k).reduce(
        sr.this.k, n=sr.reducers.count(), total=sr.reducers.sum(table.v), double=sr.this.k * 2
    )
    sr.io.csv.write(
        sums.select(
            sums.k,
            sums.double,
            sums.total,
            part=sums.n // sums.total,
            text=sr.apply(shouted, sums.k, sums.n),
            big=sums.total * sums.total,
        ),
        "all.csv",
    )
    sr.io.csv.write(sums.filter(sums.total % 2 == 0).select(sums.k), "even.csv")
    sr.run(processes=0)
    found = current("all.csv", 1, "k", "double", "total", "part", "text", "big")
    assert list(found.values()) == [
        ("1", "2", "0", "", "1!", "0"),
        ("2", "4", "10", "0", "2!2!", "100"),
        ("3", "6", str(2**63), "0", "3!3!", str(2**126)),
    ]
    assert set(current("even.csv", 1, "k")) == {("1",), ("2",), ("3",)}


def test_a_row_that_a_filter_no_longer_lets_pass_goes(folder: Path) -> None:
    """It is taken back, and comes again when its key does."""
    table = counted([b"1,2", b"1,1", b"2,2", b"1,1"], 1)
    sums = table.groupby(table.k).reduce(table.k, total=sr.reducers.sum(table.v))
    sr.io.csv.write(sums.filter(sums.total % 2 == 0), "even.csv")
    shown = []
    sr.run(processes=0, progress=lambda now: shown.append(now.results["even.csv"]))
    assert [(c.row, c.diff) for c in changes("even.csv", "k", "total")] == [
        (("1", "2"), 1),
        (("1", "2"), -1),
        (("2", "2"), 1),
        (("1", "4"), 1),
    ]
    assert shown[-1] == {"keys": 2}


class Price(sr.Schema):
    k: str
    v: Decimal
    w: float


def test_decimals_and_weights_by_key(folder: Path) -> None:
    """Sums of decimals are exact for each key, and fits with weights and powers as without keys."""
    rows = [("a", "0.1", 1), ("b", "0.30", 2), ("a", "0.2", 3), ("b", "-7e-3", 4), ("a", "12", 5)]
    messages = [f"{k},{v},{w}".encode() for k, v, w in rows]
    header = ["k", "v", "w"]
    for name in ("a", "b"):
        own = read([messages], schema=Price, header=header)
        own = own.filter(own.k == name)
        fit = own.linear_regression(own.w, sr.poly(own.v, 2), weights=own.w, statistics=("r2",))
        sr.io.csv.write(fit, f"{name}.csv")
        sr.run(processes=0)
    table = read([messages], schema=Price, header=header, batch=2)
    fits = table.linear_regression(
        table.w, sr.poly(table.v, 2), by=table.k, weights=table.w, statistics=("r2",)
    )
    sr.io.csv.write(fits, "fits.csv")
    sums = table.groupby(table.k).reduce(table.k, total=sr.reducers.sum(table.v))
    sr.io.csv.write(sums.filter(sums.total > Decimal("0.3")), "sums.csv")
    sr.run(processes=0)
    columns = ("intercept", "v", "v^2", "r2")
    found = current("fits.csv", 1, "k", *columns)
    for name in ("a", "b"):
        assert list(found[name,][1:]) == list(
            next(iter(current(f"{name}.csv", 0, *columns).values()))
        )
    assert current("sums.csv", 1, "k", "total") == {("a",): ("a", "12.3")}


def test_a_hundred_thousand_keys(folder: Path) -> None:
    """Many keys at once, more than are computed together: each has its row."""
    count = 100_000
    table = counted([b"%d,%d" % (i * 7919 % count, i) for i in range(count + 10)], 30_000)
    sr.io.csv.write(table.groupby(table.k).reduce(table.k, n=sr.reducers.count()), "n.csv")
    sr.run(processes=0, state="state")
    found = current("n.csv", 1, "k", "n")
    assert len(found) == count
    assert sum(int(n) for _, n in found.values()) == count + 10


def test_a_stopped_run_goes_on(folder: Path, processes: int) -> None:
    """Stopped again and again, it ends with the table of one that was not."""
    found = points(900, 3)
    for epochs in (1, 2, 5):
        write_lines(topic(found, 3, 60))
        sr.run(processes=processes, state="state", stop=after(epochs))
    write_lines(topic(found, 3, 60))
    assert sr.run(processes=processes, state="state").rows == 900
    check(folder, found)


def test_a_resumed_run_writes_the_same_bytes(folder: Path) -> None:
    """Where the batches are the same, the files are: no byte tells that the run was stopped."""
    found = points(300, 4)
    check_same_bytes(lambda: write_lines(topic(found, 3, 12)), ("lines.csv", "counts.csv"))


def test_a_parent_killed_at_any_moment(folder: Path, processes: int) -> None:
    """Killed at random and started again: the exact result for each key, of each row once."""
    killed_twice(
        "sensors", folder / "lines.csv", processes, STREAMREG_PROCESSES=processes, ROWS=ROWS
    )
    check(folder, points(ROWS, 1))


def test_rows_that_are_not_finite_are_counted_over_all_keys(folder: Path) -> None:
    """Rows excluded from a key's regression are counted in the summary, also after the run was resumed."""
    found = [("a", True, -1.0, 2.0), ("b", True, -2.0, 2.0), ("b", True, 4.0, 2.0)]
    for seen, excluded in ((1, 1), (3, 2)):
        t = read([[message(p) for p in found[:seen]]], schema=Reading, format="json")
        logs = t.select(t.name, t.y, root=sr.sqrt(t.x))
        sr.io.csv.write(logs.linear_regression(logs.y, logs.root, by=logs.name), "fit.csv")
        assert sr.run(processes=0, state="state").excluded == excluded

"""Missing values from the topic to the files: what is computed from them, and what leaves their rows out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read
from tests.support.changelog import inserted, result
from tests.support.gaps import (
    COLUMNS,
    Gap,
    GapSchema,
    drawn,
    messages,
    written,
)
from tests.support.missing_results import (
    DAYS,
    check_classes,
    check_fits,
    check_keys,
    check_labels,
    check_scores,
    check_sums,
    expected,
    half,
)
from tests.support.plans import csv_output
from tests.support.resumed import check_same_bytes

COMPUTED = ("total", "same", "chosen", "first", "none", "half", "text", "then", "both", "log")


@pytest.fixture(params=[0, 1, 2], ids=lambda number: f"processes={number}")
def processes(request: pytest.FixtureRequest) -> int:
    """Inline, and with worker processes."""
    number: int = request.param
    return number


def tables(rows: list[Gap], format: Literal["csv", "json"], batch: int = 7) -> dict[str, sr.Table]:
    """What is written, of rows in two partitions."""
    texts = messages(rows, format)
    header = list(COLUMNS) if format == "csv" else None
    parts = [texts[::2], texts[1::2]]
    t = testing.read(parts, schema=GapSchema, format=format, header=header, batch=batch)
    r = sr.reducers
    fitted = t.linear_regression(t.y, t.x)
    signed = t.select(
        sign=sr.if_else(t.x > 0.0, sr.cast(str, t.n), "-"),
        then=sr.floor_time(t.at, DAYS),
    )
    return {
        "rows.csv": t,
        "computed.csv": t.select(
            total=t.x + t.n,
            same=t.x == 1.5,
            chosen=sr.if_else(t.x > 0.0, t.n, -1),
            first=sr.coalesce(t.x, t.n, 0.5),
            none=t.x.is_none(),
            half=sr.apply(half, t.x, t.n),
            text=sr.cast(str, t.n),
            then=t.at + t.gap,
            both=(t.n > 0) & t.on,
            log=sr.if_else(t.x.is_none(), False, sr.log(t.x).is_none()),
        ),
        "halves.csv": t.reduce(s=r.sum(sr.apply(half, t.x, t.n)), c=r.sum(sr.coalesce(t.n, 1))),
        "above.csv": t.filter((t.x > 0.0) & (10 // t.n > 0)).select(t.x, t.n),
        "sums.csv": t.reduce(
            n=r.count(),
            x=r.sum(t.x),
            i=r.sum(t.n),
            d=r.sum(t.d),
            gap=r.sum(t.gap),
            low=r.min(t.n),
            high=r.max(t.at),
            least=r.min(t.d),
            mean=r.avg(t.d),
            pairs=r.regr_count(t.y, t.x),
            meanx=r.regr_avgx(t.y, t.x),
        ),
        "keys.csv": t.groupby(t.k, t.on).reduce(t.k, t.on, n=r.count(), i=r.sum(t.n)),
        "fit.csv": t.linear_regression(t.y, t.x, t.w, statistics=["n"]),
        "by.csv": t.linear_regression(t.y, t.x, by=t.k, statistics=["n"]),
        "weights.csv": t.linear_regression(t.y, t.x, weights=t.w, statistics=["n"]),
        "fading.csv": t.linear_regression(t.y, t.x, half_life=1, time=t.n, statistics=["n"]),
        "exact.csv": t.linear_regression(t.gap, t.d, statistics=["n"]),
        "classes.csv": t.gaussian_naive_bayes(t.k, t.x, t.n),
        "scores.csv": fitted.predict_on(t),
        "flags.csv": t.linear_discriminant(t.on, t.x, t.y).predict_on(t).select(t.on, t.x, t.y),
        "signs.csv": signed.groupby(signed.sign, signed.then).reduce(
            signed.sign, signed.then, n=r.count()
        ),
        "labels.csv": t.linear_discriminant(t.k, t.x, t.y).predict_on(t),
    }


@pytest.mark.parametrize(("format", "seed"), [("csv", 1), ("json", 2), ("csv", 3)])
def test_oracle_a_run_with_missing_values(
    folder: Path, processes: int, format: Literal["csv", "json"], seed: int
) -> None:
    """Two runs of one state give what all rows come to in rationals, and verify finds nothing wrong."""
    rows = drawn(seed, 140)
    for count in (53, len(rows)):
        for name, table in tables(rows[:count], format).items():
            sr.io.csv.write(table, folder / name)
        summary = sr.run(processes=processes, state=folder / "state")
    assert (summary.rows, summary.rejects) == (len(rows), {})
    assert summary.excluded >= sum(None in (row.x, row.y) for row in rows)

    assert Counter(inserted("rows.csv", *COLUMNS)) == Counter(
        tuple(map(written, row)) for row in rows
    )
    assert Counter(inserted("computed.csv", *COMPUTED)) == Counter(map(expected, rows))
    passing = [(row.x, row.n) for row in rows if (row.x or 0) > 0 and row.n and 10 // row.n > 0]
    assert Counter(inserted("above.csv", "x", "n")) == Counter(
        (written(x), written(n)) for x, n in passing
    )
    check_sums(rows)
    check_keys(rows)
    check_fits(rows)
    check_classes(rows)
    check_scores()
    check_labels()
    all_tables = tables(rows, format).items()
    plan = compile_plan([csv_output(t, str(folder / name)) for name, t in all_tables])
    checks = list(verify(plan, read(folder / "state"), None, report=print, tell=lambda *_: None))
    assert [str(check) for check in checks if check.difference] == []


@pytest.mark.parametrize("format", ["csv", "json"])
def test_a_stopped_run_with_missing_values_goes_on(
    folder: Path, format: Literal["csv", "json"]
) -> None:
    """Every file is the same, byte for byte, whether the run was stopped between epochs or not."""
    rows = drawn(5, 60)
    names = list(tables(rows, format))

    def write() -> None:
        for name, table in tables(rows, format).items():
            sr.io.csv.write(table, name)

    check_same_bytes(write, names)


def test_law_batches_do_not_matter(folder: Path) -> None:
    """Rows are computed alike, and states are equal, whatever rows stand in their batch."""
    rows = drawn(6, 90)
    for batch in (2, 11, 1000):
        for name, table in tables(rows, "csv", batch).items():
            if "scores" not in name and "labels" not in name:
                sr.io.csv.write(table, f"{batch} {name}")
        sr.run(processes=0)
    for name in ("rows.csv", "computed.csv", "above.csv"):
        found = [
            Counter(line.rsplit(",", 2)[0] for line in Path(f"{b} {name}").read_text().splitlines())
            for b in (2, 11, 1000)
        ]
        assert found[0] == found[1] == found[2]
    for name, header in (("sums.csv", "n x i d gap low high least mean pairs meanx"),):
        last = {result(f"{b} {name}", *header.split()) for b in (2, 11, 1000)}
        assert len(last) == 1

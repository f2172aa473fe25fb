"""Missing values from the topic to the files: what is computed from them, and what leaves their rows out."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction
from itertools import groupby
from operator import mul
from pathlib import Path
from typing import Literal

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read
from tests.support.changelog import changes, current, inserted, result
from tests.support.gaps import (
    COLUMNS,
    EPOCH,
    Gap,
    GapSchema,
    coefficients,
    drawn,
    messages,
    weighted,
    whole,
    written,
)
from tests.support.plans import csv_output
from tests.support.rationals import fit, mean, nearest
from tests.support.resumed import check_same_bytes

DAYS = timedelta(days=1000)
SCORES = ("prediction", "residual", "standardized_residual")
COMPUTED = ("total", "same", "chosen", "first", "none", "half", "text", "then", "both", "log")


@pytest.fixture(params=[0, 1, 2], ids=lambda number: f"processes={number}")
def processes(request: pytest.FixtureRequest) -> int:
    """Inline, and with worker processes."""
    number: int = request.param
    return number


def half(x: float | None, n: int | None) -> float | None:
    """Half of the number that is there, or nothing."""
    if x is None:
        return None if n is None else n / 2
    return x / 2


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


def expected(row: Gap) -> tuple[str, ...]:
    """The computed cells of a row."""
    n, x, at, gap, on = row.n, row.x, row.at, row.gap, row.on
    return tuple(
        map(
            written,
            (
                None if x is None or n is None else x + n,
                None if x is None else x == 1.5,
                None if x is None else n if x > 0.0 else -1,
                x if x is not None else float(n) if n is not None else 0.5,
                x is None,
                half(x, n),
                n,
                None if at is None or gap is None else at + gap,
                None if n is None or on is None else n > 0 and on,
                False,
            ),
        )
    )


def of_column(rows: list[Gap], name: str) -> list[Fraction]:
    (column,) = whole(rows, name)
    return column


def standing(path: str, *columns: str) -> Counter[tuple[str, ...]]:
    """The rows that a changelog leaves; those of an empty text and of a missing one look the same to a CSV reader."""
    found = changes(path, *columns)
    left = Counter(change.row for change in found if change.diff > 0)
    left.subtract(change.row for change in found if change.diff < 0)
    return left


def check_sums(rows: list[Gap]) -> None:
    times = [row.at for row in rows if row.at is not None]
    decimals = [row.d for row in rows if row.d is not None]
    gaps = [row.gap for row in rows if row.gap is not None]
    x, _ = whole(rows, "x", "y")
    numbers = [row.n for row in rows if row.n is not None]
    cells = (
        len(rows),
        nearest(sum(of_column(rows, "x"), Fraction())),
        sum(numbers),
        sum(decimals),
        sum(gaps, timedelta(0)),
        min(numbers),
        max(times),
        min(decimals),
        nearest(mean(of_column(rows, "d"))),
        len(x),
        nearest(mean(x)),
    )
    names = ("n", "x", "i", "d", "gap", "low", "high", "least", "mean", "pairs", "meanx")
    assert result("sums.csv", *names) == tuple(map(written, cells))
    halves = [value for row in rows if (value := half(row.x, row.n)) is not None]
    ones = sum(1 if row.n is None else row.n for row in rows)
    total = nearest(sum(map(Fraction, halves), Fraction()))
    assert result("halves.csv", "s", "c") == (written(total), written(ones))


def check_keys(rows: list[Gap]) -> None:
    """A missing key is one of its own, other than the empty text."""
    groups: dict[tuple[str | None, bool | None], list[Gap]] = defaultdict(list)
    for row in rows:
        groups[row.k, row.on].append(row)
    found = standing("keys.csv", "k", "on", "n", "i")
    sums = {key: [row.n for row in group if row.n is not None] for key, group in groups.items()}
    assert +found == Counter(
        (
            written(k),
            written(on),
            str(len(group)),
            written(sum(sums[k, on]) if sums[k, on] else None),
        )
        for (k, on), group in groups.items()
    )
    signs = Counter(
        (
            "" if row.x is None else written(row.n) if row.x > 0.0 else "-",
            "" if row.at is None else written(EPOCH + (row.at - EPOCH) // DAYS * DAYS),
        )
        for row in rows
    )
    expected = Counter((*key, str(count)) for key, count in signs.items())
    assert +standing("signs.csv", "sign", "then", "n") == expected
    # Text that is empty has quotes, and what is missing has none.
    lines = Path("keys.csv").read_text().splitlines()
    assert any(line.startswith('"",') for line in lines)
    assert any(line.startswith(",") for line in lines)


def check_fits(rows: list[Gap]) -> None:
    assert result("fit.csv", "intercept", "x", "w", "n") == coefficients(rows, "x", "w", "y")
    assert result("exact.csv", "intercept", "d", "n") == coefficients(rows, "d", "gap")
    groups: dict[str | None, list[Gap]] = defaultdict(list)
    for row in rows:
        groups[row.k].append(row)
    lines = Counter((written(key), *coefficients(group, "x", "y")) for key, group in groups.items())
    columns = ("k", "intercept", "x", "n")
    assert +standing("by.csv", *columns) == lines
    for name, weigh in (("w", lambda w: w), ("n", lambda n: Fraction(2) ** int(n))):
        triples = zip(*whole(rows, "x", "y", name), strict=True)
        points = [(x, y, weigh(w)) for x, y, w in triples]
        solved = weighted(points)
        assert solved is not None
        file = "weights.csv" if name == "w" else "fading.csv"
        assert result(file, "intercept", "x", "n") == (
            *(repr(nearest(one)) for one in solved),
            str(len(points)),
        )


def check_classes(rows: list[Gap]) -> None:
    """The classes are those of the rows with a label; their means those of the rows that lack nothing."""
    names = ("k", "prior", "n", "mean_x", "mean_n", "variance_x", "variance_n")
    found = current("classes.csv", 1, *names)
    labels = {row.k for row in rows if row.k is not None}
    assert {key for (key,) in found} == labels
    complete = [row for row in rows if row.k is not None and None not in (row.x, row.n)]
    for label in labels:
        x, n = whole([row for row in complete if row.k == label], "x", "n")
        cells = (
            nearest(Fraction(len(x), len(complete))),
            len(x),
            nearest(mean(x)),
            nearest(mean(n)),
        )
        assert found[(label,)][1:5] == tuple(map(written, cells))


def check_scores() -> None:
    """Each row is scored by the fit of the epochs before it; what depends on a missing value is missing."""
    found = changes("scores.csv", *COLUMNS, *SCORES)
    before: list[tuple[Fraction, Fraction]] = []
    scored = 0
    for _, epoch in groupby(found, lambda change: change.time):
        fitted = fit([list(column) for column in zip(*before, strict=True)]) if before else None
        added = []
        for row, _, _ in epoch:
            x, y = (row[COLUMNS.index(name)] for name in "xy")
            if x and before:
                terms = (Fraction(1), Fraction(float(x)))
                exact = sum(map(mul, fitted or (0, 0), terms), Fraction())
                left = repr(nearest(Fraction(float(y)) - exact)) if y else ""
                assert row[len(COLUMNS) : -1] == (repr(nearest(exact)), left)
                assert y or not row[-1]
                scored += 1
            else:
                assert row[len(COLUMNS) :] == ("", "", "")
            if x and y:
                added.append((Fraction(float(x)), Fraction(float(y))))
        before += added
    assert scored


def check_labels() -> None:
    """Rows without a label are classified, though nothing is known of the probability of theirs."""
    names = (*COLUMNS, "predicted_label", "posterior", "own_posterior")
    unlabelled = 0
    for row, _, _ in changes("labels.csv", *names):
        label, x, y = (row[COLUMNS.index(name)] for name in "kxy")
        _, posterior, own = row[len(COLUMNS) :]
        if not x or not y:
            assert (posterior, own) == ("", "")
        elif posterior and not label and not own:
            unlabelled += 1
    assert unlabelled


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

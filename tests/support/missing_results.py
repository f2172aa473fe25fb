"""Results over rows that lack values, checked against what those rows come to in rationals."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction
from itertools import groupby
from operator import mul
from pathlib import Path

from tests.support.changelog import changes, current, result
from tests.support.gaps import (
    COLUMNS,
    EPOCH,
    Gap,
    coefficients,
    weighted,
    whole,
    written,
)
from tests.support.rationals import fit, mean, nearest

DAYS = timedelta(days=1000)


SCORES = ("prediction", "residual", "standardized_residual")


def half(x: float | None, n: int | None) -> float | None:
    """Half of the number that is there, or nothing."""
    if x is None:
        return None if n is None else n / 2
    return x / 2


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

"""Regressions with weights, exact powers and decimals against rationals: each coefficient rounded once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamreg._core import Monomials, Reduction, decimals
from tests.support.columns import (
    DECIMALS,
    DOUBLES,
    INTEGERS,
    MAX,
    Numbers,
    array,
    decimal_array,
    scaled,
)
from tests.support.rationals import bits, nearest, solve

if TYPE_CHECKING:
    from streamreg._types import Number, Statistic

Values = Sequence[float] | Sequence[int] | Sequence[Decimal]
Powers = Sequence[tuple[int, int]]


def kind_of(values: Values) -> Number:
    """The type of a column as a reduction names it."""
    first = values[0] if values else 0.0
    return "decimal" if isinstance(first, Decimal) else "int" if isinstance(first, int) else "float"


def column(values: Values) -> Numbers:
    """A column as the core reads it."""
    exact = [value for value in values if isinstance(value, Decimal)]
    return decimal_array(exact) if exact else array(values)  # type: ignore[arg-type]  # of one type


def fit(
    columns: Sequence[Values], features: Powers, target: int, weight: int | None
) -> list[float | None]:
    """The coefficients by the normal equations in rationals.

    Zeros where the rows do not determine them, nothing if no row counts.
    """
    rows = list(zip(*[[Fraction(value) for value in values] for values in columns], strict=True))
    size = len(features) + 1
    system = [[Fraction(0)] * (size + 1) for _ in range(size)]
    for row in rows:
        terms = [Fraction(1), *(row[at] ** power for at, power in features), row[target]]
        w = Fraction(1) if weight is None else row[weight]
        for i in range(size) if w >= 0 else ():
            for j in range(size + 1):
                system[i][j] += w * terms[i] * terms[j]
    if not any(weight is None or row[weight] >= 0 for row in rows):
        return [None] * size
    solution = solve(system)
    return [0.0] * size if solution is None else [nearest(value) for value in solution]


def check(columns: Sequence[Values], features: Powers, target: int, weight: int | None) -> None:
    """The results of a reduction are those bits, however the rows are cut."""
    kinds = [kind_of(values) for values in columns]
    aggregate = ("monomials", tuple(features), target, weight)
    whole = Reduction(kinds, [aggregate])  # type: ignore[list-item]  # a literal to the checker
    arrays = [column(values) for values in columns]
    rows = len(columns[0])
    for part in (slice(0, rows // 3), slice(rows // 3, rows)):
        piece = Reduction(kinds, [aggregate])  # type: ignore[list-item]
        cut = [values[part] for values in arrays]
        piece.add(cut, len(cut[0]))
        whole.merge(piece.take())
    asked: list[Statistic] = [(0, "coefficient", at) for at in range(len(features) + 1)]
    found = whole.results(asked)
    assert list(map(bits, found)) == list(map(bits, fit(columns, features, target, weight)))


def lists(kind: st.SearchStrategy[float | int | Decimal], rows: int) -> st.SearchStrategy[Values]:
    """Columns of one kind."""
    return st.lists(kind, min_size=rows, max_size=rows)  # type: ignore[return-value]  # of one type


@st.composite
def columns(draw: st.DrawFn, count: int) -> list[Values]:
    """Equally long columns, each of doubles, integers or decimals."""
    rows = draw(st.integers(1, 9))
    kinds = st.sampled_from([DOUBLES, INTEGERS, DECIMALS, st.integers(-9, 9)])
    return [draw(lists(draw(kinds), rows)) for _ in range(count)]


@settings(max_examples=60)
@given(columns(3))
def test_oracle_weights_of_any_type(found: list[Values]) -> None:
    """A weighted line, the weights any numbers: negative ones leave their rows out."""
    check(found, [(0, 1)], 1, 2)


@settings(max_examples=40)
@given(columns(3), st.integers(1, 4))
def test_oracle_powers(found: list[Values], degree: int) -> None:
    """Powers of one column and another column, of any types."""
    check(found, [*((0, power) for power in range(1, degree + 1)), (2, 1)], 1, None)


def test_oracle_powers_of_ten_degrees() -> None:
    """The tenth power of doubles with full mantissas, and of decimals, is taken exactly."""
    doubles = [-9 + 6 * i / 82 for i in range(20)]
    check([doubles, [x / 3 for x in doubles]], [(0, power) for power in range(1, 11)], 1, None)
    exact = [scaled(-9000 + 613 * i, -3) for i in range(20)]
    target = [scaled(i * i - 31 * i, -2) for i in range(20)]
    check([exact, target], [(0, power) for power in range(1, 11)], 1, None)


def test_oracle_weights_at_the_ends_of_the_range() -> None:
    """Products of three doubles far beyond the doubles, and far below, are exact."""
    ends = [MAX, -MAX, 5e-324, 2.0**-1022, 1.0, 0.1]
    check([ends, ends[::-1], [MAX, 5e-324, 0.0, 1e300, 3.0, 2.0**-1022]], [(0, 1)], 1, 2)


def test_a_tenth_is_a_tenth() -> None:
    """On decimals y = x + 0.1 has that slope and that intercept; on the doubles it has not."""
    xs = [Decimal("0.1") * i for i in range(1, 8)]
    ys = [x + Decimal("0.1") for x in xs]
    reduction = Reduction(["decimal", "decimal"], [("monomials", ((0, 1),), 1, None)])
    reduction.add([decimal_array(xs), decimal_array(ys)], len(xs))
    assert reduction.results([(0, "coefficient", 0), (0, "coefficient", 1)]) == [0.1, 1.0]
    check([xs, ys], [(0, 1)], 1, None)
    check([[float(x) for x in xs], [float(y) for y in ys]], [(0, 1)], 1, None)


def test_sums_of_decimals_are_exact() -> None:
    """Sum, average, least and greatest; the sum has as many digits as it needs."""
    reduction = Reduction(["decimal"], [("sum", 0), ("min", 0), ("max", 0)])
    asked: list[Statistic] = [(0, "sum", 0), (0, "avg", 0), (1, "min", 0), (2, "max", 0)]
    assert reduction.results(asked) == [None] * 4
    values = [Decimal("1E+40"), Decimal("0.10"), Decimal("-7"), Decimal("0.02")]
    reduction.add([decimal_array(values)], len(values))
    total, average, low, high = reduction.results(asked)
    assert str(total) == "9" * 39 + "3.12"
    assert average == nearest(sum(map(Fraction, values), Fraction()) / 4)
    assert (low, high) == (-7, Decimal("1E+40"))
    words, _ = decimals(["-1e40", "-0.12", "7"])
    reduction.add([words], 3)
    assert str(reduction.results(asked)[0]) == "0"


@settings(max_examples=60)
@given(st.lists(DECIMALS, min_size=1, max_size=12))
def test_oracle_statistics_of_decimals(values: list[Decimal]) -> None:
    """The sum is the decimal it is, the average the nearest double, extremes are in their order."""
    reduction = Reduction(["decimal"], [("sum", 0), ("min", 0), ("max", 0)])
    for value in values:
        reduction.add([decimal_array([value])], 1)
    found = reduction.results([(0, "sum", 0), (0, "avg", 0), (1, "min", 0), (2, "max", 0)])
    exact = [Fraction(value) for value in values]
    assert isinstance(found[0], Decimal)
    assert Fraction(found[0]) == sum(exact)
    assert bits(found[1]) == bits(nearest(sum(exact, Fraction()) / len(exact)))
    assert found[2:] == [min(values), max(values)]


def test_law_the_sums_are_a_group() -> None:
    """Rows added then removed, whatever they were, leave the bytes of nothing; bytes read back."""
    words, _ = decimals(["0.1", "-2.5e300", "7"])
    columns = [words, np.array([1e300, 5e-324, -1.0]), np.array([1, 0, 2**62])]
    state = Monomials(["decimal", "float", "int"], [(0, 1), (0, 2)], 1, 2)
    empty = state.to_bytes()
    state.add(columns)
    assert (state.n, state.excluded) == (3, 0)
    other = Monomials.from_bytes(state.to_bytes())
    other.merge(other)
    other.subtract(state)
    assert other.to_bytes() == state.to_bytes()
    state.remove(columns)
    assert state.to_bytes() == empty
    negative = [words, np.array([1.0, np.nan, np.inf]), np.array([-1, 1, 1])]
    state.add(negative)
    assert (state.n, state.excluded) == (0, 3)


def test_predictions_take_the_columns() -> None:
    """A fit of powers of decimals says of a row what the exact polynomial does, rounded once."""
    words, _ = decimals(["0.1", "0.2", "0.3", "0.4"])
    target, _ = decimals(["0.01", "0.04", "0.09", "0.16"])
    state = Monomials(["decimal", "decimal"], [(0, 1), (0, 2)], 1)
    state.add([words, target])
    fit = state.fit()
    assert fit.coefficients() == [0.0, 0.0, 1.0]
    assert (fit.statistic("n"), fit.statistic("df"), fit.statistic("rss")) == (4, 1, 0.0)
    asked, _ = decimals(["0.7", "1e20"])
    assert fit.values([asked, asked]).tolist() == [0.49, 1e40]
    weighted = Monomials(["float", "float", "int"], [(0, 1)], 1, 2)
    weighted.add([np.array([1.0, 2.0, 2.0]), np.array([1.0, 2.0, 4.0]), np.array([1, 3, 1])])
    assert weighted.fit().coefficients() == [-0.5, 1.5]
    assert weighted.fit(intercept=False).coefficients() == [nearest(Fraction(21, 17))]


def test_columns_that_do_not_fit_are_refused() -> None:
    """A decimal is no pair of integers, and a column of another type is an error with its place."""
    state = Monomials(["decimal", "float"], [(0, 1)], 1)
    words, _ = decimals(["0.1"])
    for columns, said in [
        ([words], "takes 2 columns"),
        ([np.array([1]), np.array([1.0])], "column 0 holds Int, not Decimal"),
        ([np.array([[20, 0, 0]]), np.array([1.0])], "row 0 is no decimal"),
    ]:
        with pytest.raises(ValueError, match=said):
            state.add(columns)
    with pytest.raises(TypeError, match="array"):
        state.add([np.array([[1, 2]]), np.array([1.0])])
    with pytest.raises(ValueError, match="a power is from 1 to 64"):
        Monomials(["float", "float"], [(0, 65)], 1)

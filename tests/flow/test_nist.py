"""NIST's data sets as messages of a topic: decimals give every certified digit, doubles the exact result on them."""

from decimal import Decimal
from fractions import Fraction

import pytest

import streamreg as sr
from streamreg import testing
from tests.support import nist
from tests.support.changelog import result
from tests.support.rationals import bits, nearest, solve


def fitted(data: nist.DataSet, kind: type) -> dict[str, float]:
    """The result of a run over the data, each column of this type, with what NIST certifies."""
    schema = type("Columns", (sr.Schema,), {"__annotations__": dict.fromkeys(data.columns, kind)})
    t = testing.read([data.messages], schema=schema, batch=5)
    statistics = ("std_error", "residual_std", "r2")
    fit = t.linear_regression(
        t.y, *data.features(t), intercept=data.intercept, statistics=statistics
    )
    sr.io.csv.write(fit, "fit.csv")
    sr.run(processes=0)
    row = result("fit.csv", *fit.keys())
    assert row is not None
    return {name: float(cell) for name, cell in zip(fit.keys(), row, strict=True)}


def coefficients(data: nist.DataSet, found: dict[str, float]) -> list[float]:
    """Those of a result, the intercept first."""
    return list(found.values())[: len(data.estimates)]


@pytest.mark.parametrize("name", nist.NAMES)
def test_decimals_reproduce_every_certified_digit(name: str) -> None:
    """Each coefficient has all 15 certified digits; deviations and R squared have 14 at least."""
    data = nist.load(name)
    found = fitted(data, Decimal)
    wrong = {
        certified: value
        for value, certified in zip(coefficients(data, found), data.estimates, strict=True)
        if not nist.agrees(value, certified)
    }
    assert wrong == {}
    deviations = [value for key, value in found.items() if key.startswith("std_error_")]
    others = [
        *zip(deviations, data.deviations, strict=True),
        (found["residual_std"], data.certified["residual_sd"]),
        (found["r2"], data.certified["r_squared"]),
    ]
    assert min(nist.digits(value, certified) for value, certified in others) >= 14


@pytest.mark.parametrize("name", nist.NAMES)
@pytest.mark.parametrize("kind", [float, Decimal])
def test_oracle_coefficients(name: str, kind: type[float] | type[Decimal]) -> None:
    """Bit for bit the rational solution of the numbers as taken, powers of them exact."""
    data = nist.load(name)
    taken = {key: [Fraction(kind(text)) for text in column] for key, column in data.columns.items()}
    powers = [
        [x**power for x in taken[predictor]]
        for predictor in data.predictors
        for power in range(1, data.degree + 1)
    ]
    y = taken["y"]
    features = [[Fraction(1)] * len(y), *powers] if data.intercept else powers
    expected = solve(
        [
            [sum(map(Fraction.__mul__, one, other), Fraction()) for other in (*features, y)]
            for one in features
        ]
    )
    assert expected is not None
    found = coefficients(data, fitted(data, kind))
    assert list(map(bits, found)) == [bits(nearest(value)) for value in expected]

"""NIST's data sets as messages of a topic: decimals give every certified digit, doubles the exact answer on them."""

from decimal import Decimal
from fractions import Fraction

import pytest

import streamreg as sr
from streamreg import testing
from tests import nist
from tests.flow.changelog import answer
from tests.unit.rationals import bits, fit, nearest

WITH_INTERCEPT = [name for name in nist.NAMES if nist.load(name).intercept]


def coefficients(data: nist.DataSet, kind: type) -> list[float]:
    """Those of a run over the data, each column of this type."""
    schema = type("Columns", (sr.Schema,), {"__annotations__": dict.fromkeys(data.columns, kind)})
    t = testing.read([data.messages], schema=schema, batch=5)
    table = t.linear_regression(t.y, *data.features(t))
    sr.io.csv.write(table, "fit.csv")
    sr.run(processes=0)
    row = answer("fit.csv", *table.keys())
    assert row is not None
    return [float(cell) for cell in row]


@pytest.mark.parametrize("name", WITH_INTERCEPT)
def test_decimals_reproduce_every_certified_digit(name: str) -> None:
    """Rounded to 15 digits each coefficient is the certified value."""
    data = nist.load(name)
    found = coefficients(data, Decimal)
    assert len(found) == len(data.estimates)
    wrong = {
        certified: value
        for value, certified in zip(found, data.estimates, strict=True)
        if not nist.agrees(value, certified)
    }
    assert wrong == {}


@pytest.mark.parametrize("name", WITH_INTERCEPT)
@pytest.mark.parametrize("kind", [float, Decimal])
def test_oracle_coefficients(name: str, kind: type[float] | type[Decimal]) -> None:
    """Bit for bit the rational solution of the numbers as taken, powers of them exact."""
    data = nist.load(name)
    taken = {key: [Fraction(kind(text)) for text in column] for key, column in data.columns.items()}
    features = [
        [x**power for x in taken[predictor]]
        for predictor in data.predictors
        for power in range(1, data.degree + 1)
    ]
    expected = fit([*features, taken["y"]])
    assert expected is not None
    assert list(map(bits, coefficients(data, kind))) == [bits(nearest(value)) for value in expected]

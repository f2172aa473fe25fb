"""Tables of classes: their columns, what they ask of the core, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import streamreg as sr
from streamreg._types import ClassModel, ClassStatistic

TableOf = Callable[..., sr.Table]
PlanOf = Callable[..., Any]

r = sr.reducers


def test_columns(table_of: TableOf) -> None:
    """The label, its share and its rows, then the parameters, named by the features as they were written."""
    t = table_of(k=str, x=float, z=int)
    shares = ["k", "prior", "n"]
    linear = t.linear_discriminant(t.k, t.x, t.z**2)
    assert linear.keys() == [*shares, "intercept", "x", "z ** 2"]
    assert [column.dtype for column in linear][:4] == ["str", "float", "int", "float"]
    quadratic = t.quadratic_discriminant(t.k, t.x, sr.this.z)
    products = ["quadratic_x_x", "quadratic_x_z", "quadratic_z_z"]
    assert quadratic.keys() == [*shares, "intercept", "x", "z", *products]
    bayes = t.gaussian_naive_bayes(t.z, t.x, sr.log(t.x))
    moments = ["mean_x", "mean_log(x)", "variance_x", "variance_log(x)"]
    assert bayes.keys() == ["z", "prior", "n", *moments]


def test_what_is_asked_of_the_core(table_of: TableOf, plan_of: PlanOf) -> None:
    """All models of the same features share one aggregate by label; priors are in the order of the labels."""
    t = table_of(k=str, x=float, z=int)
    linear = t.linear_discriminant(t.k, t.x, t.z, unbiased=True, priors={"b": 0.75, "a": 0.25})
    plan = plan_of(
        linear.select(linear.x, linear.n),
        t.gaussian_naive_bayes(t.k, t.x, t.z).select(sr.this.variance_z),
        t.groupby(t.k).reduce(most=r.max(t.x)),
    )
    ((reducing,), (results,)) = plan.rows.reductions, plan.results
    assert reducing.aggregates == (("count",), ("class", (0, 1)), ("max", 0))
    assert (reducing.keys, results.label) == (("str",), "k")
    model = ClassModel("linear", True, "null", 0.0, (("a", 0.25), ("b", 0.75)))
    plain = ClassModel("bayes", False, "null", 0.0, None)
    assert results.statistics == (
        *((0, "count", 0), ClassStatistic(1, "linear", 0, model), ClassStatistic(1, "n", 0, model)),
        *(ClassStatistic(1, "quadratic", 1, plain), (2, "max", 0)),
    )
    assert results.of_keys == [(0, "count", 0), (2, "max", 0)]
    assert plan_of(t.groupby(t.k).reduce(n=r.count())).results[0].label is None


NO_PRIORS = "priors is a number from above 0 to 1 for each label, in a dict, not "


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unbiased": 1}, "linear_discriminant: unbiased is True or False, not 1"),
        ({"singular": "zero"}, 'singular is "null" or "drop", not \'zero\''),
        ({"priors": [0.5, 0.5]}, NO_PRIORS + r"\[0.5, 0.5\]"),
        ({"priors": {}}, NO_PRIORS),
        ({"priors": {"a": 1.5, "b": -0.5}}, NO_PRIORS),
        ({"priors": {"a": True}}, NO_PRIORS),
        ({"priors": {"a": "1"}}, NO_PRIORS),
        ({"priors": {"a": float("nan")}}, NO_PRIORS),
        ({"priors": {"a": 0.5, "b": 0.4}}, "priors is numbers that sum to 1"),
        ({"priors": {"a": 10**400}}, NO_PRIORS),
        ({"priors": {"a": float("inf")}}, NO_PRIORS),
        ({"priors": {1: 0.5, 2: 0.5}}, "priors holds the label 1, but k is str"),
        ({"priors": {"a": 0.5, 2: 0.5}}, "priors holds the label 2, but k is str"),
    ],
)
def test_options_that_make_no_sense(
    table_of: TableOf, options: dict[str, Any], message: str
) -> None:
    """Each says what it may be."""
    t = table_of(k=str, x=float)
    with pytest.raises(sr.ProgramError, match=message):
        t.linear_discriminant(t.k, t.x, **options)


def test_priors_are_of_labels_of_the_type_of_the_column(table_of: TableOf) -> None:
    """True is no integer, and 1 no truth value."""
    t = table_of(n=int, b=bool, x=float)
    with pytest.raises(sr.ProgramError, match="priors holds the label True, but n is int"):
        t.gaussian_naive_bayes(t.n, t.x, priors={True: 1.0})
    with pytest.raises(sr.ProgramError, match="priors holds the label 1, but b is bool"):
        t.quadratic_discriminant(t.b, t.x, priors={1: 1.0})
    for smoothing in (-1.0, float("nan"), float("inf"), True, "1"):
        with pytest.raises(sr.ProgramError, match="var_smoothing is a finite number from 0 up"):
            t.gaussian_naive_bayes(t.b, t.x, var_smoothing=smoothing)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("say", "message"),
    [
        (
            lambda t: t.linear_discriminant(t.k),
            "linear_discriminant takes the label, then 1 to 64 features, not 0",
        ),
        (
            lambda t: t.linear_discriminant(t.k, *(t.x + i for i in range(65))),
            "then 1 to 64 features, not 65",
        ),
        (lambda t: t.linear_discriminant(t.k, t.x, t.x), "the feature x is given twice"),
        (
            lambda t: t.linear_discriminant(t.x, t.x),
            "linear_discriminant: the key x is float, but keys are str, int, bool, datetime or timedelta",
        ),
        (lambda t: t.linear_discriminant(t.n + 1, t.x), r"a key is a column, but n \+ 1 has no"),
        (lambda t: t.linear_discriminant(t.k, t.b), r"takes numbers, but b is bool; sr.cast\(int"),
        (
            lambda t: t.quadratic_discriminant(t.k, t.d),
            r"quadratic_discriminant takes numbers, but d is decimal; sr.cast\(float, d\)",
        ),
        (
            lambda t: t.linear_discriminant(t.k, sr.poly(t.x, 2)),
            "sr.poly stands in linear_regression alone",
        ),
        (lambda t: t.linear_discriminant(t.k, t.n), "two columns .* called n; give the label or"),
        (lambda t: t.linear_discriminant(t.n, t.x), "called n; give the label or the feature"),
        (lambda t: t.linear_discriminant(t.n, t.n), "two columns .* called n"),
        (lambda t: t.linear_discriminant(t.k, t.intercept), "two columns .* called intercept"),
        (
            lambda t: t.quadratic_discriminant(t.k, t.a, t.a_b, t.b_c, t.c),
            "two columns .* called quadratic_a_b_c",
        ),
        (lambda t: t.gaussian_naive_bayes(t.k, 1.0), "the feature 1.0 is the same for all rows"),
        (
            lambda t: t.gaussian_naive_bayes(t.k, t.filter(t.x > 0).x),
            "is not of these rows",
        ),
        (
            lambda t: t.linear_discriminant(t.k, t.x).linear_discriminant(sr.this.k, sr.this.x),
            "linear_discriminant: this table is the result of a reduction already",
        ),
    ],
)
def test_what_makes_no_sense(
    table_of: TableOf, say: Callable[[sr.Table], object], message: str
) -> None:
    """It fails where it is written, with the column's name and what to do."""
    numbers = dict.fromkeys(("x", "intercept", "a", "a_b", "b_c", "c"), float)
    with pytest.raises(sr.ProgramError, match=message):
        say(table_of(k=str, n=int, b=bool, d=Decimal, **numbers))


def test_a_column_of_classes_and_a_feature_of_their_own_names(table_of: TableOf) -> None:
    """What another method calls a column of its own is free here."""
    t = table_of(n=str, intercept=float, mean=float)
    t = t.select(t.intercept, t.mean, kind=t.n)
    table = t.gaussian_naive_bayes(t.kind, t.intercept, t.mean)
    assert table.keys()[3:5] == ["mean_intercept", "mean_mean"]

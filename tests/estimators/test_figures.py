"""What `LinearRegression.plot` draws: the model's own numbers."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, Literal

import numpy as np
import pytest
from scipy import stats

import streamreg as sr

X = 1.76e9 + np.array([[0.0], [1.0], [2.0], [4.0], [5.0], [9.0]])
Y = np.array([1.0, 3.5, 4.0, 9.5, 11.0, 17.0])
KINDS: tuple[Literal["fit", "residuals", "qq", "influence"], ...] = (
    *("fit", "residuals", "qq", "influence"),
)


def traces(figure: Any) -> dict[str, Any]:  # noqa: ANN401  # plotly has no types
    return {trace.name: trace for trace in figure.data}


def same(found: Any, expected: Any) -> bool:  # noqa: ANN401
    """Whether doubles are the same bits."""
    return np.asarray(found, float).tobytes() == np.asarray(expected, float).tobytes()


def test_fit_is_what_the_model_predicts() -> None:
    """Line and bands of one feature are the model's predictions and intervals at the places where they are drawn."""
    model = sr.LinearRegression().fit(X, Y)
    drawn = traces(model.plot(X, Y, level=0.9))
    places = np.asarray(drawn["fit"].x)[:, None]
    assert same(places[[0, -1], 0], [X.min(), X.max()])
    assert same(drawn["fit"].y, model.predict(places))
    intervals: dict[str, Literal["confidence", "prediction"]] = {
        "90 % of the mean": "confidence",
        "90 % of observations": "prediction",
    }
    for name, interval in intervals.items():
        _, low, high = model.predict(places, interval=interval, level=0.9)
        assert same(drawn[f"{name}, low"].y, low)
        assert same(drawn[name].y, high)
    assert same(drawn["rows"].x, X[:, 0])
    assert same(drawn["rows"].y, Y)


def test_fit_of_several_features_is_over_fitted_values() -> None:
    """Targets stand over the model's fitted values, and the bands are those of the rows, in the order of these."""
    x = np.column_stack([X[:, 0] - 1.76e9, [3.0, 1.0, 4.0, 1.0, 5.0, 9.0]])
    model = sr.LinearRegression().fit(x, Y)
    drawn = traces(model.plot(x, Y))
    assert same(drawn["rows"].x, model.predict(x))
    order = np.argsort(model.predict(x))
    _, low, high = model.predict(x[order], interval="confidence")
    assert same(drawn["fit"].y, model.predict(x[order]))
    assert same(drawn["95 % of the mean, low"].y, low)
    assert same(drawn["95 % of the mean"].y, high)


def test_residuals_and_influence_are_those_of_the_model() -> None:
    """Residuals are rounded once, also where the fitted values have lost their digits; influence is the method's."""
    model = sr.LinearRegression().fit(X, Y)
    (rows,) = model.plot(X, Y, kind="residuals").data
    near_zero = sr.LinearRegression().fit(X - 1.76e9, Y)
    (same_rows,) = near_zero.plot(X - 1.76e9, Y, kind="residuals").data
    assert same(rows.x, model.predict(X))
    assert same(rows.y, same_rows.y)
    drawn = traces(model.plot(X, Y, kind="influence"))["rows"]
    expected = model.influence(X, Y)
    assert same(drawn.x, expected.leverage)
    assert same(drawn.y, expected.studentized)
    assert same([cooks for _, cooks in drawn.customdata], expected.cooks_distance)


@pytest.mark.parametrize("rows", [6, 5])
def test_quantiles_are_those_of_students_distribution(rows: int) -> None:
    """The studentized residuals in order stand at the quantiles of (i - 1/2)/n, mirrored about 0."""
    model = sr.LinearRegression().fit(X[:rows], Y[:rows])
    drawn = traces(model.plot(X[:rows], Y[:rows], kind="qq"))["rows"]
    studentized = model.influence(X[:rows], Y[:rows]).studentized
    assert same(drawn.y, np.sort(studentized))
    assert drawn.customdata == tuple(np.argsort(studentized))
    found = np.asarray(drawn.x)
    assert same(found, -found[::-1] + 0.0)
    expected = stats.t.ppf((np.arange(1, rows + 1) - 0.5) / rows, rows - 3)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", ["qq", "influence"])
@pytest.mark.parametrize(
    ("y", "reason"), [([0.0, 1.0, 5.0], "too few rows"), ([0.0, 1.0, 2.0, 3.0], "a perfect fit")]
)
def test_why_there_are_no_studentized_residuals(
    kind: Literal["qq", "influence"], y: list[float], reason: str
) -> None:
    """Where none is defined, the figure says so; where some are, it says nothing."""
    rows = np.arange(len(y))[:, None]
    figure = sr.LinearRegression().fit(rows, y).plot(rows, y, kind=kind)
    (said,) = figure.layout.annotations
    assert reason in said.text
    assert not sr.LinearRegression().fit(X, Y).plot(X, Y, kind=kind).layout.annotations


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_need_nothing_from_elsewhere(
    kind: Literal["fit", "residuals", "qq", "influence"], theme: Literal["light", "dark"]
) -> None:
    """A figure is plain JSON with names as text, and as a page with plotly's script within it loads nothing."""
    name = "<img src=x onerror=alert(1)>&amp;$x$"
    table = {name: X[:, 0]}
    import pandas as pd

    model = sr.LinearRegression().fit(pd.DataFrame(table), Y)
    figure = model.plot(pd.DataFrame(table), Y, kind=kind, theme=theme)
    assert "<img" not in figure.to_json()
    page = figure.to_html(include_plotlyjs=False, full_html=False)
    assert "src=" not in page.replace("src=x onerror", "")
    if kind == "fit":
        shown = "&lt;img src=x onerror=alert(1)&gt;&amp;amp;&#36;x&#36;"
        assert figure.layout.xaxis.title.text == shown


def test_wrong_requests_are_refused() -> None:
    """A kind, a theme or a level that there is none of is refused by name, and so is a model without rows."""
    model = sr.LinearRegression().fit(X, Y)
    with pytest.raises(ValueError, match='kind: expected "fit", "residuals", "qq" or "influence"'):
        model.plot(X, Y, kind="box")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='theme: expected "light" or "dark", found \'blue\''):
        model.plot(X, Y, theme="blue")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="level"):
        model.plot(X, Y, level=1.5)
    with pytest.raises(sr.NotFittedError):
        sr.LinearRegression().plot(X, Y)
    with pytest.raises(ValueError, match="several targets"):
        sr.LinearRegression().fit(X, np.column_stack([Y, Y])).plot(X, Y)
    two = np.column_stack([Y, Y])
    for show in (model.influence, model.plot, model.score):
        with pytest.raises(
            ValueError, match=r"^y has 2 targets side by side, but the fit had 1 target side"
        ):
            show(X, two)


def test_without_plotly_the_error_says_what_to_install() -> None:
    """A figure without plotly is an ImportError that names the extra; fitting imports no plotly."""
    code = """
import sys
import streamreg as sr
model = sr.LinearRegression().fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 3.0])
assert "plotly" not in sys.modules
sys.modules["plotly"] = None
try:
    model.plot([[0.0]], [1.0])
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "figures need plotly: pip install 'streamreg[plot]'\n"

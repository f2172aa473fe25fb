"""What users of scikit-learn expect beside its checks: routing, copies, failing fits, subclasses, reprs."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import pytest
import sklearn
from numpy.typing import NDArray
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  # makes the next one importable
from sklearn.model_selection import GridSearchCV, LeaveOneOut, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import streamreg as sr

Model: TypeAlias = Any
Floats = NDArray[np.float64]

EXACT: list[Callable[..., Model]] = [
    sr.LinearRegression,
    sr.LinearDiscriminantAnalysis,
    sr.QuadraticDiscriminantAnalysis,
    sr.GaussianNB,
]
EVERY: list[Callable[..., Model]] = [*EXACT, sr.LogisticRegression]


def problem(seed: int = 1) -> tuple[Floats, NDArray[np.int64], Floats]:
    rng = np.random.default_rng(seed)
    y = np.arange(60) % 3
    return rng.normal(size=(60, 3)) + y[:, None], y, rng.random(60) + 0.1


@pytest.fixture
def routed() -> Iterator[None]:
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.mark.usefixtures("routed")
@pytest.mark.parametrize("made", EVERY)
def test_weights_are_routed_through_pipelines(made: Callable[..., Model]) -> None:
    """Fit and score get the weights that were asked for, and nobody is asked for anything by itself."""
    x, y, weights = problem()
    plain = make_pipeline(StandardScaler(), made()).fit(x, y)
    assert plain.score(x, y) == plain[-1].score(plain[0].transform(x), y)
    model = made().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    pipeline = Pipeline(
        [("scale", StandardScaler().set_fit_request(sample_weight=False)), ("model", model)]
    )
    pipeline.fit(x, y, sample_weight=weights)
    scaled = StandardScaler().fit_transform(x)
    by_hand = made().fit(scaled, y, sample_weight=weights)
    assert pipeline.score(x, y, sample_weight=weights) == by_hand.score(
        scaled, y, sample_weight=weights
    )
    searched = cross_validate(model, x, y, params={"sample_weight": weights}, error_score="raise")
    assert np.isfinite(searched["test_score"]).all()
    with pytest.raises(TypeError, match="Unexpected args"):
        made().set_fit_request(weights=True)
    other = sklearn.clone(model)
    assert other.get_metadata_routing().fit.requests == {"sample_weight": True}
    assert made().get_metadata_routing().fit.requests == {"sample_weight": None}
    assert made().get_metadata_routing().partial_fit.requests.keys() >= {"sample_weight"}


def test_requests_take_routing() -> None:
    """Without it, the setter says so, as scikit-learn's do."""
    with pytest.raises(RuntimeError, match="enable_metadata_routing=True"):
        sr.GaussianNB().set_fit_request(sample_weight=True)


@pytest.mark.parametrize(
    ("made", "grid"),
    [
        (sr.LogisticRegression, {"C": np.arange(1, 3)}),
        (sr.LogisticRegression, {"C": np.array([0.5, 1.0], np.float32)}),
        (sr.LogisticRegression, {"fit_intercept": np.array([True])}),
        (sr.LogisticRegression, {"class_weight": [{np.int64(0): np.float64(2.0), 1: 1}]}),
        (sr.GaussianNB, {"var_smoothing": np.array([1e-9, 1e-3], np.float32)}),
        (sr.GaussianNB, {"priors": [np.array([0.5, 0.25, 0.25])]}),
        (sr.LinearDiscriminantAnalysis, {"n_components": np.array([1])}),
        (sr.LinearDiscriminantAnalysis, {"unbiased": np.array([True, False])}),
        (sr.LinearRegression, {"ridge": np.array([1, 2])}),
    ],
)
def test_parameters_of_numpy_are_kept_in_bytes(
    made: Callable[..., Model], grid: dict[str, Any]
) -> None:
    """What a search chooses from an array is of NumPy's types: bytes carry it as the same number."""
    x, y, _ = problem()
    best = GridSearchCV(made(), grid).fit(x, y).best_estimator_
    again = type(best).from_bytes(best.to_bytes())
    assert again.to_bytes() == best.to_bytes()
    for name in grid:
        mine, theirs = getattr(best, name), getattr(again, name)
        assert np.array_equal(mine, theirs) if not isinstance(mine, dict) else mine == theirs
    with pytest.raises(TypeError, match=r"the parameter fit_intercept is <object.*use pickle"):
        sr.LinearRegression(fit_intercept=object()).fit(x, y).to_bytes()  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize("made", EVERY)
def test_a_copy_is_a_model_of_its_own(made: Callable[..., Model]) -> None:
    """Rows that a copy takes are not the original's, nor the other way round; also of a model without rows."""
    x, y, _ = problem()
    model = made().fit(x, y)
    before = model.to_bytes()
    for duplicate in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert duplicate.to_bytes() == before
        duplicate.partial_fit(x + 1, y)
        assert model.to_bytes() == before != duplicate.to_bytes()
    kept = copy.copy(model)
    model.partial_fit(x + 2, y)
    assert kept.to_bytes() == before
    copy.copy(made()).fit(x, y)


@pytest.mark.parametrize("made", EVERY)
def test_a_fit_that_fails_keeps_the_one_before(made: Callable[..., Model]) -> None:
    """Whatever fails: the shape, a number, the labels, the weights."""
    x, y, _ = problem()
    model = made().fit(x, y)
    before = model.to_bytes()
    for bad in (
        {"X": x, "y": y[:-1]},
        {"X": x * np.nan, "y": y},
        {"X": [[1.0]], "y": [None]},
        {"X": x, "y": y, "sample_weight": -1},
        {"X": x, "y": y, "sample_weight": 0},
        {"X": np.zeros((3, 20_000)), "y": [0, 1, 2]},
    ):
        with pytest.raises((TypeError, ValueError)):
            model.fit(**bad)
        assert model.to_bytes() == before
        assert model.n_features_in_ == 3


class Named(sr.LinearRegression):
    """A model with a parameter of its own."""

    def __init__(self, *, fit_intercept: bool = True, ridge: float = 0.0, title: str = "") -> None:
        super().__init__(fit_intercept=fit_intercept, ridge=ridge)
        self.title = title


class NamedClasses(sr.GaussianNB):
    def __init__(self, title: str, **options: Any) -> None:  # noqa: ANN401  # any options
        super().__init__(**options)
        self.title = title


def test_subclasses_with_parameters_of_their_own() -> None:
    """They can be added, subtracted and copied, and stay what they are."""
    x, y, _ = problem()
    one, two = Named(title="a", ridge=1.0).fit(x, y), Named(title="b").fit(x + 1, y)
    both = one + two - two
    assert (type(both), both.title, both.ridge) == (Named, "a", 1.0)
    assert both.coef_.tobytes() == one.coef_.tobytes()
    assert copy.copy(one).title == "a"
    classes = NamedClasses("c", var_smoothing=0.5).fit(x, y)
    added = classes + NamedClasses("d").fit(x + 1, y)
    assert (type(added), added.title, added.var_smoothing) == (NamedClasses, "c", 0.5)


def test_priors_are_checked_by_fit() -> None:
    """Their number and sign; for linear discriminants they are made to sum to 1, with scikit-learn's warning."""
    x, y, _ = problem()
    for made in EXACT[1:]:
        for priors, message in (
            ([0.5, 0.5], "Number of priors must match"),
            ([-0.5, 0.5, 1.0], "must be non-negative"),
        ):
            with pytest.raises(ValueError, match=message):
                made(priors=priors).fit(x, y)
    with pytest.raises(ValueError, match="The sum of the priors should be 1"):
        sr.GaussianNB(priors=[1.0, 1.0, 1.0]).fit(x, y)
    with pytest.warns(UserWarning, match="Renormalizing"):
        model = sr.LinearDiscriminantAnalysis(priors=[2.0, 1.0, 1.0]).fit(x, y)
    assert model.priors_.tolist() == [0.5, 0.25, 0.25]


def test_leave_one_out_scores_are_not_zero() -> None:
    """One row has no R²: NaN, with a warning, and no 0 that a mean would take."""
    x, y, _ = problem()
    with pytest.warns(sklearn.exceptions.UndefinedMetricWarning):
        scores = cross_validate(sr.LinearRegression(), x[:6], y[:6] * 1.0, cv=LeaveOneOut())[
            "test_score"
        ]
    assert np.isnan(scores).all()


def test_a_summary_prints_at_a_prompt() -> None:
    """As text it is what it says, as its repr too; a notebook shows tables, with names escaped."""
    table = {"a<b": [1.0, 2.0, 4.0, 3.0], "c": [1.0, 0.0, 1.0, 1.0]}
    import pandas as pd

    found = sr.LinearRegression().fit(pd.DataFrame(table), [1.0, 2.0, 3.0, 5.0]).summary()
    assert repr(found) == str(found) == f"{found}"
    assert "a<b" in found
    html = found._repr_html_()
    assert html.startswith("<table>")
    assert "<th>a&lt;b</th>" in html
    assert "<td>" in html
    again = pickle.loads(pickle.dumps(found))
    assert (str(again), again._repr_html_()) == (str(found), html)
    assert copy.copy(found) == found


def test_long_numbers_stand_apart() -> None:
    """In a summary, however many letters they have; the rules are as long as the rows."""
    x = np.arange(6.0)[:, None]
    model = sr.LinearRegression().fit(x, -1e-150 * np.array([1.0, 3.0, 2.0, 5.0, 4.0, 7.0]))
    text = model.summary()
    *_, rule, intercept, slope, last = text.splitlines()
    columns = (model.std_errors_, model.t_values_, model.p_values_, *model.conf_int().T)
    for at, (line, value) in enumerate(zip((intercept, slope), model._values(), strict=True)):
        expected = [f"{found:.4g}" for found in (value, *(column[at] for column in columns))]
        assert line.split()[1:] == expected
    assert len(rule) == len(last) == len(slope) > 78


def test_what_has_no_value_is_empty_in_a_summary() -> None:
    """With a ridge, and of undetermined rows; nothing says None."""
    x = [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]
    for model in (sr.LinearRegression(ridge=1.0), sr.LinearRegression()):
        found = model.fit(x, [1.0, 3.0, 2.0, 5.0]).summary()
        assert "None" not in found
        assert " / " not in found.split("AIC / BIC:")[1]
        assert "None" not in found._repr_html_()


def test_summaries_of_several_targets_say_which() -> None:
    """By their places."""
    y = [[1.0, 2.0], [2.0, 1.0], [4.0, 3.0]]
    found = sr.LinearRegression().fit([[0.0], [1.0], [2.0]], y).summary()
    titles = [line.strip() for line in found.splitlines() if line.startswith(" " * 13 + " ")]
    expected = [f"Exact linear regression, target {at} of 2" for at in (1, 2)]
    assert [title for title in titles if title.startswith("Exact")] == expected
    assert all(f"<caption>{title}</caption>" in found._repr_html_() for title in expected)


def test_reprs_show_what_was_fitted() -> None:
    """Before a fit the parameters as in scikit-learn; after it the coefficients, of classifiers the classes."""
    assert repr(sr.LinearRegression(ridge=1)) == "LinearRegression(ridge=1)"
    line = sr.LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, -1.0, -3.0])
    assert repr(line) == "LinearRegression(), fitted: y = 1 - 2*x0, of 3 rows"
    line.ridge = -1.0
    assert "ridge: expected a" in repr(line)
    assert "not determined by 1 row" in repr(sr.LinearRegression().fit([[1.0]], [2.0]))
    x, y, _ = problem()
    wide = repr(
        sr.LinearRegression().fit(np.random.default_rng(1).normal(size=(20, 9)), np.arange(20))
    )
    assert "(4 more), of 20 rows" in wide
    assert repr(sr.LinearDiscriminantAnalysis().fit(x, y)) == (
        "LinearDiscriminantAnalysis(), fitted: 3 classes (0, 1, 2), of 60 rows"
    )
    assert repr(sr.LogisticRegression().fit(x, y == 1)).startswith(
        "LogisticRegression(), fitted: logit = "
    )
    left = sr.GaussianNB().fit(x, y).forget(x, y)
    assert "not fitted" in repr(left)
    with pytest.raises(ValueError, match="cannot all have been added"):
        sr.GaussianNB().fit(x, y).forget(x + 1, y)
    assert math.isnan(sr.LinearRegression().fit([[1.0]], [2.0], sample_weight=2).ridge) is False


def test_public_modules_list_what_is_public() -> None:
    """dir() of each is its `__all__`: no imports, no helpers."""
    import streamreg.demo
    import streamreg.io.csv
    import streamreg.io.kafka
    import streamreg.reducers
    import streamreg.testing

    modules = [
        *(sr, sr.demo, sr.io, streamreg.io.csv, streamreg.io.kafka),
        *(streamreg.reducers, streamreg.testing),
    ]
    for module in modules:
        assert dir(module) == sorted(module.__all__)

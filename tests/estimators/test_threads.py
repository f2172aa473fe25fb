"""One estimator in several threads: every call has its turn, no batch is lost, and nobody sees half of a change."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

import streamreg as sr
from streamreg._core import Classes, KeyedReduction, Moments, Monomials, Reduction

Model: TypeAlias = (
    sr.LinearRegression
    | sr.GaussianNB
    | sr.LinearDiscriminantAnalysis
    | sr.QuadraticDiscriminantAnalysis
)

ROWS = 20_000
BATCHES = 12
LEARNERS = 3
DEADLINE = 120
"""Seconds in which threads must have ended, or they wait for each other for ever."""

exact = pytest.mark.parametrize(
    "kind",
    [
        sr.LinearRegression,
        sr.GaussianNB,
        sr.LinearDiscriminantAnalysis,
        sr.QuadraticDiscriminantAnalysis,
    ],
    ids=lambda kind: kind.__name__,
)


def batches(kind: type, count: int, rows: int = ROWS) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    random = np.random.default_rng(7)
    found = []
    for _ in range(count):
        y = random.integers(0, 3, rows)
        X = random.normal(size=(rows, 3)) + y[:, None]
        found.append((X, X.sum(axis=1) if kind is sr.LinearRegression else y))
    return found


def together(
    *works: Callable[[], object], beside: Sequence[Callable[[threading.Event], object]] = ()
) -> list[Any]:
    """Runs all at once, each in a thread of its own, and some `beside` until they have ended; what these return."""
    start, ended = threading.Barrier(len(works) + len(beside)), threading.Event()

    def begin(work: Callable[..., object], *arguments: object) -> object:
        start.wait(DEADLINE)
        return work(*arguments)

    with ThreadPoolExecutor(len(works) + len(beside)) as threads:
        futures = [threads.submit(begin, work) for work in works]
        others = [threads.submit(begin, work, ended) for work in beside]
        try:
            for future in futures:
                future.result(DEADLINE)
        finally:
            ended.set()
        return [other.result(DEADLINE) for other in others]


def fitted(kind: Any, rows: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> Any:  # noqa: ANN401
    model = kind()
    for X, y in rows:
        model.partial_fit(X, y)
    return model


@exact
def test_law_no_batch_is_lost(kind: type[Model]) -> None:
    """Learners, a merger and readers share a model: no call is refused, and its bytes are those of all rows."""
    rows = batches(kind, BATCHES)
    merged = fitted(kind, batches(kind, 2))
    model = fitted(kind, rows[:1])

    def learn(own: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> None:
        for X, y in own:
            model.partial_fit(X, y)

    def merge() -> None:
        model.merge(merged)

    def read(ended: threading.Event) -> int:
        reads = 0
        few = rows[0][0][:5]
        while not ended.is_set():
            seen = copy.copy(model)
            assert seen.n_samples_seen_ % ROWS == 0, "half of a batch"
            assert len(seen.predict(few)) == 5
            assert model.n_samples_seen_ % ROWS == 0
            model.predict(few)
            if isinstance(model, sr.LinearRegression):
                model.summary()
                assert len(model.coef_) == 3
            else:
                assert model.predict_proba(few).shape == (5, len(model.classes_))
                assert model.class_counts_.sum() % ROWS == 0
            assert kind.from_bytes(model.to_bytes()).n_samples_seen_ % ROWS == 0
            reads += 1
        return reads

    learners = [lambda own=rows[1 + at :: LEARNERS]: learn(own) for at in range(LEARNERS)]
    assert all(together(*learners, merge, beside=[read, read]))
    assert model.to_bytes() == fitted(kind, [*rows, *batches(kind, 2)]).to_bytes()


@exact
def test_law_learners_forget_what_others_learn(kind: type[Model]) -> None:
    """Rows that are there twice, of which one thread takes away what another adds again, leave the rest as it was."""
    rows = batches(kind, 1 + BATCHES, 2_000)
    # Twice: what is forgotten must be there, and no class may be gone on the way.
    model = fitted(kind, [*rows, *rows])

    def learn() -> None:
        for X, y in rows[1:]:
            model.partial_fit(X, y)

    def forget() -> None:
        for X, y in rows[1:]:
            model.forget(X, y)

    before = model.to_bytes()
    together(learn, forget)
    assert model.to_bytes() == before


@exact
def test_law_a_fit_is_whole(kind: type[Model]) -> None:
    """While one thread fits a model anew, with another number of features, others see the one fit or the other."""
    narrow = batches(kind, 1, 500)[0]
    wide = (np.column_stack([narrow[0], narrow[0] ** 2]), narrow[1])
    model = kind().fit(*narrow)
    wholes = {kind().fit(*rows).to_bytes() for rows in (narrow, wide)}

    def fit() -> None:
        for at in range(60):
            model.fit(*(narrow if at % 2 else wide))

    def read(ended: threading.Event) -> set[bytes]:
        found = set()
        while not ended.is_set():
            found.add(model.to_bytes())
            assert model.coef_.shape[-1] in (3, 6) if hasattr(model, "coef_") else True
            found.add(copy.deepcopy(model).to_bytes())
        return found

    assert set.union(*together(fit, beside=[read, read])) <= wholes


@exact
def test_law_merged_into_each_other(kind: type[Model]) -> None:
    """Two models that are merged into each other and into themselves at once do not wait for each other."""
    rows = batches(kind, 2, 200)
    for _ in range(30):
        one, other = fitted(kind, rows[:1]), fitted(kind, rows[1:])
        together(lambda: one.merge(other), lambda: other.merge(one))  # noqa: B023
        counts = (one.n_samples_seen_, other.n_samples_seen_)
        assert counts in {(400, 400), (400, 600), (600, 400)}
        together(lambda: one.merge(one), lambda: one.merge(one))  # noqa: B023
        assert one.n_samples_seen_ == 4 * counts[0]


def test_streaming_classifier_has_its_turns() -> None:
    """The classifier that is not exact loses no batch either, and its readers see whole ones."""
    rows = batches(sr.LogisticRegression, BATCHES, 500)
    model = sr.LogisticRegression().partial_fit(*rows[0])

    def learn(own: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> None:
        for X, y in own:
            model.partial_fit(X, y)

    def read(ended: threading.Event) -> None:
        while not ended.is_set():
            seen = pickle.loads(pickle.dumps(model))
            assert seen.n_samples_seen_ % 500 == 0
            assert model.predict_proba(rows[0][0][:5]).shape == (5, 3)
            assert model.coef_.shape == (3, 3)

    together(lambda: learn(rows[1::2]), lambda: learn(rows[2::2]), beside=[read, read])
    assert model.n_samples_seen_ == 500 * BATCHES


@exact
def test_copies_are_apart(kind: type[Model]) -> None:
    """What a copy, a clone or an unpickled model learns is its own, and the same of the one that it was made of."""
    first, second, third = batches(kind, 3, 100)
    model = kind().fit(*first)
    before = model.to_bytes()
    for made in (
        copy.copy(model),
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        kind.from_bytes(before),
    ):
        assert made.to_bytes() == before
        made.partial_fit(*second)
        assert model.to_bytes() == before
        assert made.to_bytes() == fitted(kind, [first, second]).to_bytes()
    apart = copy.copy(model)
    model.partial_fit(*third)
    assert apart.to_bytes() == before
    assert set(vars(clone(model))) == set(model.get_params())


def test_law_core_objects_have_their_turns() -> None:
    """The core's own states: added to, merged into each other and read at once, they hold all rows exactly."""
    random = np.random.default_rng(3)
    x, y = random.normal(size=(2, 200_000))
    codes = np.zeros(len(x), np.int64)
    moments, monomials = Moments(1), Monomials(["float", "float"], [(0, 2)], 1)
    classes = Classes(1)
    other = Moments(1)
    other.add([x, y])

    def work() -> None:
        for _ in range(4):
            moments.add([x, y])
            monomials.add([x, y])
            classes.add([True], codes, [x])
            moments.merge(other)
            moments.subtract(other)
            moments.fit().coefficients()
            Moments.from_bytes(moments.to_bytes())
            assert monomials.n % len(x) == 0
            assert classes.n % len(x) == 0

    together(work, work, work)
    expected = Moments(1)
    for _ in range(12):
        expected.merge(other)
    assert moments.to_bytes() == expected.to_bytes()
    assert (monomials.n, classes.n) == (12 * len(x), 12 * len(x))
    together(lambda: moments.merge(other), lambda: other.merge(moments))
    assert {moments.n, other.n} <= {13 * len(x), 14 * len(x), 25 * len(x)}


def test_law_reductions_have_their_turns() -> None:
    """Reductions, with keys and without: partials merged and taken away again from several threads leave nothing."""
    random = np.random.default_rng(5)
    x, y = random.normal(size=(2, 100_000))
    keys = random.integers(0, 1000, len(x))
    aggregates: list[Any] = [("count",), ("moments", [0], 1)]
    plain = Reduction(["float", "float"], aggregates)
    keyed = KeyedReduction(["int"], ["float", "float"], aggregates)
    nothing = plain.to_bytes(), keyed.to_bytes()
    plain.add([x, y], len(x))
    part, keyed_part = plain.take(), keyed.partial([keys], [x, y], len(x))

    def come() -> None:
        for _ in range(20):
            plain.merge(part)
            keyed.merge(keyed_part)
            keyed.changed()
            plain.results([(0, "count", 0)])

    def go() -> None:
        for _ in range(20):
            plain.subtract(part)
            keyed.subtract(keyed_part)
            keyed.all_results([(0, "count", 0)])
            keyed.excluded()

    together(come, go, come, go)
    assert (plain.to_bytes(), keyed.to_bytes()) == nothing

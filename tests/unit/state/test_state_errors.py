"""Errors of states: damage and misfits have errors of their own, and no other error is taken for one of them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamreg as sr
from streamreg._core import (
    Changelog,
    Classes,
    KeyedReduction,
    Moments,
    Monomials,
    Reduction,
    csv_decoder,
)
from streamreg._epoch.merge import Merge
from streamreg._estimators.select_model import opening
from streamreg._operate import inspect as _inspect
from streamreg._state import snapshot as _snapshot
from streamreg._worker.partial import Partial

X = np.array([0.5, 1.5, 4.0])
COUNTED: list[Any] = [("count",), ("sum", 0), ("moments", [0], 0)]


def moments(features: int = 1) -> Moments:
    made = Moments(features)
    made.add([X] * (features + 1))
    return made


def monomials(power: int = 2) -> Monomials:
    made = Monomials(["float", "float"], [(0, power)], 1)
    made.add([X, X])
    return made


def classes(features: int = 1) -> Classes:
    made = Classes(features)
    made.add([True, False], np.array([0, 1, 1]), [X] * features)
    return made


def reduction(*more: Any) -> Reduction:  # noqa: ANN401  # an aggregate
    made = Reduction(["float"], [*COUNTED, *more])
    made.add([X], 3)
    return made


def keyed(*more: Any) -> KeyedReduction:  # noqa: ANN401  # an aggregate
    made = KeyedReduction(["int"], ["float"], [*COUNTED, *more])
    made.merge(made.partial([np.array([1, 2, 2])], [X], 3))
    return made


def estimator(kind: Any) -> Any:  # noqa: ANN401  # any of them
    return kind().fit(np.column_stack([X, X**2]), np.array([0, 1, 1]))


ESTIMATORS: list[Any] = [
    *[sr.LinearRegression, sr.GaussianNB, sr.LinearDiscriminantAnalysis, sr.LogisticRegression],
    sr.QuadraticDiscriminantAnalysis,
]

READERS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "moments": (moments().to_bytes(), Moments.from_bytes),
    "monomials": (monomials().to_bytes(), Monomials.from_bytes),
    "classes": (classes().to_bytes(), Classes.from_bytes),
    "reduction": (reduction().to_bytes(), lambda state: reduction().merge(state)),
    "subtracted": (reduction().to_bytes(), lambda state: reduction().subtract(state)),
    "keyed": (keyed().to_bytes(), lambda state: keyed().merge(state)),
    "keyed, subtracted": (keyed().to_bytes(), lambda state: keyed().subtract(state)),
    "changelog": (Changelog().to_bytes(), Changelog.from_bytes),
    **{
        kind.__name__: (estimator(kind).to_bytes(), kind.from_bytes)
        for kind in ESTIMATORS
        if kind is not sr.QuadraticDiscriminantAnalysis
    },
}

readers = pytest.mark.parametrize(("state", "read"), READERS.values(), ids=list(READERS))


@readers
def test_law_damaged_bytes_are_corrupt(state: bytes, read: Callable[[bytes], object]) -> None:
    """Each byte changed, each truncation and an appended byte is told as damage, or as of another kind of state."""
    read(state)
    wrong = [state[:at] for at in range(len(state))]
    wrong += [state[:at] + bytes([state[at] ^ 0x41]) + state[at + 1 :] for at in range(len(state))]
    for damaged in [*wrong, state + b"\0"]:
        with pytest.raises((sr.CorruptStateError, sr.MismatchError)) as caught:
            read(damaged)
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, sr.StreamregError)
    with pytest.raises(sr.CorruptStateError):
        read(b"")


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=60))
def test_law_any_bytes_are_corrupt(name: str, content: bytes) -> None:
    """So are bytes that nobody has written, also behind the mark of an estimator and a right checksum."""
    from streamreg._estimators.serialization import serialized

    state, read = READERS[name]
    records = [content]
    if state.startswith(b"streamreg."):
        records += [serialized(name, {"params": {}, "features": 2, "names": None}, content)]
        records += [serialized(name, {"params": {"x": 1}, "features": "2"}, content)]
    for wrong in records:
        with pytest.raises((sr.CorruptStateError, sr.MismatchError)):
            read(wrong)


@pytest.mark.parametrize(
    "merge",
    [
        lambda: moments().merge(moments(2)),
        lambda: moments().subtract(moments(2)),
        lambda: monomials().merge(monomials(3)),
        lambda: monomials().renumbered(["float", "float"], [(0, 3)], 1),
        lambda: classes().merge(classes(2)),
        lambda: reduction().merge(reduction(("sum", 0)).to_bytes()),
        lambda: reduction().subtract(reduction(("sum", 0)).to_bytes()),
        lambda: keyed().merge(keyed(("sum", 0)).to_bytes()),
        lambda: keyed().subtract(keyed(("sum", 0)).to_bytes()),
        lambda: sr.GaussianNB.from_bytes(estimator(sr.LinearRegression).to_bytes()),
    ],
    ids=[str(at) for at in range(10)],
)
def test_law_misfits_have_their_error(merge: Callable[[], object]) -> None:
    """States of other columns, features or aggregates do not fit, and are not damaged."""
    with pytest.raises(sr.MismatchError):
        merge()


@pytest.mark.parametrize(
    "misuse",
    [
        lambda: moments().add([X]),
        lambda: moments().add([X, X[:1]]),
        lambda: reduction().add([X, X], 3),
        lambda: reduction().results([(0, "median", 0)]),
        lambda: keyed().partial([X.astype(np.int64)], [], 3),
        lambda: keyed().key([np.array([True])]),
        lambda: csv_decoder([("x", "float")], ["y"]),
        lambda: Monomials(["float"], [], 0),
        lambda: reduction(("min", 0)).subtract(reduction(("min", 0)).to_bytes()),
        lambda: keyed(("max", 0)).subtract(keyed(("max", 0)).to_bytes()),
    ],
    ids=[str(at) for at in range(10)],
)
def test_law_misuse_is_no_damage(misuse: Callable[[], object]) -> None:
    """What a caller does wrong is a ValueError, and none that tells of a state."""
    with pytest.raises(ValueError, match=r".") as caught:
        misuse()
    assert not isinstance(caught.value, sr.CorruptStateError | sr.MismatchError)


@pytest.mark.parametrize(("made", "name"), [(reduction, "min"), (keyed, "max")])
def test_law_what_cannot_be_subtracted_is_named(
    made: Callable[..., Reduction | KeyedReduction], name: str
) -> None:
    """A minimum or a maximum in a reduction is named, and nothing has changed."""
    state = made((name, 0))
    before = state.to_bytes()
    with pytest.raises(ValueError, match=f"the {name} of a column cannot be subtracted"):
        state.subtract(before)
    assert state.to_bytes() == before


@pytest.mark.parametrize("made", [reduction, keyed])
def test_law_what_was_merged_can_be_subtracted(
    made: Callable[..., Reduction | KeyedReduction],
) -> None:
    """Bytes that were merged and are subtracted leave those of before."""
    state, part = made(), made().to_bytes()
    before = state.to_bytes()
    state.merge(part)
    assert state.to_bytes() != before
    state.subtract(part)
    assert state.to_bytes() == before


def _bug(*_: object) -> NoReturn:
    raise ValueError("a bug")


def test_a_bug_is_not_called_damage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A ValueError that comes out of a mistake of ours goes through where states are read, as it is."""
    monkeypatch.setattr(_inspect, "last_row", _bug)
    with pytest.raises(ValueError, match="a bug") as caught:
        _inspect._result([], b"")
    assert not isinstance(caught.value, sr.StreamregError)
    with pytest.raises(ValueError, match="a bug") as caught, opening(tmp_path):
        _bug()
    assert not isinstance(caught.value, sr.StreamregError)


def test_damage_is_told_as_such_where_states_are_read(
    tmp_path: Path,
) -> None:
    """Damaged bytes and misfits in a state directory are a StateError that says where."""
    with pytest.raises(sr.StateError, match="damaged"):
        _inspect._result([], b"no changelog")
    with pytest.raises(sr.CorruptStateError):
        _snapshot.last_row(b"no changelog")
    for error in (sr.CorruptStateError, sr.MismatchError):
        with pytest.raises(sr.StateError, match="of that kind"), opening(tmp_path):
            raise error("of that kind")


def test_overflow_is_in_the_tree() -> None:
    """A count or a score beyond its range is a RangeError, which is an OverflowError as well."""
    rows = np.array([[1e300], [-1e300], [1e-300]])
    with pytest.raises(sr.RangeError, match=r".") as caught:
        sr.LogisticRegression().fit(rows * 1e8, [0, 1, 1])
    assert isinstance(caught.value, OverflowError)


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_not_fitted_is_in_the_tree(kind: Any) -> None:  # noqa: ANN401  # any of the estimators
    """An estimator without rows raises one error that is ours and scikit-learn's, which can be pickled."""
    from sklearn.exceptions import NotFittedError

    with pytest.raises(sr.NotFittedError) as caught:
        kind().predict(X[:, None])
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert isinstance(error, NotFittedError | ValueError | AttributeError)
        assert isinstance(error, NotFittedError)
        assert str(error) == str(caught.value)


def test_undefined_is_in_the_tree() -> None:
    """What the rows do not determine is an UndefinedError, as an attribute and as a call."""
    model = sr.QuadraticDiscriminantAnalysis().fit(X[:, None], [0, 1, 1])
    with pytest.raises(sr.UndefinedError, match="class 0"):
        model.predict(X[:, None])
    assert issubclass(sr.UndefinedError, sr.StreamregError)
    assert not hasattr(model, "coef_")


def test_core_states_are_copied_and_pickled() -> None:
    """`copy` and `pickle` of a core state give one that is equal and apart."""
    for made in (moments(), monomials(), classes()):
        before = made.to_bytes()
        for copied in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
            assert copied.to_bytes() == before
            copied.merge(made)  # type: ignore[arg-type]  # of the same type
            assert made.to_bytes() == before


@pytest.mark.parametrize(
    "state", [b"damaged", keyed().to_bytes(), reduction(("sum", 0)).to_bytes()]
)
def test_a_frame_that_does_not_fit_is_no_damaged_state(state: bytes) -> None:
    """What a worker of this very run has sent is not what it should be: an error of the worker, not of a state."""
    reducing = SimpleNamespace(empty=lambda: reduction(), windows=None)
    plan: Any = SimpleNamespace(
        input=None,
        source=None,
        rows=SimpleNamespace(reductions=[reducing], clocks=(), can_miss=False),
        results=[SimpleNamespace(outputs=(), keys=())],
        result_outputs=[],
        scores=[],
        row_outputs=[],
        score_outputs=[],
    )
    checkpoint: Any = SimpleNamespace(
        offsets={0: 0},
        untouched=set(),
        identity=None,
        leader_epochs={},
        epochs=0,
        rows=0,
        tombstones=0,
        rejects={},
        unix_ms=0,
        reductions=[],
        changelogs=[],
        times=[],
        moves=[],
        keyed={},
        rewrite=False,
        gaps=[],
    )
    files: Any = SimpleNamespace(rejects=None, rows=[], scores=[])
    merge = Merge(plan, checkpoint, files, commit=None, unix_ms=lambda: 0)
    with pytest.raises(sr.WorkerError, match="a frame does not fit"):
        merge.apply(Partial({0: (0, 1)}, rows=1, states=[state]))

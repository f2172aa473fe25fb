"""Estimator, state: the exact moments of the rows that a regression has seen, and the fit that follows from them.

Doubles and integers without weights are held as `Moments`; rows with weights, or with decimals, as `Monomials`. The fit
is computed on demand, once for each model.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, Self

import numpy as np

from streamreg._core import Fit, Moments, Monomials, decimals
from streamreg._estimators.inputs import Matrix
from streamreg._estimators.left_rows import check_left
from streamreg._estimators.numbers import Column, is_decimal
from streamreg._estimators.turns import Rows
from streamreg._exceptions import CorruptStateError
from streamreg._types import Number

_PLAIN: Final = b"P"
_GENERAL: Final = b"G"
_WEIGHTED: Final = b"W"


class Exact(Rows):
    """The rows added less the rows removed.

    Several threads may read it, and one may change it as long as it is not shared.
    """

    def __init__(self, moments: Moments | Monomials, *, weighted: bool) -> None:
        """`moments` are this object's own from now on."""
        self._moments = moments
        self._fits: dict[tuple[bool, float, bool], Fit] = {}
        self._fitting = threading.Lock()
        self.weighted = weighted

    @classmethod
    def empty(cls, rows: Matrix, target: Column, weights: Column | None) -> Self:
        """No row yet, of columns like these; and weights, if there are any.

        Raises:
            ValueError: if there are more features than a regression takes.
        """
        return cls._empty(rows, target, weights, [(at, 1) for at in range(rows.features)])

    @classmethod
    def _empty(
        cls, rows: Matrix, target: Column, weights: Column | None, powers: list[tuple[int, int]]
    ) -> Self:
        """As `empty`, of features that are powers of columns."""
        features = rows.features
        # Of sparse columns none is of decimals.
        kinds: list[Number] = [_kind(column) for column in rows.columns] or ["float"] * features
        kinds.append(_kind(target))
        plain = [(at, 1) for at in range(features)] == powers
        if weights is None and "decimal" not in kinds and plain:
            return cls(Moments(features), weighted=False)
        if weights is None:
            return cls(Monomials(kinds, powers, features), weighted=False)
        return cls(
            Monomials([*kinds, _kind(weights)], powers, features, features + 1), weighted=True
        )

    def like(self, rows: Matrix, target: Column, weights: Column | None) -> Exact:
        """The sums of other rows of the same features; their numbers may be of another kind."""
        found = Exact._empty(rows, target, weights, self.features)
        found.put_rows(rows, target, weights, remove=False)
        return found

    def score(self, intercept: bool, ridge: float, drop: bool, rows: Exact) -> float | None:
        """R² of the fit on rows; None where it is not defined."""
        return self.fit(intercept, ridge, drop).score(rows._moments)

    @property
    def features(self) -> list[tuple[int, int]]:
        """For each feature the column that it is, and the power of it."""
        if isinstance(self._moments, Moments):
            return [(at, 1) for at in range(self._moments.features)]
        return self._moments.features

    @property
    def n(self) -> int:
        """Rows added less rows removed."""
        return self._moments.n

    def put_rows(
        self, rows: Matrix, target: Column, weights: Column | None, *, remove: bool
    ) -> None:
        """Adds or removes rows, all or none.

        Raises:
            ValueError: as for `put`.
        """
        if rows.columns:
            self.put([*rows.columns, target], weights, remove=remove)
            return
        changed = self.copied()
        for at, columns in rows.pieces():
            own = None if weights is None else weights[at]
            changed.put([*columns, target[at]], own, remove=remove)
        self._moments = changed._moments
        self._fits.clear()

    def put(self, columns: Sequence[Column], weights: Column | None, *, remove: bool) -> None:
        """Adds or removes rows: the features, then the target.

        Raises:
            ValueError: if there are weights, but none were given with the first rows; if a column holds decimals
                and did not then, or the other way round; or if rows are removed that cannot have been added.
        """
        arrays = list(columns)
        if self.weighted:
            arrays.append(self.ones(len(arrays[0])) if weights is None else weights)
        elif weights is not None:
            raise ValueError(
                "sample_weight is given, but earlier rows came without: give them weights too, "
                "sample_weight=np.ones(len(X))"
            )
        self._check(arrays)
        if remove:
            left = type(self._moments).from_bytes(self._moments.to_bytes())
            left.remove(arrays)
            check_left(left)
            self._moments = left
        else:
            self._moments.add(arrays)
        self._fits.clear()

    def _kinds(self) -> list[Number]:
        if isinstance(self._moments, Moments):
            return ["float"] * (self._moments.features + 1)
        return self._moments.columns

    def ones(self, rows: int) -> Column:
        """The weights of rows that came without."""
        return decimals(["1"] * rows)[0] if self._kinds()[-1] == "decimal" else np.ones(rows)

    def _check(self, columns: Sequence[Column]) -> None:
        """That decimals are where they were in the first rows."""
        kinds = self._kinds()
        features = len(kinds) - 1 - self.weighted
        names = [*(f"column {at} of X" for at in range(features)), "y", "sample_weight"]
        for name, kind, column in zip(names, kinds, columns, strict=False):
            if is_decimal(column) != (kind == "decimal"):
                now, then = ("", "no ") if is_decimal(column) else ("no ", "")
                raise ValueError(
                    f"{name} holds {now}decimals, but the first rows had {then}decimals there: bring all rows as the "
                    "first ones"
                )

    def copied(self) -> Exact:
        """A copy that nobody else holds."""
        return Exact(copy.copy(self._moments), weighted=self.weighted)

    def combined(self, other: Exact, *, subtract: bool) -> Exact:
        """The rows of both, or those of this one without those of the other.

        Raises:
            ValueError: if one has weights or decimals where the other has none, or if no rows can be what is left.
        """
        both = self.copied()
        if self.weighted != other.weighted or type(both._moments) is not type(other._moments):
            raise ValueError(
                "rows with weights or decimals cannot be put together with rows without"
            )
        put: Callable[[Any], None] = both._moments.subtract if subtract else both._moments.merge
        put(other._moments)
        check_left(both._moments)
        return both

    def fit(self, intercept: bool, ridge: float, drop: bool) -> Fit:
        """The least-squares fit, computed once for each model."""
        model = (intercept, ridge, drop)
        with self._fitting:
            if model not in self._fits:
                self._fits[model] = self._moments.fit(intercept, ridge, drop)
            return self._fits[model]

    def to_bytes(self) -> bytes:
        """Equal rows give equal bytes, in whatever order and pieces they came."""
        if isinstance(self._moments, Moments):
            return _PLAIN + self._moments.to_bytes()
        return (_WEIGHTED if self.weighted else _GENERAL) + self._moments.to_bytes()

    @classmethod
    def from_bytes(cls, state: bytes) -> Self:
        """Reads what `to_bytes` wrote.

        Raises:
            CorruptStateError: for any other bytes.
            MismatchError: if a newer streamreg wrote them.
        """
        kind, rest = state[:1], state[1:]
        if kind == _PLAIN:
            return cls(Moments.from_bytes(rest), weighted=False)
        if kind in (_GENERAL, _WEIGHTED):
            return cls(Monomials.from_bytes(rest), weighted=kind == _WEIGHTED)
        raise CorruptStateError("these are no rows of a regression")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exact) and self.to_bytes() == other.to_bytes()

    def __reduce__(self) -> tuple[Any, ...]:
        return Exact.from_bytes, (self.to_bytes(),)


def _kind(column: Column) -> Number:
    return "decimal" if is_decimal(column) else "float"

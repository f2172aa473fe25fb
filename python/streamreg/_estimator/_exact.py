"""Estimator, state: the exact moments of the rows seen, and the fit that follows from them.

A state is plain (`Moments`) until its first row says otherwise; with weights or decimals it is general
(`Monomials`). The fit is worked out when it is asked for, once for each model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Self

import numpy as np

from streamreg._core import Fit, Moments, Monomials
from streamreg._estimator._matrix import Column

_PLAIN: Final = b"P"
_WEIGHTED: Final = b"W"


class Exact:
    """The rows added less the rows removed."""

    def __init__(self, moments: Moments | Monomials) -> None:
        """`moments` are this object's own from now on."""
        self._moments = moments
        self._fits: dict[tuple[bool, float], Fit] = {}

    @classmethod
    def empty(cls, features: int, *, weighted: bool) -> Self:
        """No row yet.

        Raises:
            ValueError: if there are more features than a regression takes.
        """
        return cls(_weighted(features) if weighted else Moments(features))

    @property
    def weighted(self) -> bool:
        """Whether rows have weights."""
        return isinstance(self._moments, Monomials)

    @property
    def n(self) -> int:
        """Rows added less rows removed."""
        return self._moments.n

    def put(self, columns: Sequence[Column], weights: Column | None, *, remove: bool) -> None:
        """Adds or removes rows: the features, then the target.

        Raises:
            ValueError: if there are weights, but none were given with the first rows.
        """
        moments = self._moments
        arrays = list(columns)
        if isinstance(moments, Monomials):
            arrays.append(np.ones(len(arrays[0])) if weights is None else weights)
        elif weights is not None:
            raise ValueError(
                "sample_weight is given, but earlier rows came without: give them weights too, "
                "sample_weight=np.ones(len(X))"
            )
        self._fits.clear()
        (moments.remove if remove else moments.add)(arrays)

    def combined(self, other: Exact, *, subtract: bool) -> Exact:
        """The rows of both, or those of this one without those of the other.

        Raises:
            ValueError: if one has weights and the other has none, or they have other features.
        """
        both = Exact.from_bytes(self.to_bytes())
        mine, theirs = both._moments, other._moments
        if (isinstance(mine, Moments) and isinstance(theirs, Moments)) or (
            isinstance(mine, Monomials) and isinstance(theirs, Monomials)
        ):
            (mine.subtract if subtract else mine.merge)(theirs)
        else:
            raise ValueError("rows with weights and rows without cannot be put together")
        return both

    def fit(self, intercept: bool, ridge: float) -> Fit:
        """The least-squares fit, worked out once for each model."""
        model = (intercept, ridge)
        if model not in self._fits:
            self._fits[model] = self._moments.fit(intercept, ridge)
        return self._fits[model]

    def to_bytes(self) -> bytes:
        """Equal rows give equal bytes, in whatever order and pieces they came."""
        return (_WEIGHTED if self.weighted else _PLAIN) + self._moments.to_bytes()

    @classmethod
    def from_bytes(cls, state: bytes) -> Self:
        """Reads what `to_bytes` wrote.

        Raises:
            ValueError: for any other bytes.
        """
        kind, rest = state[:1], state[1:]
        if kind == _PLAIN:
            return cls(Moments.from_bytes(rest))
        if kind == _WEIGHTED:
            return cls(Monomials.from_bytes(rest))
        raise ValueError("these bytes are no state of an estimator")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exact) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def __reduce__(self) -> tuple[Any, ...]:
        return Exact.from_bytes, (self.to_bytes(),)

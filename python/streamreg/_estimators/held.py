"""Estimator, logistic regression: the rows that it holds, in bounded memory.

While all rows fit, they are held as they came. When they do not, a sample of each class stands for the class: rows are
dropped by chance, those kept weigh more, and each class keeps its weight. The slope that the dropped rows had at the
coefficients of that time and that their stand-ins lack is kept exactly, as a linear term (a control variate:
P. Glasserman, *Monte Carlo Methods in Financial Engineering*, 2004, 4.1; for samples of rows R. Johnson and T. Zhang,
*Accelerating stochastic gradient descent using predictive variance reduction*, 2013), so that the minimum does not
move. A class is never dropped, whatever comes after it.
"""

from __future__ import annotations

from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from streamreg._dataclass import dataclass

Floats = NDArray[np.float64]

NUMBERS: Final = 2**19
"""So many numbers of rows are held, 4 MB; more where the curvature takes more."""


@dataclass(frozen=True)
class Rows:
    """Features, the code of the class of each, and what each counts."""

    features: Floats
    codes: NDArray[np.int64]
    weights: Floats

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def joined(cls, pieces: list[Rows]) -> Self:
        """The rows of all pieces, of which there is one at least."""
        return cls(
            np.concatenate([piece.features for piece in pieces]),
            np.concatenate([piece.codes for piece in pieces]),
            np.concatenate([piece.weights for piece in pieces]),
        )

    def taken(self, places: NDArray[np.int64], weights: Floats) -> Rows:
        """Those at some places, with other weights."""
        return Rows(self.features[places], self.codes[places], weights)


def capacity(features: int, coefficients: int) -> int:
    """How many rows are held."""
    return max(NUMBERS, coefficients * coefficients) // (features + 2)


def thinned(rows: Rows, most: int, seed: int) -> Rows:
    """At most about `most` rows: of each class all, or a sample that weighs what the class does.

    Which rows are kept depends on `seed` and nothing else. Of the classes the small ones are kept whole.
    """
    chance = np.random.default_rng(seed)
    kept: list[tuple[NDArray[np.int64], Floats]] = []
    places = [np.flatnonzero(rows.codes == code) for code in np.unique(rows.codes)]
    places.sort(key=len)
    for done, own in enumerate(places):
        share = (most - sum(len(each) for each, _ in kept)) // (len(places) - done)
        if len(own) <= max(share, 1):
            kept.append((own, rows.weights[own]))
        else:
            kept.append(_sample(own, rows.weights[own], max(share, 1), chance))
    chosen, weights = (np.concatenate(part) for part in zip(*kept, strict=True))
    order = np.argsort(chosen, kind="stable")
    return rows.taken(chosen[order], weights[order])


def _sample(
    places: NDArray[np.int64], weights: Floats, count: int, chance: np.random.Generator
) -> tuple[NDArray[np.int64], Floats]:
    """Places drawn by their weights, systematically from a shuffled order, so that heavy ones are in it for certain.

    W. G. Madow, *On the theory of systematic sampling, II*, Annals of Mathematical Statistics 20, 1949.
    """
    order = chance.permutation(len(places))
    ends = np.cumsum(weights[order])
    total = ends[-1]
    ticks = (np.arange(count) + chance.random()) * (total / count)
    found, times = np.unique(np.searchsorted(ends, ticks, side="right"), return_counts=True)
    inside = np.minimum(found, len(places) - 1)
    return places[order[inside]], times * (total / count)

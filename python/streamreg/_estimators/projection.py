"""Estimator, linear discriminants: the directions in which the class means lie farthest apart.

R. A. Fisher's canonical variates, by whitening the covariance within classes and a singular value decomposition of the
class means (T. Hastie, R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2nd edition, 4.3.3). Other
than the parameters that it starts from, each rounded once, the result is as exact as doubles make it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from streamreg._dataclass import dataclass

Floats = NDArray[np.float64]

_IDLE: Final = 1e-10
"""A direction that varies by less within the classes, where each feature varies by 1, is one of rounding errors."""

_FLAT: Final = 1e-4
"""A direction in which means lie apart by less than this share of the widest one is none: scikit-learn's `tol`."""


@dataclass(frozen=True)
class Projection:
    """The origin of the features, the directions as columns, and the share of each in the spread of the means."""

    origin: Floats
    scalings: Floats
    shares: Floats


def projection(covariance: Floats, means: Floats, priors: Floats) -> Projection:
    """The directions for classes with these means, (classes, features), and one covariance within them.

    Rows that are projected have the covariance 1 within classes.
    """
    origin = priors @ means
    spread = np.sqrt(covariance.diagonal())
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    values, vectors = np.linalg.eigh(covariance * scale * scale[:, None])
    kept = values > _IDLE
    whitening = (vectors[:, kept] * scale[:, None]) / np.sqrt(values[kept])
    apart = np.sqrt(priors)[:, None] * (means - origin) @ whitening
    _, sizes, directions = np.linalg.svd(apart, full_matrices=False)
    most = min(len(means) - 1, len(spread))
    total = (sizes**2).sum()
    shares = (sizes**2 / total)[:most] if total > 0 else np.zeros(min(most, len(sizes)))
    wide = sizes > _FLAT * sizes.max(initial=0.0)
    return Projection(origin, whitening @ directions[wide].T, shares)

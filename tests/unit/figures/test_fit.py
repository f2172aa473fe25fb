"""Where a fitted line is drawn: evenly over the rows, also where their distance is too large for a double."""

from __future__ import annotations

import numpy as np
import pytest

from streamreg._figures.fit import places_over


@pytest.mark.parametrize(
    ("least", "greatest"),
    [(-1.7e308, 1.7e308), (0.0, 1.7976931348623157e308), (2.5, 2.5), (0.0, 5e-324), (1.0, 3.0)],
)
def test_places_are_between_the_rows(least: float, greatest: float) -> None:
    """Finite, in rising order, from the least to the greatest; nothing overflows."""
    with np.errstate(all="raise", under="ignore"):
        found = places_over(np.array([greatest, least]), 101)
    assert (found[0], found[-1], len(found)) == (least, greatest, 101)
    assert np.isfinite(found).all()
    assert (found[1:] >= found[:-1]).all()

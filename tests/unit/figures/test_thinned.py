"""Long lines by fewer of their points."""

from __future__ import annotations

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamreg._figures.thinned import thinned


@given(st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=200), st.integers(5, 60))
def test_law_thinned(values: list[float | None], most: int) -> None:
    """At most so many places, in order; the ends, the extremes and, if there is one, a gap are among them."""
    kept = thinned(values, most)
    assert kept == sorted(set(kept))
    assert len(kept) <= most
    assert {0, len(values) - 1} <= set(kept)
    shown = [values[at] for at in kept]
    numbers = [value for value in values if value is not None]
    if numbers:
        assert min(numbers) in shown
        assert max(numbers) in shown
    assert (None in shown) == (None in values)


def test_what_is_no_number_is_a_gap() -> None:
    """NaN is neither the lowest nor the highest of its stretch, wherever it stands."""
    values = [nan, 3.0, 9.0, nan, 1.0, 5.0, 5.0, 5.0]
    assert thinned(values, 5) == [0, 2, 4, 7]


def test_short_lines_stay_whole() -> None:
    """What fits is not touched."""
    assert thinned([1.0, None, 2.0, 3.0, 1.0], 5) == [0, 1, 2, 3, 4]


def test_too_few_points_are_refused() -> None:
    """Less than one stretch cannot stand for a line."""
    with pytest.raises(ValueError, match="most: expected at least 5 points, found 4"):
        thinned([1.0], 4)

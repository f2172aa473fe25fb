"""Multisets of rows are compared whatever their order and size."""

import random

from hypothesis import given
from hypothesis import strategies as st

from streamreg._operate.verify.multiset import Multiset, bucket_of

ROWS = st.lists(st.binary(max_size=3), max_size=30)


def multiset(*lists: list[bytes]) -> Multiset:
    found = Multiset()
    for rows in lists:
        found.add(rows)
    return found


@given(rows=ROWS, cut=st.integers(0, 30), chance=st.randoms(use_true_random=False))
def test_law_order_and_split_do_not_matter(
    rows: list[bytes], cut: int, chance: random.Random
) -> None:
    """The same rows are the same multiset in any order and in any number of pieces."""
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    assert multiset(rows).difference(multiset(shuffled[:cut], shuffled[cut:])) is None
    assert len(multiset(rows)) == len(rows)


@given(rows=ROWS, other=ROWS)
def test_law_equal_only_if_the_rows_are(rows: list[bytes], other: list[bytes]) -> None:
    """Two multisets differ exactly if one has a row more often, and in the bucket of such a row."""
    bucket = multiset(rows).difference(multiset(other))
    uneven = {row for row in rows + other if rows.count(row) != other.count(row)}
    assert (bucket is None) == (not uneven)
    assert bucket is None or bucket in {bucket_of(row) for row in uneven}


def test_one_row_among_many_is_found() -> None:
    """A row that stands twice where another one is missing does not go by unseen."""
    rows = [b"%d" % i for i in range(20_000)]
    changed = [*rows[:-1], rows[7]]
    bucket = multiset(rows).difference(multiset(changed))
    assert bucket in (bucket_of(rows[7]), bucket_of(rows[-1]))

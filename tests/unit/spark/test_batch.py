"""The plan of a batch: which task reads what."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamreg._source.contract import Range
from streamreg._spark.batch import Piece, cut, told

partitions = st.dictionaries(
    st.integers(0, 30), st.tuples(st.integers(0, 10**6), st.integers(0, 50_000), st.booleans())
)


def ranges_of(given: Mapping[int, tuple[int, int, bool]]) -> dict[int, Range]:
    return {p: Range(start, None, untouched, 7) for p, (start, _, untouched) in given.items()}


@given(
    partitions,
    st.integers(1, 10**6),
    st.integers(1, 40),
    st.integers(0, 10**6),
    st.booleans(),
)
def test_law_a_batch_is_cut_without_gaps(
    given: dict[int, tuple[int, int, bool]], most: int, tasks: int, turn: int, whole: bool
) -> None:
    """The ranges of a partition follow each other from where it stands; the batch has no more than it may."""
    ranges = ranges_of(given)
    ends = {p: start + count for p, (start, count, _) in given.items()}
    parts = cut(ranges, ends, most, tasks, turn=turn, whole=whole)
    flat = [(p, r) for part in parts for p, r in part.items()]
    assert flat == sorted(flat, key=lambda each: (each[0], each[1].start))
    waiting = {p for p, (_, count, _) in given.items() if count}
    assert {p for p, _ in flat} <= waiting
    for partition in {p for p, _ in flat}:
        own = [r for p, r in flat if p == partition]
        assert own[0].start == ranges[partition].start
        assert own[0].leader_epoch == 7
        assert all(a.end == b.start for a, b in pairwise(own))
        assert all(r.end is not None and r.start < r.end <= ends[partition] for r in own)
        assert [r.untouched for r in own[1:]] == [False] * (len(own) - 1)
        if whole or ranges[partition].untouched:
            assert len(own) == 1
    taken = sum((r.end or 0) - r.start for _, r in flat)
    assert min(most, len(waiting)) <= taken <= most
    assert len(parts) <= tasks


@given(partitions, st.integers(1, 100), st.integers(0, 10**6))
def test_law_none_waits_for_ever(
    given: dict[int, tuple[int, int, bool]], most: int, turn: int
) -> None:
    """In as many batches as there are partitions each has its turn, however long the others are."""
    ranges = ranges_of(given)
    ends = {p: start + count for p, (start, count, _) in given.items()}
    read: set[int] = set()
    for number in range(turn, turn + len(ranges)):
        for part in cut(ranges, ends, most, 3, turn=number, whole=False):
            read.update(part)
    assert read == {p for p, (_, count, _) in given.items() if count}


def test_work_is_divided_evenly() -> None:
    """One long partition is cut for all tasks; many short ones share one."""
    long = {0: Range(10, None, False)}
    parts = cut(long, {0: 40_010}, 10**9, 4, turn=0, whole=False)
    assert [len(part) for part in parts] == [1, 1, 1, 1]
    short = {p: Range(0, None, False) for p in range(100)}
    parts = cut(short, dict.fromkeys(short, 100), 10**9, 4, turn=0, whole=False)
    assert [len(part) for part in parts] == [25, 25, 25, 25]


def test_a_few_messages_are_one_task() -> None:
    """However many there could be."""
    ranges = {p: Range(0, None, False) for p in range(10)}
    parts = cut(ranges, dict.fromkeys(ranges, 10), 10**9, 100, turn=0, whole=False)
    assert len(parts) == 1


def test_what_is_not_known_is_not_read() -> None:
    """A partition whose end is not known yet waits; one with an end of its own does not."""
    ranges = {0: Range(0, None, False), 1: Range(5, 9, False), 2: Range(9, 9, False)}
    assert cut(ranges, {}, 100, 2, turn=0, whole=False) == [{1: Range(5, 9, False)}]


@pytest.mark.parametrize(
    ("most", "turn", "ends"),
    [
        (1, 0, {0: 1}),
        (1, 1, {1: 1}),
        (2, 0, {0: 1, 1: 1}),
        (8, 0, {0: 2, 1: 6}),
        (1000, 1, {0: 250, 1: 750}),
    ],
)
def test_a_limited_batch_takes_of_each_partition_its_share(
    most: int, turn: int, ends: dict[int, int]
) -> None:
    """As many as it may, and no more; those whose share is less than a message take turns."""
    ranges = {0: Range(0, None, False), 1: Range(0, None, False)}
    parts = cut(ranges, {0: 100_000, 1: 300_000}, most, 1, turn=turn, whole=False)
    [part] = parts
    assert {p: r.end for p, r in part.items()} == ends


def test_an_error_names_what_a_batch_had() -> None:
    """The pieces of a partition as one range; of many partitions the first."""
    pieces = [
        Piece({0: Range(5, 9, False)}, (), 5.0, 1),
        Piece({0: Range(9, 20, False), 3: Range(0, 2, True)}, (), 5.0, 1),
    ]
    name = "topic-{}".format
    assert (
        told(pieces, name) == "partition topic-0 offsets 5 to 20, partition topic-3 offsets 0 to 2"
    )
    many = [Piece({p: Range(0, 2, True) for p in range(20)}, (), 5.0, 1)]
    assert told(many, str).endswith("partition 7 offsets 0 to 2 and 12 more")

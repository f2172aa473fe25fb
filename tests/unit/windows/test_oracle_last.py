"""The last rows of each instance against all rows sorted, whatever the batches, their order, epochs and restarts."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamreg import CorruptStateError
from streamreg._core import RowTimes, WindowReduction
from tests.support.windowed import Row, Run, Topic, epochs, topics


def last_rows(topic: Topic) -> list[tuple[object, ...]]:
    """The row of the table of each instance."""
    most = topic.window[1]
    assert isinstance(most, int)
    found = []
    ordered = sorted(topic.rows, key=lambda row: (row.instance.encode(), *row.place))
    for instance, own in groupby(ordered, key=lambda row: row.instance):
        kept = list(own)[-most:]
        found.append(
            (instance, topic.shown(kept[0].time), topic.shown(kept[-1].time), *topic.results(kept))
        )
    return found


@given(st.data(), st.integers(1, 6))
def test_oracle_last_rows(data: st.DataObject, rows: int) -> None:
    """The table is what the greatest rows by time, partition, offset and place in the message come to."""
    topic = data.draw(topics(("last", rows)))
    run = Run(topic)
    # Batches may come in any order.
    for batches in data.draw(epochs(topic).flatmap(st.permutations)):
        assert run.epoch(batches, None, restart=data.draw(st.booleans())) == []
    assert run.late == []
    assert run.state.horizon() is None
    assert [run.table[key] for key in sorted(run.table)] == last_rows(topic)
    assert run.state.open_windows() == len(run.table)
    assert len(run.stored) <= rows * len(run.table)


def test_a_row_twice_is_an_error() -> None:
    """A partial that is merged twice is refused: its rows are there."""
    topic = Topic("int", ("last", 5), [Row(0, 0, 0, "a", 3, 1.0, 2.0)])
    run = Run(topic)
    partial = run.partial(topic.rows)
    run.state.merge(partial)
    with pytest.raises(CorruptStateError, match="twice"):
        run.state.merge(partial)


def test_misfits_are_errors() -> None:
    """The last rows take no cutoff, and need offsets; no rows are no window."""
    for rows, cutoff in ((0, None), (3, 1)):
        with pytest.raises(ValueError, match="last"):
            Topic("int", ("last", rows), [], cutoff=cutoff).reduction()
    state = WindowReduction((), (), (("count",),), "int", ("last", 2), None, None, False)
    with pytest.raises(ValueError, match="offsets"):
        state.partial([], RowTimes(np.array([1]), np.zeros(1, np.int32), {}), [], 1)

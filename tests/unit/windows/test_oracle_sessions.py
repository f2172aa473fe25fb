"""Sessions against all rows sorted and chained by gaps, in rationals, whatever the batches, epochs and restarts."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamreg._core import RowTimes, WindowReduction
from tests.support.rationals import nearest
from tests.support.windowed import Row, Run, Topic, epochs, topics

if TYPE_CHECKING:
    from streamreg._types import Aggregate, Moment


def gap_of(topic: Topic) -> Fraction:
    return Fraction(topic.window[1])


def late_rows(topic: Topic) -> list[tuple[Row, Moment]]:
    """Each with the greatest time before it in its partition."""
    greatest: dict[int, Moment] = {}
    late = []
    for row in topic.rows:
        before = greatest.get(row.partition)
        if topic.cutoff is not None and before is not None:
            end = Fraction(row.time) + gap_of(topic)
            if Fraction(before) - Fraction(topic.cutoff) >= end:
                late.append((row, before))
        greatest[row.partition] = row.time if before is None else max(before, row.time)
    return late


def sessions(topic: Topic, rows: list[Row]) -> list[tuple[object, ...]]:
    """What the table of all sessions holds in the end."""
    found = []
    ordered = sorted(rows, key=lambda row: (row.instance.encode(), row.time))
    for instance, own in groupby(ordered, key=lambda row: row.instance):
        chains: list[list[Row]] = []
        for row in own:
            if chains and Fraction(row.time) - Fraction(chains[-1][-1].time) < gap_of(topic):
                chains[-1].append(row)
            else:
                chains.append([row])
        for chain in chains:
            end = Fraction(chain[-1].time) + gap_of(topic)
            shown = nearest(end) if topic.time == "float" else int(end)
            span = topic.shown(chain[0].time), topic.shown(shown)
            found.append((instance, *span, *topic.results(chain)))
    return found


@given(st.data())
def test_oracle_sessions(data: st.DataObject) -> None:
    """The table, the late rows and what was closed are those of all rows sorted and chained."""
    topic = data.draw(topics())
    run, closed = Run(topic), []
    time: Moment | None = None
    for batches in data.draw(epochs(topic)):
        closed += run.epoch(batches, time, restart=data.draw(st.booleans()))
        # The results that this epoch's times lead to come with the next one.
        time = min(run.watermarks.values()) if len(run.watermarks) == 2 else None
    horizon = run.state.horizon()
    assert (horizon is None) == (topic.cutoff is None or run.state.open_windows() == 0)
    last = (topic.rows[-1].time if topic.rows else 0) + (
        2**40 if topic.time != "float" else 2.0**40
    )
    closed += run.epoch([], last if horizon is None else horizon, restart=True)

    late = late_rows(topic)
    assert sorted(run.late, key=lambda pair: pair[0].place) == sorted(
        late, key=lambda pair: pair[0].place
    )
    kept = [row for row in topic.rows if row not in [row for row, _ in late]]
    expected = sessions(topic, kept)
    assert [run.table[key] for key in sorted(run.table)] == expected
    if topic.cutoff is not None:
        assert sorted(closed) == sorted(run.table)
        assert (run.state.open_windows(), len(run.state)) == (0, 0)


def test_keys_say_instance_and_span() -> None:
    """The cells of a key are the instance, start and end."""
    topic = Topic(
        "int", ("session", 10), [Row(0, 0, 0, "a", 3, 1.0, 2.0), Row(0, 1, 0, "a", 9, 1.0, 2.0)]
    )
    run = Run(topic)
    run.epoch([topic.rows], None, restart=False)
    (key,) = run.table
    assert run.state.cells(key) == ["a", 3, 19]


def test_a_row_is_late_by_its_own_window() -> None:
    """A row is late when its own window, a gap long, has passed by the cutoff, also where it would join a session."""
    state = Topic("int", ("session", 10), [], cutoff=5).reduction()
    assert not state.late(0, 14)
    assert state.late(0, 15)
    with pytest.raises(ValueError, match="no such time"):
        state.late(0.5, 15)


def test_one_instance_without_keys() -> None:
    """Without keys all rows are of one instance, and rows are scored by its last closed session."""
    aggregates: tuple[Aggregate, ...] = (("count",), ("moments", (0,), 1))
    state = WindowReduction(
        (), ("float", "float"), aggregates, "int", ("session", 2), None, 0, True, True
    )
    times = RowTimes(np.array([0, 1, 50]), np.zeros(3, np.int32), {})
    x, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 0.0])
    state.merge(state.partial([], times, [x, y], 3).state)
    assert state.due(50) == 1
    assert len(state.close(50)) == 1
    state.freeze()
    values, residuals, _ = state.scores(
        (1, (True, 0.0, "zero", 0.95)), [], [np.array([10.0])], np.array([20.0])
    )
    assert (values.tolist(), residuals.tolist()) == ([21.0], [-1.0])

"""Partials that are put together: what they come to does not depend on how."""

import random

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._source.contract import Range
from streamreg._types import Moment
from streamreg._worker.fold import folded
from streamreg._worker.partial import Partial
from streamreg._worker.pipeline import Pipeline
from streamreg.testing import read
from tests.support.engine_jobs import Reading, readings, spread, tables
from tests.support.plans import csv_output


def partials(batch: int) -> tuple[sr.Table, list[list[bytes]], list[Partial]]:
    """Those of some readings in two partitions, read one after the other in batches."""
    topic = spread(readings(300, 5), 2, 5)
    table = read(topic, schema=Reading, format="json", batch=batch)
    plan = compile_plan([csv_output(t, name) for name, t in tables(table).items()])
    found = []
    for partition, messages in enumerate(topic):
        reader = plan.source.reader({partition: Range(0, len(messages), untouched=True)}, print)
        pipeline = Pipeline(plan.input, plan.rows, None)
        while (part := reader.read(0)) is not None:
            found.append(pipeline.process(part))
    return table, topic, found


def test_law_partials_fold_in_any_grouping() -> None:
    """However neighbours are put together, and again, the states are the same bytes and the rows the same order."""
    table, topic, found = partials(7)
    plan = compile_plan([csv_output(t, name) for name, t in tables(table).items()]).rows
    [whole] = folded(plan, found, upsert=False)
    assert whole.progress == {p: (0, len(messages)) for p, messages in enumerate(topic)}
    assert whole.begun == (0, 1)
    chance = random.Random(1)
    for _ in range(10):
        groups: list[list[Partial]] = [[]]
        for partial in found:
            if chance.random() < 0.2:
                groups.append([])
            groups[-1].append(partial)
        again = [one for group in groups for one in folded(plan, group, upsert=False)]
        [other] = folded(plan, again, upsert=False)
        assert other.states == whole.states
        assert (other.rows, other.tombstones) == (whole.rows, whole.tombstones)
        assert [b"".join(pieces) for pieces in other.outputs] == [
            b"".join(pieces) for pieces in whole.outputs
        ]
        assert other.rejects == whole.rejects


def test_what_does_not_follow_stays_apart() -> None:
    """Partials with a gap between them are two; so are those of upserts, and what stands beside lost messages."""
    table, _, found = partials(7)
    plan = compile_plan([csv_output(t, name) for name, t in tables(table).items()]).rows
    del found[2]
    parts = list(folded(plan, found, upsert=False))
    assert len(parts) == 2
    assert list(folded(plan, found, upsert=True)) == found
    lost = Partial({0: (20, 30)}, lost={0: (20, 30)})
    first, alone, rest = folded(plan, [found[0], lost, found[1]], upsert=False)
    assert (first, alone, rest) == (found[0], lost, found[1])


def test_windows_that_were_taken_out_fold() -> None:
    """How far partitions have come is that of all of them, also where nothing is known of one in some."""
    topic = spread(readings(300, 5), 2, 5)
    table = read(topic, schema=Reading, format="json", batch=7)
    windows = table.windowby(table.at, window=sr.temporal.tumbling(50), instance=table.k)
    fit = windows.linear_regression(table.y, table.x)
    plan = compile_plan([csv_output(fit, "windows"), csv_output(table, "rows")])
    found: list[Partial] = []
    times: list[dict[int, Moment]] = [{}]
    for partition, messages in enumerate(topic):
        reader = plan.source.reader({partition: Range(0, len(messages), untouched=True)}, print)
        pipeline = Pipeline(plan.input, plan.rows, None)
        while (part := reader.read(0)) is not None:
            found.append(pipeline.process(part, times))
            found[-1].move_on(times)
    assert list(folded(plan.rows, found, upsert=False)) == found
    with pytest.raises(AssertionError, match="windows are not folded"):
        list(folded(plan.rows, found, upsert=False, cut=True))
    for one in found:
        one.states = [b""] * len(one.states)
    [whole] = folded(plan.rows, found, upsert=False, cut=True)
    [passages] = whole.clocks
    for partition in (0, 1):
        own = [one.clocks[0][partition] for one in found if partition in one.progress]
        assert passages[partition] == (
            None,
            min(passage.oldest for passage in own),
            times[0][partition],
        )
    assert whole.rows == sum(one.rows for one in found)

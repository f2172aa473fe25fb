"""Run: what a run shows to what serves it: its tables at the start, and from then on what it is doing."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from streamreg._evaluate.program import ALL_ROWS, Load, Take
from streamreg._run.progress import Progress
from streamreg._serve.messages import Layout, RowsSpec, TableSpec
from streamreg._serve.snapshot import Named, Snapshot
from streamreg._types import FIRST_SHIPPED

if TYPE_CHECKING:
    from streamreg._epoch.merge import Merge
    from streamreg._plan.output import OutputSpec
    from streamreg._plan.plan import Plan
    from streamreg._plan.result_plan import ResultPlan
    from streamreg._run.measures import Measures
    from streamreg._serve.publisher import Publisher
    from streamreg._sinks.waits import Waits
    from streamreg._source.contract import Source
    from streamreg._worker.contract import Pool

_PACE: Final = 0.2
"""Seconds between two snapshots, at least: epochs may be more frequent."""

_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]+")


class Served:
    """A run that is served."""

    def __init__(self, publisher: Publisher, source: Source, waits: Waits) -> None:
        """Nothing is read yet; `waits` is told by the outputs when they are waited for."""
        self._waits = waits
        self._publisher = publisher
        self._source = source
        self._started_at = time.time()
        self._due = 0.0
        self._flow: tuple[Merge, Pool, Measures, Mapping[int, int]] | None = None
        self._progress = Progress(0, 0, 0, 0.0, None, {})
        self.show(self._progress)

    def begin(
        self,
        layout: Layout,
        merge: Merge,
        pool: Pool,
        measures: Measures,
        ends: Mapping[int, int],
        closed: Sequence[Sequence[bytes]],
    ) -> None:
        """The flow starts; `ends` are those of the partitions that are read up to one.

        `closed` are for each table rows of windows that earlier runs have closed.
        """
        self._flow = merge, pool, measures, ends
        self._publisher.begin(
            layout, merge.result_rows, closed, merge.sums(), merge.epochs - 1, merge.unix_ms
        )
        self._due = 0.0

    def end_epoch(self) -> None:
        """An epoch may have been closed."""
        if self._flow is not None:
            merge = self._flow[0]
            self._publisher.end_epoch(merge.epochs - 1, merge.unix_ms, merge.sums)

    def show(self, progress: Progress) -> None:
        """What the run is doing, unless that was shown just now."""
        self._progress = progress
        now = time.monotonic()
        if now >= self._due:
            self._due = now + _PACE
            self._publisher.show(self._snapshot(progress, now))

    def end(self) -> None:
        """What the run came to, however lately something was shown."""
        self._due = 0.0
        self.show(self._progress)

    def _snapshot(self, progress: Progress, now: float) -> Snapshot:
        server = self._publisher.server()
        processes = {"parent": os.getpid(), **({} if server is None else {"server": server})}
        if self._flow is None:
            return Snapshot(
                phase="starting",
                turned_at=now,
                unix=time.time(),
                started_at=self._started_at,
                topic=self._source.name,
                processes=processes,
                outputs=self._waits.since,
            )
        merge, pool, measures, ends = self._flow
        workers = pool.processes().items()
        return Snapshot(
            phase="reading",
            turned_at=now,
            unix=time.time(),
            started_at=self._started_at,
            topic=self._source.name,
            epochs=progress.epochs,
            rows=progress.rows,
            rows_per_second=progress.rows_per_second,
            rejects=dict(merge.rejects),
            tombstones=merge.tombstones,
            excluded=merge.excluded,
            lost=merge.lost,
            origins=self._origins(merge.offsets),
            offsets=dict(merge.offsets),
            log_ends={**measures.log_ends.known(now), **ends},
            epoch_seconds=measures.epoch_seconds.durations(),
            checkpoint_seconds=measures.checkpoint_seconds.durations(),
            worker_restarts=pool.restarts,
            silent_workers=tuple(pool.silent),
            readers=dict(measures.readers),
            processes={**processes, **{f"worker-{index}": pid for index, pid in workers}},
            last_message=None if measures.last_message is None else measures.last_message / 1000,
            last_merged=measures.last_merged,
            results=progress.results,
            engine=pool.figures(),
            outputs=self._waits.since,
        )

    def _origins(self, partitions: Iterable[int]) -> dict[int, Named]:
        """Of files, and where there may be several topics, though one is found: labels stay when there are more."""
        found = {partition: self._source.origin(partition) for partition in partitions}
        placed = {partition: (at.name, at.partition) for partition, at in found.items()}
        alone = all(place == (self._source.name, p) for p, place in placed.items())
        return {} if alone else placed


def layout_of(plan: Plan, job: Mapping[str, Any], state: Path | None) -> Layout:
    """What there is to serve of a plan; `job` is how a state describes it."""
    names = table_names(output.name for output in plan.result_outputs)
    models = job["models"]
    tables = tuple(
        TableSpec(
            names[output.name],
            output.name,
            output.columns,
            _keys(result, index, output),
            at,
            tuple(one for one in models[output.name] if one["kind"] == "regression"),
        )
        for at, result in enumerate(plan.results)
        for index, output in enumerate(result.outputs)
    )
    return Layout(
        tables,
        tuple(job["reductions"]),
        None if state is None else str(state.absolute()),
        tuple(_rows(plan)),
        tuple(reduction.slots for reduction in plan.rows.reductions),
    )


def _rows(plan: Plan) -> Iterator[RowsSpec]:
    """The outputs of rows and of scores, in the order in which `EpochWatcher.written` counts them."""
    for output, slots in zip(plan.row_outputs, plan.rows.outputs, strict=True):
        yield RowsSpec(output.name, output.columns, slots)
    for score, shipped in zip(plan.scores, plan.rows.shipped, strict=True):
        for output, (scope, columns) in zip(score.outputs, score.slots, strict=True):
            steps = [score.program.steps[slot] for slot in columns]
            found = tuple(
                shipped.slots[int(step.key) - FIRST_SHIPPED]
                if scope == ALL_ROWS and isinstance(step, Load) and int(step.key) >= FIRST_SHIPPED
                else None
                for step in steps
            )
            yield RowsSpec(output.name, output.columns, found)


def table_names(outputs: Iterable[str]) -> dict[str, str]:
    """For each output what its table is called: a file's name without its end, and a number if it is another's too."""
    found: dict[str, str] = {}
    for output in outputs:
        name = first = _NAME.sub("-", PurePath(output).stem).strip("-.") or "table"
        number = 2
        while name in found.values():
            name = f"{first}-{number}"
            number += 1
        found[output] = name
    return found


def _keys(result: ResultPlan, index: int, output: OutputSpec) -> tuple[int, ...] | None:
    """Places of the columns that are the keys, in their order; None where one is not among the columns."""
    if not result.keys:
        return ()
    _, slots = result.slots[index]
    places = {_loaded(result, slot): place for place, slot in reversed(list(enumerate(slots)))}
    found = tuple(places[key] for key in range(result.keys) if key in places)
    return found if len(found) == result.keys else None


def _loaded(result: ResultPlan, slot: int) -> int | None:
    """Which key or statistic a slot holds unchanged; None if it is computed."""
    step = result.program.steps[slot]
    while isinstance(step, Take):
        step = result.program.steps[step.source]
    return int(step.key) if isinstance(step, Load) else None

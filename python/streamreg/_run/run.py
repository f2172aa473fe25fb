"""Run: from the program's outputs to a running flow, and its summary at the end."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._compile.compile import compile as compile_plan
from streamreg._dataclass import dataclass
from streamreg._epoch.gaps import lost_text
from streamreg._epoch.merge import Merge
from streamreg._event import event
from streamreg._exceptions import ConfigurationError, SourceError
from streamreg._formats.contract import subject_check_of
from streamreg._process import keep_freed_memory
from streamreg._run import lifecycle, resume
from streamreg._run.measures import Measures
from streamreg._run.own_files import refuse_own_files
from streamreg._run.processes import cores
from streamreg._run.progress import Progress, Summary
from streamreg._run.rejects import name_of, rejects_spec
from streamreg._run.stderr_line import stderr_line
from streamreg._run.supervisor import Supervisor
from streamreg._run.watch import Watch
from streamreg._sinks.append_file import sync_directory
from streamreg._sinks.contract import RunTerms
from streamreg._sinks.waits import Waits
from streamreg._source.contract import full_name
from streamreg._source.partition_discovery import PartitionDiscovery
from streamreg._state import job_identity
from streamreg._state.store import Durability, Store
from streamreg._state.upserted_rows import TemporaryRows, UpsertedRows
from streamreg._worker.pool import ProcessPool
from streamreg._worker.task import Task

if TYPE_CHECKING:
    from streamreg._language.outputs import Output
    from streamreg._plan.plan import Plan
    from streamreg._run.rejects import RejectsArgument
    from streamreg._run.served import Served
    from streamreg._run.signals import StopSignals
    from streamreg._serve.address import ListenArgument
    from streamreg._serve.publisher import Publisher
    from streamreg._sinks.rejects import RejectsSpec
    from streamreg._worker.contract import Engine, MakePool, Merged, Pool
    from streamreg._worker.spawn import WorkerProcess

_log = logging.getLogger("streamreg")

DEFAULT_PROCESSES = 3
"""Worker processes at most, unless more are asked for. All processes together stay below 400 MB, whatever the
machine: behind a backlog each worker takes 80 MB, the parent 70."""


@dataclass(frozen=True)
class Options:
    """What a run was asked for, checked where that takes no look at anything else."""

    processes: int | None
    state: Path | None
    durability: Durability
    rejects: RejectsArgument | None
    max_rejects: int | None
    progress: Callable[[Progress], None] | None
    stop: Callable[[Progress], bool] | None
    signals: StopSignals
    """Those that end the run, noted from its first moment on."""
    spares: list[WorkerProcess]
    """Worker processes that were started before, for the pool to take."""
    listen: ListenArgument | None = None
    engine: Engine | None = None
    drop_undelivered: bool = False


def run_outputs(
    outputs: list[Output], progress: bool | Callable[[Progress], None] | None, options: Options
) -> Summary:
    if options.durability not in ("process", "power"):
        raise ConfigurationError(
            f'durability: expected "process" or "power", found {options.durability!r}'
        )
    plan = compile_plan(outputs)
    rejects = rejects_spec(options.rejects, plan.source)
    if rejects is not None and any(o.sink.place == rejects.place for o in outputs):
        own = "path" if rejects.kind == "file" else "topic"
        raise ConfigurationError(
            f"rejects: an output writes {rejects.name}: give each its own {own}"
        )
    refuse_own_files(plan, rejects, options.state)
    if options.engine is not None:
        options.engine.check(plan.input)
        if options.engine.shards is not None:
            from streamreg._run import sharding

            kept = options.state is not None
            sharding.check(plan, state=kept, listen=options.listen is not None)
    shown = False if callable(progress) else progress
    with (
        stderr_line(shown, _log) as line,
        contextlib.closing(plan.source),
        _publisher(options.listen) as publisher,
    ):
        shown_by = options if line is None else replace(options, progress=line)
        summary = _run(plan, shown_by, rejects, publisher)
        if line is not None:
            line.end(summary)
        lifecycle.stopped(summary)
    return summary


@contextlib.contextmanager
def _publisher(listen: ListenArgument | None) -> Iterator[Publisher | None]:
    """What serves the run, if it is to be served; it listens before anything is read."""
    if listen is None:
        yield None
        return
    # Late: a run that nobody asks needs none of it.
    from streamreg._serve.publisher import Publisher

    with contextlib.closing(Publisher(listen)) as publisher:
        yield publisher


def _run(
    plan: Plan, options: Options, rejects: RejectsSpec | None, publisher: Publisher | None
) -> Summary:
    keep_freed_memory()
    signals = options.signals
    waits = Waits()
    served = None if publisher is None else _served(publisher, plan, waits)
    watch = Watch(options, served, waits)
    shards = None if options.engine is None else options.engine.shards
    with contextlib.ExitStack() as stack:
        store, last = None, None
        if options.state is not None:
            lifecycle.loads(options.state)
            opened = Store(options.state, options.durability, keyed=shards is None)
            store = stack.enter_context(opened)
            last = store.load()
            watch.resume(last)
        terms = RunTerms(
            options.state,
            durable=options.durability == "power",
            stopping=watch.stopping,
            waits=waits,
        )
        old_files: list[Path] = []
        if last is not None:
            # Late, as below: it is large, and a run without a state needs none of it.
            from streamreg._run import job_change

            goes_on = job_change.continued(
                last, plan, name_of(rejects), drop_undelivered=options.drop_undelivered
            )
            old_files = job_change.to_be_moved(goes_on, last, terms)
            plan, last = goes_on.plan, goes_on.checkpoint
            for change in goes_on.changes:
                _log.warning("the job was changed: %s", change, extra=event("changed"))
        job = job_identity.job(plan, name_of(rejects))
        resume.check_outputs(plan.outputs, rejects, last, terms, besides=old_files)
        watch.waits_for = full_name(plan.source)
        identity = None if last is None else last.identity
        plan.source.pin(identity, lifecycle.connection, watch.stopping)
        watermarks = plan.source.watermarks(lifecycle.connection, watch.stopping)
        if watch.ended_by is not None:
            return watch.summary(None)
        if not watermarks:
            raise SourceError(f"topic {plan.source.name!r} has no partitions")
        if plan.source.reads is not None:
            _log.info("topic %r is read %s", plan.source.name, plan.source.reads)
        starts: Mapping[int, int] = {}
        if last is None:
            starts = plan.source.starts(watermarks, lifecycle.connection, watch.stopping)
            if watch.ended_by is not None:
                return watch.summary(None)
        check_subject = subject_check_of(plan.input.format)
        if check_subject is not None:
            watch.waits_for = "the schema registry"
            check_subject(plan.input, lifecycle.connection, watch.stopping)
            if watch.ended_by is not None:
                return watch.summary(None)
        if options.engine is not None:
            watch.waits_for = "its engine"
        make_pool = stack.enter_context(_pools(options, watch.stopping))
        if make_pool is None:
            return watch.summary(None)
        ranges = resume.ranges(plan.source, watermarks, last, starts)
        if old_files:
            from streamreg._run.job_change import move

            move(old_files, _log.warning)
        watch.waits_for = "its outputs"
        outputs = resume.open_outputs(plan, rejects, last, terms)
        if outputs is None:
            # It was to stop while a file was read, or the reader of a pipe or a destination waited for.
            watch.stopping()
            return watch.summary(None)
        stack.enter_context(contextlib.closing(outputs))
        found = None if last is None else last.found
        preamble = plan.input.format.preamble
        if found is None and preamble is not None:
            watch.waits_for = f"the first message of {full_name(plan.source)}"
            found = preamble.find(plan.input, watermarks, lifecycle.connection, watch.stopping)
            if found is None:
                return watch.summary(None)
        task = Task(0, plan.input, plan.rows, found, ranges)
        first = resume.first_checkpoint(job, task, outputs.positions(), last)
        for gap in first.gaps[0 if last is None else len(last.gaps) :]:
            lost = gap[2] - gap[1]
            _log.warning("%s", lost_text(plan.source, gap), extra=event("lost", offsets=lost))
        sharded = None
        if store is not None:
            if shards is not None or first.shards is not None:
                from streamreg._run import sharding

                first, sharded = sharding.placed(plan, shards, store, first)
            # Before the first row: a file with rows but without a state could not be continued.
            store.save(first)
            first = replace(first, moved={}, changes={})
            if store.durability == "power":
                for directory in (store.directory, store.directory.absolute().parent):
                    sync_directory(directory)
        # An engine has its own pace: each of its batches is an epoch.
        interval = plan.source.autocommit_duration_ms / 1000 if options.engine is None else 0.0
        measures = Measures()
        merge = Merge(
            plan,
            first,
            outputs,
            commit=None if store is None else measures.timed(store.save),
            unix_ms=_unix_ms,
            interval=interval if options.engine is None else options.engine.interval,
            max_rejects=options.max_rejects,
            upserted=_upserted(plan, store, stack),
            watcher=publisher,
            sharded=sharded,
        )
        watch.begin(plan, merge)
        pool = make_pool(task, merge, measures.log_ends.last)
        ends = {partition: r.end for partition, r in task.ranges.items()}
        if last is not None and options.state is not None:
            lifecycle.resumed(options.state, last)
        lifecycle.started(plan.source, merge.offsets, len(pool.processes()))
        if served is not None:
            from streamreg._run.closed_windows import closed_windows
            from streamreg._run.served import layout_of

            layout = layout_of(plan, job, options.state)
            fixed = {partition: end for partition, end in ends.items() if end is not None}
            # Outputs of a first run hold nothing yet, and may be pipes.
            positions = {} if last is None else first.positions
            closed = closed_windows(plan, layout.tables, positions, merge.result_rows)
            served.begin(layout, merge, pool, measures, fixed, closed)
        supervisor = Supervisor(
            pool,
            merge,
            signals,
            interval=interval,
            ends=ends,
            tell=lambda lag, away: watch.tell(merge, lag, away),
            source=plan.source,
            discovery=PartitionDiscovery(plan.source),
            measures=measures,
            closed=(lambda: None) if served is None else served.end_epoch,
        )
        try:
            watch.ended_by = supervisor.run()
        finally:
            if served is not None:
                served.end()
    return watch.summary(merge)


def _upserted(plan: Plan, store: Store | None, stack: contextlib.ExitStack) -> UpsertedRows | None:
    """The rows that stand, of a source of upserts."""
    if not plan.input.upsert:
        return None
    rows = TemporaryRows() if store is None else store.upserted_rows()
    return stack.enter_context(contextlib.closing(rows))


def _served(publisher: Publisher, plan: Plan, waits: Waits) -> Served:
    # Late: a run that nobody asks needs none of it.
    from streamreg._run.served import Served

    return Served(publisher, plan.source, waits)


def _unix_ms() -> int:
    return time.time_ns() // 1_000_000


def _pools(
    options: Options, stopping: Callable[[], bool]
) -> AbstractContextManager[MakePool | None]:
    """What makes the pool: an engine, which starts here, or worker processes."""
    if options.engine is not None:
        return options.engine.started(stopping)

    def make(task: Task, merged: Merged, _log_ends: Mapping[int, int]) -> Pool:
        if options.processes == 0:
            # Late: it brings all that a worker imports.
            from streamreg._worker.inline_pool import InlinePool

            return InlinePool(task, merged)
        most = options.processes or min(cores(), DEFAULT_PROCESSES)
        return ProcessPool(task, most, merged, options.spares)

    return contextlib.nullcontext(make)

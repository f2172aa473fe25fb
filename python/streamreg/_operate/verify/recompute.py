"""Recompute: what a state and its files must hold, from the topic alone.

Reads again what a run has read, from where it began up to the offsets of a checkpoint, through the same pipeline, in
this process and with no file touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from streamreg._core import Changelog, WindowReduction, stamp
from streamreg._dataclass import dataclass
from streamreg._epoch.changed_rows import changed_rows
from streamreg._exceptions import SourceError
from streamreg._operate.verify.multiset import Multiset
from streamreg._operate.verify.phases import Phase, phases
from streamreg._operate.verify.score_columns import STAMP, OwnColumns, own_columns
from streamreg._operate.verify.standing import Changes
from streamreg._rejects.dead_letters import dead_letter_lines as reject_lines
from streamreg._sinks.records import records
from streamreg._source.contract import Range
from streamreg._state.keyed_rows import EMPTY, Digest
from streamreg._worker.partial import Move
from streamreg._worker.task import Task
from streamreg._worker.worker import READ_TIMEOUT, Ingest

if TYPE_CHECKING:
    from streamreg._epoch.event_clocks import EventClocks
    from streamreg._plan.output import OutputSpec
    from streamreg._plan.plan import Plan
    from streamreg._plan.row_plan import AnyReduction
    from streamreg._sinks.rejects import RejectsSpec
    from streamreg._source.contract import Report, Source, Watermarks
    from streamreg._state.checkpoint import Checkpoint
    from streamreg._types import Moment
    from streamreg._worker.partial import Partial

Tell = Callable[[int, int], None]
"""Told how many offsets are done, and of how many."""


@dataclass
class Recomputed:
    """What follows from a part of a topic."""

    reductions: list[AnyReduction]
    outputs: list[Multiset]
    """The rows of each row output."""

    scores: list[Multiset]
    """The rows of each output of scores, so far as they can be compared."""

    dead_letters: Multiset = field(default_factory=Multiset)
    """The lines of the rejects."""

    rows: int = 0
    tombstones: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    upserted: Digest = EMPTY
    """The rows that stand, of upserts."""


@dataclass(frozen=True)
class Reading:
    """What is to be read again, and where partitions were moved on in event time meanwhile."""

    task: Task
    moves: Sequence[Move] = ()
    phases: Sequence[Phase] = ()
    """Its parts between changes of the job."""

    letters_from: Mapping[int, int] = field(default_factory=dict)
    """The offsets at which the dead-letter file or topic has begun, where it has not with the first message."""

    kept_letter: Callable[[bytes], bytes] = lambda line: line
    """What it gives back of a line that was appended."""

    def tasks(self) -> Iterator[tuple[Task, Sequence[Move]]]:
        """The parts of it between these moves, one after another, each with the moves at its beginning."""
        cuts: dict[int, list[int]] = {}
        for partition, whole in self.task.ranges.items():
            within = {
                move.offset
                for move in self.moves
                if move.partition == partition and whole.start < move.offset < (whole.end or 0)
            }
            cuts[partition] = [whole.start, *sorted(within), whole.end or 0]
        for part in range(max((len(of) - 1 for of in cuts.values()), default=0)):
            ranges = {
                p: replace(self.task.ranges[p], start=of[part], end=of[part + 1])
                if not part
                else Range(of[part], of[part + 1], untouched=False)
                for p, of in cuts.items()
                if part + 1 < len(of)
            }
            moves = [
                move
                for move in self.moves
                if move.partition in ranges and move.offset == ranges[move.partition].start
            ]
            yield replace(self.task, ranges=ranges), moves


def reading(
    plan: Plan,
    checkpoint: Checkpoint,
    watermarks: Mapping[int, Watermarks],
    rejects: RejectsSpec | None,
) -> Reading:
    """What is to be read again.

    Raises:
        SourceError: if the topic no longer has all of it, or is another one.
    """
    ranges = {}
    for partition, offset in checkpoint.offsets.items():
        # A partition that came while the run went on was read from its beginning.
        began = checkpoint.began.get(partition, Range(0, None, untouched=True))
        if offset > began.start:
            ranges[partition] = replace(began, end=offset)
            _check_watermarks(plan.source, partition, ranges[partition], watermarks.get(partition))
    task = Task(0, plan.input, plan.rows, checkpoint.found, ranges)
    moves = [Move._make(move) for move in checkpoint.moves]
    letters = checkpoint.since.get(checkpoint.job["rejects"] or "", 0)
    letters_from = checkpoint.changed[letters - 1]["offsets"] if letters else {}
    of_run = Reading(task, moves, [*phases(plan, checkpoint, task)], letters_from)
    return of_run if rejects is None else replace(of_run, kept_letter=rejects.kept)


def _check_watermarks(
    source: Source, partition: int, read: Range, watermark: Watermarks | None
) -> None:
    where = source.origin(partition)
    if watermark is None or watermark.high < (read.end or 0):
        has = "does not exist" if watermark is None else f"ends at offset {watermark.high}"
        what, other = ("partition", "topic") if where.partition is not None else ("file", "file")
        raise SourceError(
            f"{where}: the state has read up to offset {read.end}, but the {what} {has}: it is another {other}"
        )
    if watermark.low > read.start:
        raise SourceError(
            f"{where}: cannot be verified: the run read from offset {read.start}, but the broker has deleted what "
            f"comes before offset {watermark.low} (retention)"
        )


def recompute(plan: Plan, reading: Reading, report: Report, tell: Tell) -> Recomputed:
    """Everything, in one reading."""
    found = Recomputed(
        [reducing.empty() for reducing in plan.rows.reductions],
        [Multiset() for _ in plan.row_outputs],
        [Multiset() for _ in plan.score_outputs],
    )
    own = own_columns(plan)
    changes = Changes(plan, reading.task.found)
    for partial, diff in changes.of(partials(reading, report, tell)):
        if diff < 0:
            _take_back(found, partial)
            continue
        found.rows += partial.rows
        found.tombstones += partial.tombstones
        found.rejects.update(reject.kind for reject in partial.rejects)
        for lines in dead_letter_lines(plan, reading, partial):
            found.dead_letters.add(lines)
        if partial.rows:
            for reduction, state in zip(found.reductions, partial.states, strict=True):
                reduction.merge(state)
            for output, multiset in enumerate(found.outputs):
                for rows in output_rows(partial, output):
                    multiset.add(rows)
            for columns, multiset in zip(own, found.scores, strict=True):
                for rows in scored_rows(partial, columns):
                    multiset.add(rows)
    found.upserted = changes.digest
    return found


def _take_back(found: Recomputed, partial: Partial) -> None:
    for reduction, state in zip(found.reductions, partial.states, strict=True):
        if isinstance(reduction, WindowReduction):
            raise AssertionError("windows take nothing back")
        reduction.subtract(state)
    for output, multiset in enumerate(found.outputs):
        for rows in output_rows(partial, output):
            multiset.add(rows, -1)


def partials(reading: Reading, report: Report, tell: Tell) -> Iterator[Partial]:
    """What the workers of a run would hand in, for these ranges."""
    total = sum((r.end or 0) - r.start for r in reading.task.ranges.values())
    before = 0
    times: list[dict[int, Moment]] = [{} for _ in reading.task.plan.clocks]
    for phase in reading.phases:
        for task, moves in replace(reading, task=phase.task).tasks():
            for move in moves:
                own = times[move.clock].get(move.partition, move.time)
                times[move.clock][move.partition] = max(own, move.time)
            for partial, done in _read(replace(task, times=times), report):
                if partial is not None:
                    partial.move_on(times)
                    yield phase.heard(partial)
                tell(before + done, total)
            before += sum((r.end or 0) - r.start for r in task.ranges.values())


def _read(task: Task, report: Report) -> Iterator[tuple[Partial | None, int]]:
    """Each partial as it comes, and how many offsets are done; None now and then, while nothing comes."""
    ends = {partition: r.end or 0 for partition, r in task.ranges.items()}
    done = {partition: r.start for partition, r in task.ranges.items()}
    total = sum(ends.values()) - sum(done.values())
    if not total:
        return
    ingest = Ingest(task, report)
    try:
        while any(done[partition] < end for partition, end in ends.items()):
            frame = ingest.step(READ_TIMEOUT)
            if frame is not None:
                done.update({p: end for p, (_, end) in frame.partial.progress.items()})
            left = sum(ends.values()) - sum(done.values())
            yield None if frame is None else frame.partial, total - left
    finally:
        ingest.close()


def output_rows(partial: Partial, output: int) -> Iterator[list[bytes]]:
    """The rows of a row output, as they stand in its file but for their time."""
    for rows in partial.outputs[output] if partial.rows else ():
        for lines in records([stamp(rows, 0, 1)], quotes=True):
            yield [line[: -len(STAMP)] for line in lines]


def scored_rows(partial: Partial, own: OwnColumns | None) -> Iterator[list[bytes]]:
    """The rows of an output of scores, so far as they can be compared."""
    if partial.rows and own is not None:
        for columns, count in partial.shipped[own.scoring]:
            yield from own.of_topic(columns, count)


def dead_letter_lines(plan: Plan, reading: Reading, partial: Partial) -> Iterator[list[bytes]]:
    """The lines of the rejects, as they stand in their file or topic."""
    begun = reading.letters_from
    rejects = [
        reject
        for reject in partial.rejects
        if reject.location.offset >= begun.get(reject.location.partition, 0)
    ]
    lines = reject_lines(plan.source.name, rejects)
    return records(map(reading.kept_letter, lines), quotes=False)


@dataclass(frozen=True)
class Results:
    """What a result output must hold."""

    output: OutputSpec
    written: Changelog
    """The rows that stand in it."""

    open: Changelog
    """Those that may still change: all, but for rows of closed windows."""


def results(
    plan: Plan, reductions: Sequence[AnyReduction], clocks: EventClocks, partitions: Collection[int]
) -> Iterator[Results]:
    """Each result output with its rows, all of them changed since the beginning.

    Windows are closed as far as event time has come.
    """
    for at, (result, reduction) in enumerate(zip(plan.results, reductions, strict=True)):
        windows = plan.rows.reductions[at].windows
        time = None if windows is None else clocks.time(windows.clock, partitions)
        written = [Changelog() for _ in result.outputs]
        open = written
        if windows is not None and windows.keep_results:
            # What closed windows have left stands in the output, and no longer in the state.
            open = [Changelog() for _ in result.outputs]
        for outputs in changed_rows(result, reduction, time):
            for index, rows in enumerate(outputs):
                written[index].update(rows.keys, rows.present, rows.packed, 0)
                if open is not written:
                    open[index].update(rows.keys, rows.present, rows.packed, 0)
        if isinstance(reduction, WindowReduction):
            closed = reduction.close(time)
            for changelog in open:
                changelog.forget(closed)
        yield from map(Results, result.outputs, written, open)

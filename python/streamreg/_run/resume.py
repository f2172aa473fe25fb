"""Resume: where a run begins: at the first offsets, or at those of the last checkpoint."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from streamreg._epoch.event_clocks import EventClocks
from streamreg._epoch.outputs import OpenOutput, Outputs
from streamreg._exceptions import CorruptStateError, OutputError, SourceError, StateError
from streamreg._sinks.file_place import place_of
from streamreg._source.contract import Range
from streamreg._state.checkpoint import Checkpoint
from streamreg._worker.partial import Move

if TYPE_CHECKING:
    from streamreg._plan.output import OutputSpec
    from streamreg._plan.plan import Plan
    from streamreg._sinks.contract import Position, RunTerms
    from streamreg._sinks.rejects import RejectsSpec
    from streamreg._source.contract import Source, Watermarks
    from streamreg._state.checkpoint import Gap
    from streamreg._worker.task import Task

_GO_ON: Final = ", or go on without them (on_lost_offsets)"


def check_outputs(
    outputs: Sequence[OutputSpec],
    rejects: RejectsSpec | None,
    checkpoint: Checkpoint | None,
    terms: RunTerms,
    besides: Collection[Path] = (),
) -> None:
    """Before anything is opened or read: is each output as the state, or its absence, requires?

    Files in `besides` are moved aside before new ones are made.

    Raises:
        OutputError: if two write to one place, another run writes one, the run would overwrite something, or what it
            should go on from is missing or shorter.
        StateError: if the state does not say where they stand.
    """
    for check in output_checks(outputs, rejects, checkpoint, terms, besides).values():
        check()


def output_checks(
    outputs: Sequence[OutputSpec],
    rejects: RejectsSpec | None,
    checkpoint: Checkpoint | None,
    terms: RunTerms,
    besides: Collection[Path] = (),
) -> Mapping[str, Callable[[], None]]:
    """By its name, what looks at an output alone, as `check_outputs` does at all of them; the rejects come last."""
    terms = _with_outbox(terms, checkpoint)
    first: dict[str, str] = {}
    for name, place in [(output.name, output.sink.place) for output in outputs]:
        first.setdefault(place, name)

    def refuse_shared(name: str, place: str, kind: str) -> None:
        if (other := first.get(place, name)) != name:
            raise OutputError(
                f"{other} and {name} are two names of one {kind}: give each output a {kind} of its own"
            )

    # A database has several tables: of them alone a file may be that of several outputs.
    writers: dict[str, tuple[str, str]] = {}

    def refuse_file(name: str, sink: str, files: Sequence[Path]) -> None:
        for file in files:
            other, of = writers.setdefault(place_of(file), (name, sink))
            if of != sink:
                raise OutputError(f"{other} and {name} write one file: give each a file of its own")

    def check(output: OutputSpec) -> None:
        refuse_shared(output.name, output.sink.place, output.sink.kind)
        refuse_file(output.name, str(output.sink.identity()["sink"]), output.sink.files())
        if Path(output.name) not in besides:
            with _positions(checkpoint) as positions:
                output.sink.check(output.columns, positions.get(output.name), terms)

    def check_rejects(rejects: RejectsSpec) -> None:
        refuse_shared(rejects.name, rejects.place, rejects.kind)
        if rejects.kind == "file":
            refuse_file(rejects.name, "rejects", [Path(rejects.name)])
        with _positions(checkpoint) as positions:
            rejects.check(positions.get(rejects.name), terms)

    found: dict[str, Callable[[], None]] = {o.name: partial(check, o) for o in outputs}
    if rejects is not None:
        found[rejects.name] = partial(check_rejects, rejects)
    return found


def _with_outbox(terms: RunTerms, checkpoint: Checkpoint | None) -> RunTerms:
    return terms if checkpoint is None else replace(terms, outbox=checkpoint.outbox)


@contextlib.contextmanager
def _positions(checkpoint: Checkpoint | None) -> Iterator[Mapping[str, Position]]:
    """The positions of the outputs; StateError if one is not a position."""
    try:
        yield {} if checkpoint is None else checkpoint.positions
    except CorruptStateError as error:
        raise StateError(
            f"the state is damaged ({error}): restore it from a backup, or start anew with an empty one and new "
            "outputs"
        ) from error


def open_outputs(
    plan: Plan, rejects: RejectsSpec | None, checkpoint: Checkpoint | None, terms: RunTerms
) -> Outputs | None:
    """New outputs, or those of the last run as they were when its last epoch ended; None if the run is to end first.

    Files are cut there, destinations get what they lack. Nothing is changed in any before all were found to be as they
    should.

    Raises:
        OutputError: if one cannot be written, another run writes it, or it is not as the last run has left it.
        StateError: if the state has no positions of them.
    """
    terms = _with_outbox(terms, checkpoint)
    specs = (plan.row_outputs, plan.score_outputs, plan.result_outputs)
    opened: list[list[OpenOutput]] = [[] for _ in specs]
    with contextlib.ExitStack() as files, _positions(checkpoint) as positions:
        for outputs, found in zip(specs, opened, strict=True):
            for output in outputs:
                sink = output.sink.open(output.columns, positions.get(output.name), terms)
                if sink is None:
                    return None
                files.callback(sink.close)
                found.append(OpenOutput(output, sink))
        dead_letters = None
        if rejects is not None:
            dead_letters = rejects.open(positions.get(rejects.name), terms)
            if dead_letters is None:
                return None
            files.callback(dead_letters.close)
        kept = None if rejects is None or dead_letters is None else (rejects.name, dead_letters)
        every = Outputs(opened[0], opened[1], opened[2], kept, terms.durable)
        every.flush()
        if not every.deliver(terms.stopping):
            return None
        files.pop_all()
    return every


def ranges(
    source: Source,
    watermarks: Mapping[int, Watermarks],
    checkpoint: Checkpoint | None,
    starts: Mapping[int, int],
) -> dict[int, Range]:
    """What is to be read of each partition; `starts` says where a run without a checkpoint begins.

    Raises:
        SourceError: if the topic lacks messages that were not read yet, or is not the one that was read.
    """
    offsets = {} if checkpoint is None else checkpoint.offsets
    gone = offsets.keys() - watermarks.keys()
    if gone:
        where = source.origin(min(gone))
        if where.partition is None:
            raise SourceError(
                f"{where} is none, but the state has read from it: it is damaged, or of other files"
            )
        raise SourceError(
            f"topic {where.name!r} has no partition {where.partition}, but the state has read from it: it is another "
            "topic"
        )
    found = {}
    for partition, watermark in watermarks.items():
        start, untouched = _start(source, partition, watermark, checkpoint, starts)
        end = watermark.high if source.mode == "static" else None
        epoch = None
        if checkpoint is not None and checkpoint.offsets.get(partition) == start:
            epoch = checkpoint.leader_epochs.get(partition)
        found[partition] = Range(start, end, untouched, epoch)
    return found


def positions(checkpoint: Checkpoint) -> dict[int, Range]:
    """Where a run would go on, with the leader epochs of the last messages read."""
    return {
        p: Range(offset, None, p in checkpoint.untouched, checkpoint.leader_epochs.get(p))
        for p, offset in checkpoint.offsets.items()
    }


def _start(
    source: Source,
    partition: int,
    watermark: Watermarks,
    checkpoint: Checkpoint | None,
    starts: Mapping[int, int],
) -> tuple[int, bool]:
    """The first offset to read, and whether no message of the partition has been read yet."""
    if checkpoint is not None and partition in checkpoint.offsets:
        offset = checkpoint.offsets[partition]
        if watermark.low <= offset <= watermark.high:
            return offset, partition in checkpoint.untouched
        if offset < watermark.low and source.goes_on_after_loss:
            return watermark.low, partition in checkpoint.untouched
        where = source.origin(partition)
        if where.partition is None:
            raise SourceError(
                f"{where} has become shorter: the state goes on at byte {offset}, but it ends at {watermark.high}. Put "
                "back what was there, or start anew with an empty state and new outputs (streamreg run --fresh)"
            )
        why = "were deleted (retention)" if offset < watermark.low else "do not exist"
        raise SourceError(
            f"{where}: the state goes on at offset {offset}, but the broker has "
            f"{watermark.low} to {watermark.high}: the messages between {why}. Start anew with an empty state and new "
            f"outputs{_GO_ON if offset < watermark.low else ''}"
        )
    start = watermark.low if checkpoint is not None else starts.get(partition, watermark.low)
    return start, start <= watermark.low


def _gaps(task: Task, last: Checkpoint) -> list[Gap]:
    """What was deleted of the partitions since the last run."""
    return [
        (partition, offset, task.ranges[partition].start)
        for partition, offset in sorted(last.offsets.items())
        if task.ranges[partition].start > offset
    ]


def first_checkpoint(
    job: Mapping[str, Any],
    task: Task,
    positions: dict[str, Position],
    last: Checkpoint | None,
) -> Checkpoint:
    """The checkpoint at which this run begins: nothing read, or the last one with the partitions there are now.

    Its outbox is empty: what there was has been delivered.
    """
    identity = task.input.source.identity
    offsets = {partition: r.start for partition, r in task.ranges.items()}
    untouched = {partition for partition, r in task.ranges.items() if r.untouched}
    known = {} if last is None else last.offsets
    clocks = EventClocks(
        task.plan.clocks,
        [] if last is None else last.times,
        [] if last is None else map(Move._make, last.moves),
    )
    clocks.join(known, {p: r.start for p, r in task.ranges.items() if p not in known})
    began = {
        p: replace(r, end=None, leader_epoch=None) for p, r in task.ranges.items() if p not in known
    }
    if last is None:
        return Checkpoint(
            job,
            task.found,
            offsets,
            untouched,
            began,
            identity,
            positions=positions,
            times=clocks.times,
        )
    began = last.began | began
    return replace(
        last,
        job=job,
        found=task.found,
        offsets=offsets,
        untouched=untouched,
        began=began,
        positions=positions,
        outbox={},
        gaps=[*last.gaps, *_gaps(task, last)],
        leader_epochs={
            p: epoch for p, epoch in last.leader_epochs.items() if offsets[p] == last.offsets[p]
        },
        identity=identity or last.identity,
        times=clocks.times,
        moves=clocks.moves,
    )

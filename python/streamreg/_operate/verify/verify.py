"""Verify: does what a state and its outputs say follow from the topic, bit by bit?

The topic is read anew up to the checkpointed offsets and everything computed from scratch. The run that uses the state
may go on meanwhile: outputs only grow, and what is compared is what the checkpoint speaks of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from streamreg._core import Changelog, KeyedReduction, Reduction, WindowReduction
from streamreg._epoch.event_clocks import EventClocks
from streamreg._exceptions import CorruptStateError, MismatchError, OutputError
from streamreg._operate.verify import changelog_files as files
from streamreg._operate.verify import recompute
from streamreg._operate.verify.check import Check, failed, not_compared
from streamreg._operate.verify.phases import not_comparable
from streamreg._operate.verify.row_outputs import RowOutputs, times_of
from streamreg._operate.verify.standing import Compaction
from streamreg._plural import plural
from streamreg._run.job_change import unchanged
from streamreg._run.rejects import name_of, rejects_spec
from streamreg._run.resume import positions
from streamreg._sinks.records import shown
from streamreg._state import keyed_rows
from streamreg._state.keyed_rows import ONLY_KEY
from streamreg._state.snapshot import last_row

if TYPE_CHECKING:
    from streamreg._operate.verify.recompute import Recomputed, Results, Tell
    from streamreg._plan.plan import Plan
    from streamreg._run.rejects import RejectsArgument
    from streamreg._sinks.contract import ReadBack
    from streamreg._sinks.rejects import RejectsSpec
    from streamreg._source.contract import Report
    from streamreg._state.checkpoint import Checkpoint, KeyedPart
    from streamreg._worker.task import Task


def verify(
    plan: Plan,
    checkpoint: Checkpoint,
    rejects: RejectsArgument | None,
    *,
    report: Report,
    tell: Tell,
) -> Iterator[Check]:
    """Compares one thing after the other; what differs does not end it.

    Args:
        plan: what the run computes.
        checkpoint: its state.
        rejects: its dead-letter file or topic, as `run` has it, if it has one.
        report: takes lines about the connection.
        tell: called with how far the reading is.

    Raises:
        StateError: if the state is of another job.
        SourceError: if the topic cannot be read, or no longer has what the run has read.
    """
    kept = rejects_spec(rejects, plan.source)
    found = unchanged(checkpoint, plan, name_of(kept))
    plan, checkpoint = found.plan, found.checkpoint
    written: dict[str, ReadBack | None] = {
        output.name: output.sink.read_back(output.columns, checkpoint.positions[output.name])
        for output in plan.outputs
    }
    if kept is not None:
        written[kept.name] = kept.read_back(checkpoint.positions[kept.name])
    different: set[str] = set()
    for check in _against_topic(plan, checkpoint, kept, written, report=report, tell=tell):
        if check.difference:
            different.add(check.subject.rpartition(", ")[0])
        yield check
    for name, output in sorted(written.items()):
        if name not in different:  # Where rows differ, that says more.
            yield from _same_bytes(name, output)


def _against_topic(
    plan: Plan,
    checkpoint: Checkpoint,
    rejects: RejectsSpec | None,
    written: Mapping[str, ReadBack | None],
    *,
    report: Report,
    tell: Tell,
) -> Iterator[Check]:
    unknown = not_comparable(plan, checkpoint)
    if unknown is not None:
        yield unknown
        return
    plan.source.pin(checkpoint.identity, report, _never)
    watermarks = plan.source.watermarks(report, _never)
    reading = recompute.reading(plan, checkpoint, watermarks, rejects)
    plan.source.check_log(positions(checkpoint), report, _never)
    again = recompute.recompute(plan, reading, report, tell)
    compaction = Compaction(plan, checkpoint, again)
    yield from compaction.history(_counts(checkpoint, again, reading.task))
    if plan.input.upsert:
        yield compaction.rows()
    # Before the states: it closes the windows that are closed by now.
    results = list(
        recompute.results(plan, again.reductions, _clocks(plan, checkpoint), checkpoint.offsets)
    )
    yield from compaction.table(_states(plan, checkpoint, again))
    yield from compaction.table(_results(plan, checkpoint, results, written))
    comparison = RowOutputs(plan, checkpoint, reading, report, tell)
    for index, output in enumerate(plan.row_outputs):
        rows = comparison.rows(index, output, written[output.name], again)
        yield from compaction.table([rows])
    for index, output in enumerate(plan.score_outputs):
        scores = comparison.scores(index, output, written[output.name], again)
        yield from compaction.history(scores)
    letters = None if rejects is None else written[rejects.name]
    if rejects is not None and letters is not None:
        what = "lines" if rejects.kind == "file" else "messages"
        lines = comparison.dead_letters(f"{rejects.name}, its {what}", letters, again)
        yield from compaction.history([lines])


def _clocks(plan: Plan, checkpoint: Checkpoint) -> EventClocks:
    """How far the run had come in event time."""
    return EventClocks(plan.rows.clocks, checkpoint.times, ())


def _same_bytes(name: str, output: ReadBack | None) -> Iterator[Check]:
    """An output as a whole, in which the order of rows counts too, and rows that were filtered by their scores."""
    subject = f"{name}, its bytes"
    try:
        found = None if output is None else output.check_bytes()
    except OutputError as error:
        yield Check(subject, "", str(error))
        return
    if found is not None:
        yield Check(subject, found)


def _never() -> bool:
    return False


def _counts(checkpoint: Checkpoint, again: Recomputed, task: Task) -> Iterator[Check]:
    offsets = sum((r.end or 0) - r.start for r in task.ranges.values())
    source = task.input.source
    files = any(source.origin(partition).partition is None for partition in task.ranges)
    what, unit = ("files", "file") if files else ("topic", "partition")
    yield Check(what, f"{plural(offsets, 'offset')} of {plural(len(task.ranges), unit)} read anew")
    yield _equal("rows", f"{checkpoint.rows:,}", f"{again.rows:,}")
    yield _equal("tombstones", f"{checkpoint.tombstones:,}", f"{again.tombstones:,}")
    yield _equal("rejects", _kinds(checkpoint.rejects), _kinds(again.rejects))


def _kinds(rejects: Mapping[str, int]) -> str:
    total = f"{sum(rejects.values()):,}"
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(rejects.items()))
    return f"{total} ({kinds})" if kinds else total


def _equal(subject: str, state: str, topic: str) -> Check:
    if state == topic:
        return Check(subject, state)
    return Check(subject, "", f"the state says {state}, the topic gives {topic}")


def _states(plan: Plan, checkpoint: Checkpoint, again: Recomputed) -> Iterator[Check]:
    for index, reduction in enumerate(again.reductions):
        subject = f"exact state {index + 1}"
        if not isinstance(reduction, Reduction):
            yield _keyed_state_check(subject, checkpoint.keyed.get(f"reduction {index}"), reduction)
            continue
        bits = reduction.to_bytes()
        # A run that has closed no epoch has not stored its empty states.
        kept = checkpoint.reductions[index] if checkpoint.reductions else None
        if kept is None or kept == bits:
            yield Check(subject, f"the same {plural(len(bits), 'byte')}")
        else:
            yield Check(subject, "", _state_difference(plan, index, kept, reduction))


def _state_difference(plan: Plan, index: int, kept: bytes, again: Reduction) -> str:
    reducing, statistics = plan.rows.reductions[index], plan.results[index].of_keys
    state = Reduction(reducing.inputs, reducing.aggregates)
    try:
        state.merge(kept)
    except (CorruptStateError, MismatchError) as error:
        return f"the state's bytes are damaged: {error}"
    pairs = zip(statistics, state.results(statistics), again.results(statistics), strict=True)
    for statistic, ours, theirs in pairs:
        # By their text, where NaN equals itself.
        if repr(ours) != repr(theirs):
            return f"{statistic[1]} is {ours!r} in the state, {theirs!r} from the topic"
    return "other sums in the state than from the topic, though the results are the same"


def _keyed_state_check(
    subject: str, kept: KeyedPart | None, again: KeyedReduction | WindowReduction
) -> Check:
    match kept, again:
        case KeyedReduction(), KeyedReduction():
            found = kept.difference(again)
        case WindowReduction(), WindowReduction():
            found = kept.difference(again)
        case _:
            return _not_kept(subject, len(again))
    if found is None:
        return Check(subject, f"the same for {plural(len(again), 'key')}")
    key, state, topic = found
    # The entries of windows are kept under keys of their own.
    cells = again.stored_cells(key) if isinstance(again, WindowReduction) else again.cells(key)
    shown = ", ".join(map(repr, cells))
    if state is None:
        return Check(subject, "", f"the key {shown} of the topic is missing in the state")
    if topic is None:
        return Check(subject, "", f"the key {shown} of the state is none of the topic")
    return Check(subject, "", f"other sums for the key {shown} in the state than from the topic")


def _results(
    plan: Plan,
    checkpoint: Checkpoint,
    results: Sequence[Results],
    written: Mapping[str, ReadBack | None],
) -> Iterator[Check]:
    keyed = [bool(result.keys) for result in plan.results for _ in result.outputs]
    for index, result in enumerate(results):
        output, changelog = result.output, result.written
        subject = f"{output.name}, its changes folded"
        back, times = written[output.name], times_of(output, checkpoint)
        if keyed[index]:
            rows = checkpoint.keyed.get(f"changelog {index}")
            yield _last_rows(f"{output.name}, last rows in the state", rows, result.open)
            yield _folded_keys(subject, back, changelog, times)
            continue
        row, state = changelog.row(ONLY_KEY), changelog.to_bytes()
        kept = checkpoint.changelogs[index] if checkpoint.changelogs else Changelog().to_bytes()
        last = f"{output.name}, last row in the state"
        yield Check(last, _row(row)) if kept == state else _row_difference(last, kept, row)
        yield _folded(subject, back, row, times)


def _not_kept(subject: str, keys: int) -> Check:
    """A part by keys of a run that has closed no epoch."""
    if not keys:
        return Check(subject, "no keys")
    return Check(subject, "", f"the state has no keys, the topic gives {plural(keys, 'key')}")


def _last_rows(subject: str, kept: KeyedPart | None, again: Changelog) -> Check:
    if not isinstance(kept, Changelog):
        return _not_kept(subject, len(again))
    found = kept.difference(again)
    if found is None:
        return Check(subject, f"the same {plural(len(again), 'row')}")
    _, state, topic = found
    return Check(subject, "", f"the state says {_row(state)}, the topic gives {_row(topic)}")


def _row_difference(subject: str, kept: bytes, row: bytes | None) -> Check:
    try:
        found = last_row(kept)
    except (CorruptStateError, MismatchError) as error:
        return Check(subject, "", f"damaged: {error}")
    return Check(subject, "", f"the state says {_row(found)}, the topic gives {_row(row)}")


def _folded(subject: str, output: ReadBack | None, row: bytes | None, times: files.Times) -> Check:
    if output is None:
        return not_compared(subject)
    try:
        found, changes = files.fold(output, times)
    except OutputError as error:
        return failed(subject, error)
    if found != row:
        return Check(subject, "", f"it ends with {_row(found)}, the topic gives {_row(row)}")
    return Check(subject, f"the same row after {plural(changes, 'change')}; {output.extent}")


def _folded_keys(
    subject: str, output: ReadBack | None, again: Changelog, times: files.Times
) -> Check:
    if output is None:
        return not_compared(subject)
    try:
        standing, changes = files.fold_rows(output, times)
    except OutputError as error:
        return failed(subject, error)
    for piece in keyed_rows.changes(again):
        standing.subtract(keyed_rows.values(piece))
    for row, count in standing.items():
        if count:
            where = "the output" if count > 0 else "the topic"
            return Check(subject, "", f"{plural(abs(count), 'time')} more in {where}: {shown(row)}")
    return Check(
        subject,
        f"the same {plural(len(again), 'row')} after {plural(changes, 'change')}; {output.extent}",
    )


def _row(row: bytes | None) -> str:
    return "no row" if row is None else shown(row)

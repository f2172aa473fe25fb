"""Checkpoint: what a run must know to go on after any crash, and the parts that a state directory keeps of it.

Nothing in them is ever unpickled: states are the core's versioned bytes with their own checksums, the rest is JSON, and
one checksum covers it all.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from streamreg._core import Changelog, KeyedReduction, WindowReduction
from streamreg._dataclass import dataclass
from streamreg._plural import plural
from streamreg._sinks.contract import EpochChanges
from streamreg._source.contract import Identity, Range
from streamreg._state import finished_parts, outbox, shards
from streamreg._state.checkpoint_shape import check_shape
from streamreg._state.keyed_rows import Changes, Digest
from streamreg._state.old_formats import upgraded, upgraded_run
from streamreg._state.shards import Shards

if TYPE_CHECKING:
    from streamreg._types import Moment

FORMAT_VERSION = 3
"""Since 2 a state describes the models of each output, since 3 the job in plain data; older ones are read, and go on as
states of this format."""


SHARDED: Final = 4
"""The format of states with shards, which older builds cannot read; without any a state is of the format above."""

PLAIN: Final = 3
"""The first format that describes the job in plain data."""


Gap: TypeAlias = tuple[int, int, int]
"""Of a partition the offsets [from, to)."""

KeyedPart: TypeAlias = KeyedReduction | WindowReduction | Changelog
"""What is kept by keys."""


@dataclass
class Checkpoint:
    """Everything of a run that outlives its processes."""

    job: Mapping[str, Any]
    """What the job is, as plain data (`job_identity`): a state belongs to one job."""

    found: Any
    """What the preamble of the format has found in the topic: None, or names."""

    offsets: dict[int, int]
    """For each partition the offset of the next message."""

    untouched: set[int]
    """The partitions of which no message has been read yet."""

    began: dict[int, Range] = field(default_factory=dict)
    """For each partition where its reading began; it never changes: what was read is from there to its offset."""

    identity: Identity = None
    """What is read, in the form of its source (`Source.identity`): of Kafka the topic's id, of files which of them has
    which number; None if the source has none."""

    leader_epochs: dict[int, int] = field(default_factory=dict)
    """For each partition the leader epoch of the last message that was read, where the source knows of such."""

    times: list[dict[int, Moment]] = field(default_factory=list)
    """For each clock how far each partition has come in event time, where it has come anywhere."""

    moves: list[tuple[int, int, int, Moment]] = field(default_factory=list)
    """Where partitions were moved on in event time: clock, partition, offset and time of each."""

    epochs: int = 0
    unix_ms: int = -1
    """The wall clock of the last epoch."""

    rows: int = 0
    tombstones: int = 0
    rejects: dict[str, int] = field(default_factory=dict)
    positions: dict[str, Any] = field(default_factory=dict)
    """For each output its position, in the form of its sink."""

    outbox: dict[str, list[EpochChanges]] = field(default_factory=dict)
    """For each output whose destination has not confirmed all changes, those that it lacks."""

    reductions: list[bytes] = field(default_factory=list)
    changelogs: list[bytes] = field(default_factory=list)
    """The states; empty where they are kept by keys."""

    digests: dict[str, Digest] = field(default_factory=dict)
    """For each part that is kept by keys ("reduction 0", "changelog 2") the digest of its rows."""

    keyed: dict[str, KeyedPart] = field(default_factory=dict)
    """These parts, where a checkpoint was read; a run that resumes from them takes them out."""

    changes: Mapping[str, Iterable[Changes]] = field(default_factory=dict, compare=False)
    """What of these parts is to be written."""

    shards: Shards | None = None
    """These parts, where they are in shards that tasks own, and nothing of them here; None if they are not."""

    gaps: list[Gap] = field(default_factory=list)
    """Offsets of which the messages were deleted before they were read, where the run has gone on without them."""

    rewrite: bool = False
    """Whether all results are to be given at the end of the next epoch, for outputs that have begun since the last."""

    changed: list[dict[str, Any]] = field(default_factory=list)
    """Where the job was changed so that the topic alone no longer says what it has come to: `offsets`, before which
    messages were read as `source` says, if that was another way; `judged` if others were rejected."""

    since: dict[str, int] = field(default_factory=dict)
    """Outputs of rows that have not begun with the first one: how many of these changes came before."""

    moved: Mapping[str, str | None] = field(default_factory=dict, compare=False)
    """Parts of the checkpoint before that have another name in this one, or None where they are gone."""

    format: int = FORMAT_VERSION
    """The version of the format in which it was found."""


def packed(checkpoint: Checkpoint) -> dict[str, bytes]:
    """What is kept of a checkpoint, by name; beside it, what changed of the parts that are kept by keys."""
    parts = {
        "version": str(FORMAT_VERSION if checkpoint.shards is None else SHARDED).encode(),
        "job": _json(checkpoint.job),
        "run": _json(
            {
                "found": checkpoint.found,
                "offsets": {str(p): offset for p, offset in checkpoint.offsets.items()},
                "began": {str(p): [r.start, r.untouched] for p, r in checkpoint.began.items()},
                "untouched": sorted(checkpoint.untouched),
                "identity": checkpoint.identity,
                "leader_epochs": {str(p): e for p, e in checkpoint.leader_epochs.items()},
                **_event_time(checkpoint),
                **_changes(checkpoint),
                "epochs": checkpoint.epochs,
                "unix_ms": checkpoint.unix_ms,
                "rows": checkpoint.rows,
                "tombstones": checkpoint.tombstones,
                "rejects": checkpoint.rejects,
                "positions": finished_parts.index(checkpoint.positions),
                "digests": checkpoint.digests,
                **_outbox_index(checkpoint),
                **_shards(checkpoint),
            }
        ),
    }
    parts |= outbox.packed(checkpoint.outbox)
    for kind, states in (
        ("reduction", checkpoint.reductions),
        ("changelog", checkpoint.changelogs),
    ):
        parts |= {f"{kind} {index}": state for index, state in enumerate(states)}
    return parts


def unpacked(parts: Mapping[str, bytes], version: int) -> Checkpoint:
    """The checkpoint of parts that were written by `packed`, of this or an older format: their checksum was verified.

    Raises:
        ValueError: if they are not as that format has them.
    """
    run = json.loads(parts["run"])
    if version >= PLAIN:
        job = json.loads(parts["job"])
    else:
        run, job = upgraded_run(run), upgraded(json.loads(parts["plan"]))
    check_shape(job, run)
    offsets = {int(p): offset for p, offset in run["offsets"].items()}
    return Checkpoint(
        job=job,
        found=run["found"],
        offsets=offsets,
        untouched=set(run["untouched"]),
        began={int(p): Range(at, None, untouched) for p, (at, untouched) in run["began"].items()},
        identity=run["identity"],
        leader_epochs={int(p): epoch for p, epoch in run["leader_epochs"].items()},
        times=[{int(p): time for p, time in of.items()} for of in run.get("times", ())],
        moves=[tuple(move) for move in run.get("moves", ())],
        gaps=[tuple(gap) for gap in run.get("gaps", ())],
        rewrite=run.get("rewrite", False),
        changed=[
            {**change, "offsets": {int(p): offset for p, offset in change["offsets"].items()}}
            for change in run.get("changed", ())
        ],
        since=run.get("since", {}),
        epochs=run["epochs"],
        unix_ms=run["unix_ms"],
        rows=run["rows"],
        tombstones=run["tombstones"],
        rejects=run["rejects"],
        positions=run["positions"],
        outbox=outbox.unpacked(parts, run.get("outbox", {})),
        reductions=_states(parts, "reduction", len(job["reductions"])),
        changelogs=_states(parts, "changelog", len(job["outputs"])),
        digests={part: (keys, total) for part, (keys, total) in run["digests"].items()},
        shards=shards.unpacked(run["shards"]) if "shards" in run else None,
    )


def _event_time(checkpoint: Checkpoint) -> dict[str, object]:
    """How far the partitions have come; nothing without windows."""
    if not checkpoint.times:
        return {}
    times = [{str(p): time for p, time in of.items()} for of in checkpoint.times]
    return {"times": times, "moves": [list(move) for move in checkpoint.moves]}


def _changes(checkpoint: Checkpoint) -> dict[str, object]:
    """What was lost of the topic, and how the job was changed; nothing if neither was."""
    found: dict[str, object] = {}
    if checkpoint.gaps:
        found["gaps"] = [list(gap) for gap in checkpoint.gaps]
    if checkpoint.rewrite:
        found["rewrite"] = True
    if checkpoint.since:
        found["since"] = checkpoint.since
    if checkpoint.changed:
        found["changed"] = [
            {**change, "offsets": {str(p): offset for p, offset in change["offsets"].items()}}
            for change in checkpoint.changed
        ]
    return found


def _outbox_index(checkpoint: Checkpoint) -> dict[str, object]:
    """What waits for destinations; nothing where nothing does."""
    index = outbox.index(checkpoint.outbox)
    return {"outbox": index} if index else {}


def _shards(checkpoint: Checkpoint) -> dict[str, object]:
    """The shards; nothing where there are none."""
    return {} if checkpoint.shards is None else {"shards": shards.packed(checkpoint.shards)}


def _states(parts: Mapping[str, bytes], kind: str, most: int) -> list[bytes]:
    count = sum(name.startswith(f"{kind} ") for name in parts)
    if count > most:
        raise ValueError(f"it has {plural(count, 'part')} called {kind}, but its job {most}")
    return [parts[f"{kind} {index}"] for index in range(count)]


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def checksum_of(parts: Mapping[str, bytes]) -> int:
    """One over all names and values."""
    checksum = 0
    for name in sorted(parts):
        for piece in (name.encode(), parts[name]):
            # One after the other: together they would be copied, and there may be many megabytes.
            checksum = zlib.crc32(piece, zlib.crc32(len(piece).to_bytes(8, "little"), checksum))
    return checksum

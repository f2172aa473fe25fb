"""Inspect: what a state holds, as plain data and as text for people."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamreg._core import KeyedReduction, Reduction, WindowReduction
from streamreg._exceptions import CorruptStateError, MismatchError, StateError
from streamreg._formats.registry import described, options
from streamreg._operate.places import gap_of, place_of, shown
from streamreg._plural import plural
from streamreg._sinks.cells import cells_of, value_of
from streamreg._sinks.part_position import PartsPosition, open_position, part_path
from streamreg._state.changed_source import SOURCE
from streamreg._state.keyed_rows import EMPTY
from streamreg._state.program_data import WINDOWS, tuples
from streamreg._state.snapshot import last_row
from streamreg._state.upserted_rows import PART
from streamreg._types import held_type

if TYPE_CHECKING:
    from streamreg._state.checkpoint import Checkpoint, KeyedPart

_MOST_DIGITS = 4300
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PREAMBLE = "preamble"
_KINDS = {"kafka": "topic", "postgres": "table", "sqlite": "table", "delta": "table"}
"""What people call the outputs of sinks that write no files."""
_OF_EVERY_JOB = ("topic", "format", "schema", "outputs", "rejects")
"""What is said of a job whatever its format; the rest is of the format."""


def describe(checkpoint: Checkpoint, most: int | None = None) -> dict[str, Any]:
    """Everything of a checkpoint that people can read, in what JSON has.

    Of a result with keys there are at most `most` rows, the first in the order of the keys.

    Raises:
        StateError: if the last rows are no last rows.
    """
    job = checkpoint.job
    paths = job["outputs in order"]
    results = paths[len(paths) - len(checkpoint.changelogs) :]
    return {
        "format": checkpoint.format,
        "job": {
            "topic": job["topic"],
            "format": job["format"],
            **_format(job, checkpoint.found),
            "schema": job["schema"],
            "outputs": {
                path: {
                    "columns": dict(job["outputs"][path]["row"]),
                    "time": job["outputs"][path]["time"],
                    "sink": job["outputs"][path].get("sink"),
                }
                for path in paths
            },
            "rejects": job["rejects"],
        },
        "epochs": checkpoint.epochs,
        "unix_ms": None if checkpoint.unix_ms < 0 else checkpoint.unix_ms,
        "rows": checkpoint.rows,
        "tombstones": checkpoint.tombstones,
        **({"rows_standing": checkpoint.digests.get(PART, EMPTY)[0]} if job.get("upsert") else {}),
        "rejects": dict(sorted(checkpoint.rejects.items())),
        "partitions": [
            {
                **place_of(checkpoint, partition),
                "began": began.start if (began := checkpoint.began.get(partition)) else 0,
                "offset": offset,
                **_event_times(checkpoint, partition),
            }
            for partition, offset in sorted(checkpoint.offsets.items())
        ],
        **(
            {"lost": [gap_of(checkpoint, gap) for gap in checkpoint.gaps]}
            if checkpoint.gaps
            else {}
        ),
        **_changes(checkpoint),
        **_outbox(checkpoint),
        "files": {path: _length(position) for path, position in checkpoint.positions.items()},
        **_parts(checkpoint),
        "results": {
            path: _rows(checkpoint, part, job["outputs"][path]["row"], most)
            if (part := f"changelog {index}") in checkpoint.digests
            else _result(job["outputs"][path]["row"], state)
            for index, (path, state) in enumerate(zip(results, checkpoint.changelogs, strict=True))
        },
        "states": [
            _state(described, state, checkpoint.keyed.get(f"reduction {index}"))
            for index, (described, state) in enumerate(
                zip(job["reductions"], checkpoint.reductions, strict=False)
            )
        ],
    }


def _changes(checkpoint: Checkpoint) -> dict[str, object]:
    """Where the job was changed so that the topic alone no longer says what it has come to; nothing if it was not."""
    if not checkpoint.changed:
        return {}
    begun = [
        [name for name, change in checkpoint.since.items() if change == number]
        for number in range(1, len(checkpoint.changed) + 1)
    ]
    return {
        "changes": [
            {
                "offsets": {
                    shown(place_of(checkpoint, p)): offset
                    for p, offset in sorted(change["offsets"].items())
                },
                "begun": names,
                "other_columns": SOURCE in change,
                "other_rejects": bool(change.get("judged")),
            }
            for change, names in zip(checkpoint.changed, begun, strict=True)
        ]
    }


def _format(job: Mapping[str, Any], found: object) -> dict[str, object]:
    """What there is to say of the format beside its name: its options, and what was found before the first message."""
    format = described(job)
    if format is None:  # a program's own
        return {_PREAMBLE: found}
    preamble = format.preamble
    return {**options(format), **({} if preamble is None else {preamble.name: found})}


def _event_times(checkpoint: Checkpoint, partition: int) -> dict[str, object]:
    """How far a partition has come in the event time of each clock, None where it has no row; nothing if none has."""
    if not checkpoint.times:
        return {}
    kinds = {
        reduction[WINDOWS]["clock"]: held_type(reduction[WINDOWS]["time"])
        for reduction in checkpoint.job["reductions"]
        if WINDOWS in reduction
    }
    times = (of.get(partition) for of in checkpoint.times)
    return {"event_times": [_event_time(time, kinds[at]) for at, time in enumerate(times)]}


def _event_time(time: int | float | None, kind: str) -> object:
    if time is None or kind != "datetime":
        return time
    try:
        return (_EPOCH + timedelta(microseconds=time)).isoformat()
    except (
        OverflowError
    ):  # Past every window that there may be: an idle partition may be moved there.
        return time


def _outbox(checkpoint: Checkpoint) -> dict[str, object]:
    """For each output whose destination lacks something, how many epochs wait; nothing where none does."""
    waiting = {name: len(epochs) for name, epochs in checkpoint.outbox.items() if epochs}
    return {"outbox": waiting} if waiting else {}


def _length(position: object) -> int | None:
    """The bytes of an output that is a file; None of another one."""
    try:
        found = open_position(position)
        return None if found is None else found.length
    except CorruptStateError as error:
        raise StateError(f"the state is damaged ({error})") from None


def _parts(checkpoint: Checkpoint) -> dict[str, object]:
    """For each output in parts the bytes of those that are finished, by their names; nothing where there is none."""
    found = {}
    for path, at in checkpoint.positions.items():
        if PartsPosition.is_such(at) and (parts := PartsPosition.of(at).parts):
            found[path] = {part_path(Path(path), part.time).name: part.length for part in parts}
    return {"parts": found} if found else {}


def _result(columns: Sequence[tuple[str, str]], state: bytes) -> dict[str, object] | None:
    """The row of a result output; None if there is none."""
    try:
        row = last_row(state)
    except (CorruptStateError, MismatchError) as error:
        raise StateError(f"the state is damaged ({error})") from None
    return None if row is None else _cells(columns, row)


def _rows(
    checkpoint: Checkpoint, part: str, columns: Sequence[tuple[str, str]], most: int | None
) -> dict[str, object]:
    """The rows of a result output with keys."""
    keys, _ = checkpoint.digests.get(part, EMPTY)
    kept = checkpoint.keyed.get(part)
    found = [] if kept is None else kept.first(most)
    return {"keys": keys, "rows": [_cells(columns, row) for _, row in found]}


def _cells(columns: Sequence[tuple[str, str]], row: bytes) -> dict[str, object]:
    try:
        pairs = zip(columns, cells_of(row), strict=True)
        return {name: _cell(cell, dtype) for (name, dtype), cell in pairs}
    except ValueError as error:
        raise StateError(f"the state is damaged (a row of it is none: {error})") from None


def _cell(cell: bytes, dtype: str) -> object:
    """The value of a cell: None if it is empty, where an empty text is `""`."""
    if not cell:
        return None
    text = str(value_of(cell, "str"))
    if dtype == "float" and math.isfinite(number := float(text)):
        return number
    # Python refuses to read the longest integers; no result that people look at has so many digits.
    if dtype == "int" and len(text) < _MOST_DIGITS:
        return int(text)
    return text == "True" if dtype == "bool" else text


def lines(state: str, found: Mapping[str, Any]) -> Iterator[str]:
    """What `describe` found, for people."""
    job = found["job"]
    of_format = {key: value for key, value in job.items() if key not in _OF_EVERY_JOB and value}
    format = "".join(f", {name} {_listed(value)}" for name, value in of_format.items())
    yield f"state       {state}, format {found['format']}"
    source = "files" if any("file" in part for part in found["partitions"]) else "topic"
    if len({part.get("topic") for part in found["partitions"]}) > 1:
        source = "topics"
    yield f"{source:<12}{job['topic']}, {job['format']}{format}"
    yield f"schema      {_pairs(job['schema'])}"
    last = ""
    if found["unix_ms"] is not None:
        when = datetime.fromtimestamp(found["unix_ms"] / 1000, UTC)
        last = f", the last at {when:%Y-%m-%d %H:%M:%S} UTC"
    yield f"epochs      {found['epochs']:,}{last}"
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in found["rejects"].items())
    rejects = plural(sum(found["rejects"].values()), "reject") + (f" ({kinds})" if kinds else "")
    yield f"messages    {plural(found['rows'], 'row')}, {rejects}, {plural(found['tombstones'], 'tombstone')}"
    if "rows_standing" in found:
        yield f"upserts     {plural(found['rows_standing'], 'row')} stand, each by the key of its message"
    for part in found["partitions"]:
        times = "".join(f", event time {time}" for time in part.get("event_times", ()))
        if "file" in part:
            yield f"read        {part['file']}: up to byte {part['offset']:,}{times}"
            continue
        yield f"partition   {shown(part)}: offset {part['offset']:,}, read from {part['began']:,}{times}"
    for gap in found.get("lost", ()):
        count = plural(gap["to"] - gap["from"], "offset")
        yield f"lost        partition {shown(gap)}: {count} from {gap['from']:,}, deleted before they were read"
    for change in found.get("changes", ()):
        what = [f"{name} begins" for name in change["begun"]]
        what += ["other columns of messages"] if change["other_columns"] else []
        what += ["other messages are rejected"] if change["other_rejects"] else []
        offsets = ", ".join(f"{offset:,} of {p}" for p, offset in change["offsets"].items())
        yield f"job changed at offset {offsets}: {'; '.join(what)}"
    for path, size in found["files"].items():
        output = job["outputs"].get(path)
        length = "" if size is None else f"{plural(size, 'byte')}, "
        columns = "rejects" if output is None else _pairs(output["columns"])
        kind, name = _kind_and_name(path, output, size)
        yield f"{kind:<12}{name}: {length}{columns}"
    for path, parts in found.get("parts", {}).items():
        yield f"parts       {path}: {plural(len(parts), 'finished part')}, the last {list(parts)[-1]}"
    for path, epochs in found.get("outbox", {}).items():
        yield f"outbox      {path}: the changes of {plural(epochs, 'epoch')}, not confirmed yet"
    for path, row in found["results"].items():
        if row is not None and isinstance(row.get("rows"), list):
            more = row["keys"] - len(row["rows"])
            yield f"result      {path}: {plural(row['keys'], 'key')}"
            yield from (f"            {_pairs_of(each)}" for each in row["rows"])
            if more:
                yield f"            … and {plural(more, 'key')} more"
        else:
            yield f"result      {path}: {'no row' if row is None else _pairs_of(row)}"
    for number, exact in enumerate(found["states"], 1):
        parts = zip(exact["aggregates"], exact["limbs"], strict=True)
        sizes = ", ".join(f"{name} ({plural(limbs, 'limb')})" for name, limbs in parts)
        keys = f" for {plural(exact['keys'], 'key')}" if "keys" in exact else ""
        if "open_windows" in exact:
            keys = f" for {plural(exact['open_windows'], 'open window')}"
        yield f"exact sums  {number}: {sizes}: {plural(exact['bytes'], 'byte')}{keys}"


def _kind_and_name(
    name: str, output: Mapping[str, Any] | None, size: int | None
) -> tuple[str, str]:
    """What people call an output, and which of these it is: some have the kind in their name."""
    if output is not None:
        kind = _KINDS.get(str(output["sink"]), "file")
    else:  # where rejects go
        kind = "topic" if size is None and name.startswith("topic ") else "file"
    return kind, name if kind == "file" else name.removeprefix(f"{kind} ")


def _listed(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _pairs_of(row: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in row.items())


def _state(
    described: Mapping[str, Any], state: bytes, keyed: KeyedPart | None
) -> dict[str, object]:
    inputs, aggregates = (tuples(described[part]) for part in ("inputs", "aggregates"))
    names = [name for name, *_ in aggregates]
    if isinstance(keyed, KeyedReduction):
        sizes = {"limbs": keyed.limbs(), "bytes": keyed.stored_len(), "keys": len(keyed)}
        return {"aggregates": names, **sizes}
    if isinstance(keyed, WindowReduction):
        windows = {"open_windows": keyed.open_windows()}
        return {"aggregates": names, "limbs": keyed.limbs(), "bytes": keyed.stored_len(), **windows}
    reduction = Reduction(inputs, aggregates)
    reduction.merge(state)
    return {"aggregates": names, "limbs": reduction.limbs(), "bytes": len(state)}


def _pairs(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {dtype}" for name, dtype in columns.items())

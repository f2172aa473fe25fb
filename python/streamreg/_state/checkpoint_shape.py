"""State: checks that a state's JSON is as a run writes it. Its checksum shows that nothing changed, not who wrote it.

Readers of a checkpoint may rely on what is checked here: types, ranges, and that its parts fit each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from streamreg._core import KeyedReduction
from streamreg._exceptions import ConfigurationError, CorruptStateError, MismatchError
from streamreg._formats.registry import described
from streamreg._plan.row_plan import AnyReduction, Reducing
from streamreg._plan.windowing import Windows
from streamreg._state import shards
from streamreg._state.program_data import IN_ORDER, MODELS, TIME_ZONES, WINDOWS, Json, tuples
from streamreg._state.shape import (
    ShapeError,
    anything,
    array,
    check_depth,
    fixed,
    integer,
    number,
    one_of,
    only,
    optional,
    record,
    table,
    text,
    true_or_false,
    within,
)
from streamreg._types import EVENT_TIMES, INT_MAX, INT_MIN, held_type, with_optional

_MOST: Final = 2**62
"""Below 2^63, so that a run that resumes there can still count on."""
_MOST_PARTITION: Final = 2**31 - 1
_LAST_MS: Final = 253_402_300_799_999
"""The end of the year 9999, the last that dates can have."""
_COUNT: Final = integer(0, _MOST)
_INTEGER: Final = integer(INT_MIN, INT_MAX)
_MOVE: Final = fixed(_COUNT, integer(0, _MOST_PARTITION), _COUNT, anything)


def _real(value: Json) -> None:
    if not isinstance(value, float) or not math.isfinite(value):
        raise ShapeError("no finite number with a point")


def _partition(name: Json) -> None:
    if not (isinstance(name, str) and name.isascii() and name.isdigit() and len(name) <= 10):
        raise ShapeError("no number of a partition")
    integer(0, _MOST_PARTITION)(int(name))


RUN: Final = record(
    {
        "found": anything,
        "offsets": table(_COUNT, _partition),
        "began": table(fixed(_COUNT, true_or_false), _partition),
        "untouched": array(integer(0, _MOST_PARTITION)),
        "epochs": _COUNT,
        "unix_ms": integer(-1, _LAST_MS),
        "rows": _COUNT,
        "tombstones": _COUNT,
        "rejects": table(_COUNT),
        "positions": table(anything),
        "digests": table(fixed(_COUNT, integer(0, 2**64 - 1))),
    }
)
"""The progress of a run."""

_TIME_ZONE: Final = record({"rules": integer(0, 2**32 - 1), "database": text})

_CLASSIFICATION: Final = record(
    {
        "method": text,
        "unbiased": true_or_false,
        "smoothing": number,
        "priors": optional(array(fixed(anything, number))),
    }
)

_REGRESSION_MODEL: Final = record(
    {
        "reduction": _COUNT,
        "aggregate": _COUNT,
        "keys": array(text),
        "coefficients": array(text),
        "columns": array(text),
        "target": text,
        "weights": optional(text),
        "intercept": true_or_false,
        "ridge": number,
    }
)
_CLASSIFICATION_MODEL: Final = record(
    {
        "reduction": _COUNT,
        "aggregate": _COUNT,
        "label": text,
        "columns": array(text),
        "model": _CLASSIFICATION,
    }
)


_OUTBOX: Final = table(array(fixed(_COUNT, integer(1, _MOST))))
"""For each output the time and the bytes of what waits for its destination."""


def _model(value: Json) -> None:
    record({"kind": one_of("regression", "classification")})(value)
    (_REGRESSION_MODEL if value["kind"] == "regression" else _CLASSIFICATION_MODEL)(value)
    # Classes of windows alone have keys, and states before them do not say so.
    within("keys", array(text), value.get("keys", []))


_NUMBERS_OF_WINDOW: Final = {"grid": 3, "session": 1, "last": 1}


def _window(value: Json) -> None:
    array(anything)(value)
    one_of(*_NUMBERS_OF_WINDOW)(value[0] if value else None)
    fixed(text, *[number] * _NUMBERS_OF_WINDOW[value[0]])(value)


def _length(value: Json) -> None:
    number(value)
    if value < 0:
        raise ShapeError("below 0")


_WINDOWS: Final = only(
    {
        "clock": _COUNT,
        "time": one_of(*EVENT_TIMES, *(with_optional(t, optional=True) for t in EVENT_TIMES)),
        "window": _window,
        "delay": optional(_length),
        "cutoff": optional(_length),
        "final": true_or_false,
        "keep_results": true_or_false,
        "keep_closed": true_or_false,
        "labelled": true_or_false,
    }
)

JOB: Final = record(
    {
        "topic": text,
        "format": text,
        "schema": table(text),
        "outputs": table(
            record({"time": text, "columns": table(text), "row": array(fixed(text, text))})
        ),
        "outputs in order": array(text),
        "reductions": array(
            record(
                {"inputs": array(text), "aggregates": array(array(anything)), "keys": array(text)}
            )
        ),
        "rejects": optional(text),
    }
)
"""What a job is, as far as others than `changed_job` look at it."""

_GAP: Final = fixed(integer(0, _MOST_PARTITION), _COUNT, _COUNT)
_CHANGE: Final = record({"offsets": table(_COUNT, _partition)})
_READ: Final = record({"format": text, "schema": table(text), IN_ORDER: array(text)})


def check_shape(job: Json, run: Json) -> None:
    """Raises ShapeError if the job or the run of a checkpoint is not what a run writes."""
    for name, data, shape in (("job", job, JOB), ("run", run, RUN)):
        within(name, check_depth, data)
        within(name, shape, data)
    if MODELS in job:  # States of format 1 say nothing of them.
        within(f"job: {MODELS}", table(array(_model)), job[MODELS])
    within("job: upsert", true_or_false, job.get("upsert", False))
    within(f"job: {TIME_ZONES}", table(_TIME_ZONE), job.get(TIME_ZONES, {}))
    shards.check(run)
    _check_format(job, run["found"])
    _check_changes(job, run)
    _check_outputs(job, run)
    for partition in run["offsets"]:
        if partition not in run["began"]:
            raise ShapeError(f"run: began: {partition} is missing")
    made = [made_of(reduction) for reduction in job["reductions"]]
    _check_event_time(job, run)
    for held in job.get(MODELS, {}).values():
        for model in held:
            _check_model(model, job, made)


def _check_changes(job: Mapping[str, Json], run: Mapping[str, Json]) -> None:
    """What is said of earlier jobs is about messages and outputs such as there are."""
    within("run: gaps", array(_GAP), run.get("gaps", []))
    within("run: rewrite", true_or_false, run.get("rewrite", False))
    changed = run.get("changed", [])
    within("run: changed", array(_CHANGE), changed)
    for change in changed:
        within("run: changed: judged", true_or_false, change.get("judged", False))
        if "source" in change:
            within("run: changed: source", _READ, change["source"])
            _check_format(change["source"], run["found"])
            if sorted(change["source"][IN_ORDER]) != sorted(change["source"]["schema"]):
                raise ShapeError("run: changed: source: its columns in order are others")
    since = run.get("since", {})
    within("run: since", table(integer(1, max(len(changed), 1))), since)
    if not (since.keys() <= {*job["outputs in order"], job["rejects"]} and (changed or not since)):
        raise ShapeError("run: since: it is of other outputs or changes")


def _check_format(job: Mapping[str, Json], found: Json) -> None:
    """The format has such options, and what was found before the first message is something that it can find."""
    parts = job.get("metadata", {})
    within("job: metadata", table(text), parts)
    try:
        format = described(job)
        if format is not None and format.preamble is not None and found is not None:
            fields = {name: kind for name, kind in job["schema"].items() if name not in parts}
            format.preamble.check(found, fields)
    except ConfigurationError as error:
        raise ShapeError(f"job: format: {error}") from None
    except ValueError as error:
        raise ShapeError(f"run: found: {error}") from None


def _check_event_time(job: Mapping[str, Json], run: Mapping[str, Json]) -> None:
    """There is a clock for each that windows go by, and all times are in its unit."""
    kinds: dict[int, str] = {}
    for reduction in job["reductions"]:
        if WINDOWS in reduction:
            kinds[reduction[WINDOWS]["clock"]] = held_type(reduction[WINDOWS]["time"])
    if sorted(kinds) != list(range(len(kinds))):
        raise ShapeError("job: reductions: windows of no clock")
    shapes = [_real if kinds[clock] == "float" else _INTEGER for clock in sorted(kinds)]
    times = run.get("times", [])
    within("run: times", array(anything), times)
    if len(times) not in (0, len(shapes)):
        raise ShapeError("run: times: they are not those of the clocks")
    for clock, of_clock in enumerate(times):
        within(f"run: times: {clock}", table(shapes[clock], _partition), of_clock)
    moves = run.get("moves", [])
    within("run: moves", array(_MOVE), moves)
    for move in moves:
        if move[0] >= len(shapes):
            raise ShapeError("run: moves: one is of no clock")
        within("run: moves", shapes[move[0]], move[3])


def _check_outputs(job: Mapping[str, Json], run: Mapping[str, Json]) -> None:
    names = job["outputs in order"]
    if sorted(names) != sorted(job["outputs"]):
        raise ShapeError("job: outputs in order: they are others")
    files = {*names, *([] if job["rejects"] is None else [job["rejects"]])}
    if files != run["positions"].keys():
        raise ShapeError("run: positions: they are not those of the outputs")
    within("run: outbox", _OUTBOX, run.get("outbox", {}))
    if not run.get("outbox", {}).keys() <= files:
        raise ShapeError("run: outbox: it is not that of the outputs")
    if MODELS in job and not job[MODELS].keys() <= set(names):
        raise ShapeError(f"job: {MODELS}: they are not those of the outputs")


def made_of(described: Mapping[str, Any]) -> AnyReduction:
    """The reduction that a job describes, of no rows. Raises ShapeError if there is no such one."""
    inputs, aggregates, keys = (
        tuples(described[part]) for part in ("inputs", "aggregates", "keys")
    )
    try:
        windows = None
        if WINDOWS in described:
            # Those without labels do not say so.
            of = {"labelled": False, **described[WINDOWS]}
            within(f"job: reductions: {WINDOWS}", _WINDOWS, of)
            windows = Windows(**{**of, "window": tuples(of["window"])})
        return Reducing(inputs, aggregates, (), 0, keys, (), windows).empty()
    except (
        CorruptStateError,
        MismatchError,
        ValueError,
        TypeError,
        OverflowError,
        IndexError,
    ) as error:
        raise ShapeError(f"job: reductions: there is no such one: {error}") from None


def _check_model(
    model: Mapping[str, Any], job: Mapping[str, Json], made: list[AnyReduction]
) -> None:
    """Raises ShapeError if a model is of no reduction, or of another kind of aggregates."""
    at, aggregate = model["reduction"], model["aggregate"]
    if at >= len(made) or aggregate >= len(job["reductions"][at]["aggregates"]):
        raise ShapeError(f"job: {MODELS}: one is of no reduction")
    kind, *spec = job["reductions"][at]["aggregates"][aggregate]
    windows = job["reductions"][at].get(WINDOWS, {})
    labelled = isinstance(made[at], KeyedReduction) or windows.get("labelled", False)
    if model["kind"] == "classification":
        fits = kind == "class" and labelled and len(spec[0]) == len(model["columns"])
    else:
        fits = (
            kind in ("moments", "monomials", "fading")
            and not windows.get("labelled", False)
            and len(spec[0]) == len(model["columns"]) == len(model["coefficients"])
            and len(job["reductions"][at]["keys"]) == len(model["keys"])
        )
    if not fits:
        raise ShapeError(f"job: {MODELS}: one is not of its reduction")

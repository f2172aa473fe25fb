"""State: checks that a state's JSON is as a run writes it. Its checksum shows that nothing changed, not who wrote it.

Readers of a checkpoint may rely on what is checked here: types, ranges, and that its parts fit each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from streamreg._core import KeyedReduction
from streamreg._exceptions import ConfigurationError, CorruptStateError, MismatchError
from streamreg._formats.registry import described
from streamreg._plan.row_plan import AnyReduction, Reducing
from streamreg._plan.windowing import Windows
from streamreg._state.program_data import MODELS, WINDOWS, Json, tuples
from streamreg._types import INT_MAX, INT_MIN

Shape: TypeAlias = Callable[[Json], None]
"""Raises ShapeError if a value has another shape."""

_MOST: Final = 2**62
"""Below 2^63, so that a run that resumes there can still count on."""
_MOST_PARTITION: Final = 2**31 - 1
_LAST_MS: Final = 253_402_300_799_999
"""The end of the year 9999, the last that dates can have."""
_MOST_DEPTH: Final = 200
"""Levels of lists and objects: programs are flat, only constants that a function is given may be nested."""


class ShapeError(ValueError):
    """Something is not as a run writes it; the text names what and where."""


def check_depth(data: Json) -> None:
    """Raises ShapeError if something is nested so deeply that a recursion over it would run out of stack."""
    level = [data]
    for _ in range(_MOST_DEPTH):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise ShapeError("it is nested too deeply")


def anything(_: Json) -> None:
    """Takes any value."""


def text(value: Json) -> None:
    """Takes a text that can be written."""
    if not isinstance(value, str):
        raise ShapeError("no text")
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON can write half a surrogate pair.
        raise ShapeError("no text") from None


def true_or_false(value: Json) -> None:
    """Takes a boolean."""
    if not isinstance(value, bool):
        raise ShapeError("neither true nor false")


def number(value: Json) -> None:
    """Takes a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        raise ShapeError("no number")


def integer(least: int, most: int) -> Shape:
    """Takes an integer of a range."""

    def check(value: Json) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ShapeError(f"no integer from {least} to {most}")

    return check


def one_of(*options: str) -> Shape:
    """Takes some texts."""

    def check(value: Json) -> None:
        if value not in options:
            raise ShapeError(f"none of {', '.join(options)}")

    return check


def optional(shape: Shape) -> Shape:
    """Takes null too."""

    def check(value: Json) -> None:
        if value is not None:
            shape(value)

    return check


def array(shape: Shape) -> Shape:
    """Takes a list of such values."""

    def check(value: Json) -> None:
        if not isinstance(value, list):
            raise ShapeError("no list")
        for at, each in enumerate(value):
            _within(str(at), shape, each)

    return check


def fixed(*shapes: Shape) -> Shape:
    """Takes a list with a value of each shape."""

    def check(value: Json) -> None:
        if not isinstance(value, list) or len(value) != len(shapes):
            raise ShapeError(f"no list of {len(shapes)}")
        for at, (shape, each) in enumerate(zip(shapes, value, strict=True)):
            _within(str(at), shape, each)

    return check


def table(shape: Shape, key: Shape = text) -> Shape:
    """Takes an object with any names of a shape, and values of another."""

    def check(value: Json) -> None:
        if not isinstance(value, dict):
            raise ShapeError("no object")
        for name, each in value.items():
            _within(name, key, name)
            _within(name, shape, each)

    return check


def record(shapes: Mapping[str, Shape]) -> Shape:
    """Takes an object with these names at least."""

    def check(value: Json) -> None:
        if not isinstance(value, dict):
            raise ShapeError("no object")
        for name, shape in shapes.items():
            if name not in value:
                raise ShapeError(f"{name} is missing")
            _within(name, shape, value[name])

    return check


def only(shapes: Mapping[str, Shape]) -> Shape:
    """Takes an object with these names, and no others."""

    def check(value: Json) -> None:
        record(shapes)(value)
        if others := value.keys() - shapes.keys():
            raise ShapeError(f"{min(others)} is unknown")

    return check


def _within(where: str, shape: Shape, value: Json) -> None:
    try:
        shape(value)
    except ShapeError as error:
        raise ShapeError(f"{where}: {error}") from None


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


def _model(value: Json) -> None:
    record({"kind": one_of("regression", "classification")})(value)
    (_REGRESSION_MODEL if value["kind"] == "regression" else _CLASSIFICATION_MODEL)(value)


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
        "time": one_of("datetime", "int", "float"),
        "window": _window,
        "delay": optional(_length),
        "cutoff": optional(_length),
        "final": true_or_false,
        "keep_results": true_or_false,
        "keep_closed": true_or_false,
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
"""What a job is, as far as others than `plan_of` look at it."""


def check_shape(job: Json, run: Json) -> None:
    """Raises ShapeError if the job or the run of a checkpoint is not what a run writes."""
    for name, data, shape in (("job", job, JOB), ("run", run, RUN)):
        _within(name, check_depth, data)
        _within(name, shape, data)
    if MODELS in job:  # States of format 1 say nothing of them.
        _within(f"job: {MODELS}", table(array(_model)), job[MODELS])
    _within("job: upsert", true_or_false, job.get("upsert", False))
    _check_format(job, run["found"])
    _check_outputs(job, run)
    _check_event_time(job, run)
    for partition in run["offsets"]:
        if partition not in run["began"]:
            raise ShapeError(f"run: began: {partition} is missing")
    made = [made_of(reduction) for reduction in job["reductions"]]
    for held in job.get(MODELS, {}).values():
        for model in held:
            _check_model(model, job, made)


def _check_format(job: Mapping[str, Json], found: Json) -> None:
    """The format has such options, and what was found before the first message is something that it can find."""
    parts = job.get("metadata", {})
    _within("job: metadata", table(text), parts)
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
            _within(f"job: reductions: {WINDOWS}", _WINDOWS, reduction[WINDOWS])
            kinds[reduction[WINDOWS]["clock"]] = reduction[WINDOWS]["time"]
    if sorted(kinds) != list(range(len(kinds))):
        raise ShapeError("job: reductions: windows of no clock")
    shapes = [_real if kinds[clock] == "float" else _INTEGER for clock in sorted(kinds)]
    times = run.get("times", [])
    _within("run: times", array(anything), times)
    if len(times) not in (0, len(shapes)):
        raise ShapeError("run: times: they are not those of the clocks")
    for clock, of_clock in enumerate(times):
        _within(f"run: times: {clock}", table(shapes[clock], _partition), of_clock)
    moves = run.get("moves", [])
    _within("run: moves", array(_MOVE), moves)
    for move in moves:
        if move[0] >= len(shapes):
            raise ShapeError("run: moves: one is of no clock")
        _within("run: moves", shapes[move[0]], move[3])


def _check_outputs(job: Mapping[str, Json], run: Mapping[str, Json]) -> None:
    names = job["outputs in order"]
    if sorted(names) != sorted(job["outputs"]):
        raise ShapeError("job: outputs in order: they are others")
    files = {*names, *([] if job["rejects"] is None else [job["rejects"]])}
    if files != run["positions"].keys():
        raise ShapeError("run: positions: they are not those of the outputs")
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
            _within(f"job: reductions: {WINDOWS}", _WINDOWS, described[WINDOWS])
            of = described[WINDOWS]
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
    keyed = isinstance(made[at], KeyedReduction)
    if model["kind"] == "classification":
        fits = kind == "class" and keyed and len(spec[0]) == len(model["columns"])
    else:
        fits = (
            kind in ("moments", "monomials", "fading")
            and len(spec[0]) == len(model["columns"]) == len(model["coefficients"])
            and len(job["reductions"][at]["keys"]) == len(model["keys"])
        )
    if not fits:
        raise ShapeError(f"job: {MODELS}: one is not of its reduction")

"""Serve, predict: the target that a regression expects for features, with an interval about it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from streamreg._estimators.key_cells import columns_of
from streamreg._exceptions import CorruptStateError, StateError
from streamreg._serve.endpoint import Endpoint, Parameter, json_response, refusal
from streamreg._serve.feed import Feed
from streamreg._serve.models import Models, NotServedError, regression_of
from streamreg._serve.query import COLUMN, MISSING, query_of
from streamreg._serve.tables import NO_TABLE, UNKNOWN, table_of
from streamreg._serve.texts import double, number_column, value_of_text
from streamreg._types import OPTIONAL

if TYPE_CHECKING:
    from streamreg._estimators.key_cells import Cell
    from streamreg._evaluate.columns import Array

_OWN: Final = ("table", "target", "interval", "level")
Interval = Literal["confidence", "prediction"]


def endpoints(feed: Feed) -> Sequence[Endpoint]:
    """That of predictions."""
    models = Models(feed)

    async def predict(request: Request) -> Response:
        try:
            return await _predicted(feed, models, request)
        except NotServedError as error:
            raise refusal(409, f"predictions are not served here: {error}") from error
        except (StateError, CorruptStateError) as error:
            raise refusal(503, f"the state cannot be read: {str(error)[:200]}") from error

    return (
        Endpoint(
            "/v1/predict",
            predict,
            "The target that the regression of a table expects for features, rounded once from the exact coefficients, "
            "with the ends of an interval: the bits are those of `sr.LinearRegression.predict`. A regression by keys "
            "is that of the last checkpoint. What is not defined is null.",
            parameters=(
                Parameter("table", "The name of a table that shows a regression.", required=True),
                Parameter(
                    "interval",
                    "For the mean of many observations, or for a new one (the default).",
                    {"type": "string", "enum": ["confidence", "prediction"]},
                ),
                Parameter(
                    "level",
                    "The probability that the interval is to cover (default 0.95).",
                    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
                ),
                Parameter(
                    "target", "Of a table that shows several regressions, whose it is to be."
                ),
                Parameter(
                    "features",
                    f"A parameter for each feature, and for each key, such as `x=1.5`; `{COLUMN}level=3` if it is "
                    f"called as another parameter, or its name begins with `{COLUMN}` or `{MISSING}`. A key that is "
                    f"missing: `{MISSING}sensor=`; an empty value is a missing one too, but of text. Times are ISO "
                    "8601.",
                    {"type": "object", "additionalProperties": {"type": "string"}},
                ),
            ),
            refusals={
                **NO_TABLE,
                400: "A parameter is missing, unknown, wrong or given twice.",
                404: "There is no such table or key.",
                409: "The table shows no regression that predictions are served of.",
                503: f"{UNKNOWN} Or the state cannot be read at the moment.",
            },
        ),
    )


async def _predicted(feed: Feed, models: Models, request: Request) -> Response:
    own, given = query_of(request, _OWN)
    if "table" not in own:
        raise refusal(400, "table: missing")
    table = table_of(feed, own["table"])
    described = regression_of(table.spec.models, own.get("target"))
    types = models.key_types(described)
    known = dict.fromkeys([*described["columns"], *described["keys"]])
    unknown = [name for name in given if name not in known]
    if unknown:
        raise refusal(400, f"there is no column {unknown[0][:80]!r}; there are: {', '.join(known)}")
    interval, level = _interval(own), _level(own)
    if types:
        key = columns_of(_key(described, given, types), types)
        model = None if key is None else await run_in_threadpool(models.of_key, described, key)
        if model is None:
            raise refusal(404, "there is no row of this key")
    else:
        model = models.of_all(described)
    kinds = models.kinds(described)
    columns = [
        _feature(name, given, kind) for name, kind in zip(described["columns"], kinds, strict=True)
    ]
    found = await run_in_threadpool(model.fit.intervals, columns, interval, level)
    value, low, high = (_plain(float(part[0])) for part in found)
    return json_response(
        {
            "table": table.spec.name,
            "target": described["target"],
            "epoch": model.epoch,
            "rows": model.sums.n,
            "prediction": value,
            "low": low,
            "high": high,
            "interval": interval,
            "level": level,
        }
    )


def _interval(given: Mapping[str, str]) -> Interval:
    text = given.get("interval", "prediction")
    if text == "confidence":
        return "confidence"
    if text == "prediction":
        return "prediction"
    raise refusal(400, f"interval: expected confidence or prediction, found {text[:40]!r}")


def _level(given: Mapping[str, str]) -> float:
    text = given.get("level", "0.95")
    try:
        level = double(text)
    except ValueError:
        level = 0.0
    if not 0 < level < 1:
        raise refusal(400, f"level: expected a number between 0 and 1, found {text[:40]!r}")
    return level


def _feature(name: str, given: Mapping[str, str | None], kind: str) -> Array:
    _must_have(given, name)
    text = given[name]
    if text is None:
        raise refusal(400, f"{name}: nothing is predicted where a feature is missing")
    try:
        return number_column(text, kind)
    except ValueError as error:
        raise refusal(400, f"{name}: {error}") from error


def _key(
    described: Mapping[str, Any], given: Mapping[str, str | None], types: Sequence[str]
) -> tuple[Cell, ...]:
    """The cells of the key that is asked for."""
    cells = []
    for name, kind in zip(described["keys"], types, strict=True):
        _must_have(given, name)
        try:
            cells.append(value_of_text(given[name], kind.removesuffix(OPTIONAL)))
        except ValueError as error:
            raise refusal(400, f"{name}: {error}") from error
    return tuple(cells)  # type: ignore[arg-type]  # keys are of types that cells have


def _must_have(given: Mapping[str, str | None], name: str) -> None:
    if name not in given:
        hint = f": say {COLUMN}{name}" if name in _OWN or name.startswith((COLUMN, MISSING)) else ""
        raise refusal(400, f"{name}: missing{hint}")


def _plain(number: float) -> float | None:
    return number if math.isfinite(number) else None

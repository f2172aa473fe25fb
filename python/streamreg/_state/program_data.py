"""State: a program, and what reductions are asked, as plain data that JSON has.

Nothing here depends on how a class is called: renaming one changes no state. What messages call a step is no part of
it: it changes nothing that is computed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from streamreg._evaluate.constants import text_of
from streamreg._evaluate.program import Call, Choose, Compute, Fixed, Load, Take
from streamreg._types import ClassModel, ClassStatistic

if TYPE_CHECKING:
    from streamreg._evaluate.program import Scope, Step
    from streamreg._types import Model, Statistic

Json: TypeAlias = Any
"""What `json.loads` gives: dicts with text as keys, lists, text, numbers, booleans and None."""

ON_ERROR: Final = "on_error"
RAISE: Final = "raise"
"""Where a call says what happens when it raises: the run ends, or else the row is rejected or its value missing."""

MODELS: Final = "models"
"""The key of a job's model names, which are no part of what it computes."""

TIME_ZONES: Final = "time zones"
"""The key of the rules that local times are read by, where a schema has such."""

WINDOWS: Final = "windows"
"""The key of the windows of a reduction, where it has such."""

IN_ORDER: Final = "columns in order"
"""The key of the columns of the schema as it has them: of several that do not fit, a reject names the first one."""

STEPS: Final = "result steps"
"""The key under which a job says of each reduction how many of the steps of results are its own."""

UNKNOWN: Final[list[Json]] = ["object", None]
"""An object given to a function as a constant, which a state does not describe."""


def step_data(step: Step) -> dict[str, Json]:
    """What a step computes."""
    match step:
        case Load():
            return {"step": "load", "scope": step.scope, "key": step.key}
        case Fixed():
            value = constant_data(step.value)
            return {"step": "fixed", "scope": step.scope, "value": value, "dtype": step.dtype}
        case Take():
            return {"step": "take", "scope": step.scope, "source": step.source}
        case Compute():
            arguments = list(step.arguments)
            return {
                "step": "compute",
                "scope": step.scope,
                "kernel": step.kernel,
                "arguments": arguments,
            }
        case Call():
            function = step.function
            return {
                "step": "call",
                "scope": step.scope,
                "function": function.name,
                "dtype": function.dtype,
                "keywords": list(function.keywords),
                "arguments": list(step.arguments),
                ON_ERROR: "reject" if function.rejects else RAISE,
                **({"optional": True} if function.optional else {}),
            }
        case Choose():
            return {
                "step": "choose",
                "scope": step.scope,
                "condition": step.condition,
                "chosen": step.chosen,
                "otherwise": step.otherwise,
                "dtype": step.dtype,
            }


def scopes_data(scopes: Iterable[Scope]) -> list[list[int]]:
    """For each scope the one that it is of, and its mask."""
    return [[scope.parent, scope.mask] for scope in scopes]


def constant_data(value: object) -> list[Json]:
    """The type of a constant, and its value as text, in which 1, 1.0, True and "1" differ, and 0.0 and -0.0.

    Of dates and the like, and of sets, their type comes before the text. Of an object of any other type, as a function
    may be given one, there is only the type.
    """
    match value:
        case None:
            return ["none"]
        case bool() | int() | float() | str() | Decimal():
            return [type(value).__name__.lower(), str(value)]
        case datetime():
            return ["datetime", value.isoformat()]
        case timedelta():
            return ["timedelta", str(value // timedelta(microseconds=1))]
        case bytes():
            return ["bytes", value.hex()]
        case list() | tuple():
            return [type(value).__name__, [constant_data(item) for item in value]]
        case dict():
            return ["dict", [[constant_data(k), constant_data(v)] for k, v in value.items()]]
        case _:
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            return ["object", kind, *_told(value)]


def _told(value: object) -> list[Json]:
    """What there is to say of an object beside its type."""
    if isinstance(value, set | frozenset):
        return [sorted(map(constant_data, value), key=json.dumps)]
    text = text_of(value)
    return [] if text is None else [text]


def statistic_data(statistic: Statistic | ClassStatistic) -> dict[str, Json]:
    """What is asked of a reduction."""
    if isinstance(statistic, ClassStatistic):
        return {
            "aggregate": statistic.aggregate,
            "name": statistic.name,
            "index": statistic.at,
            "classification": class_model_data(statistic.model),
        }
    if len(statistic) == 3:
        aggregate, name, index = statistic
        return {"aggregate": aggregate, "name": name, "index": index}
    aggregate, name, index, other, model = statistic
    of_model = {"other": other, "regression": model_data(model)}
    return {"aggregate": aggregate, "name": name, "index": index, **of_model}


def model_data(model: Model) -> dict[str, Json]:
    """How a regression is fitted."""
    intercept, ridge, singular, level = model
    return {"intercept": intercept, "ridge": ridge, "singular": singular, "level": level}


def class_model_data(model: ClassModel) -> dict[str, Json]:
    """How a classification is computed."""
    return {**model._asdict(), "priors": lists(model.priors)}


def scoring_model_data(model: Model | ClassModel) -> dict[str, Json]:
    """What rows are scored by."""
    if isinstance(model, ClassModel):
        return {"classification": class_model_data(model)}
    return {"regression": model_data(model)}


def class_model_of(data: Mapping[str, Json]) -> ClassModel:
    """The classification that `class_model_data` described."""
    priors = data["priors"]
    named = None if priors is None else tuple((label, prior) for label, prior in priors)
    return ClassModel(**{**data, "priors": named})


def lists(data: Json) -> Json:
    """Tuples, and those in them, as the lists that JSON has."""
    return [lists(item) for item in data] if isinstance(data, list | tuple) else data


def tuples(data: Json) -> Json:
    """Lists, and those in them, as the tuples that the core takes."""
    return tuple(tuples(item) for item in data) if isinstance(data, list | tuple) else data

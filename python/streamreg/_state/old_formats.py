"""State: jobs of states of formats 1 and 2, converted to format 3.

These wrote steps and reductions as Python wrote the objects that then held them: `Load(scope=0, key='x')`. Such text is
parsed and read, never run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from streamreg._state.program_data import (
    MODELS,
    UNKNOWN,
    Json,
    constant_data,
    lists,
    scoring_model_data,
    statistic_data,
)
from streamreg._types import ClassModel, ClassStatistic

_FUNCTION: Final = re.compile(r"RowFunction\((.*?), (\w+), (\((?:'\w+'(?:, )?,?)*\))\)")
"""A function is given by its name, without quotes: `RowFunction(<lambda>, any, ('a',))`."""

_BEGIN: Final = re.compile(r"Fixed\(scope=(\d+), value=")
_END: Final = re.compile(r", dtype='(\w+)'\)")
"""Where a constant begins and ends. It may be any object, whose text need not be an expression, or text that looks like
the end of one."""

_TRIED: Final = 50
"""Ends that are tried, so that many objects take no time: no text looks like so many of them."""

_NUMBERS: Final = {"nan": float("nan"), "inf": float("inf")}
_CLASS: Final = "class"
_OPAQUE: Final = {_CLASS: "Opaque", "arguments": []}


def upgraded(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The job of a plan of format 1 or 2: as format 3 describes it.

    Raises:
        ValueError: if it is not as these formats are.
    """
    same = ("topic", "format", "header", "schema", "outputs in order", "rejects")
    try:
        found = {
            **{part: plan[part] for part in same},
            "outputs": {path: {**one, "sink": "csv"} for path, one in plan["outputs"].items()},
            "program": [_step(_parsed(text)) for text in plan["program"]],
            "reductions": [_reduction(*_parsed(text)) for text in plan["reductions"]],
            "scores": {path: _scored(parts) for path, parts in plan.get("scores", {}).items()},
            "statistics": [
                [_statistic(one) for one in _parsed(text)] for text in plan["statistics"]
            ],
            "results": [_step(_parsed(text)) for text in plan["answers"]],
        }
        if "regressions" in plan:  # Format 1 has no models.
            found[MODELS] = _models(plan)
    except (LookupError, TypeError, AttributeError, SyntaxError, RecursionError) as error:
        raise ValueError(f"its job is not described as older formats do: {error}") from error
    return found


def upgraded_run(run: Mapping[str, Any]) -> dict[str, Any]:
    """The progress of a run of format 1 or 2, as format 3 describes it."""
    return {
        **run,
        "found": run["header"],
        "untouched": run["fresh"],
        # They name the topic by its name alone: it is taken to be the one that it is now.
        "identity": None,
        "leader_epochs": {},
        # Only their lengths were kept.
        "positions": {p: {"length": n, "crc32": None} for p, n in run["lengths"].items()},
        "digests": run.get("guards", {}),
    }


def _parsed(text: str) -> Json:
    """The value of Python's text: constants, lists, and for objects a dict of their fields."""
    pieces, at = [], 0
    while (begin := _BEGIN.search(text, at)) is not None:
        end = _end(text, begin.end())
        shown = _readable(text[begin.end() : end.start()])
        constant = f"Fixed(scope={begin[1]}, value={shown}, dtype={end[1]!r})"
        pieces += [_with_quotes(text[at : begin.start()]), constant]
        at = end.end()
    pieces.append(_with_quotes(text[at:]))
    return _value(ast.parse("".join(pieces), mode="eval").body)


def _with_quotes(text: str) -> str:
    return _FUNCTION.sub(lambda f: f"RowFunction({f[1]!r}, {f[2]!r}, {f[3]})", text)


def _end(text: str, begin: int) -> re.Match[str]:
    """The end of a constant: the first before which there is an expression, or for an object the first there is."""
    first = _END.search(text, begin)
    if first is None:
        raise ValueError("its job holds a constant without an end")
    ends = islice(_END.finditer(text, begin), _TRIED)
    return next((end for end in ends if _is_expression(text[begin : end.start()])), first)


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):  # ValueError: a NUL in an object's text
        return False
    return True


def _readable(constant: str) -> str:
    """A constant's text, or a placeholder for an object that has none."""
    try:
        value = _value(ast.parse(constant, mode="eval").body)
    except (SyntaxError, ValueError):
        value = _OPAQUE
    return "Opaque()" if isinstance(value, dict) and _CLASS in value else constant


def _value(node: ast.expr) -> Json:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Tuple(elts=items):
            return tuple(_value(item) for item in items)
        case ast.List(elts=items):
            return [_value(item) for item in items]
        case ast.Dict(keys=keys, values=values) if None not in keys:
            pairs = zip((key for key in keys if key is not None), values, strict=True)
            return {_value(key): _value(value) for key, value in pairs}
        case ast.Name(id=name) if name in _NUMBERS:
            return _NUMBERS[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=str(digits))]):
            return Decimal(digits)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
            fields = {str(keyword.arg): _value(keyword.value) for keyword in keywords}
            return {_CLASS: name, "arguments": [_value(item) for item in arguments], **fields}
        case _:
            raise ValueError(f"its job holds {ast.unparse(node)!r}")


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    found = {"step": step[_CLASS].lower(), "scope": step["scope"]}
    match step[_CLASS]:
        case "Load":
            return {**found, "key": step["key"]}
        case "Fixed":
            opaque = step["value"] == _OPAQUE
            value = UNKNOWN if opaque else constant_data(step["value"])
            return {**found, "value": value, "dtype": step["dtype"]}
        case "Take":
            return {**found, "source": step["source"]}
        case "Compute":
            return {**found, "kernel": step["kernel"], "arguments": list(step["arguments"])}
        case "Call":
            name, dtype, keywords = step["function"]["arguments"]
            function = {"function": name, "dtype": dtype, "keywords": list(keywords)}
            return {**found, **function, "arguments": list(step["arguments"])}
        case "Choose":
            fields = ("condition", "chosen", "otherwise", "dtype")
            return {**found, **{field: step[field] for field in fields}}
        case other:
            raise ValueError(f"its job has a step {other!r}")


def _reduction(
    inputs: tuple[Any, ...],
    aggregates: tuple[Any, ...],
    keys: tuple[Any, ...] = (),
    key_slots: tuple[Any, ...] = (),
) -> dict[str, Any]:
    return {
        "inputs": lists(inputs),
        "aggregates": lists(aggregates),
        "keys": lists(keys),
        "key_slots": lists(key_slots),
    }


def _statistic(statistic: Json) -> dict[str, Any]:
    if isinstance(statistic, dict):
        model = _class_model(statistic["model"])
        statistic = ClassStatistic(
            statistic["aggregate"], statistic["name"], statistic["at"], model
        )
    return statistic_data(statistic)


def _class_model(model: Mapping[str, Any]) -> ClassModel:
    return ClassModel(**{name: model[name] for name in ClassModel._fields})


def _scored(parts: Mapping[str, str]) -> dict[str, Any]:
    reduction, (aggregate, model) = _parsed(parts["model"])
    shipped, (features, target, weights, keys) = _parsed(parts["shipped"])
    program, slots = _parsed(parts["program"])
    of_classes = isinstance(model, dict)
    return {
        "model": {
            "reduction": reduction,
            "aggregate": aggregate,
            **scoring_model_data(_class_model(model) if of_classes else model),
        },
        "shipped": {
            "slots": list(shipped["slots"]),
            "scope": shipped["scope"],
            "features": list(features),
            "label" if of_classes else "target": target,
            "weights": weights,
            "keys": list(keys),
        },
        "program": {
            "steps": [_step(step) for step in program["steps"]],
            "scopes": [[scope["parent"], scope["mask"]] for scope in program["scopes"]],
            "outputs": lists(slots),
        },
    }


def _models(plan: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By output: in format 2 regressions and classes are separate, and a classification is a list."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, held in plan["regressions"].items():
        found[path] = [{"kind": "regression", **one} for one in held]
    for path, held in plan["classes"].items():
        for one in held:
            model = dict(zip(ClassModel._fields, one["model"], strict=True))
            found.setdefault(path, []).append({"kind": "classification", **one, "model": model})
    return found

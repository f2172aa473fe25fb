"""State: what makes a job itself, as plain data. A state is continued by the job that wrote it alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from streamreg._core import time_zone
from streamreg._exceptions import StateError
from streamreg._plan.models import ClassificationInfo
from streamreg._state.checkpoint import PLAIN, Checkpoint
from streamreg._state.program_data import (
    IN_ORDER,
    MODELS,
    ON_ERROR,
    RAISE,
    STEPS,
    TIME_ZONES,
    UNKNOWN,
    WINDOWS,
    class_model_data,
    model_data,
    scopes_data,
    scoring_model_data,
    statistic_data,
    step_data,
)
from streamreg._types import OPTIONAL, PLAIN_MODEL, ClassModel

if TYPE_CHECKING:
    from streamreg._plan.models import ModelInfo
    from streamreg._plan.plan import Plan
    from streamreg._plan.score_plan import ScorePlan, Shipped
    from streamreg._plan.windowing import Windows

_RULES = "rules"
_TOLD = 2
"""Where a job says by which rules its steps were made, and the first of which it does."""

_STATISTIC = "aggregate"
"""What the data of a statistic has."""

_MODELS: Mapping[str, Mapping[str, Any]] = {
    "regression": model_data(PLAIN_MODEL),
    "classification": {},
}
"""What else it may have, the options of its model, and what these are where it has not."""

_SINCE_PLAIN = ("scopes", "rows", "inputs", "result rows")
"""What formats before the plain one do not say of a job."""

_SHOWN = 120
"""Characters of a value shown where two jobs differ."""


def job(plan: Plan, rejects: str | None) -> dict[str, Any]:
    """What a run computes, from which messages and into which outputs, in what JSON has.

    Brokers and credentials may change, and so may the pace. Python functions count by their names.
    """
    input = plan.input
    reductions = plan.rows.reductions
    # How long is waited for a partition is a matter of pace.
    clocks = [{"slot": clock.slot, "scope": clock.scope} for clock in plan.rows.clocks]
    found = {
        "topic": input.source.name,
        **input.format.identity(),
        "schema": dict(input.columns),
        IN_ORDER: list(input.columns),
        **({TIME_ZONES: zones} if (zones := _zones(input.columns)) else {}),
        **({"metadata": dict(input.metadata.parts)} if input.metadata is not None else {}),
        **({"upsert": True} if input.upsert else {}),
        "outputs": {
            output.name: {
                **output.sink.identity(),
                "time": output.time,
                "columns": {column.name: column.text for column in output.columns},
                # Again, in order: a changelog whose columns change places is another one.
                "row": [[column.name, column.dtype] for column in output.columns],
            }
            for output in plan.outputs
        },
        # The last rows are kept in this order.
        "outputs in order": [output.name for output in plan.outputs],
        "program": [step_data(step) for step in plan.rows.program.steps],
        "reductions": [
            {
                "inputs": reduction.inputs,
                "aggregates": reduction.aggregates,
                "keys": reduction.keys,
                "key_slots": reduction.key_slots,
                **({} if reduction.windows is None else {WINDOWS: _windows(reduction.windows)}),
            }
            for reduction in reductions
        ],
        "scores": _scores(plan),
        "statistics": [[statistic_data(one) for one in each.statistics] for each in plan.results],
        "results": [step_data(step) for each in plan.results for step in each.program.steps],
        "scopes": scopes_data(plan.rows.program.scopes),
        "rows": plan.rows.outputs,
        "inputs": [{"scope": each.scope, "slots": each.slots} for each in reductions],
        "result rows": [
            {"scopes": scopes_data(each.program.scopes), "outputs": each.slots}
            for each in plan.results
        ],
        STEPS: [len(each.program.steps) for each in plan.results],
        MODELS: {
            output.name: [_model(at, one) for one in held]
            for at, result in enumerate(plan.results)
            for output, held in zip(result.outputs, result.models, strict=True)
        },
        "rejects": rejects,
        **({"clocks": clocks} if clocks else {}),
        **({} if plan.rules < _TOLD else {_RULES: plan.rules}),
    }
    # As a state gives it back.
    plain: dict[str, Any] = json.loads(json.dumps(found))
    return plain


def _zones(columns: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The time zones that texts are read by: their rules, by a checksum, and the version of the database."""
    found = {}
    for source in columns.values():
        _, given, zone = source.removesuffix(OPTIONAL).partition(" tz=")
        if given:
            rules, database = time_zone(zone)
            found[zone] = {"rules": rules, "database": database}
    return found


def _windows(windows: Windows) -> dict[str, Any]:
    found = asdict(windows)
    if not windows.labelled:
        # As states have it whose windows could have no labels.
        del found["labelled"]
    return found


def _model(reduction: int, model: ModelInfo) -> dict[str, Any]:
    named = {"reduction": reduction, **asdict(model)}
    if isinstance(model, ClassificationInfo):
        return {"kind": "classification", **named, "model": class_model_data(model.model)}
    return {"kind": "regression", **named}


def _scores(plan: Plan) -> dict[str, dict[str, Any]]:
    """How rows are scored, by the first output that has them."""
    pairs = zip(plan.scores, plan.rows.shipped, strict=True)
    return {score.outputs[0].name: _scored(score, shipped) for score, shipped in pairs}


def _scored(score: ScorePlan, shipped: Shipped) -> dict[str, Any]:
    aggregate, model = score.model
    return {
        "model": {
            "reduction": score.reduction,
            "aggregate": aggregate,
            **scoring_model_data(model),
        },
        "shipped": {
            "slots": shipped.slots,
            "scope": shipped.scope,
            "features": score.features,
            "label" if isinstance(model, ClassModel) else "target": score.target,
            "weights": score.weights,
            "keys": score.keys,
        },
        "program": {
            "steps": [step_data(step) for step in score.program.steps],
            "scopes": scopes_data(score.program.scopes),
            "outputs": score.slots,
        },
    }


def same_plan(checkpoint: Checkpoint, plan: Plan, rejects: str | None) -> Plan | str:
    """The plan that a state goes on with: this one, or what an earlier build has made of the same program.

    If the state is of another job, the first difference between the two.
    """
    _check_zones(checkpoint.job.get(TIME_ZONES, {}), job(plan, rejects).get(TIME_ZONES, {}))
    differences = []
    for each in plans(checkpoint, plan):
        difference = _other_job(checkpoint, job(each, rejects))
        if difference is None:
            return each
        differences.append(difference)
    # That of the plan which is most like the state's.
    places = {part: place for place, part in enumerate(job(plan, rejects))}
    return max(differences, key=lambda found: places.get(found.partition(":")[0], -1))


def plans(checkpoint: Checkpoint, plan: Plan) -> tuple[Plan, ...]:
    """What a state may hold of a program: this plan, and where it does not say its rules, what earlier builds made."""
    return (plan,) if _RULES in checkpoint.job else (plan, *plan.earlier)


def _check_zones(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raises StateError if local times would be read in another way now; states before told nothing of it."""
    for zone in sorted(before.keys() & now.keys()):
        if before[zone]["rules"] != now[zone]["rules"]:
            raise StateError(
                f"the state has read local times of {zone} by version {before[zone]['database']} of the time zone "
                f"database, but this streamreg has version {now[zone]['database']}, in which its clocks have other "
                "rules: what was read before would be read differently now. Go on with the streamreg that the state "
                "is of, or start anew with an empty state and new outputs"
            )


def _other_job(checkpoint: Checkpoint, job: Mapping[str, Any]) -> str | None:
    """The first difference between a job and that of a state; None if they are the same."""
    # A state that does not say by which rules is of any, as far as these make the same of it.
    unsaid = (_RULES, STEPS, IN_ORDER, *(_SINCE_PLAIN if checkpoint.format < PLAIN else ()))
    told = {part: job[part] for part in unsaid if part in job}
    before = {**told, **checkpoint.job, MODELS: job[MODELS]}
    # Their rules were compared; which version of the database they are from is no matter.
    before.pop(TIME_ZONES, None)
    return _difference("", before | {part: job[part] for part in (TIME_ZONES,) if part in job}, job)


def _difference(where: str, before: object, now: object) -> str | None:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        before = _with_on_error(before, now)
        for kind, plain in _MODELS.items():
            if _STATISTIC in now and not _same(before.get(kind), now.get(kind)):
                # The options are what a user has given, and not where they stand.
                models = ({**plain, **(each.get(kind) or {})} for each in (before, now))
                found = _difference(where.rpartition("statistics: ")[0], *models)
                if found is not None:
                    return found
        for key in [*now, *(key for key in before if key not in now)]:
            found = _difference(f"{where}{key}: ", before.get(key), now.get(key))
            if found is not None:
                return found
        return None
    if _same(before, now):
        return None
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        part = _first_difference(before, now)
        if part is not None and all(isinstance(each, Mapping | list) for each in part[1:]):
            return _difference(f"{where}{part[0]}: ", *part[1:])
    return difference_of(where.removesuffix(": "), before, now)


def difference_of(what: str, before: object, now: object) -> str:
    """How messages say that a part of a job is another one; of a long one the first part that is."""
    while max(len(repr(before)), len(repr(now))) > _SHOWN:
        part = _first_difference(before, now)
        if part is None:
            break
        name, before, now = part
        what = f"{what}: {name}"
    return f"{what}: it was {_short(before)}, now it is {_short(now)}"


def _first_difference(before: object, now: object) -> tuple[object, object, object] | None:
    """The name of the first part that is another one, and what it was and is; None where there are no parts."""
    parts: list[tuple[object, object, object]] = []
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        parts = [(key, before.get(key), now.get(key)) for key in {**before, **now}]
    elif isinstance(before, list) and isinstance(now, list):
        pairs = enumerate(zip_longest(before, now))
        parts = [(at, one, other) for at, (one, other) in pairs]
    return next((part for part in parts if not _same(part[1], part[2])), None)


def _with_on_error(before: Mapping[str, Any], now: Mapping[str, Any]) -> Mapping[str, Any]:
    """A call whose function has raised for no row of the state, or where it does not say: now it may do otherwise."""
    if ON_ERROR in now and before.get(ON_ERROR, RAISE) == RAISE:
        return {**before, ON_ERROR: now[ON_ERROR]}
    return before


def _same(before: object, now: object) -> bool:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        before = _with_on_error(before, now)
        return before.keys() == now.keys() and all(_same(before[key], now[key]) for key in now)
    if isinstance(before, list) and isinstance(now, list):
        if before == UNKNOWN:
            return now[:1] == UNKNOWN[:1]
        if before[:1] == UNKNOWN[:1] and len(before) == len(UNKNOWN):
            return before == now[: len(UNKNOWN)]
        return len(before) == len(now) and all(map(_same, before, now))
    return before == now


def _short(value: object) -> str:
    text = "not there" if value is None else repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"

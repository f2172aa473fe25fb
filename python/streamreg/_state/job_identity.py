"""State: what makes a job itself, as plain data. A state is continued by the job that wrote it alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamreg._exceptions import StateError
from streamreg._plan.models import ClassificationInfo
from streamreg._state.checkpoint import Checkpoint
from streamreg._state.program_data import (
    MODELS,
    UNKNOWN,
    class_model_data,
    scopes_data,
    scoring_model_data,
    statistic_data,
    step_data,
)
from streamreg._types import ClassModel

if TYPE_CHECKING:
    from streamreg._plan.models import ModelInfo
    from streamreg._plan.plan import Plan
    from streamreg._plan.score_plan import ScorePlan, Shipped

_SHOWN = 120
"""Characters of a value shown where two jobs differ."""


def job(plan: Plan, rejects: Path | None) -> dict[str, Any]:
    """What a run computes, from which messages and into which file, in what JSON has.

    Brokers and credentials may change, and so may the pace. Python functions count by their names.
    """
    input = plan.input
    reductions = plan.rows.reductions
    found = {
        "topic": input.source.name,
        **input.format.identity(),
        "schema": dict(input.columns),
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
        MODELS: {
            output.name: [_model(at, one) for one in held]
            for at, result in enumerate(plan.results)
            for output, held in zip(result.outputs, result.models, strict=True)
        },
        "rejects": None if rejects is None else str(rejects),
    }
    # As a state gives it back.
    plain: dict[str, Any] = json.loads(json.dumps(found))
    return plain


def _model(reduction: int, model: ModelInfo) -> dict[str, Any]:
    named = {"reduction": reduction, **asdict(model)}
    if isinstance(model, ClassificationInfo):
        return {"kind": "classification", **named, "model": class_model_data(model.model)}
    return {"kind": "regression", **named}


def _scores(plan: Plan) -> dict[str, dict[str, Any]]:
    """How rows are scored, by the first file that has them."""
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


def check_job(checkpoint: Checkpoint, job: Mapping[str, Any]) -> None:
    """Raises StateError, naming the first difference, if the state is of another job."""
    # States of older formats lack some entries.
    before = {**job, **checkpoint.job, MODELS: job[MODELS]}
    difference = _difference("", before, job)
    if difference is not None:
        raise StateError(
            f"the state is of another job: {difference}. Run the job it belongs to, or give this one an empty "
            "state and new output files"
        )


def _difference(where: str, before: object, now: object) -> str | None:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in [*now, *(key for key in before if key not in now)]:
            found = _difference(f"{where}{key}: ", before.get(key), now.get(key))
            if found is not None:
                return found
        return None
    if _same(before, now):
        return None
    return f"{where}it was {_short(before)}, now it is {_short(now)}"


def _same(before: object, now: object) -> bool:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        return before.keys() == now.keys() and all(_same(before[key], now[key]) for key in now)
    if isinstance(before, list) and isinstance(now, list):
        if before == UNKNOWN:
            return now[:1] == UNKNOWN[:1]
        return len(before) == len(now) and all(map(_same, before, now))
    return before == now


def _short(value: object) -> str:
    text = "not there" if value is None else repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"

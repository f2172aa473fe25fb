"""State: what a job may change about the messages it reads without a new start: the columns that nothing is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from streamreg._state.program_data import IN_ORDER, MODELS, STEPS, TIME_ZONES, Json
from streamreg._state.shape import ShapeError

if TYPE_CHECKING:
    from streamreg._plan.plan import Plan
    from streamreg._source.contract import Identity
    from streamreg._state.checkpoint import Checkpoint
    from streamreg._state.described_job import DescribedJob

SOURCE: Final = "source"
_PATHS: Final = "json_field_paths"
_NOT_OF_FORMAT: Final = frozenset(
    {
        "topic", "schema", "metadata", IN_ORDER, "upsert", "outputs", "outputs in order", "program", "reductions",
        "scores", "statistics", "results", "scopes", "rows", "inputs", "result rows", STEPS, MODELS, "rejects",
        "clocks", "rules", TIME_ZONES,
    }
)  # fmt: skip
"""What a job says beside its format."""


def input_of(job: Mapping[str, Json], now: Mapping[str, Json]) -> dict[str, Json]:
    """What a job says of its messages: the schema, their metadata, and the format with its options.

    Earlier builds did not say in which order the columns are: it is taken to be that of `now`, another job's.
    """
    own = {"schema", "metadata", IN_ORDER}
    found = {
        part: value for part, value in job.items() if part in own or part not in _NOT_OF_FORMAT
    }
    known = [name for name in now[IN_ORDER] if name in job["schema"]]
    return {IN_ORDER: [*known, *sorted(job["schema"].keys() - {*known})], **found}


def with_more_topics(checkpoint: Checkpoint, plan: Plan) -> Identity | None:
    """What a job that reads more topics than that of a state goes on with; None if it reads the same, or others."""
    name = checkpoint.job["topic"]
    if name == plan.source.name:
        return None
    return plan.source.identity_after(name, checkpoint.identity, checkpoint.offsets)


def refusal(
    checkpoint: Checkpoint, plan: Plan, before: DescribedJob, now: DescribedJob
) -> tuple[str, object, object] | str | None:
    """What keeps a job from going on with a state, of all that is about its messages; None if nothing does.

    Either a text, or which part differs, with what it was and what it is.
    """
    told = ["rules"] if "rules" in before.job else []
    same = [] if with_more_topics(checkpoint, plan) is not None else ["topic"]
    for part in (*same, "upsert", *told):
        if before.job.get(part) != now.job.get(part):
            return part, before.job.get(part), now.job.get(part)
    old, new = input_of(before.job, now.job), input_of(now.job, now.job)
    # What reads a column that one of the two does not have is the matter of the sums and outputs.
    used = (_loaded(before) | _loaded(now)) & old["schema"].keys() & new["schema"].keys()
    for part in sorted(old.keys() | new.keys()):
        ours, theirs = old.get(part), new.get(part)
        if part in ("schema", "metadata", _PATHS):
            for column in sorted(used & _changed(ours, theirs)):
                return f"{part}: {column}", (ours or {}).get(column), (theirs or {}).get(column)
        elif ours != theirs and part != IN_ORDER:
            return part, ours, theirs
    if old == new:
        return None
    if plan.input.upsert:
        return (
            "the schema has other columns: the rows that stand are read again when they are replaced, and would be "
            "read by other columns then"
        )
    return _not_found(checkpoint, plan)


def _changed(ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None) -> set[str]:
    ours, theirs = ours or {}, theirs or {}
    return {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}


def _loaded(job: DescribedJob) -> set[str]:
    return {step["key"] for step in job.program.steps if step["step"] == "load"}


def _not_found(checkpoint: Checkpoint, plan: Plan) -> str | None:
    """What is wrong with a column that what was found in the topic does not have."""
    preamble = plan.input.format.preamble
    if preamble is None or checkpoint.found is None:
        return None
    try:
        preamble.check(checkpoint.found, plan.input.fields)
    except (ValueError, ShapeError) as error:
        return f"the schema does not fit the topic's {preamble.name}: {error}"
    return None

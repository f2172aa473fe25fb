"""State: what a state holds, at the places that it has in a job that was changed: sums, last rows and event times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from streamreg._core import Changelog
from streamreg._state.keyed_rows import EMPTY

if TYPE_CHECKING:
    from streamreg._plan.plan import Plan
    from streamreg._state.checkpoint import Checkpoint, KeyedPart
    from streamreg._state.described_job import DescribedJob


def moved_parts(
    checkpoint: Checkpoint, plan: Plan, held: Sequence[int], kept: Mapping[str, str]
) -> dict[str, Any]:
    """The fields of a checkpoint for sums and last rows.

    Args:
        checkpoint: that of the job before.
        plan: what the job computes now.
        held: for each reduction of the plan its index in the state.
        kept: for each output that goes on its name in the state; others begin with no row.
    """
    moved: dict[str, str | None] = {
        f"{kind} {at}": None
        for kind, states in (
            ("reduction", checkpoint.reductions),
            ("changelog", checkpoint.changelogs),
        )
        for at in range(len(states))
    }
    if not moved:  # No epoch was closed yet.
        return {}
    moved |= {f"reduction {old}": f"reduction {at}" for at, old in enumerate(held)}
    names = checkpoint.job["outputs in order"]
    first = len(names) - len(checkpoint.changelogs)
    changelogs: list[bytes] = []
    new: dict[str, KeyedPart] = {}
    by_key = [bool(result.keys) for result in plan.results for _ in result.outputs]
    for at, output in enumerate(plan.result_outputs):
        if output.name in kept:
            old = names.index(kept[output.name]) - first
            moved[f"changelog {old}"] = f"changelog {at}"
            changelogs.append(checkpoint.changelogs[old])
        elif by_key[at]:
            new[f"changelog {at}"] = Changelog()
            changelogs.append(b"")
        else:
            changelogs.append(Changelog().to_bytes())
    keyed = {place: part for old, part in checkpoint.keyed.items() if (place := moved[old])}
    digests = {
        place: digest
        for old, digest in checkpoint.digests.items()
        if (place := moved.get(old, old)) is not None
    }
    return {
        "reductions": [checkpoint.reductions[old] for old in held],
        "changelogs": changelogs,
        "keyed": {**keyed, **new},
        "digests": {**digests, **dict.fromkeys(new, EMPTY)},
        "moved": moved,
    }


def moved_clocks(checkpoint: Checkpoint, before: DescribedJob, now: DescribedJob) -> dict[str, Any]:
    """The fields of a checkpoint for how far the partitions have come, by the clocks that there are now."""
    places = [before.clocks.index(clock) for clock in now.clocks]
    times = checkpoint.times
    return {
        "times": [times[place] for place in places] if times else [],
        "moves": [
            (places.index(clock), *move) for clock, *move in checkpoint.moves if clock in places
        ],
    }

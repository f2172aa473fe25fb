"""Worker: the task of one worker, as it is sent to its process, and what is left of its ranges to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from streamreg._dataclass import dataclass
from streamreg._exceptions import ProgramError
from streamreg._worker import carried

if TYPE_CHECKING:
    from streamreg._formats.contract import Found, Input
    from streamreg._plan.row_plan import RowPlan
    from streamreg._source.contract import Range
    from streamreg._state.shards import ShardJob
    from streamreg._types import Moment
    from streamreg._worker.contract import Merged


Times: TypeAlias = Sequence[Mapping[int, "Moment"]]
"""For each clock of a plan the greatest event time of each partition so far, of those that have one."""


@dataclass(frozen=True)
class Task:
    """The task of one worker."""

    worker: int
    input: Input
    plan: RowPlan
    found: Found
    """What the preamble of the format has found."""

    ranges: Mapping[int, Range]
    times: Times = ()
    """The greatest event times before these ranges."""

    announce: bool = False
    """Whether to say of each batch where it begins before it is worked on: a worker has crashed before."""

    log_level: int | None = None
    """Of the client's log, which the parent writes; None: it has no handlers for it."""


def packed(task: Task | ShardJob, otherwise: str = "run with processes=0") -> bytes:
    """What a task is to do, for another process; `otherwise` says how no such process is needed.

    Raises:
        ProgramError: if a function in it cannot be pickled.
    """
    try:
        return carried.pack(task)
    except Exception as error:  # whatever the objects that a function refers to raise
        raise ProgramError(
            f"a function given to apply cannot be sent to a worker process ({error}): take out of it what "
            f"cannot be pickled, or {otherwise}"
        ) from error


def remaining(partition: int, whole: Range, merged: Merged) -> Range:
    """What is still to be read of a range."""
    return replace(
        whole,
        start=merged.offsets[partition],
        untouched=partition in merged.untouched,
        leader_epoch=merged.leader_epochs.get(partition),
    )

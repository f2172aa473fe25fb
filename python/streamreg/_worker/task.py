"""Worker: the task of one worker, as it is sent to its process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from streamreg._formats.contract import Found, Input
    from streamreg._plan.row_plan import RowPlan
    from streamreg._source.contract import Range
    from streamreg._types import Moment


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

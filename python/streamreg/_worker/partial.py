"""Worker: what a batch of messages comes to. It knows no process, and crosses from one to another as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from streamreg._evaluate.columns import Column
from streamreg._rejects.reject import Reject


@dataclass(slots=True)
class Partial:
    """What one batch of messages comes to: a function of these messages alone."""

    progress: dict[int, tuple[int, int]]
    rows: int = 0
    outputs: list[bytes] = field(default_factory=list)
    """Packed CSV rows, one per row output of the plan."""

    shipped: list[tuple[list[Column], int]] = field(default_factory=list)
    """Columns of rows that the parent is to score, and their number, one per scoring of the plan."""

    states: list[bytes] = field(default_factory=list)
    """Exact partial states, one per reduction of the plan."""

    rejects: list[Reject] = field(default_factory=list)
    tombstones: int = 0

    leader_epochs: Mapping[int, int] = field(default_factory=dict)
    """As the batch has them."""

    begun: tuple[int, ...] = ()
    """Partitions whose first message of all was in the batch."""

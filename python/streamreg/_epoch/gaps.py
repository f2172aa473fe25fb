"""Epoch: gaps: offsets of which the messages were deleted before they were read, where the run goes on without them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from streamreg._plural import plural

if TYPE_CHECKING:
    from streamreg._source.contract import Source
    from streamreg._state.checkpoint import Gap


def lost_text(source: Source, gap: Gap) -> str:
    """What people are told of a gap."""
    partition, start, end = gap
    return (
        f"{source.origin(partition)}: the messages of {plural(end - start, 'offset')}, from {start} to "
        f"{end - 1}, were deleted (retention) before they were read: the run goes on without them"
    )


def lost_offsets(gaps: Iterable[Gap]) -> int:
    """How many offsets gaps have."""
    return sum(end - start for _, start, end in gaps)

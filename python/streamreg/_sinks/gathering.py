"""Sink: how much waits before it is delivered together, where each delivery makes files."""

from __future__ import annotations

from streamreg._dataclass import dataclass


@dataclass(frozen=True)
class Gathering:
    """What waits is delivered when it is one of these, and at the end of the run."""

    rows: int
    """So many changes."""

    seconds: float
    """So old: the first of it."""

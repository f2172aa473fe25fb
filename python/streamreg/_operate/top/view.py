"""Top: what is shown of a run, wherever it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from streamreg._dataclass import dataclass

MOST_ROWS = 10
"""Rows of a table that are shown."""


@dataclass(frozen=True)
class Place:
    """How far a partition is."""

    partition: int
    offset: int
    log_end: int | None = None
    lag: int | None = None
    topic: str | None = None
    """Where there are several."""

    file: str | None = None
    """Of a source of files."""


@dataclass(frozen=True)
class ShownTable:
    """A result: its number of rows, and the first of them."""

    name: str
    rows: int
    first: Sequence[Mapping[str, object]] = ()


@dataclass(frozen=True, kw_only=True)
class View:
    """A run at one moment."""

    source: str
    """Where this was asked."""

    topic: str
    phase: str
    rows: int | None
    """None of what a run that starts does not know yet, as are epochs and rejects."""

    epochs: int | None
    rejects: Mapping[str, int] | None = field(default_factory=dict)
    lag: int | None = None
    rows_per_second: float | None = None
    turn_age: float | None = None
    """Seconds since the loop of the run has turned last, where it is asked."""

    places: Sequence[Place] = ()
    tables: Sequence[ShownTable] | None = ()
    """None while a run does not know them yet."""

    epoch_seconds: float | None = None
    """On average, for each epoch of this run."""

    checkpoint_seconds: float | None = None
    waiting: Mapping[str, float] = field(default_factory=dict)
    """Outputs that are waited for, so that nothing is read, and for how many seconds."""

    restarts: int | None = None
    readers: Sequence[str] = ()
    memory: Mapping[str, int] = field(default_factory=dict)
    """Bytes by process."""

"""Plan: windows over event time: whose time it is, and how rows are put into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from streamreg._types import CoreWindow, InputType, Moment


@dataclass(frozen=True)
class Clock:
    """A column of event times: how far each partition is in it decides which rows are late.

    `slot` and `scope` are those of a worker's program.
    """

    slot: int
    scope: int
    idle_timeout: float | None
    """Seconds without a message, after which a partition counts as having passed; None: never."""


@dataclass(frozen=True)
class Windows:
    """The arguments of a `_core.WindowReduction` beside those of any reduction."""

    clock: int
    """The index of the clock among those of the plan."""

    time: InputType
    window: CoreWindow
    delay: Moment | None
    cutoff: Moment | None
    final: bool
    keep_results: bool
    """Whether rows of closed windows stay in the output."""

    keep_closed: bool
    """Whether rows are scored by the last closed window of their instance."""

    labelled: bool = False
    """Whether the last of the keys is a label: windows are formed without it, and have a row for each."""

"""Rescore: the windows of a topic, closed one time after the other, as a run has closed them.

A closed window is the same for every run, whatever its epochs: nothing comes to it any more. What an output does not
tell is how far event time had come before an epoch; the windows tell at which times more of them are closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamreg._core import WindowReduction
    from streamreg._types import Moment


class ClosedWindows:
    """The windows that are closed by now."""

    def __init__(self, reduction: WindowReduction) -> None:
        """None is, of a reduction with all rows of a topic, which keeps the last closed ones."""
        self._reduction = reduction
        self._time: Moment | None = None
        self._note()

    def close_next(self) -> bool:
        """Closes those that are closed first; False if no more are ever."""
        time = self._reduction.next_close()
        # The greatest of all times can be too early for some.
        if time is None or (self._time is not None and time <= self._time):
            return False
        self._time = time
        self._note()
        return True

    def _note(self) -> None:
        self._reduction.due(self._time)
        self._reduction.close(self._time)
        # What was changed before is of no interest, and is not looked at each time.
        self._reduction.mark_clean()

"""Top: a run that is looked at again and again, also while it is away for some time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from streamreg._exceptions import StreamregError
from streamreg._operate.top.picture import lines
from streamreg._operate.top.sources import AwayError

if TYPE_CHECKING:
    from streamreg._operate.top.sources import Look

_REST: Final = 10
"""So many times as long as a look took there is none: it takes from the machine that the run may need."""


def watched(look: Look, pause: float) -> Iterator[Sequence[str]]:
    """Pictures, at least so many seconds apart; where there is none to be had, the last one with the reason.

    Raises:
        StreamregError: if the first look fails.
    """
    seen: Sequence[str] = ()
    while True:
        begun, took = time.monotonic(), 0.0
        try:
            seen = shown = list(lines(look()))
            took = time.monotonic() - begun
        except StreamregError as error:
            if not seen:
                raise
            what = "nobody answers" if isinstance(error, AwayError) else "the look failed"
            shown = [f"{what}, trying again", str(error), "", *seen]
        yield shown
        time.sleep(max(pause, _REST * took))

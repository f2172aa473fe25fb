"""Run: what a run shows on stderr: its progress, and what is logged meanwhile."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from streamreg._run.progress import ProgressLine
from streamreg._terminal.log_lines import logged_above
from streamreg._terminal.screen import Screen
from streamreg._terminal.standard_streams import drop_broken, hold, is_terminal


@contextmanager
def stderr_line(wanted: bool | None, logger: logging.Logger) -> Iterator[ProgressLine | None]:
    """The line that shows the progress, if it is wanted; None: where there is a terminal.

    Whatever becomes of the standard streams meanwhile does not end the run.
    """
    hold()
    stream = sys.stderr
    terminal = is_terminal(stream)
    wanted = stream is not None and (terminal if wanted is None else wanted)
    try:
        with ExitStack() as stack:
            line = None
            if stream is not None and (terminal or wanted):
                screen = Screen(stream)
                line = ProgressLine(screen) if wanted else None
                stack.callback(lambda: screen.close(None if line is None else line.last))
                if terminal:
                    stack.enter_context(logged_above(screen, stream, logger))
            yield line
    finally:
        drop_broken()

"""Run: what a run shows on stderr: its progress, and what is logged meanwhile."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from streamreg._run.progress import ProgressLine
from streamreg._terminal.log_lines import logged_apart
from streamreg._terminal.screen import Screen
from streamreg._terminal.standard_streams import drop_broken, has_reader, hold, is_terminal


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
            line, screen = None, None
            if stream is not None and (wanted or has_reader(stream)):
                screen = Screen(stream)
                line = ProgressLine(screen) if wanted else None
                stack.callback(lambda: screen.close(None if line is None else line.last))
            stack.enter_context(logged_apart(logger, stream, screen))
            yield line
    finally:
        drop_broken()

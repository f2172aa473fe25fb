"""Terminal: what is logged to the terminal while a line is renewed on it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from streamreg._terminal.screen import Screen


class _Lines(io.TextIOBase):
    """What a log handler writes to: whole lines, which it ends itself."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def write(self, text: str) -> int:
        self._screen.line(text.removesuffix("\n"))
        return len(text)


@contextmanager
def logged_above(screen: Screen, stream: TextIO, logger: logging.Logger) -> Iterator[None]:
    """Lets the records of a logger that would go to `stream` go to the screen on it.

    Neither do they run into the line there, nor does the logger wait for a frozen terminal.
    """
    lines = _Lines(screen)
    moved = [handler for handler in _handlers(logger) if handler.stream is stream]
    last = None
    if not logger.hasHandlers() and logging.lastResort is not None:
        last = logging.StreamHandler(lines)
        last.setLevel(logging.lastResort.level)
        logger.addHandler(last)
    for handler in moved:
        handler.setStream(lines)
    try:
        yield
    finally:
        for handler in moved:
            handler.setStream(stream)
        if last is not None:
            logger.removeHandler(last)


def _handlers(logger: logging.Logger) -> Iterator[logging.StreamHandler[Any]]:
    """The handlers, its own and those above it, that write to streams."""
    above: logging.Logger | None = logger
    while above is not None:
        for handler in above.handlers:
            if isinstance(handler, logging.StreamHandler):
                yield handler
        above = above.parent if above.propagate else None

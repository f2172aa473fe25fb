"""Terminal: what is logged to a stream that somebody reads: no logger waits for a reader that takes nothing."""

from __future__ import annotations

import atexit
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from streamreg._terminal.screen import Screen
from streamreg._terminal.standard_streams import has_reader


class Lines(io.TextIOBase):
    """What a log handler writes to: whole lines, which it ends itself."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def write(self, text: str) -> int:
        """Hands a line to the screen."""
        self._screen.line(text.removesuffix("\n"))
        return len(text)


@contextmanager
def logged_apart(
    logger: logging.Logger, stream: TextIO | None, screen: Screen | None
) -> Iterator[None]:
    """Lets the records of a logger that would go to a pipe or a terminal be written by threads of their own.

    Those for `stream` go to the screen on it, so that they do not run into its line.
    """
    screens = {} if stream is None or screen is None else {id(stream): screen}
    own: list[Screen] = []
    moved: list[tuple[logging.StreamHandler[Any], TextIO]] = []
    for handler in _handlers(logger):
        if not isinstance(handler, logging.StreamHandler):
            continue
        before = handler.stream
        if id(before) not in screens and has_reader(before):
            screens[id(before)] = Screen(before)
            own.append(screens[id(before)])
        if id(before) in screens:
            moved.append((handler, before))
            _move(handler, Lines(screens[id(before)]))
    last = None
    if screen is not None and not logger.hasHandlers() and logging.lastResort is not None:
        last = _LastResort(Lines(screen))
        last.setLevel(logging.lastResort.level)
        logger.addHandler(last)
    try:
        yield
    finally:
        for handler, before in moved:
            _move(handler, before)
        if last is not None:
            logger.removeHandler(last)
        for one in own:
            one.close()


def _move(handler: logging.StreamHandler[Any], stream: Any) -> None:  # noqa: ANN401  # whatever a handler writes to
    """Not by `setStream`, which flushes: that may wait for the reader."""
    handler.acquire()
    try:
        handler.stream = stream
    finally:
        handler.release()


class _LastResort(logging.StreamHandler[Any]):
    """What Python has where a program has no handler, but on a screen."""


def handled(logger: logging.Logger) -> bool:
    """Whether the program has a handler for what a logger is given."""
    return any(not isinstance(handler, _LastResort) for handler in _handlers(logger))


def _handlers(logger: logging.Logger) -> Iterator[logging.Handler]:
    """The handlers, its own and those above it."""
    above: logging.Logger | None = logger
    while above is not None:
        yield from above.handlers
        above = above.parent if above.propagate else None


_shared: dict[int, Screen] = {}


def written_apart(stream: TextIO) -> TextIO | Lines:
    """The stream, for a log handler that is there as long as the process; lines for it, if somebody reads it."""
    if not has_reader(stream):
        return stream
    if id(stream) not in _shared:
        _shared[id(stream)] = Screen(stream)
        atexit.register(_shared[id(stream)].close)
    return Lines(_shared[id(stream)])

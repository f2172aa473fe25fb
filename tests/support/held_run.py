"""A run that has its destination, and goes on when others have come to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

import streamreg as sr


@contextmanager
def held_run(t: sr.Table, write: Callable[[sr.Table], sr.Output]) -> Iterator[None]:
    """It writes a table of k, x and y, and stops at the first row; it goes on after the block."""
    opening, waits = threading.Event(), threading.Event()

    def held(x: float) -> float:
        waits.set()
        assert opening.wait(60)
        return x

    output = write(t.select(t.k, x=sr.apply(held, t.x), y=t.y))
    options: dict[str, Any] = {"outputs": [output], "processes": 0, "state": "first"}
    thread = threading.Thread(target=sr.run, kwargs=options)
    thread.start()
    try:
        assert waits.wait(60)
        yield
    finally:
        opening.set()
        thread.join(60)


def check_refused(again: Callable[[], sr.Output], states: Sequence[str | None]) -> None:
    """A second run of a destination is told whose it is, with a state of its own or without one."""
    for state in states:
        with pytest.raises(sr.OutputError, match="another run uses it: stop that one first"):
            sr.run(outputs=[again()], processes=0, state=state)

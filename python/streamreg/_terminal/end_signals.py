"""Terminal: how SIGTERM and Ctrl-C end a command, from its first moment on."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import NoReturn

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


def end_on_sigterm() -> None:
    """Lets SIGTERM end the process by SystemExit, with exit code 143.

    The first process of a container has to have a handler: a signal without one does not reach it.
    """
    signal.signal(signal.SIGTERM, _exit)


def end_at_once() -> None:
    """Lets the next signal end the process where it stands: what is on disk is sound, and workers follow."""
    for number in _NUMBERS:
        signal.signal(number, _leave if os.getpid() == 1 else signal.SIG_DFL)


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(128 + number)

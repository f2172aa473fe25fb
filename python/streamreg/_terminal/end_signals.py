"""Terminal: how SIGTERM and Ctrl-C end a command, from its first moment on."""

from __future__ import annotations

import os
import signal

# Not that of `typing`, which would be imported before a signal can be handled.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


def end_by_signals() -> None:
    """Lets SIGTERM end the process by SystemExit, with exit code 143, and Ctrl-C by KeyboardInterrupt.

    While something is imported they end it at once: Python loses exceptions there, or makes others of them.
    The first process of a container has to have a handler: a signal without one does not reach it.
    """
    signal.signal(signal.SIGTERM, _end)
    # Else it is ignored, as for a program in the background of a shell.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def end_at_once() -> None:
    """Lets the next signal end the process where it stands: what is on disk is sound, and workers follow."""
    for number in _NUMBERS:
        signal.signal(number, _leave if os.getpid() == 1 else signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    if _imports(frame):
        _leave(number, frame)
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is imported where the signal has come."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(128 + number)

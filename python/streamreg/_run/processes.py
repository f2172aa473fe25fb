"""Run: how many worker processes a run is to have."""

from __future__ import annotations

import logging
import multiprocessing
import os

from streamreg._exceptions import ConfigurationError

_log = logging.getLogger("streamreg")


def asked_for(argument: int | None) -> int | None:
    """The number asked for; None if none was asked for. In a process that may have no children it is 0."""
    asked = _asked(argument)
    if asked == 0 or not multiprocessing.current_process().daemon:
        return asked
    if asked is None:
        _log.warning(
            "this process is daemonic, so that it may start none: the run does all work in it, as with processes=0"
        )
        return 0
    name = "processes" if argument is not None else "STREAMREG_PROCESSES"
    raise ConfigurationError(
        f"{name}: {asked} worker processes were asked for, but this process is daemonic (as those of a "
        "multiprocessing.Pool, of Celery or of Airflow are) and may start none: run with processes=0"
    )


def _asked(argument: int | None) -> int | None:
    if argument is not None:
        if isinstance(argument, bool) or not isinstance(argument, int) or argument < 0:
            raise ConfigurationError(f"processes: expected 0 or more, found {argument!r}")
        return argument
    text = os.environ.get("STREAMREG_PROCESSES")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise ConfigurationError(f"STREAMREG_PROCESSES: expected 0 or more, found {text!r}")
    return int(text)


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

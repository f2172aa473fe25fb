"""Serve, memory: how much of it the processes of the run hold, asked of the system when somebody wants to know."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")


def resident(processes: Mapping[str, int]) -> dict[str, int]:
    """The resident memory of each process in bytes; of those alone that the system tells of, as Linux does."""
    found: dict[str, int] = {}
    for role, pid in processes.items():
        try:
            _, pages, *_ = (_PROC / str(pid) / "statm").read_text().split()
        except (OSError, ValueError):  # It has ended, or this is no Linux.
            continue
        found[role] = int(pages) * os.sysconf("SC_PAGE_SIZE")
    return found


def stored(state: str | None) -> int | None:
    """The bytes that the files of a state take; None if there is none."""
    if state is None:
        return None
    try:
        with os.scandir(state) as files:
            return sum(file.stat().st_size for file in files if file.is_file())
    except OSError:
        return None

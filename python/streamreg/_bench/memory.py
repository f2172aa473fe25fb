"""Bench: the memory of a process and all its children (Linux)."""

from __future__ import annotations

import re
from pathlib import Path

_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)


def family(process: int) -> list[int]:
    """The process and its children, and theirs."""
    found = [process]
    for member in found:
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            found += map(int, text(children).split())
    return found


def shared_out(process: int) -> int | None:
    """Bytes resident of a family now; a page that several processes share counts once (PSS). None: not known here."""
    sizes = [_PSS.search(text(Path(f"/proc/{member}/smaps_rollup"))) for member in family(process)]
    found = [int(size[1]) * 1024 for size in sizes if size is not None]
    return sum(found) if found else None


def text(path: Path) -> str:
    """What the kernel says there; nothing if the process has ended."""
    try:
        return path.read_text()
    except OSError:
        return ""

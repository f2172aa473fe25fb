"""Ground: what the system says about a file, with what to do where it lets nothing be written."""

from __future__ import annotations

import errno
from typing import Final

_DENIED: Final = (errno.EROFS, errno.EACCES, errno.EPERM)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)

MAKE_ROOM: Final = "free some space there, and start again"
"""What to do where a disk, or what this process may have of it, is full."""


def said(error: OSError, elsewhere: str) -> str:
    """The reason; `elsewhere` says how another place is named, if this process may not write to this one."""
    text = error.strerror or str(error)
    if error.errno in _DENIED:
        return f"{text}: {elsewhere}"
    return f"{text}: {MAKE_ROOM}" if error.errno in _FULL else text

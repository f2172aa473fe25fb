"""Ground: what the system says about a file, with what to do where it lets nothing be written."""

from __future__ import annotations

import errno
from typing import Final

_DENIED: Final = (errno.EROFS, errno.EACCES, errno.EPERM)


def said(error: OSError, elsewhere: str) -> str:
    """The reason; `elsewhere` says how another place is named, if this process may not write to this one."""
    text = error.strerror or str(error)
    return f"{text}: {elsewhere}" if error.errno in _DENIED else text

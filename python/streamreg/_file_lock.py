"""Locks: one run at a time has a state or an output. A lock ends with the process, however that ends."""

from __future__ import annotations

import fcntl

from streamreg._exceptions import OutputError, StateError


def lock(
    descriptor: int, what: str, error: type[OutputError | StateError], *, shared: bool = False
) -> None:
    """Locks an open file for as long as it is open.

    Args:
        descriptor: the file.
        what: what messages call it.
        error: what is raised.
        shared: whether others may have such a lock too: enough to see whether a run has the file.

    Raises:
        OutputError, StateError: as `error` says: another run has it, or its file system keeps no locks.
    """
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        raise error(
            f"{what}: another run uses it: stop that one first, or give this one a state and outputs of its own"
        ) from None
    except OSError as failed:
        raise error(
            f"{what}: its file system keeps no locks ({failed.strerror}), so that two runs could write to it at once: "
            "use a file system that has them, such as that of a local disk"
        ) from failed

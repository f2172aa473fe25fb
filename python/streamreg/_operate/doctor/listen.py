"""Doctor: may a run listen where the job says?"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING

from streamreg._exceptions import StreamregError
from streamreg._operate.doctor.outcomes import SkipError

if TYPE_CHECKING:
    from streamreg._jobs import Job


def listen(job: Job, running: Callable[[], bool]) -> str:
    """Listens there for a moment; `running` says whether a run of the job goes on, which has the address then.

    Raises:
        SkipError: if the job does not listen, or its run does so now.
        StreamregError: if a run could not.
    """
    if job.listen is None:
        raise SkipError("no [listen]: the run is served to nobody")
    # Late, as for a run: most jobs do not listen.
    from streamreg._serve.address import bound, listen_of

    where = listen_of(job.listen)
    try:
        bound(where).close()
    except StreamregError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE and running():
            raise SkipError(
                f"{where.address} is in use, as the state is: by the job's own run"
            ) from None
        raise
    token = "the token is needed" if where.token else "without a token"
    return f"{where.address} is free; {token}"

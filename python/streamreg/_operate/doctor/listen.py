"""Doctor: may a run listen where the job says?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamreg._operate.doctor.outcomes import SkipError

if TYPE_CHECKING:
    from streamreg._jobs import Job


def listen(job: Job) -> str:
    """Listens there for a moment."""
    if job.listen is None:
        raise SkipError("no [listen]: the run is served to nobody")
    # Late, as for a run: most jobs do not listen.
    from streamreg._serve.address import bound, listen_of

    where = listen_of(job.listen)
    bound(where).close()
    token = "the token is needed" if where.token else "without a token"
    return f"{where.address} is free; {token}"

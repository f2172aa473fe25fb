"""Sink, Delta Lake: what its errors mean: the destination refuses for good, is away, or somebody else has committed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from deltalake.exceptions import CommitFailedError, DeltaError

from streamreg._exceptions import OutputError
from streamreg._secrets import scrub
from streamreg._sinks.contract import AwayError

_REFUSED: Final = re.compile(
    r"\b40[01345] [A-Z]|forbidden|denied|unauthor|unauthenticated|credential|signature|invalid|no ?such ?bucket"
    r"|not ?found|unsupported|unknown",
    re.IGNORECASE,
)
"""What an object store says that will not say otherwise later."""

_URL: Final = re.compile(r"\S+://\S+")
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_SECRET: Final = re.compile(r"key|token|secret|passw|sas|credential", re.IGNORECASE)
_SHOWN: Final = 400
"""Characters of an error that are shown: some of object stores are whole pages."""


@contextmanager
def errors(name: str, options: Mapping[str, str], *, remote: bool) -> Iterator[None]:
    """What Delta Lake says as OutputError, or as AwayError where it may take the same later.

    Args:
        name: what messages call the output.
        options: those of its storage, of which no secret is shown.
        remote: whether it is in an object store, and not on a disk of this machine.
    """
    try:
        yield
    except CommitFailedError as error:
        raise AwayError(
            f"somebody else has committed to the table ({_line(error, options)})"
        ) from error
    except (DeltaError, OSError) as error:
        if isinstance(error, OutputError):
            raise
        text = _line(error, options)
        if remote and not _REFUSED.search(_URL.sub("", text)):
            raise AwayError(text) from error
        raise OutputError(f"{name}: {text}") from error


def _line(error: BaseException, options: Mapping[str, str]) -> str:
    """One line without secrets."""
    text = " ".join(_COLOUR.sub("", str(error)).split()).replace(" \u21b3 ", ": ")
    # Their names tell `scrub` what to remove, however a store calls them.
    secrets = {f"secret {name}": value for name, value in options.items() if _SECRET.search(name)}
    text = scrub(text, secrets)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"

"""Estimator, bytes: what an estimator is, as versioned bytes with a checksum."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

_VERSION: Final = 1
_CHECKSUM: Final = 4


def seal(name: str, about: Mapping[str, Any], state: bytes) -> bytes:
    """The bytes of an estimator of this name: what is said about it, and its state."""
    content = json.dumps(about, sort_keys=True).encode() + b"\n" + state
    return _mark(name) + zlib.crc32(content).to_bytes(_CHECKSUM, "little") + content


def unseal(name: str, sealed: bytes) -> tuple[dict[str, Any], bytes]:
    """Reads what `seal` wrote.

    Raises:
        ValueError: for any other bytes.
    """
    mark = _mark(name)
    if not sealed.startswith(mark):
        raise ValueError(f"these bytes are no state of a {name} that this streamreg knows")
    checksum, content = sealed[len(mark) :][:_CHECKSUM], sealed[len(mark) :][_CHECKSUM:]
    if zlib.crc32(content).to_bytes(_CHECKSUM, "little") != checksum:
        raise ValueError(f"the state of the {name} is damaged: its checksum differs")
    about, _, state = content.partition(b"\n")
    with damage(name):
        described: dict[str, Any] = json.loads(about)
    return described, state


@contextmanager
def damage(name: str) -> Iterator[None]:
    """Tells of what does not fit while a state is read.

    Raises:
        ValueError: in the place of the errors that such a state leads to.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the state of the {name} is damaged: {error}") from error


def listed(values: list[Any] | None) -> tuple[Any, ...] | None:
    """A tuple that may be missing, as it was before it was sealed."""
    return None if values is None else tuple(values)


def _mark(name: str) -> bytes:
    return f"streamreg.{name} {_VERSION}\n".encode()

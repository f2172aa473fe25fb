"""Estimator, bytes: what an estimator is, as versioned bytes with a checksum."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from streamreg._exceptions import CorruptStateError, MismatchError

_Field = TypeVar("_Field")

_PREFIX: Final = b"streamreg."
_VERSION: Final = 1
_CHECKSUM: Final = 4


def seal(name: str, about: Mapping[str, Any], state: bytes) -> bytes:
    """The bytes of an estimator of this name: what is said about it, and its state."""
    content = json.dumps(about, sort_keys=True).encode() + b"\n" + state
    return _mark(name) + zlib.crc32(content).to_bytes(_CHECKSUM, "little") + content


def unseal(name: str, sealed: bytes) -> tuple[dict[str, Any], bytes]:
    """Reads what `seal` wrote.

    Raises:
        CorruptStateError: for any other bytes.
        MismatchError: for those of another estimator or of another version.
    """
    mark = _mark(name)
    if not sealed.startswith(mark):
        wrong = MismatchError if sealed.startswith(_PREFIX) else CorruptStateError
        raise wrong(f"these bytes are no state of a {name} that this streamreg knows")
    checksum, content = sealed[len(mark) :][:_CHECKSUM], sealed[len(mark) :][_CHECKSUM:]
    if zlib.crc32(content).to_bytes(_CHECKSUM, "little") != checksum:
        raise CorruptStateError(f"the state of the {name} is damaged: its checksum differs")
    about, _, state = content.partition(b"\n")
    try:
        described = json.loads(about)
    except ValueError as error:
        raise CorruptStateError(f"the state of the {name} is damaged: {error}") from error
    with damage(name):
        return _of_type(described, dict, "description"), state


@contextmanager
def damage(name: str) -> Iterator[None]:
    """Tells whose state it is of which something does not fit while it is read.

    Raises:
        CorruptStateError: in the place of the errors that such a state leads to.
    """
    try:
        yield
    except (CorruptStateError, MismatchError) as error:
        raise CorruptStateError(f"the state of the {name} is damaged: {error}") from error


def field(about: Mapping[str, Any], name: str, kind: type[_Field]) -> _Field:
    """What is said about an estimator under a name.

    Raises:
        CorruptStateError: if it is not there, or of another type.
    """
    return _of_type(about.get(name), kind, name)


def parameters(about: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """The parameters of an estimator that knows these; raises as `field`."""
    params = field(about, "params", dict)
    if not params.keys() <= set(known):
        raise CorruptStateError("its parameters are those of another estimator")
    return params


def listed(
    about: Mapping[str, Any], name: str, kinds: tuple[type[_Field], ...]
) -> tuple[_Field, ...] | None:
    """A tuple of such values, or None where there was none; raises as `field`."""
    values = about.get(name)
    if values is None:
        return None
    listed = field(about, name, list)
    if not all(isinstance(value, kinds) for value in listed):
        raise CorruptStateError(f"its {name} are of another type")
    return tuple(listed)


def _of_type(value: object, kind: type[_Field], name: str) -> _Field:
    if not isinstance(value, kind):
        raise CorruptStateError(f"its {name} is missing, or of another type")
    return value


def _mark(name: str) -> bytes:
    return _PREFIX + f"{name} {_VERSION}\n".encode()

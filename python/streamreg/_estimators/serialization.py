"""Estimator, serialization: an estimator as versioned bytes with a checksum."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from streamreg._exceptions import CorruptStateError, MismatchError
from streamreg._plural import plural

_Field = TypeVar("_Field")

Label = bool | int | str

_PREFIX: Final = b"streamreg."
_VERSION: Final = 1
_CHECKSUM: Final = 4


def serialized(name: str, about: Mapping[str, Any], state: bytes) -> bytes:
    """The bytes of an estimator of this name: its description, and its state."""
    content = json.dumps(about, sort_keys=True).encode() + b"\n" + state
    return _mark(name) + zlib.crc32(content).to_bytes(_CHECKSUM, "little") + content


def deserialized(name: str, data: bytes) -> tuple[dict[str, Any], bytes]:
    """Reads what `serialized` wrote.

    Raises:
        CorruptStateError: for any other bytes.
        MismatchError: for those of another estimator or of another version.
    """
    mark = _mark(name)
    if not data.startswith(mark):
        wrong = MismatchError if data.startswith(_PREFIX) else CorruptStateError
        raise wrong(f"these bytes are no state of a {name} that this streamreg knows")
    checksum, content = data[len(mark) :][:_CHECKSUM], data[len(mark) :][_CHECKSUM:]
    if zlib.crc32(content).to_bytes(_CHECKSUM, "little") != checksum:
        raise CorruptStateError(f"the state of the {name} is damaged: its checksum differs")
    about, _, state = content.partition(b"\n")
    try:
        described = json.loads(about)
    except (ValueError, RecursionError) as error:
        raise CorruptStateError(f"the state of the {name} is damaged: {error}") from error
    with damage(name):
        return _of_type(described, dict, "description"), state


@contextmanager
def damage(name: str) -> Iterator[None]:
    """Names the estimator in errors while its state is read.

    Raises:
        CorruptStateError: in the place of the errors that such a state leads to.
    """
    try:
        yield
    except (CorruptStateError, MismatchError) as error:
        raise CorruptStateError(f"the state of the {name} is damaged: {error}") from error


def field(about: Mapping[str, Any], name: str, kind: type[_Field]) -> _Field:
    """An entry of the description of an estimator.

    Raises:
        CorruptStateError: if it is not there, or of another type.
    """
    return _of_type(about.get(name), kind, name)


def plain_parameter(name: str, value: object) -> object:
    """A parameter as JSON has it: numbers of NumPy and sequences as Python's, a dict as pairs.

    Raises:
        TypeError: for other objects.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        pairs = [[plain_parameter(name, part) for part in pair] for pair in value.items()]
        return {"pairs": pairs}
    if isinstance(value, Sequence):
        return [plain_parameter(name, part) for part in value]
    raise TypeError(
        f"the parameter {name} is {value!r:.100}, which bytes do not carry: make it a number, text, or a list or "
        "dict of these, or use pickle"
    )


def parameters(about: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """The parameters of an estimator that knows these, as `plain_parameter` gave them; raises as `field`."""
    params = dict(field(about, "params", dict))
    if not params.keys() <= set(known):
        raise CorruptStateError("its parameters are those of another estimator")
    for name, value in params.items():
        if isinstance(value, dict):
            params[name] = _mapping(field(value, "pairs", list))
    return params


def _mapping(pairs: list[Any]) -> dict[Label, Any]:
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], Label)):
            raise CorruptStateError("a parameter holds something else than pairs")
    return dict(pairs)


def whole(about: Mapping[str, Any], name: str) -> int:
    """A count of a state.

    Raises:
        CorruptStateError: if it is none.
    """
    value = about.get(name)
    if type(value) is not int or value < 0:
        raise CorruptStateError(f"{name} is no count")
    return value


def name_list(values: object, features: int) -> tuple[str, ...] | None:
    """The names of as many features, if they have names.

    Raises:
        CorruptStateError: if that is something else.
    """
    if values is None:
        return None
    if not (isinstance(values, list) and all(type(name) is str for name in values)):
        raise CorruptStateError("the names of the features are no list of texts")
    if len(values) != features:
        raise CorruptStateError(f"{plural(len(values), 'name')} for {plural(features, 'feature')}")
    return tuple(values)


def label_list(values: object) -> tuple[Label, ...]:
    """Labels, in order.

    Raises:
        CorruptStateError: if they are something else.
    """
    if not isinstance(values, list) or len({type(label) for label in values}) != 1:
        raise CorruptStateError("the labels of the classes are no list of labels")
    if type(values[0]) not in (bool, int, str) or values != sorted(set(values)):
        raise CorruptStateError("the labels of the classes are no list of labels in order")
    return tuple(values)


def packed(arrays: Sequence[NDArray[Any]]) -> bytes:
    """Numbers as doubles, one array after the other."""
    return b"".join(array.astype("<f8").tobytes() for array in arrays)


def unpacked(packed: bytes, shapes: Sequence[tuple[int, ...]]) -> list[NDArray[np.float64]]:
    """Reads what `packed` wrote.

    Raises:
        CorruptStateError: if the bytes are not those of such arrays, or hold what is not finite.
    """
    sizes = [math.prod(shape) for shape in shapes]
    if len(packed) != 8 * sum(sizes):
        raise CorruptStateError(
            f"{plural(len(packed), 'byte')} of numbers where {8 * sum(sizes):,} are expected"
        )
    numbers = np.frombuffer(packed, "<f8").astype(np.float64)
    if not np.isfinite(numbers).all():
        raise CorruptStateError("a number is not finite")
    ends = np.cumsum(sizes)[:-1].tolist()
    parts = zip(np.split(numbers, ends), shapes, strict=True)
    return [part.reshape(shape) for part, shape in parts]


def joined(states: Sequence[bytes]) -> bytes:
    """States one after the other, each with its length before it."""
    return b"".join(len(state).to_bytes(8, "little") + state for state in states)


def split(states: bytes, count: int) -> list[bytes]:
    """Reads what `joined` wrote.

    Raises:
        CorruptStateError: if there are not so many, one at least.
    """
    found: list[bytes] = []
    at = 0
    while at < len(states) and len(found) < count:
        end = at + 8 + int.from_bytes(states[at : at + 8], "little")
        found.append(states[at + 8 : end])
        at = end
    if at != len(states) or len(found) != count or not count:
        raise CorruptStateError(f"expected {plural(count, 'state')}, found others")
    return found


def class_codes(numbers: NDArray[np.float64], classes: int) -> NDArray[np.int64]:
    """The codes of the classes of rows.

    Raises:
        CorruptStateError: if one is none.
    """
    if ((numbers < 0) | (numbers >= classes) | (numbers != np.floor(numbers))).any():
        raise CorruptStateError("a row is of a class that is not there")
    return numbers.astype(np.int64)


def _of_type(value: object, kind: type[_Field], name: str) -> _Field:
    if not isinstance(value, kind):
        raise CorruptStateError(f"its {name} is missing, or of another type")
    return value


def _mark(name: str) -> bytes:
    return _PREFIX + f"{name} {_VERSION}\n".encode()

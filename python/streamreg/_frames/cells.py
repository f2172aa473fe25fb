"""Source, frames: a column of a frame as a column of the schema, with what is missing and what does not fit.

Whole columns of another kind than the schema's are an error at once; what single entries cannot be is a reject of
their row, by the same reasons as text: NaN and infinities, integers beyond 64 bits, times finer than a microsecond.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import gcd
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from streamreg._core import decimals
from streamreg._evaluate.times import from_objects, in_range
from streamreg._exceptions import ConfigurationError
from streamreg._formats.columns import Cells
from streamreg._types import OPTIONAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamreg._types import SourceType

_LEAST, _MOST = -(2**63), 2**63 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FINER: Final = {"ns": 10**3, "ps": 10**6, "fs": 10**9, "as": 10**12}
"""Units of NumPy's, and how many of them are a microsecond."""
_FIRST, _LAST = np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31T23:59:59.999999", "us")


def cells(
    name: str, kind: SourceType, given: NDArray[Any], missing: NDArray[np.bool_] | None
) -> Cells:
    """A column of this type.

    Args:
        name: what it is called, for errors.
        kind: the type of the schema.
        given: the entries; where one is missing, anything.
        missing: where one is.

    Raises:
        ConfigurationError: naming the column, if it cannot be one.
    """
    held = kind.removesuffix(OPTIONAL)
    plain, _, option = held.partition(" ")
    if option:
        raise ConfigurationError(
            f"{name}: the schema has {option.partition('=')[0]}= for it, which is about how text is read: leave it "
            "out, and let the frame hold times"
        )
    if given.ndim != 1:
        raise ConfigurationError(
            f"{name}: expected single values, found an array of {given.ndim} dimensions"
        )
    if given.dtype.kind == "O":
        nones = np.fromiter((_is_missing(value) for value in given), np.bool_, len(given))
        missing = nones if missing is None else missing | nones
    if missing is not None and not missing.any():
        missing = None
    found = _MAKERS[plain](name, given, missing)
    return Cells(found.values, missing if found.missing is None else found.missing, found.faults)


def _is_missing(value: object) -> bool:
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value is np.ma.masked


def _there(missing: NDArray[np.bool_] | None, count: int) -> NDArray[np.bool_]:
    return np.ones(count, np.bool_) if missing is None else ~missing


def _refuse(name: str, kind: str, given: object) -> ConfigurationError:
    return ConfigurationError(f"{name}: the schema says {kind}, but the column holds {given}")


def _object_types(given: NDArray[Any], missing: NDArray[np.bool_] | None) -> set[type]:
    return {type(value) for value in given[_there(missing, len(given))]}


def _floats(name: str, given: NDArray[Any], missing: NDArray[np.bool_] | None) -> Cells:
    if given.dtype.kind == "O" and _object_types(given, missing) <= {
        float,
        int,
        np.float64,
        np.int64,
    }:
        given = np.array([0.0 if gone else _float(value) for value, gone in _pairs(given, missing)])
    if given.dtype.kind not in "fiu" or given.dtype.itemsize > 8:
        raise _refuse(name, "float", given.dtype)
    values = given.astype(np.float64)
    bad = ~np.isfinite(values) & _there(missing, len(values))
    return Cells(values, None, {"non-finite": bad} if bad.any() else {})


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.inf


def _integers(name: str, given: NDArray[Any], missing: NDArray[np.bool_] | None) -> Cells:
    there = _there(missing, len(given))
    if given.dtype.kind == "O":
        if not _object_types(given, missing) <= {int, np.int64}:
            raise _refuse(name, "int", "other objects")
        over = np.fromiter(
            (not gone and not _LEAST <= value <= _MOST for value, gone in _pairs(given, missing)),
            np.bool_,
            len(given),
        )
        values = np.array(
            [
                0 if gone or bad else int(value)
                for (value, gone), bad in zip(_pairs(given, missing), over, strict=True)
            ],
            np.int64,
        )
        return Cells(values, None, {"integer-overflow": over} if over.any() else {})
    if given.dtype.kind not in "iu":
        raise _refuse(name, "int", given.dtype)
    over = (given > np.uint64(_MOST)) & there if given.dtype == np.uint64 else np.zeros(0, np.bool_)
    return Cells(given.astype(np.int64), None, {"integer-overflow": over} if over.any() else {})


def _decimals(name: str, given: NDArray[Any], missing: NDArray[np.bool_] | None) -> Cells:
    if given.dtype.kind in "iu":
        texts = [str(value) for value in given.tolist()]
    elif given.dtype.kind == "O" and _object_types(given, missing) <= {Decimal, int}:
        texts = ["0" if gone else _digits(value) for value, gone in _pairs(given, missing)]
    else:
        raise _refuse(
            name,
            "decimal",
            f"{given.dtype}: a decimal is kept as it is written, which a float is not",
        )
    values, bad = decimals(texts)
    return Cells(values, None, {"decimal-range": bad} if bad.any() else {})


def _digits(value: Decimal | int) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes no integer of more than some thousand digits.
        return "Infinity"


def _booleans(name: str, given: NDArray[Any], missing: NDArray[np.bool_] | None) -> Cells:
    if given.dtype.kind == "O" and _object_types(given, missing) <= {bool, np.bool_}:
        given = np.array(
            [not gone and bool(value) for value, gone in _pairs(given, missing)], np.bool_
        )
    if given.dtype.kind != "b":
        raise _refuse(name, "bool", given.dtype)
    return Cells(given.astype(np.bool_))


def _texts(name: str, given: NDArray[Any], missing: NDArray[np.bool_] | None) -> Cells:
    if given.dtype.kind not in "UOT" or not _object_types(given.astype(object), missing) <= {
        str,
        np.str_,
    }:
        raise _refuse(name, "str", given.dtype if given.dtype.kind != "O" else "other objects")
    values = ["" if gone else str(value) for value, gone in _pairs(given, missing)]
    bad = np.fromiter((not _encodable(value) for value in values), np.bool_, len(values))
    values = ["" if refused else value for value, refused in zip(values, bad.tolist(), strict=True)]
    return Cells(values, None, {"invalid-utf8": bad} if bad.any() else {})


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bytes(name: str, given: NDArray[Any], missing: NDArray[np.bool_] | None) -> Cells:
    if given.dtype.kind not in "SO" or not _object_types(given.astype(object), missing) <= {
        bytes,
        np.bytes_,
    }:
        raise _refuse(name, "bytes", given.dtype if given.dtype.kind != "O" else "other objects")
    return Cells([b"" if gone else bytes(value) for value, gone in _pairs(given, missing)])


def _datetimes(name: str, given: NDArray[Any], missing: NDArray[np.bool_] | None) -> Cells:
    if given.dtype.kind == "O":
        naive = [
            value
            for value, gone in _pairs(given, missing)
            if not gone and not (isinstance(value, datetime) and value.tzinfo is not None)
        ]
        if naive:
            raise _refuse(name, "datetime", f"{naive[0]!r}, which has no time zone")
        values = [_EPOCH if gone else value for value, gone in _pairs(given, missing)]
        # pandas has nanoseconds in an attribute of its own.
        bad = np.fromiter(
            (bool(getattr(value, "nanosecond", 0)) or not in_range(value) for value in values),
            np.bool_,
            len(values),
        )
        kept = [_EPOCH if out else value for value, out in zip(values, bad.tolist(), strict=True)]
        return Cells(
            from_objects(kept, "datetime"), None, {"datetime-range": bad} if bad.any() else {}
        )
    return _times(name, given, missing, "datetime")


def _timedeltas(name: str, given: NDArray[Any], missing: NDArray[np.bool_] | None) -> Cells:
    if given.dtype.kind == "O" and _object_types(given, missing) <= {timedelta}:
        given = np.array(
            [timedelta() if gone else value for value, gone in _pairs(given, missing)], "m8[us]"
        )
    return _times(name, given, missing, "timedelta")


def _times(name: str, given: NDArray[Any], missing: NDArray[np.bool_] | None, kind: str) -> Cells:
    if (
        given.dtype.kind != ("M" if kind == "datetime" else "m")
        or np.datetime_data(given.dtype)[0] == "generic"
    ):
        raise _refuse(name, kind, given.dtype)
    unit, step = np.datetime_data(given.dtype)
    if kind == "timedelta" and unit in ("Y", "M"):
        raise _refuse(name, kind, f"{given.dtype}, whose entries have no length of their own")
    there = _there(missing, len(given))
    counts = given.view(np.int64)
    if unit in _FINER:
        # So many of them are so many microseconds; a step may be a multiple of the unit.
        many, micros_each = _FINER[unit] // (of := gcd(_FINER[unit], step)), step // of
        micros = counts // many
        bad = (counts % many != 0) | (np.abs(micros) > _MOST // micros_each)
        micros *= micros_each
    else:
        micros = given.astype(f"{given.dtype.kind}8[us]").view(np.int64)
        # A year of NumPy's may be any 64-bit number: what does not come back was cut.
        bad = micros.view(f"{given.dtype.kind}8[us]").astype(given.dtype).view(np.int64) != counts
    # The least count means that there is no time: whoever has no other word for that says it by `missing`.
    bad = (bad | np.isnat(given)) & there
    micros = np.where(there & ~bad, micros, 0)
    values = micros.view(f"{given.dtype.kind}8[us]")
    if kind == "datetime":
        bad |= (values < _FIRST) | (values > _LAST)
        values = np.where(bad, values.dtype.type(0, "us"), values)
    return Cells(values, None, {f"{kind}-range": bad} if bad.any() else {})


def _pairs(given: NDArray[Any], missing: NDArray[np.bool_] | None) -> Any:  # noqa: ANN401  # entries of any kind
    there = _there(missing, len(given))
    return zip(given.tolist(), (~there).tolist(), strict=True)


_MAKERS: Final[Mapping[str, Callable[[str, Any, Any], Cells]]] = {
    "float": _floats,
    "int": _integers,
    "decimal": _decimals,
    "bool": _booleans,
    "str": _texts,
    "bytes": _bytes,
    "datetime": _datetimes,
    "timedelta": _timedeltas,
}

"""Format columns: rows that are columns already, as of a frame. They are refused for what text is refused for."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from streamreg._dataclass import dataclass
from streamreg._types import is_optional

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamreg._core import Decoded
    from streamreg._formats.contract import Found
    from streamreg._source.messages import MessageValues
    from streamreg._types import SourceType

NULL: Final = "null"


@dataclass(frozen=True)
class Cells:
    """A column: NumPy's arrays as `_evaluate.columns` has them, or a list of text or bytes."""

    values: NDArray[Any] | list[Any]
    missing: NDArray[np.bool_] | None = None
    """Where there is none, and anything in its place."""

    faults: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    """For each reason to refuse a row where it stands."""

    def __len__(self) -> int:
        return len(self.values)

    def part(self, start: int, end: int) -> Cells:
        """Some of its rows."""
        missing = None if self.missing is None else self.missing[start:end]
        faults = {why: where[start:end] for why, where in self.faults.items()}
        return Cells(self.values[start:end], missing, faults)

    def kept(self, keep: NDArray[np.bool_]) -> Cells:
        """Those rows for which it is true."""
        if keep.all():
            return self
        values = (
            [value for value, kept in zip(self.values, keep.tolist(), strict=True) if kept]
            if isinstance(self.values, list)
            else self.values[keep]
        )
        return Cells(values, None if self.missing is None else self.missing[keep])


@dataclass(frozen=True)
class Rows:
    """Rows in the place of the values of messages: a row is a message."""

    columns: Mapping[str, Cells]
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> bytes:
        """A row as people read it, for the dead-letter file: a JSON object."""
        row = {}
        for name, cells in self.columns.items():
            gone = cells.missing is not None and bool(cells.missing[index])
            row[name] = None if gone else _shown(cells.values[index])
        return json.dumps(row, ensure_ascii=False).encode()


@dataclass(frozen=True)
class DecodedRows:
    """What the core's decoders give, of rows."""

    rows: int
    columns: list[Any]
    missing: list[NDArray[np.bool_] | None]
    messages: NDArray[np.uint32] | None
    rejects: list[tuple[int, str, str | None, str]]
    tombstones: int = 0

    def span(self, row: int) -> None:
        """A row is all of its message."""

    def reject_span(self, reject: int) -> None:
        """Likewise."""


@dataclass(frozen=True)
class RowDecoder:
    """Takes rows apart into those that fit and those that do not."""

    columns: Mapping[str, SourceType]

    def decode(self, values: MessageValues) -> Decoded:
        """The columns of `Rows`, in the form of the core's."""
        rows = cast("Rows", values)
        found: dict[int, tuple[str, str]] = {}
        for name, kind in self.columns.items():
            cells = rows.columns[name]
            for why, where in _faults(cells, kind).items():
                for row in np.flatnonzero(where).tolist():
                    found.setdefault(row, (why, name))
        keep = np.ones(len(rows), np.bool_)
        keep[list(found)] = False
        kept = [rows.columns[name].kept(keep) for name in self.columns]
        decoded = DecodedRows(
            int(keep.sum()),
            [cells.values for cells in kept],
            [
                cells.missing if is_optional(kind) else None
                for cells, kind in zip(kept, self.columns.values(), strict=True)
            ],
            np.flatnonzero(keep).astype(np.uint32) if found else None,
            [(row, why, name, "") for row, (why, name) in sorted(found.items())],
        )
        return cast("Decoded", decoded)


def _faults(cells: Cells, kind: SourceType) -> Mapping[str, NDArray[np.bool_]]:
    if is_optional(kind) or cells.missing is None:
        return cells.faults
    return {NULL: cells.missing, **cells.faults}


@dataclass(frozen=True)
class Columns:
    """Rows of columns that were converted when the source was made."""

    name = "columns"
    preamble = None

    def identity(self) -> Mapping[str, Any]:
        return {"format": self.name}

    def check(self, columns: Mapping[str, SourceType]) -> None:
        return

    def decoder(self, columns: Mapping[str, SourceType], found: Found) -> RowDecoder:
        return RowDecoder(columns)


def _shown(value: Any) -> object:  # noqa: ANN401  # an entry of any column
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, np.ndarray):
        return [int(word) for word in value]
    if isinstance(value, np.datetime64 | np.timedelta64):
        return str(value)
    plain = value.item() if isinstance(value, np.generic) else value
    return str(plain) if isinstance(plain, float) and not np.isfinite(plain) else plain

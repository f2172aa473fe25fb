"""Plan: an output, as the processes and the state know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamreg._types import DType, Time


@dataclass(frozen=True)
class ColumnSpec:
    """A column of an output."""

    name: str
    dtype: DType
    text: str
    """The expression that defines it, as messages show it."""


@dataclass(frozen=True)
class OutputSpec:
    """Where rows are written, which columns they have, and what their `time` is."""

    path: str
    columns: tuple[ColumnSpec, ...]
    time: Time = "epoch"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

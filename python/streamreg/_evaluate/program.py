"""Evaluate: what expressions are lowered to: a list of steps, each computed once, in order.

A step reads the slots of earlier steps and fills the slot of its own index. It belongs to a
scope: a set of rows, either all (scope 0) or those of another scope for which a boolean slot is
true. Steps know neither tables nor expressions, so that a program can travel to another process
without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from streamreg._evaluate.udf import RowFunction
    from streamreg._types import DType

ALL_ROWS: Final = 0

FLOAT_FUNCTIONS: Final = frozenset(
    ["exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan"]
)
"""The functions of a double that there are kernels for, beside the operators."""


IS_NONE: Final = "is_none"
"""The kernel that tells which values are missing, of whatever type they are."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows of scope `parent` for which `mask` is true; scope 0 has neither."""

    parent: int
    mask: int


@dataclass(frozen=True, slots=True)
class Load:
    """An input: a column of the source by name, or a result of a reduction by index."""

    scope: int
    key: str | int


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same value for every row; `any` for an argument that only a Python function sees."""

    scope: int
    value: object
    dtype: DType


@dataclass(frozen=True, slots=True)
class Take:
    """Slot `source` of the scope above, on the rows of this scope."""

    scope: int
    source: int


@dataclass(frozen=True, slots=True)
class Compute:
    """A kernel on slots. `column` and `text` are for the message about a row it cannot compute."""

    scope: int
    kernel: str
    arguments: tuple[int, ...]
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A Python function on each row; `column` is for messages."""

    scope: int
    function: RowFunction
    arguments: tuple[int, ...]
    column: str


@dataclass(frozen=True, slots=True)
class Choose:
    """Two slots, computed where `condition` is true and where it is false, together again."""

    scope: int
    condition: int
    chosen: int
    otherwise: int
    dtype: DType


Step: TypeAlias = Load | Fixed | Take | Compute | Call | Choose


Selection: TypeAlias = tuple[int, tuple[int, ...]]
"""What an output takes of a program: the rows of a scope, and the slots of its columns."""


@dataclass(frozen=True, slots=True)
class Program:
    """Steps in an order in which they can be computed, and the scopes they speak of."""

    steps: tuple[Step, ...]
    scopes: tuple[Scope, ...]

"""The compiled core. One call a batch; the GIL is released while it computes."""

from collections.abc import Sequence
from typing import Literal, Self, final

import numpy as np
from numpy.typing import NDArray

from streamreg._columns import Values
from streamreg._types import Aggregate, ColumnType, Number, Statistic

__all__ = [
    "Changelog",
    "Classes",
    "Decoded",
    "Decoder",
    "Discriminant",
    "Moments",
    "Reduction",
    "Text",
    "Undefined",
    "__version__",
    "render",
    "split_header",
    "stamp",
]

__version__: str

@final
class Text:
    """A column of strings, or of bytes."""

    def __len__(self) -> int: ...
    def to_list(self) -> list[str] | list[bytes]: ...
    def take(self, mask: NDArray[np.bool_]) -> Text: ...

@final
class Decoded:
    """One batch of messages as columns."""

    @property
    def rows(self) -> int: ...
    @property
    def columns(
        self,
    ) -> list[NDArray[np.float64] | NDArray[np.int64] | NDArray[np.bool_] | Text]:
        """The schema's columns, in its order; each has `rows` entries."""

    @property
    def messages(self) -> NDArray[np.uint32] | None:
        """For each row the index of its message in the batch; None if row i is message i."""

    @property
    def rejects(self) -> list[tuple[int, str, str | None, str]]:
        """(index of the message, kind, column, detail) of the messages that do not fit the schema."""

    @property
    def tombstones(self) -> int:
        """Messages without a value: neither rows nor rejects."""

@final
class Decoder:
    """Turns message values into columns."""

    def __new__(
        cls,
        format: Literal["csv", "json", "raw"],
        columns: Sequence[tuple[str, ColumnType]],
        header: Sequence[str] | None = None,
    ) -> Self:
        """`header` names the fields of a CSV record and is required for "csv" alone."""

    def decode(self, values: Sequence[bytes | None]) -> Decoded: ...

@final
class Moments:
    """Count, sums and sums of products of (features, target), exact."""

    def __new__(cls, features: int) -> Self: ...
    @staticmethod
    def from_bytes(state: bytes) -> Moments: ...
    @property
    def features(self) -> int: ...
    @property
    def n(self) -> int:
        """Rows added less rows removed."""

    @property
    def left_out(self) -> int:
        """Rows that held NaN or an infinity, and so are in no sum."""

    def add(self, columns: Sequence[NDArray[np.float64] | NDArray[np.int64]]) -> None: ...
    def remove(self, columns: Sequence[NDArray[np.float64] | NDArray[np.int64]]) -> None: ...
    def merge(self, other: Moments) -> None: ...
    def subtract(self, other: Moments) -> None: ...
    def to_bytes(self) -> bytes: ...
    def solve(self) -> list[float] | None:
        """Intercept, then one coefficient per feature; None if the system is singular."""

@final
class Classes:
    """Count, sums and sums of products of the features, class by class, exact."""

    def __new__(cls, features: int) -> Self: ...
    @staticmethod
    def from_bytes(state: bytes) -> Classes: ...
    @property
    def features(self) -> int: ...
    @property
    def n(self) -> int:
        """Rows added less rows removed."""

    @property
    def left_out(self) -> int:
        """Rows that held NaN or an infinity, and so are in no sum."""

    def add(
        self,
        labels: Sequence[bool | int | str],
        codes: NDArray[np.int64],
        columns: Sequence[NDArray[np.float64] | NDArray[np.int64]],
    ) -> None:
        """Adds rows: `codes` has for each row the index of its label, `columns` are the features."""

    def remove(
        self,
        labels: Sequence[bool | int | str],
        codes: NDArray[np.int64],
        columns: Sequence[NDArray[np.float64] | NDArray[np.int64]],
    ) -> None: ...
    def merge(self, other: Classes) -> None: ...
    def subtract(self, other: Classes) -> None: ...
    def to_bytes(self) -> bytes: ...
    def counts(self) -> list[tuple[bool | int | str, int]] | Undefined:
        """The classes that have rows, in order, and how many."""

    def describe(
        self,
        what: Literal["prior", "mean", "variance", "covariance", "pooled"],
        unbiased: bool = False,
    ) -> NDArray[np.float64] | Undefined:
        """A description of the classes that have rows, row by row; each number rounded once.

        Covariances are those of maximum likelihood, or those without bias.
        """

    def discriminant(
        self,
        method: Literal["linear", "quadratic", "bayes"],
        priors: Sequence[float] | None = None,
        unbiased: bool = False,
    ) -> Discriminant | Undefined:
        """What tells the classes that have rows apart; `priors` are theirs."""

@final
class Discriminant:
    """What rows are scored by."""

    def parameter(
        self, name: Literal["coefficient", "intercept", "precision"]
    ) -> NDArray[np.float64]:
        """A parameter of the classes, row by row; each number rounded once."""

    def rows(
        self,
        columns: Sequence[NDArray[np.float64] | NDArray[np.int64]],
        asked: Literal["score", "posterior", "log_posterior"],
    ) -> NDArray[np.float64]:
        """For each row, and in it for each class, what is asked; computed in doubles.

        Raises:
            OverflowError: if a score leaves the range of doubles.
        """

@final
class Undefined:
    """That there is no answer, and why."""

    @property
    def reason(self) -> Literal["no rows", "inconsistent", "too few rows", "singular"]: ...
    @property
    def label(self) -> bool | int | str | None:
        """The class; None if it is all of them together."""

    @property
    def feature(self) -> int | None:
        """The feature that is constant, or follows linearly from those before it."""

@final
class Reduction:
    """The aggregates of one `reduce`: exact states that merge in any order."""

    def __new__(cls, inputs: Sequence[Number], aggregates: Sequence[Aggregate]) -> Self: ...
    def add(
        self, columns: Sequence[NDArray[np.float64] | NDArray[np.int64]], rows: int
    ) -> None: ...
    def take(self) -> bytes:
        """What was added since the last take; the reduction is empty afterwards."""

    def merge(self, state: bytes) -> None: ...
    def to_bytes(self) -> bytes: ...
    def left_out(self) -> list[int]:
        """For each aggregate the rows that it could not take (NaN or an infinity in an input)."""

    def limbs(self) -> list[int]:
        """For each aggregate the 64-bit limbs that its exact sums take."""

    def answers(self, statistics: Sequence[Statistic]) -> list[float | int | None]:
        """Each correctly rounded once; None where it is not defined."""

@final
class Changelog:
    """The last row of each key, and what changes when new ones come."""

    def __new__(cls) -> Self: ...
    @staticmethod
    def from_bytes(state: bytes) -> Changelog: ...
    def to_bytes(self) -> bytes: ...
    def update(
        self, keys: Sequence[bytes], present: Sequence[bool], rows: bytes, time: int
    ) -> bytes:
        """CSV lines that take each key from its last row to the new one; none if that is the same.

        `rows` holds those of the keys that are present.
        """

def split_header(value: bytes) -> list[str]:
    """The fields of one CSV record.

    Raises:
        ValueError: if it is no CSV record, or no UTF-8.
    """

def render(columns: Sequence[Values]) -> bytes:
    """Rows as CSV text without line ends, packed with the length of each.

    A column is an array of numbers or booleans, text, or a list of None, bool, int, float, str, bytes.
    """

def stamp(rows: bytes, time: int, diff: int) -> bytes:
    """Packed rows as lines of a changelog: each with `,time,diff` and a line end.

    Raises:
        ValueError: if the bytes are no packed rows.
    """

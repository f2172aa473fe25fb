"""The compiled core. One call a batch; the GIL is released while it computes.

Objects may be used from several threads: calls on one of them have their turn, one after the other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal, Self, TypeAlias, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from streamreg._evaluate.columns import Column, Nullable
from streamreg._types import (
    Aggregate,
    ClassMethod,
    ClassParameters,
    CoreWindow,
    InputType,
    JsonKind,
    KeyedMessage,
    Model,
    Moment,
    Number,
    ResultValue,
    Singular,
    SingularClasses,
    SourceType,
    Statistic,
)

__all__ = [
    "MOST_CLASSES",
    "Cells",
    "ChangeEvents",
    "Changelog",
    "ClassPredictor",
    "ClassSums",
    "Classes",
    "Decoded",
    "Decoder",
    "Discriminant",
    "FetchedBatch",
    "FetchedMessages",
    "Fit",
    "HandOverError",
    "JsonRows",
    "KafkaFetcher",
    "KeptWindow",
    "KeyedReduction",
    "KeyedResults",
    "Messages",
    "Moments",
    "Monomials",
    "Reduction",
    "RowTimes",
    "Scorer",
    "Text",
    "Undefined",
    "WindowPartial",
    "WindowReduction",
    "__version__",
    "avro_decoder",
    "avro_problems",
    "check_column_type",
    "crc32",
    "csv_decoder",
    "debezium_events",
    "decimal_objects",
    "decimals",
    "first_record",
    "framed_json_decoder",
    "json_decoder",
    "micros_of_decimals",
    "micros_of_floats",
    "micros_of_texts",
    "nearest_doubles",
    "protobuf_decoder",
    "protobuf_problems",
    "raw_decoder",
    "record_ends",
    "render",
    "rolling",
    "schema_ids",
    "split_header",
    "stamp",
    "standing",
    "time_decimals",
    "time_texts",
    "time_zone",
    "unknown_to_fetcher",
]

_Row = TypeVar("_Row", bytes, bytes | None)

MOST_CLASSES: int
"""The most classes of a classification."""

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
    def missing(self) -> list[NDArray[np.bool_] | None]:
        """Of each column which of its values are missing, where anything stands in their place; None if none is."""

    @property
    def messages(self) -> NDArray[np.uint32] | None:
        """For each row the index of its message in the batch; None if row i is message i."""

    @property
    def rejects(self) -> list[tuple[int, str, str | None, str]]:
        """(index of the message, kind, column, detail) of the messages that do not fit the schema."""

    @property
    def tombstones(self) -> int:
        """Messages without a value: neither rows nor rejects."""

    def span(self, row: int) -> tuple[int, int] | None:
        """Where the record of a row stands in the value of its message; None if it is all of it."""

    def reject_span(self, reject: int) -> tuple[int, int] | None:
        """The same of a reject."""

@final
class Decoder:
    """Turns message values into columns; `csv_decoder`, `json_decoder` and `raw_decoder` make one."""

    def decode(self, values: list[bytes | None] | FetchedMessages) -> Decoded: ...

@final
class FetchedMessages:
    """The messages of a batch where the native reader has them: bytes are made of what is asked for.

    Asked by an index, as in a sequence, it gives a value, None for a tombstone.
    """

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> bytes | None: ...
    def __iter__(self) -> Iterator[bytes | None]: ...
    def without(self, indexes: Sequence[int]) -> FetchedMessages:
        """The same messages, of which those have no value."""

    def partitions(self) -> NDArray[np.int32]:
        """The partition of each message."""

    def offsets(self) -> NDArray[np.int64]:
        """The offset of each message."""

    def location(self, index: int) -> tuple[int, int, int | None]:
        """Partition, offset and timestamp, in milliseconds since 1970-01-01 UTC, of a message."""

    def key(self, index: int) -> bytes | None: ...
    def headers(self, index: int) -> list[tuple[bytes, bytes | None]]: ...

class HandOverError(Exception):
    """The native reader gives up: another one is to go on at the next offset. What it has given stays given."""

@final
class FetchedBatch:
    """What one read has brought."""

    @property
    def messages(self) -> FetchedMessages: ...
    @property
    def progress(self) -> dict[int, tuple[int, int]]:
        """Partition: the offsets [from, to) that are covered, gaps of the log included."""

    @property
    def leader_epochs(self) -> dict[int, int]:
        """Partition: the leader epoch of its last message."""

@final
class KafkaFetcher:
    """The native reader of Kafka. It connects when it is first asked for messages."""

    def __new__(
        cls,
        settings: Sequence[tuple[str, str]],
        topics: Sequence[tuple[str, bytes | None, Mapping[int, int]]],
        ranges: Sequence[tuple[int, int, int | None, int | None]],
    ) -> Self:
        """Of each topic its name, its id if it must have this one, and the numbers by which its partitions are called.

        Of each range the number of its partition, the first offset, the end, and the leader epoch of what is before it.

        Raises:
            ValueError: for settings that it does not know.
        """

    def read(self, timeout: float, messages: int, size: int) -> FetchedBatch | None:
        """What is there, at most so many messages, and about so many bytes; None if nothing comes within seconds.

        Raises:
            HandOverError: where anything is unusual.
        """

    def heard(self) -> int:
        """How often a broker was heard of: it grows while a response is on its way, too."""

    def log_ends(self) -> dict[int, int]:
        """Where logs end, as the last responses of their brokers had it."""

    def close(self) -> None:
        """Ends connections and their threads."""

@final
class ChangeEvents:
    """The change events of one batch of messages, each an entry."""

    @property
    def operations(self) -> str:
        """A letter each: c (inserted, also by a snapshot), u, d, t, m; - where there is no event, or a reject."""

    @property
    def before(self) -> list[bytes | None]:
        """The row as it was before; None if that is not there, or null."""

    @property
    def after(self) -> list[bytes | None]:
        """The same after; always there where a row was inserted or updated."""

    @property
    def rejects(self) -> list[tuple[int, str, str]]:
        """(index of the message, kind, detail) of the messages that are no events."""

@final
class Moments:
    """Count, sums and sums of products of (features, target), exact."""

    def __new__(cls, features: int) -> Self: ...
    @staticmethod
    def from_bytes(state: bytes) -> Moments:
        """What `to_bytes` gave.

        Raises:
            CorruptStateError: for bytes that are no such state.
            MismatchError: for those of a newer version.
        """

    def __copy__(self) -> Self: ...
    def __reduce__(self) -> tuple[Callable[[bytes], Moments], tuple[bytes]]: ...
    @property
    def features(self) -> int: ...
    @property
    def n(self) -> int:
        """Rows added less rows removed."""

    @property
    def excluded(self) -> int:
        """Rows that held NaN or an infinity, and so are in no sum."""

    def add(self, columns: Sequence[NDArray[np.float64] | NDArray[np.int64]]) -> None: ...
    def remove(self, columns: Sequence[NDArray[np.float64] | NDArray[np.int64]]) -> None: ...
    def merge(self, other: Moments) -> None: ...
    def subtract(self, other: Moments) -> None: ...
    def check_possible(self) -> None:
        """Check that rows can have such sums.

        Raises:
            ValueError: if none can; it says why.
        """

    def to_bytes(self) -> bytes: ...
    def solve(self) -> list[float] | None:
        """Intercept, then one coefficient per feature; None if the system is singular."""

    def fit(self, intercept: bool = True, ridge: float = 0.0, drop: bool = False) -> Fit:
        """The least-squares fit of a model.

        `ridge` is the weight of the squares of the coefficients (not of the intercept's) beside
        those of the residuals. With `drop` features that follow from those before them have no
        coefficient, and all else is as if they were not there.

        Raises:
            ValueError: if the ridge is not finite, or below 0.
        """

@final
class Fit:
    """A linear model fitted to the rows that moments had when it was made, and its statistics."""

    def coefficients(self) -> list[float] | None:
        """The intercept, if there is one, then one for each feature; None if not determined.

        NaN for a feature that was dropped.
        """

    def statistic(
        self, name: str, i: int = 0, j: int = 0, level: float = 0.95
    ) -> float | int | None:
        """A statistic; None where it is not defined.

        Of the whole fit: "n", "df", "rank", "condition_number", "rss", "tss", "residual_std", "r2",
        "adjusted_r2", "f", "f_p_value", "log_likelihood", "aic", "bic", "t_quantile"; of coefficient `i` (0 is the
        intercept, if there is one): "coefficient", "std_error", "t", "p_value", "ci_low",
        "ci_high"; of `i` and `j`: "covariance". `level` is that of the intervals and the quantile.

        Raises:
            ValueError: if there is no such statistic, no such coefficient or no such level.
        """

    def nearly_dependent(self) -> list[int]:
        """The coefficients whose columns follow from those before them but for the roundings of doubles."""

    def values(
        self, columns: Sequence[NDArray[np.float64] | NDArray[np.int64]]
    ) -> NDArray[np.float64]:
        """The fitted value of each row of features, rounded once.

        NaN for a row with NaN or an infinity, and if the coefficients are not determined.

        Raises:
            ValueError: unless there is a column for each feature, all of one length.
        """

    def predict(
        self, columns: Sequence[NDArray[np.float64] | NDArray[np.int64]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """`values`, their standard errors as means, and those of one new observation each.

        Where there are no degrees of freedom, or a ridge, the standard errors are NaN.

        Raises:
            ValueError: as `values`.
        """

    def intervals(
        self,
        columns: Sequence[NDArray[np.float64] | NDArray[np.int64]],
        interval: Literal["confidence", "prediction"],
        level: float = 0.95,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """`values`, and the lower and the upper ends of intervals about them, within one unit in the last place.

        "confidence" is for the mean, "prediction" for one new observation. Ends are NaN where the
        standard errors of `predict` are.

        Raises:
            ValueError: as `values`, or if there is no such interval or no such level.
        """

    def score(self, rows: Moments | Monomials) -> float | None:
        """R² of the exact predictions of rows with these sums, about their mean, rounded once.

        1 or 0 where the target does not vary, None where there is no row or no coefficient.

        Raises:
            ValueError: if they have another number of features.
        """

    def residuals(
        self,
        columns: Sequence[NDArray[np.float64] | NDArray[np.int64]],
        target: NDArray[np.float64] | NDArray[np.int64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """`values`, the target less the exact values, and that over the standard error of a new observation.

        Each is rounded once from its exact value. The second is NaN where the first or the target
        is; the third also where there are no degrees of freedom or a ridge, or if the fit leaves
        no residual.

        Raises:
            ValueError: as `values`; the target is as long as the columns.
        """

@final
class Monomials:
    """The exact sums of a regression with weights, with powers of columns, or of decimals.

    Columns are arrays of float64 or int64, or of decimals (see `decimals`). A row with NaN, an
    infinity or a negative weight is excluded.
    """

    def __new__(
        cls,
        columns: Sequence[Number],
        features: Sequence[tuple[int, int]],
        target: int,
        weight: int | None = None,
    ) -> Self:
        """`columns` are types; a feature is the index of a column and its power, from 1 to 64.

        Raises:
            ValueError: without features or with more than 64, or if a column does not exist.
        """

    @staticmethod
    def from_bytes(state: bytes) -> Monomials:
        """What `to_bytes` gave.

        Raises:
            CorruptStateError: for bytes that are no such state.
            MismatchError: for those of a newer version.
        """

    def __copy__(self) -> Self: ...
    def __reduce__(self) -> tuple[Callable[[bytes], Monomials], tuple[bytes]]: ...
    def renumbered(
        self,
        columns: Sequence[Number],
        features: Sequence[tuple[int, int]],
        target: int,
        weight: int | None = None,
    ) -> Monomials:
        """The same rows, as if they had come in other columns; arguments as those of `Monomials`.

        Raises:
            ValueError: unless it is the same regression but for the numbers of the columns.
        """

    @property
    def columns(self) -> list[Number]:
        """The types of the columns."""

    @property
    def features(self) -> list[tuple[int, int]]:
        """The features: the index of a column, and its power."""

    @property
    def n(self) -> int:
        """Rows added less rows removed, whatever their weights."""

    @property
    def excluded(self) -> int:
        """Rows that held NaN, an infinity or a negative weight, and so are in no sum."""

    def add(self, columns: Sequence[NDArray[np.float64] | NDArray[np.int64]]) -> None:
        """Add rows.

        Raises:
            ValueError: if the columns are not of these types (integers do for floats), or not equally long.
            RangeError: if a count or a sum would leave its range; nothing is added then.
        """

    def remove(self, columns: Sequence[NDArray[np.float64] | NDArray[np.int64]]) -> None:
        """Remove rows, whether added before or later; raises as `add`."""

    def merge(self, other: Monomials) -> None:
        """Add all rows of others.

        Raises:
            MismatchError: if they are of other columns or features.
            RangeError: as `add`.
        """

    def subtract(self, other: Monomials) -> None:
        """Remove all rows of others; raises as `merge`."""

    def check_possible(self) -> None:
        """Check that rows can have such sums.

        Raises:
            ValueError: if none can; it says why.
        """

    def to_bytes(self) -> bytes:
        """Versioned bytes, equal for equal multisets of rows."""

    def fit(self, intercept: bool = True, ridge: float = 0.0, drop: bool = False) -> Fit:
        """The least-squares fit of a model, as that of `Moments`.

        Its `values` and `predict` take for each feature the column that it is a power of.

        Raises:
            ValueError: if the ridge is not finite, or below 0.
        """

@final
class Classes:
    """Count, sums and sums of products of the features, class by class, exact."""

    def __new__(cls, features: int) -> Self: ...
    @staticmethod
    def from_bytes(state: bytes) -> Classes:
        """What `to_bytes` gave.

        Raises:
            CorruptStateError: for bytes that are no such state.
            MismatchError: for those of a newer version.
        """

    def __copy__(self) -> Self: ...
    def __reduce__(self) -> tuple[Callable[[bytes], Classes], tuple[bytes]]: ...
    @property
    def features(self) -> int: ...
    @property
    def n(self) -> int:
        """Rows added less rows removed."""

    @property
    def excluded(self) -> int:
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
    def check_possible(self) -> None:
        """Check that rows can have such sums.

        Raises:
            ValueError: if none can; it says why.
        """

    def to_bytes(self) -> bytes: ...
    @property
    def labels(self) -> list[bool | int | str]:
        """The labels of all classes, in order."""

    def predictor(
        self,
        method: ClassMethod,
        priors: Sequence[float | None] | None,
        unbiased: bool,
        singular: SingularClasses,
        smoothing: float,
    ) -> ClassPredictor:
        """Classifies rows, among the classes that have all parameters; arguments as of `parameters`."""

    def counts(self) -> list[tuple[bool | int | str, int]] | Undefined:
        """The classes that have rows, in order, and how many."""

    def describe(
        self,
        what: Literal["prior", "mean", "variance", "covariance", "pooled"],
        unbiased: bool = False,
        smoothing: float = 0.0,
    ) -> NDArray[np.float64] | Undefined:
        """A description of the classes that have rows, row by row; each number rounded once.

        Covariances are those of maximum likelihood, or those without bias. Variances are those of maximum likelihood,
        each with a share of the greatest over all rows.
        """

    def discriminant(
        self,
        method: ClassMethod,
        priors: Sequence[float] | None = None,
        unbiased: bool = False,
        singular: SingularClasses = "null",
        smoothing: float = 0.0,
    ) -> Discriminant | Undefined:
        """The discriminant functions of the classes that have rows; `priors` are theirs."""

    def parameters(
        self,
        method: ClassMethod,
        priors: Sequence[float | None] | None,
        unbiased: bool,
        singular: SingularClasses,
        smoothing: float,
    ) -> list[ClassParameters]:
        """Of each class, in order; each number rounded once. Where a class has no prior it has no intercept.

        The linear parameters are factors of the features, of naive Bayes their means; the quadratic ones are factors
        of the products of two features, row by row of the upper triangle, of naive Bayes variances.
        """

@final
class ClassSums:
    """What `Classes` are, of rows with weights, or with `squares` of any number of features of which naive Bayes asks.

    With `squares` the products of different features are not kept: `describe` gives no covariances then, and only
    "bayes" can be solved.
    """

    def __new__(cls, features: int, weighted: bool = False, squares: bool = False) -> Self: ...
    @staticmethod
    def from_bytes(state: bytes) -> ClassSums:
        """What `to_bytes` gave; raises as that of `Classes`."""

    def __copy__(self) -> Self: ...
    def __reduce__(self) -> tuple[Callable[[bytes], ClassSums], tuple[bytes]]: ...
    @property
    def features(self) -> int: ...
    @property
    def weighted(self) -> bool: ...
    @property
    def squares(self) -> bool: ...
    @property
    def n(self) -> int:
        """Rows added less rows removed."""

    @property
    def excluded(self) -> int:
        """Rows that held NaN, an infinity or a negative weight, and so are in no sum."""

    def add(
        self,
        labels: Sequence[bool | int | str],
        codes: NDArray[np.int64],
        columns: Sequence[NDArray[np.float64] | NDArray[np.int64]],
    ) -> None:
        """Adds rows: `codes` has for each row the index of its label, `columns` are the features, then the weights."""

    def remove(
        self,
        labels: Sequence[bool | int | str],
        codes: NDArray[np.int64],
        columns: Sequence[NDArray[np.float64] | NDArray[np.int64]],
    ) -> None: ...
    def merge(self, other: ClassSums) -> None: ...
    def subtract(self, other: ClassSums) -> None: ...
    def check_possible(self) -> None:
        """As of `Classes`; of products that are not kept nothing is known."""

    def to_bytes(self) -> bytes: ...
    def counts(self) -> list[tuple[bool | int | str, int, float]] | Undefined:
        """The classes that have rows with a weight, in order, how many, and the sum of their weights."""

    def describe(
        self,
        what: Literal["prior", "mean", "variance", "covariance", "pooled"],
        unbiased: bool = False,
        smoothing: float = 0.0,
    ) -> NDArray[np.float64] | Undefined:
        """As of `Classes`."""

    def discriminant(
        self,
        method: ClassMethod,
        priors: Sequence[float] | None = None,
        unbiased: bool = False,
        singular: SingularClasses = "null",
        smoothing: float = 0.0,
    ) -> Discriminant | Undefined:
        """As of `Classes`."""

@final
class Discriminant:
    """What rows are scored by."""

    @property
    def dropped(self) -> list[int]:
        """The features that are constant, or follow from those before them, where the result does without them."""

    @property
    def nearly_dependent(self) -> list[int]:
        """The features that, but for roundings, are constant or follow from those before them."""

    def parameter(
        self, name: Literal["coefficient", "intercept", "precision"]
    ) -> NDArray[np.float64]:
        """A parameter of the classes, row by row; each number rounded once."""

    def rows(
        self,
        columns: Sequence[NDArray[np.float64] | NDArray[np.int64]],
        asked: Literal["score", "posterior", "log_posterior"],
    ) -> NDArray[np.float64]:
        """For each row, and in it for each class, what is asked: the double nearest to its exact value.

        Raises:
            RangeError: if a score or a logarithm leaves the range of doubles.
            ValueError: if a number is not finite.
        """

    def classes(
        self, columns: Sequence[NDArray[np.float64] | NDArray[np.int64]]
    ) -> NDArray[np.int64]:
        """For each row the place of the class of the greatest exact score, of equal ones the first.

        Raises:
            ValueError: if a number is not finite.
        """

    def contrasts(
        self, columns: Sequence[NDArray[np.float64] | NDArray[np.int64]]
    ) -> NDArray[np.float64]:
        """For each row the score of the second of two classes less that of the first, rounded once.

        Raises:
            RangeError: if it leaves the range of doubles.
            ValueError: if a number is not finite, or if there are not two classes.
        """

@final
class ClassPredictor:
    """Classifies rows."""

    def rows(
        self,
        columns: Sequence[NDArray[np.float64] | NDArray[np.int64]],
        own: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """The most probable class of each row, its probability, and that of the row's own class.

        Classes are places among those of the state; `own` has -1 for a label that is none. Where nothing is predicted
        (no class has all parameters, or a number is not finite or too far away) the place is -1, and the
        probabilities are NaN.
        """

@final
class Undefined:
    """That there is no result, and why."""

    @property
    def reason(self) -> Literal["no rows", "inconsistent", "too few rows", "singular"]: ...
    @property
    def label(self) -> bool | int | str | None:
        """The class; None if it is all of them together."""

    @property
    def features(self) -> list[int]:
        """The features that are constant, or follow linearly from those before them."""

@final
class Reduction:
    """The aggregates of one `reduce`: exact states that merge in any order."""

    def __new__(cls, inputs: Sequence[InputType], aggregates: Sequence[Aggregate]) -> Self: ...
    def add(
        self, columns: Sequence[NDArray[np.float64] | NDArray[np.int64] | Nullable], rows: int
    ) -> None:
        """Adds rows. One that lacks a value is in no aggregate that reads it, and is excluded."""

    def take(self) -> bytes:
        """What was added since the last take; the reduction is empty afterwards."""

    def merge(self, state: bytes) -> None:
        """Adds what another reduction of the same shape has given.

        Raises:
            CorruptStateError: for bytes that are no state of a reduction.
            MismatchError: for a state of other columns or aggregates, or of a newer version.
            RangeError: if a count or a sum would leave its range. Nothing has changed after any of them.
        """

    def subtract(self, state: bytes) -> None:
        """Takes it away again, also before it came: what was merged and is subtracted leaves the bytes of before.

        Raises:
            ValueError: if there is a minimum or a maximum, whose value without these rows is unknown; else as `merge`.
        """

    def to_bytes(self) -> bytes: ...
    def excluded(self) -> list[int]:
        """For each aggregate the rows that it could not take (a missing value, NaN or an infinity in an input)."""

    def limbs(self) -> list[int]:
        """For each aggregate the 64-bit limbs that its exact sums take."""

    def scorer(self, regression: tuple[int, Model]) -> Scorer:
        """What scores rows by a regression, of an aggregate and by a model, of the rows that there are now.

        Raises:
            ValueError: if the aggregate is no regression, or the model none.
        """

    def results(self, statistics: Sequence[Statistic]) -> list[ResultValue]:
        """Each correctly rounded once, integers and sums of decimals exact; None where it is not defined."""

    def sums(self, aggregate: int) -> Moments | Monomials:
        """A copy of the sums of the regression that an aggregate is.

        Raises:
            ValueError: if it is none.
        """

@final
class Scorer:
    """A fitted model that rows are scored by."""

    def scores(
        self,
        features: Sequence[NDArray[np.float64] | NDArray[np.int64]],
        target: NDArray[np.float64] | NDArray[np.int64],
        weights: NDArray[np.float64] | NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Predictions, residuals and standardised residuals, as `Fit.residuals`.

        `features` has for each feature the column that it is a power of. While the rows that were
        fitted do not determine the coefficients, predictions are 0 if the model says so. The error
        of a row of weight w has the variance σ²/w; without a weight above 0 its standardised
        residual is NaN.

        Raises:
            ValueError: unless there is a column for each feature, all of one length with the target.
        """

@final
class KeyedReduction:
    """The aggregates of one `reduce` for each key; the first one counts the rows.

    Keys have changed from when a merge adds rows of theirs until they are marked clean. Those that have
    are counted from 0 in the order that `changed` puts them in: column by column, missing ones first, False before
    True, integers by value, text by code points.
    """

    def __new__(
        cls,
        keys: Sequence[InputType],
        inputs: Sequence[InputType],
        aggregates: Sequence[Aggregate],
    ) -> Self: ...
    def partial(
        self,
        keys: Sequence[Column],
        columns: Sequence[NDArray[np.float64] | NDArray[np.int64] | Nullable],
        rows: int,
    ) -> bytes:
        """What a batch comes to, to be merged; nothing is kept of it."""

    def merge(self, state: bytes) -> None:
        """Adds a partial, or all of another reduction; raises as `Reduction.merge`."""

    def subtract(self, state: bytes) -> None:
        """Takes it away again, also before it came; raises as `Reduction.subtract`."""

    def to_bytes(self) -> bytes: ...
    def __len__(self) -> int:
        """The number of keys."""

    def key(self, cells: Sequence[Column]) -> bytes:
        """The key that cells make, columns of one row each.

        Raises:
            ValueError: if they are not of the number and types.
        """

    def single(self, key: bytes) -> Reduction | None:
        """The aggregates of a key; None if there is no such key."""

    def cells(self, key: bytes) -> list[ResultValue]:
        """The cells that a key is made of."""

    def excluded(self) -> list[int]:
        """For each aggregate the rows of all keys that it could not take."""

    def limbs(self) -> list[int]:
        """For each aggregate the 64-bit limbs that its exact sums take, those of all keys together."""

    def changed(self) -> int:
        """Puts the keys that have changed in order; their number."""

    def results(self, statistics: Sequence[Statistic], start: int, end: int) -> KeyedResults:
        """The results of some of the keys that have changed."""

    def all_results(self, statistics: Sequence[Statistic]) -> KeyedResults:
        """The results of all keys, and of those that are gone since they were last marked clean."""

    def classes(self, aggregate: int) -> Classes:
        """The keys that have rows as classes, whose moments an aggregate holds.

        Raises:
            ValueError: if they cannot be classes, or there are too many.
        """

    def split(self, parts: int) -> list[bytes]:
        """All keys in so many parts, each as `to_bytes` gives it of these keys alone.

        A key is in the part whose number is the CRC-32 of its bytes modulo the number of parts.

        Raises:
            ValueError: if there are no parts, or too many.
        """

    def freeze(self) -> None:
        """Rows are scored by the states of now, whatever is merged, until this is called again."""

    def scores(
        self,
        regression: tuple[int, Model],
        keys: Sequence[Column],
        features: Sequence[NDArray[np.float64] | NDArray[np.int64]],
        target: NDArray[np.float64] | NDArray[np.int64],
        weights: NDArray[np.float64] | NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """What a `Scorer` says of each row, by the state that its key had when states were last held.

        All are NaN for a key that had no row.

        Raises:
            ValueError: as `Reduction.scorer` and `Scorer.scores`, or if the keys are others.
        """

    def changes(self, start: int, end: int) -> list[bytearray | int | None]:
        """Of some of the keys that have changed key, state and the CRC-32 of both in turn; None and 0 if it is gone."""

    def mark_clean(self) -> None:
        """All changes have been stored."""

    def digest(self) -> tuple[int, int]:
        """The number of keys, and the sum of the CRC-32 of all keys with their states, modulo 2^64."""

    def load(self, rows: bytes) -> None:
        """Takes in stored keys and states, each with its length (4 bytes, little endian) before it; more may follow."""

    def stored_len(self) -> int:
        """The bytes that all keys and states take in this form."""

    def first(self, most: int | None = None) -> list[tuple[bytes, bytes]]:
        """The first keys in their order, at most so many, with what is kept for them."""

    def difference(self, other: Self) -> tuple[bytes, bytes | None, bytes | None] | None:
        """The first key of which another one keeps something else, with what is kept here and there."""

@final
class RowTimes:
    """When the rows of one batch were, and where they stand.

    `times` has integers, floats, or datetimes in microseconds; the rows of a partition are in the topic's order.
    `watermarks` has for partitions the greatest time before these rows; `offsets` those of the messages: equal ones
    that follow one another are of rows of one message. Times that are NaN, infinite, out of `bounds` (least and
    greatest time) or missing do not count.

    Raises:
        ValueError: if the columns are not of one length, or a watermark is no such time.
    """

    def __new__(
        cls,
        times: NDArray[np.int64] | NDArray[np.float64] | NDArray[np.datetime64] | Nullable,
        partitions: NDArray[np.int32],
        watermarks: Mapping[int, Moment],
        offsets: NDArray[np.int64] | None = None,
        bounds: tuple[Moment, Moment] | None = None,
    ) -> Self: ...
    def watermarks(self) -> dict[int, tuple[Moment, Moment]]:
        """Of partitions with a row here whose time counts: the least time of these, and the greatest one so far."""

@final
class WindowPartial:
    """What a batch comes to by windows."""

    @property
    def state(self) -> bytes:
        """To be merged; equal batches give equal bytes."""

    @property
    def late(self) -> list[tuple[int, Moment]]:
        """Rows that are late for all of their windows, each with the greatest time before it in its partition."""

    @property
    def outside(self) -> list[int]:
        """Rows whose time is NaN or infinite, or whose windows begin or end beyond the times that there are."""

@final
class KeptWindow:
    """A window of what is kept, as it was when it was taken out."""

    @property
    def span(self) -> tuple[Moment, Moment] | None:
        """From when to when it is; None of a session that is closed."""

    @property
    def closed(self) -> bool:
        """Whether it is the last closed one of its instance, which rows are scored by."""

@final
class WindowReduction:
    """The aggregates of rows by windows of time, for each instance; the first one counts the rows.

    Windows [start, end) of a grid begin at origin + k * hop. A row is late for a window if m - cutoff >= end, where m
    is the greatest time before it in its own partition; it is in those of its windows that it is not late for. A window
    is closed when end <= T - cutoff, where T is the time of all partitions; a session when last + 2 * max_gap <= T -
    cutoff; never without `cutoff`. It is visible when T >= start + delay, or, if `final`, when it is closed; without
    either always. What is closed and visible leaves the state. With `keep_closed` the last closed window of each
    instance is kept for scoring. All of it is compared exactly. A row without a time is in no window. If rows are
    `labelled`, the last of the keys is the label: windows are formed without it, and their results have a row for each.

    Raises:
        ValueError: for windows that make no sense, and as `KeyedReduction`; `keys` may be empty.
    """

    def __new__(
        cls,
        keys: Sequence[InputType],
        inputs: Sequence[InputType],
        aggregates: Sequence[Aggregate],
        time: InputType,
        window: CoreWindow,
        delay: Moment | None,
        cutoff: Moment | None,
        final: bool,
        keep_closed: bool = False,
        labelled: bool = False,
    ) -> Self: ...
    def bounds(self) -> tuple[Moment, Moment]:
        """The least and the greatest time of a row that is not outside."""

    def partial(
        self,
        keys: Sequence[Column],
        times: RowTimes,
        columns: Sequence[NDArray[np.float64] | NDArray[np.int64] | Nullable],
        rows: int,
    ) -> WindowPartial:
        """What a batch comes to; nothing is kept of it."""

    def late(self, time: Moment, watermark: Moment) -> bool:
        """Whether a row of this time would be late for any of its windows, were this the greatest time before it."""

    def merge(self, state: bytes) -> None:
        """Adds a partial; raises as `Reduction.merge`."""

    def horizon(self) -> Moment | None:
        """The least T at which every open window is visible and closed; None if none is open, or none ever closes."""

    def next_close(self) -> Moment | None:
        """A T before which no open window closes, and at which one may; None if none is open, or none ever closes."""

    def resume(self, time: Moment | None) -> None:
        """After what was stored has been loaded: T when the last results were given."""

    def due(self, time: Moment | None) -> int:
        """Puts the windows that are to be given results now that T is this in order; their number.

        They are those that have changed since they were last marked clean and are visible, those that have become
        visible since, and those that are gone, being part of another session now. T never falls.
        """

    def results(self, statistics: Sequence[Statistic], start: int, end: int) -> KeyedResults:
        """The results of some of those: cells of the instance, window_start, window_end, then the statistics."""

    def class_results(
        self, statistics: Sequence[Statistic], aggregates: Sequence[int], start: int, end: int
    ) -> tuple[KeyedResults, list[list[Classes]]]:
        """The same of labelled rows: a row for each label; and of each window with rows the classes of some aggregates.

        The label is the last of the cells before window_start.

        Raises:
            ValueError: if rows have no labels, an aggregate is not of classes, or a window has too many of them.
        """

    def most_labels(self) -> int:
        """At least so many labels some window has had; exactly, if the results or classes of all were asked for."""

    def closed_classes(
        self, aggregate: int, instances: Sequence[Column], rows: int
    ) -> tuple[NDArray[np.int64], list[Classes | None]]:
        """For each row which of some instances it is of, and the classes that the rows of these are scored by.

        Those of the last window that was closed when they were frozen, or of last rows as `scores` takes them; None
        for an instance that had none.

        Raises:
            ValueError: as `class_results`, or if closed windows are not kept.
        """

    def close(self, time: Moment | None) -> list[bytes]:
        """Drops the windows that are closed and visible now that T is this; their keys, as results have them."""

    def windows(self, instance: Sequence[Column]) -> list[KeptWindow]:
        """The windows of an instance: the last closed one first, if it is kept, then those that are open, in order.

        Raises:
            ValueError: if the cells, columns of one row each, are not of the number and types.
            RangeError: if there are more windows than can be listed.
        """

    def instances(self, most: int) -> list[list[ResultValue]]:
        """The cells of the first instances in their order, at most so many."""

    def stored_cells(self, key: bytes) -> list[ResultValue]:
        """Of the key of an entry the cells of the instance, then start and end of the window where it tells them."""

    def split(self, state: bytes, parts: int) -> list[bytes]:
        """What `partial` gives in so many parts, by the instances: they are in parts as keys are.

        Raises:
            ValueError: if there are no parts, or too many; it raises as `merge` too.
        """

    def instances_in(self, state: bytes) -> list[bytes]:
        """The instances that what `partial` gives has rows of, in order, each as bytes; raises as `merge`.

        The keys of results begin with these bytes, and those of entries of open windows with a zero byte before them.
        """

    def instance_of(self, key: bytes) -> bytes | None:
        """The instance of the key of an entry, None of that of excluded rows; raises CorruptStateError of others."""

    def next_due(self) -> list[tuple[bytes, Moment]]:
        """For each instance, in order, the least T at which one of its windows becomes visible, or closes.

        Without those of which none ever does. Asked when the windows that are due now have had results, and are closed.
        """

    def keep_no_totals(self) -> None:
        """Excluded rows are counted from now on, and are no entry of what is stored."""

    def exclude(self, counts: Sequence[int]) -> None:
        """Counts rows as excluded that others have, by aggregate. Raises CorruptStateError if that are not so many."""

    def single(self, window: KeptWindow) -> Reduction:
        """The aggregates over the rows of a window. Raises ValueError if rows are labelled."""

    def classes(self, window: KeptWindow, aggregate: int) -> Classes:
        """The classes of a window; raises as `class_results`."""

    def open_windows(self) -> int:
        """The number of windows with rows that are not closed."""

    def cells(self, key: bytes) -> list[ResultValue]:
        """The cells of the instance of a key of results; then, except of last rows, start and end of the window."""

    def excluded(self) -> list[int]:
        """For each aggregate the rows that it could not take, each once, of closed windows and without a time too."""

    def limbs(self) -> list[int]:
        """For each aggregate the 64-bit limbs that the exact sums of the open windows take."""

    def freeze(self) -> None:
        """Rows are scored by the last closed windows of now, until this is called again."""

    def scores(
        self,
        regression: tuple[int, Model],
        keys: Sequence[Column],
        features: Sequence[NDArray[np.float64] | NDArray[np.int64]],
        target: NDArray[np.float64] | NDArray[np.int64],
        weights: NDArray[np.float64] | NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """What a `Scorer` says of each row, by the last window of its instance that was closed when it was frozen.

        Last rows are never closed: they score as they were when `due` was called last before. All are NaN for an
        instance that had none.

        Raises:
            ValueError: if closed windows are not kept; else as `KeyedReduction.scores`.
        """

    def __len__(self) -> int:
        """The number of entries that are stored."""

    def changed(self) -> int: ...
    def changes(self, start: int, end: int) -> list[bytearray | int | None]: ...
    def mark_clean(self) -> None: ...
    def digest(self) -> tuple[int, int]: ...
    def load(self, rows: bytes) -> None: ...
    def stored_len(self) -> int: ...
    def first(self, most: int | None = None) -> list[tuple[bytes, bytes]]: ...
    def difference(self, other: Self) -> tuple[bytes, bytes | None, bytes | None] | None: ...

@final
class KeyedResults:
    """The results of some keys."""

    @property
    def keys(self) -> list[bytes]: ...
    @property
    def present(self) -> list[bool]:
        """Which keys have rows: of those alone there are cells."""

    @property
    def columns(self) -> list[Cells]:
        """The cells of the keys, a column each, then the results of each statistic."""

@final
class Cells:
    """A column of cells of any type."""

    def __len__(self) -> int: ...
    def to_list(self) -> list[ResultValue]: ...

@final
class Changelog:
    """The last row of each key, and what changes when new ones come.

    Of the rows that have changed the same can be asked as of a `KeyedReduction`.
    """

    def __new__(cls) -> Self: ...
    def row(self, key: bytes) -> bytes | None:
        """The last row of a key, as CSV text."""

    def __len__(self) -> int: ...
    def changed(self) -> int: ...
    def changes(self, start: int, end: int) -> list[bytearray | int | None]: ...
    def mark_clean(self) -> None: ...
    def digest(self) -> tuple[int, int]: ...
    def load(self, rows: bytes) -> None: ...
    def stored_len(self) -> int: ...
    def first(self, most: int | None = None) -> list[tuple[bytes, bytes]]: ...
    def difference(self, other: Self) -> tuple[bytes, bytes | None, bytes | None] | None: ...
    @staticmethod
    def from_bytes(state: bytes) -> Changelog: ...
    def to_bytes(self) -> bytes: ...
    def update(
        self, keys: Sequence[bytes], present: Sequence[bool], rows: bytes, time: int
    ) -> bytes:
        """CSV lines that take each key from its last row to the new one; none if that is the same.

        `rows` holds those of the keys that are present.
        """

    def update_each(
        self, keys: Sequence[bytes], present: Sequence[bool], rows: bytes, time: int
    ) -> list[tuple[bytes, bytes]]:
        """The same, apart for each key that has lines: the key, and these."""

    def forget(self, keys: Sequence[bytes]) -> None:
        """Lets go of the rows of keys that get no other row: what was written of them stands."""

def check_column_type(text: SourceType) -> None:
    """Whether this names a column type, with its options.

    Raises:
        ValueError: if not; the message says what there is none of.
    """

def micros_of_floats(
    kind: Literal["datetime", "timedelta"], seconds: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Seconds as the nearest microseconds, and where there is 0 because it is none, or out of range."""

def micros_of_decimals(
    kind: Literal["datetime", "timedelta"], seconds: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """A column of decimals, in seconds, as microseconds, and where there is 0 because it is finer, or out of range."""

def micros_of_texts(
    kind: Literal["datetime", "timedelta"], texts: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Texts of ISO 8601, datetimes with an offset, as microseconds, and where there is 0 because it is none."""

def time_zone(name: str) -> tuple[int, str]:
    """A checksum of how far the clocks of a time zone are ahead of UTC, and when; and the version of the database."""

def time_decimals(times: NDArray[np.datetime64] | NDArray[np.timedelta64]) -> NDArray[np.int64]:
    """Times in seconds, as a column of decimals."""

def time_texts(times: NDArray[np.datetime64] | NDArray[np.timedelta64]) -> list[str]:
    """Times as files have them: datetimes in UTC, and durations, as ISO 8601 writes them."""

def decimals(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """A column of decimals, and where it has 0 because the text is none that can be kept exactly.

    It has a row of three words for each: the low and the high half of the mantissa (128 bits), and
    the power of ten.
    """

def decimal_objects(words: NDArray[np.int64]) -> list[Decimal]:
    """A column of decimals as Python's.

    Raises:
        ValueError: if a row is no decimal.
    """

def nearest_doubles(words: NDArray[np.int64]) -> NDArray[np.float64]:
    """A column of decimals, each rounded to the nearest double; raises as `decimal_objects`."""

def crc32(data: bytes, start: int = 0) -> int:
    """As `zlib.crc32`, some ten times as fast: the checksum of data that follow others, of which `start` is that."""

def csv_decoder(
    columns: Sequence[tuple[str, SourceType]],
    names: Sequence[str],
    delimiter: str = ",",
    many: bool = False,
) -> Decoder:
    """A decoder of CSV records, whose fields have these names; of `many` a message with them may hold any number.

    Raises:
        ValueError: without a column, with two of one name, or if one is not among the names, or twice; if the
            delimiter is no tab or punctuation mark that can stand between numbers.
    """

def json_decoder(
    columns: Sequence[tuple[str, SourceType]],
    paths: Sequence[tuple[str, str]] = ...,
    numbers_in_strings: bool = False,
    many: bool = False,
) -> Decoder:
    """A decoder of JSON objects.

    `paths` are names of columns and their JSON pointers (RFC 6901), of those that are no keys of the object itself.
    With `many` a message is an array of objects, or an object a line.

    Raises:
        ValueError: without a column, or with two of one name; for a path that is none, is of no column, or leads into
            another column.
    """

_Registered: TypeAlias = tuple[int, tuple[str, Sequence[tuple[str, str]]] | None, str]
"""The id of a schema; its text and those that it refers to, each by its name and behind what it refers to itself, or
None and why values are not read by it."""

def avro_decoder(
    columns: Sequence[tuple[str, SourceType]],
    paths: Sequence[tuple[str, str]],
    schemas: Sequence[_Registered],
) -> Decoder:
    """A decoder of Avro records behind the frame of a Schema Registry, of those that these schemas have written.

    `paths` are names of columns and JSON pointers (RFC 6901) through records, of those that are no fields of the record
    itself.

    Raises:
        ValueError: as `json_decoder`.
    """

def avro_problems(
    columns: Sequence[tuple[str, SourceType]],
    paths: Sequence[tuple[str, str]],
    schema: str,
    references: Sequence[tuple[str, str]],
) -> list[tuple[str, str]]:
    """What keeps an Avro schema from giving all columns that need a value: of each the name, and why.

    Raises:
        ValueError: as `avro_decoder`; if it is no schema of records.
    """

def protobuf_decoder(
    columns: Sequence[tuple[str, SourceType]],
    paths: Sequence[tuple[str, str]],
    schemas: Sequence[_Registered],
) -> Decoder:
    """A decoder of Protobuf messages behind the frame of a Schema Registry, of those that these schemas have written.

    `paths` are names of columns and JSON pointers (RFC 6901) through messages, of those that are no fields of the
    message itself.

    Raises:
        ValueError: as `json_decoder`.
    """

def protobuf_problems(
    columns: Sequence[tuple[str, SourceType]],
    paths: Sequence[tuple[str, str]],
    schema: str,
    references: Sequence[tuple[str, str]],
) -> list[tuple[str, str]]:
    """What keeps a Protobuf schema from giving all columns that need a value: of each the name, and why.

    Raises:
        ValueError: as `protobuf_decoder`; if it is no schema, or has no message.
    """

def framed_json_decoder(
    columns: Sequence[tuple[str, SourceType]],
    paths: Sequence[tuple[str, str]],
    numbers_in_strings: bool,
    schemas: Sequence[_Registered],
) -> Decoder:
    """A decoder of JSON objects behind the frame of a Schema Registry, of those that these schemas have written.

    Raises:
        ValueError: as `json_decoder`.
    """

def schema_ids(values: list[bytes | None] | FetchedMessages) -> list[int]:
    """The ids of the schemas that values were written by, ascending; of those that have a frame."""

def unknown_to_fetcher(settings: Sequence[tuple[str, str]]) -> str | None:
    """Why `KafkaFetcher` cannot read with these settings of librdkafka; None if it can."""

def debezium_events(values: list[bytes | None] | FetchedMessages) -> ChangeEvents:
    """Splits the change events of Debezium, in JSON with or without their schema; None is a tombstone."""

def raw_decoder(columns: Sequence[tuple[str, SourceType]]) -> Decoder:
    """A decoder of values that are the one column themselves.

    Raises:
        ValueError: unless there is one column, of text or bytes.
    """

def rolling(
    columns: Sequence[NDArray[np.float64] | NDArray[np.int64]],
    ends: Sequence[int],
    window: int | float,
    statistics: Sequence[tuple[str, int, int]],
    min_rows: int,
    *,
    on: NDArray[np.float64] | NDArray[np.int64] | None = None,
    present: NDArray[np.bool_] | None = None,
    wanted: NDArray[np.bool_] | None = None,
    half_life: tuple[int, int] | float | None = None,
    singular: Singular = "null",
    level: float = 0.95,
) -> list[NDArray[np.float64]]:
    """For each row the statistics of the regression of the last column on the others, over the window that it ends.

    `statistics` are names and indexes, as `Fit.statistic` takes them; there is a column of results for each, NaN
    where there are none: in a window with fewer than `min_rows` rows whose numbers are all finite, or in one that
    does not determine the coefficients. `ends` says where each group of rows ends. A window is so many rows; with
    `on`, a column of ascending times, it is (t - window, t], an int beside ints, a float beside floats. `present`
    says which rows have all of their numbers, `wanted` which are to have results. `half_life` is a fraction beside
    ints and of rows, a float beside floats.

    Raises:
        ValueError: for lengths and names that do not fit; or a half-life of which a time is more than 2^50 from 0.
    """

def split_header(value: bytes, delimiter: str = ",") -> list[str]:
    """The fields of one CSV record.

    Raises:
        ValueError: if it is no CSV record, or no UTF-8.
    """

def first_record(value: bytes, delimiter: str = ",") -> bytes:
    """The first CSV record of a value that may hold many.

    Raises:
        ValueError: if that can be no delimiter.
    """

def record_ends(text: bytes, delimiter: str, most: int, last: bool) -> list[int]:
    """Where the CSV records end with which a text begins, each behind its line end.

    A record is no longer than `most` bytes, or one line: a quote that is not closed costs its own line. `last` says
    that the text ends here; otherwise what may go on behind it is left out.

    Raises:
        ValueError: if that can be no delimiter.
    """

def render(columns: Sequence[Column | Cells]) -> bytes:
    """Rows as CSV text without line ends, packed with the length of each.

    A column is an array of numbers, booleans or times (in microseconds), one of decimals, text, cells, or a list of
    None, bool, int, float, Decimal, datetime, timedelta, str, bytes; or such a column with missing values, which are
    empty cells.
    """

def standing(epochs: Sequence[bytes], places: Sequence[int]) -> list[tuple[bytes, bytes | None]]:
    """What the lines of some epochs come to: of each key that has changed its cells, as CSV, and its last row.

    A row is None where the key went; keys are in the order in which they first changed. `places` are those of the
    columns that are keys.

    Raises:
        ValueError: if these are no lines of a changelog with such columns.
    """

@final
class JsonRows:
    """Makes JSON objects of rows of CSV text, whose numbers are the very ones of the cells; NaN is a text."""

    def __new__(cls, columns: Sequence[tuple[str, JsonKind]]) -> Self:
        """Of rows with columns of these names, and of these kinds."""

    def write(self, rows: Sequence[_Row]) -> list[_Row]:
        """The object of each row; None of None.

        Raises:
            ValueError: if a row has another number of cells, or one of another kind.
        """

@final
class Messages:
    """What the lines of some epochs come to, as `standing` has it, as messages."""

    def __new__(
        cls,
        epochs: Sequence[bytes],
        places: Sequence[int],
        keys: JsonRows | None = None,
        values: JsonRows | None = None,
    ) -> Self:
        """Of keys and values that are objects of these columns, or CSV.

        Raises:
            ValueError: if these are no lines of a changelog with such columns.
        """

    def __len__(self) -> int:
        """How many there are."""

    def some(self, start: int, end: int) -> list[KeyedMessage]:
        """Some of them; the value is None where the row of a key is gone."""

def stamp(rows: bytes, time: int, diff: int) -> bytes:
    """Packed rows as lines of a changelog: each with `,time,diff` and a line end.

    Raises:
        ValueError: if the bytes are no packed rows.
    """

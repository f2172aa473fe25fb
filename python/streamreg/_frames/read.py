"""Source, frames: what a program calls: from a frame to a table."""

from __future__ import annotations

from typing import Any

from streamreg._language.schema import Schema, schema_columns
from streamreg._language.table import Table
from streamreg._source.arguments import check_interval


def from_frame(
    frame: Any,  # noqa: ANN401  # of any library
    *,
    schema: type[Schema],
    autocommit_duration_ms: int = 1500,
) -> Table:
    """A table of the rows of a data frame, which ends with them.

    Columns are taken as they are, without text in between. What a message of a topic would be rejected for, a row is
    rejected for, too: a missing value where the schema has none, NaN and infinities, integers beyond 64 bits, decimals
    of more than 34 digits, times finer than a microsecond. A state goes on with the same rows alone, which it knows by
    a digest.

    Args:
        frame: a table of pandas, polars or Arrow (narwhals must be there: `streamreg[tables]`), or arrays of one
            length by name. They are copied; one worker process gets them all.
        schema: the columns and their types; the frame may have others. A float may be any number of up to 64 bits, a
            decimal an integer or a `decimal.Decimal`, text objects or a category. NaN in pandas is a missing value. A
            datetime has a time zone; NumPy's datetime64 is in UTC.
        autocommit_duration_ms: as for `io.kafka.read`.

    Raises:
        ConfigurationError: naming the argument or column that cannot be used.
        ImportError: if a table is given, and narwhals is not installed.
    """
    # Late: they bring NumPy, whose import is slow.
    from streamreg._formats.columns import Columns
    from streamreg._formats.registry import input_of
    from streamreg._frames.source import FrameSource
    from streamreg._frames.table_columns import frame_columns

    check_interval(autocommit_duration_ms)
    columns = schema_columns(schema)
    source = FrameSource(*frame_columns(frame, columns), autocommit_duration_ms)
    return Table._from_input(input_of(source, columns, Columns(), None, {}))

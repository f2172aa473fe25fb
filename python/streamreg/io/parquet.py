"""Tables read from Parquet files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal

from streamreg._language.schema import Schema, schema_columns
from streamreg._language.table import Table

__all__ = ["read"]


def __dir__() -> list[str]:
    return __all__


def read(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    schema: type[Schema],
    mode: Literal["streaming", "static"] = "streaming",
    autocommit_duration_ms: int = 1500,
    refresh_seconds: float = 5.0,
    folder: str = "",
) -> Table:
    """A table of the rows of Parquet files, of which the schema's columns alone are read.

    Columns are taken as by `from_frame`, row group by row group. With a state each row counts once, by file and row,
    through any crash. A file must be whole when it comes (written under another name, then renamed), and not change: at
    a restart its footer is compared. pyarrow and narwhals must be installed: `streamreg[parquet]`.

    Args:
        path: as for `io.csv.read`.
        schema: the columns and their types, as for `from_frame`.
        mode: "streaming" goes on with new files that a pattern matches; "static" ends with those found at the start.
        autocommit_duration_ms: as for `io.kafka.read`.
        refresh_seconds: as for `io.csv.read`.
        folder: as for `io.csv.read`.

    Raises:
        ConfigurationError: naming the argument that cannot be used.
        ImportError: if pyarrow or narwhals is not installed.
    """
    # Late: they bring NumPy, whose import is slow.
    from streamreg._files.arguments import checked_files
    from streamreg._formats.columns import Columns
    from streamreg._formats.registry import input_of
    from streamreg._parquet.source import ParquetSource

    for needed in ("pyarrow", "narwhals"):
        _check_installed(needed)
    columns = schema_columns(schema)
    source = ParquetSource(
        *checked_files(path, mode, autocommit_duration_ms, refresh_seconds), folder, columns
    )
    return Table._from_input(input_of(source, columns, Columns(), None, {}))


def _check_installed(name: str) -> None:
    from importlib.util import find_spec

    if find_spec(name) is None:
        raise ImportError(
            f"Parquet files are read by way of {name}: pip install 'streamreg[parquet]'"
        )

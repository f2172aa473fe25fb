"""Tables read from files of JSON, an object a line (NDJSON)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
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
    json_field_paths: Mapping[str, str] | None = None,
    numbers_in_strings: bool | None = None,
    autocommit_duration_ms: int = 1500,
    refresh_seconds: float = 5.0,
    folder: str = "",
) -> Table:
    """A table of the objects in files of JSON, one a line.

    Files are read as `io.csv.read` reads them: in UTF-8, exactly once by file and byte.

    Args:
        path: as for `io.csv.read`.
        schema: the columns and their types, as for `io.kafka.read` with format="json".
        mode: as for `io.csv.read`.
        json_field_paths: as for `io.kafka.read`.
        numbers_in_strings: as for `io.kafka.read`.
        autocommit_duration_ms: as for `io.kafka.read`.
        refresh_seconds: as for `io.csv.read`.
        folder: as for `io.csv.read`.

    Raises:
        ConfigurationError: naming the argument that cannot be used.
    """
    # Late: they bring NumPy, whose import is slow.
    from streamreg._files.arguments import checked_files
    from streamreg._files.layout import Layout
    from streamreg._files.source import FileSource
    from streamreg._formats.registry import input_of

    source = FileSource(
        *checked_files(path, mode, autocommit_duration_ms, refresh_seconds), folder, Layout()
    )
    options = {"json_field_paths": json_field_paths, "numbers_in_strings": numbers_in_strings}
    return Table._from_input(input_of(source, schema_columns(schema), "json", None, options))

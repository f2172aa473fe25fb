"""Tables and outputs as the functions of `streamreg.io` make them, for tests that go around these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamreg as sr
from streamreg._formats.contract import Input
from streamreg._formats.registry import FormatName, format_for
from streamreg._language.outputs import Output
from streamreg._sinks.csv_file import CsvFile

if TYPE_CHECKING:
    from streamreg._source.contract import Source
    from streamreg._types import SourceType, Time


def csv_output(table: sr.Table, path: str, time: Time = "epoch") -> Output:
    """A table written to a CSV file."""
    return Output(table, CsvFile(path), time)


def input_of(
    source: Source,
    columns: Mapping[str, SourceType],
    format: FormatName = "csv",
    header: Sequence[str] | None = None,
) -> Input:
    """Messages of a source, decoded to these columns."""
    return Input(source, format_for(columns, format, header=header), columns)


def table_of_source(
    source: Source,
    columns: Mapping[str, SourceType],
    format: FormatName = "csv",
    header: Sequence[str] | None = None,
) -> sr.Table:
    """A table of these messages."""
    return sr.Table._from_input(input_of(source, columns, format, header))

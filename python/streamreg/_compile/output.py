"""Compile: what the processes and the state know of an output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamreg._plan.output import OutputSpec
from streamreg._sinks.contract import ColumnSpec

if TYPE_CHECKING:
    from streamreg._language.outputs import Output


def output_spec(output: Output) -> OutputSpec:
    """An output without its table."""
    columns = tuple(ColumnSpec(c.name, c.dtype, c.definition.text) for c in output.table)
    return OutputSpec(output.sink, columns, output.time)

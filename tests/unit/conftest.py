"""Shared by the tests of the table language: tables without a topic, and batches for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import streamreg as sr
from streamreg._compile.compile import compile
from streamreg._evaluate.batch import RowErrors
from streamreg._evaluate.columns import to_list
from streamreg._formats.contract import Input
from streamreg._language.schema import schema_columns
from streamreg._plan.plan import Plan
from streamreg.testing import ListSource
from tests.support.columns import decimal_array
from tests.support.plans import csv_output, input_of

NUMPY_TYPES: Mapping[str, type] = {"float": np.float64, "int": np.int64, "bool": np.bool_}


class FakeText:
    """Stands for the extension's column of text."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = list(values)

    def __len__(self) -> int:
        return len(self._values)

    def to_list(self) -> list[Any]:
        return self._values

    def take(self, mask: np.ndarray[Any, np.dtype[np.bool_]]) -> FakeText:
        return FakeText([v for v, kept in zip(self._values, mask.tolist(), strict=True) if kept])


@dataclass(frozen=True)
class Batch:
    """The columns of a table for a batch, as Python objects, and the rows that failed."""

    columns: dict[str, list[Any]]
    errors: tuple[RowErrors, ...]

    @property
    def failed(self) -> list[int]:
        return sorted(int(row) for error in self.errors for row in error.rows)


def _typed(types: Mapping[str, str], columns: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Lists as the decoder would bring them."""

    def of_type(dtype: str, values: Sequence[Any]) -> Any:  # noqa: ANN401 - an array or text
        if dtype == "decimal":
            return decimal_array(values)
        if dtype in NUMPY_TYPES:
            return np.array(values, dtype=NUMPY_TYPES[dtype])
        return FakeText(values)

    return {name: of_type(dtype, columns[name]) for name, dtype in types.items()}


@pytest.fixture(scope="session")
def typed() -> Callable[..., dict[str, Any]]:
    """Turn lists into the columns of a schema, as the decoder would bring them."""
    return _typed


@pytest.fixture(scope="session")
def source_of() -> Callable[..., Input]:
    """Make an input with columns of the given types."""

    def make(name: str = "fake source", /, **types: type) -> Input:
        schema = type("TestSchema", (sr.Schema,), {"__annotations__": types})
        return input_of(ListSource([], name=name), dict(schema_columns(schema)), "json")

    return make


@pytest.fixture(scope="session")
def table_of(source_of: Callable[..., Input]) -> Callable[..., sr.Table]:
    """Make a table with columns of the given types, from a source of its own."""

    def make(**types: type) -> sr.Table:
        return sr.Table._from_input(source_of(**types))

    return make


@pytest.fixture(scope="session")
def plan_of() -> Callable[..., Plan]:
    """Compile tables as if each were written to a file."""

    def make(*tables: sr.Table) -> Plan:
        return compile([csv_output(table, f"{i}.csv") for i, table in enumerate(tables)])

    return make


@pytest.fixture(scope="session")
def computed(plan_of: Callable[..., Plan]) -> Callable[..., Batch]:
    """Compute a table whose rows are those of its source, for one batch of lists."""

    def compute(table: sr.Table, **columns: Sequence[Any]) -> Batch:
        plan = plan_of(table)
        rows = len(next(iter(columns.values())))
        result = plan.rows.evaluate(_typed(plan.input.columns, columns), rows)
        cells = [list(to_list(column)) for column in result.outputs[0]]
        return Batch(dict(zip(table.keys(), cells, strict=True)), result.errors)

    return compute

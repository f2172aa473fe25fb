"""Exact, exactly-once linear regression over a Kafka topic."""

from streamreg import reducers
from streamreg._exceptions import (
    ConfigurationError,
    ProgramError,
    StreamregError,
    UnknownColumnError,
)
from streamreg._this import this
from streamreg.expressions import Column, Expression
from streamreg.functions import (
    apply,
    apply_with_type,
    cast,
    ceil,
    cos,
    exp,
    expm1,
    floor,
    if_else,
    log,
    log1p,
    log2,
    log10,
    maximum,
    minimum,
    sign,
    sin,
    sqrt,
    tan,
)
from streamreg.schema import Schema
from streamreg.table import Table

__all__ = [
    "Column",
    "ConfigurationError",
    "Expression",
    "ProgramError",
    "Schema",
    "StreamregError",
    "Table",
    "UnknownColumnError",
    "apply",
    "apply_with_type",
    "cast",
    "ceil",
    "cos",
    "exp",
    "expm1",
    "floor",
    "if_else",
    "log",
    "log1p",
    "log2",
    "log10",
    "maximum",
    "minimum",
    "reducers",
    "sign",
    "sin",
    "sqrt",
    "tan",
    "this",
]

"""Exact, exactly-once linear regression over a Kafka topic."""

import typing as _typing

from streamreg import demo, io, reducers
from streamreg._core import __version__
from streamreg._exceptions import (
    ConfigurationError,
    OutputError,
    ProgramError,
    RejectsError,
    SourceError,
    StateError,
    StreamregError,
    UnknownColumnError,
    WorkerError,
)
from streamreg._features import poly
from streamreg._scored import score
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

if _typing.TYPE_CHECKING:
    from streamreg._estimator import (
        GaussianNB,
        LinearDiscriminantAnalysis,
        LinearRegression,
        LogisticRegression,
        QuadraticDiscriminantAnalysis,
    )
    from streamreg._progress import Progress, Summary
    from streamreg._run import run
else:
    # What not every program needs is imported when it is asked for: it takes longer than all the rest.
    _LATE = {
        "GaussianNB": "_estimator",
        "LinearDiscriminantAnalysis": "_estimator",
        "LinearRegression": "_estimator",
        "LogisticRegression": "_estimator",
        "Progress": "_progress",
        "QuadraticDiscriminantAnalysis": "_estimator",
        "Summary": "_progress",
        "run": "_run",
    }

    def __getattr__(name: str) -> object:
        if name not in _LATE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
        return value

    def __dir__() -> list[str]:
        return sorted(__all__)


__all__ = [
    "Column",
    "ConfigurationError",
    "Expression",
    "GaussianNB",
    "LinearDiscriminantAnalysis",
    "LinearRegression",
    "LogisticRegression",
    "OutputError",
    "ProgramError",
    "Progress",
    "QuadraticDiscriminantAnalysis",
    "RejectsError",
    "Schema",
    "SourceError",
    "StateError",
    "StreamregError",
    "Summary",
    "Table",
    "UnknownColumnError",
    "WorkerError",
    "__version__",
    "apply",
    "apply_with_type",
    "cast",
    "ceil",
    "cos",
    "demo",
    "exp",
    "expm1",
    "floor",
    "if_else",
    "io",
    "log",
    "log1p",
    "log2",
    "log10",
    "maximum",
    "minimum",
    "poly",
    "reducers",
    "run",
    "score",
    "sign",
    "sin",
    "sqrt",
    "tan",
    "this",
]

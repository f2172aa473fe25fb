"""Exact, exactly-once linear regression over a Kafka topic."""

# Not that of `typing`, which type checkers take it for: a command must be ready for signals before it imports much.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from streamreg import demo, engines, io, plots, reducers, temporal
    from streamreg._core import __version__
    from streamreg._estimators import (
        GaussianNB,
        LinearDiscriminantAnalysis,
        LinearRegression,
        LogisticRegression,
        QuadraticDiscriminantAnalysis,
        rolling_linear_regression,
    )
    from streamreg._exceptions import (
        ConfigurationError,
        CorruptStateError,
        DeadLetterError,
        MismatchError,
        NotFittedError,
        NumericalWarning,
        OutputError,
        ProgramError,
        RangeError,
        RejectsError,
        SourceError,
        StateError,
        StreamregError,
        UndefinedError,
        UnknownColumnError,
        WorkerError,
    )
    from streamreg._frames.read import from_frame
    from streamreg._language.column_options import column
    from streamreg._language.expression import Column, Expression
    from streamreg._language.features import poly
    from streamreg._language.functions import (
        apply,
        apply_with_type,
        cast,
        ceil,
        coalesce,
        cos,
        exp,
        expm1,
        floor,
        floor_time,
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
    from streamreg._language.outputs import Output, clear
    from streamreg._language.predictions import score
    from streamreg._language.schema import Schema
    from streamreg._language.table import Table
    from streamreg._language.this import this
    from streamreg._run.entry import run
    from streamreg._run.progress import Progress, Summary
else:
    # Everything is imported when it is asked for: NumPy and the client take longer than all the rest, and a worker
    # process, which imports this package too, needs no table language.
    _MODULES = ("demo", "engines", "io", "plots", "reducers", "temporal")
    _NAMES = {
        "_core": ("__version__",),
        "_estimators": (
            "GaussianNB",
            "LinearDiscriminantAnalysis",
            "LinearRegression",
            "LogisticRegression",
            "QuadraticDiscriminantAnalysis",
            "rolling_linear_regression",
        ),
        "_exceptions": (
            "ConfigurationError",
            "CorruptStateError",
            "DeadLetterError",
            "MismatchError",
            "NotFittedError",
            "NumericalWarning",
            "OutputError",
            "ProgramError",
            "RangeError",
            "RejectsError",
            "SourceError",
            "StateError",
            "StreamregError",
            "UndefinedError",
            "UnknownColumnError",
            "WorkerError",
        ),
        "_frames.read": ("from_frame",),
        "_language.column_options": ("column",),
        "_language.expression": ("Column", "Expression"),
        "_language.features": ("poly",),
        "_language.functions": (
            "apply",
            "apply_with_type",
            "cast",
            "ceil",
            "coalesce",
            "cos",
            "exp",
            "expm1",
            "floor",
            "floor_time",
            "if_else",
            "log",
            "log1p",
            "log2",
            "log10",
            "maximum",
            "minimum",
            "sign",
            "sin",
            "sqrt",
            "tan",
        ),
        "_language.outputs": ("Output", "clear"),
        "_language.predictions": ("score",),
        "_language.schema": ("Schema",),
        "_language.table": ("Table",),
        "_language.this": ("this",),
        "_run.entry": ("run",),
        "_run.progress": ("Progress", "Summary"),
    }
    _HOMES = {name: module for module, names in _NAMES.items() for name in names}

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in _MODULES:
            return import_module(f"{__name__}.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        if callable(value):
            value.__module__ = __name__  # where programs find it
        return value

    def __dir__() -> list[str]:
        return __all__


del TYPE_CHECKING

__all__ = [
    "Column",
    "ConfigurationError",
    "CorruptStateError",
    "DeadLetterError",
    "Expression",
    "GaussianNB",
    "LinearDiscriminantAnalysis",
    "LinearRegression",
    "LogisticRegression",
    "MismatchError",
    "NotFittedError",
    "NumericalWarning",
    "Output",
    "OutputError",
    "ProgramError",
    "Progress",
    "QuadraticDiscriminantAnalysis",
    "RangeError",
    "RejectsError",
    "Schema",
    "SourceError",
    "StateError",
    "StreamregError",
    "Summary",
    "Table",
    "UndefinedError",
    "UnknownColumnError",
    "WorkerError",
    "__version__",
    "apply",
    "apply_with_type",
    "cast",
    "ceil",
    "clear",
    "coalesce",
    "column",
    "cos",
    "demo",
    "engines",
    "exp",
    "expm1",
    "floor",
    "floor_time",
    "from_frame",
    "if_else",
    "io",
    "log",
    "log1p",
    "log2",
    "log10",
    "maximum",
    "minimum",
    "plots",
    "poly",
    "reducers",
    "rolling_linear_regression",
    "run",
    "score",
    "sign",
    "sin",
    "sqrt",
    "tan",
    "temporal",
    "this",
]

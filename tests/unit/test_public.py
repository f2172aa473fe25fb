"""The public names: what `import streamreg` offers, and no more."""

from __future__ import annotations

import ast
import importlib
import inspect
import pickle
import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

import streamreg as sr
from streamreg import _exceptions, testing

ERRORS = [
    "ConfigurationError",
    "CorruptStateError",
    "DeadLetterError",
    "MismatchError",
    "NotFittedError",
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
]
CLASSES = [
    *["Column", "Expression", "NumericalWarning", "Output", "Progress", "Schema", "Summary"],
    "Table",
]
ESTIMATORS = [
    *["GaussianNB", "LinearDiscriminantAnalysis", "LinearRegression", "LogisticRegression"],
    "QuadraticDiscriminantAnalysis",
]
FUNCTIONS = [
    *[
        "apply",
        "apply_with_type",
        "cast",
        "ceil",
        "coalesce",
        "clear",
        "column",
        "cos",
        "exp",
        "expm1",
        "floor",
        "floor_time",
        "from_frame",
        "if_else",
    ],
    *["log", "log1p", "log2", "log10", "maximum", "minimum", "poly", "rolling_linear_regression"],
    *["run", "score", "sign", "sin", "sqrt", "tan"],
]
REDUCERS = [
    *["avg", "corr", "count", "covar_pop", "covar_samp", "max", "min", "regr_avgx", "regr_avgy"],
    *["regr_count", "regr_intercept", "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy"],
    *["stddev_pop", "stddev_samp", "sum", "var_pop", "var_samp"],
]
PUBLIC: dict[ModuleType, list[str]] = {
    sr: [
        *ERRORS,
        *CLASSES,
        *ESTIMATORS,
        *FUNCTIONS,
        "demo",
        "engines",
        "io",
        "plots",
        "reducers",
        "temporal",
        "this",
        "__version__",
    ],
    sr.io: ["csv", "delta", "jsonlines", "kafka", "parquet", "postgres", "sqlite"],
    sr.io.csv: ["read", "write"],
    sr.io.delta: ["write"],
    sr.io.jsonlines: ["read"],
    sr.io.kafka: ["read", "write"],
    sr.io.parquet: ["read"],
    sr.io.postgres: ["write"],
    sr.io.sqlite: ["write"],
    sr.demo: ["noisy_linear_stream"],
    sr.engines: ["spark"],
    sr.plots: ["changes"],
    sr.reducers: REDUCERS,
    sr.temporal: [
        *["Behavior", "Window", "common_behavior", "exactly_once_behavior", "last", "session"],
        *["sliding", "tumbling"],
    ],
    testing: ["Message", "collect", "read", "write"],
}
# Modules that a program may import but need not: what is theirs is offered by `streamreg` itself.
MODULES = {"testing"}

modules = pytest.mark.parametrize("module", PUBLIC, ids=lambda module: module.__name__)


def natural(name: str) -> tuple[bool, list[int | str]]:
    """Classes before the rest, and log2 before log10, as ruff sorts."""
    parts = re.split(r"(\d+)", name)
    return not name[0].isupper(), [int(part) if part.isdigit() else part for part in parts]


@modules
def test_public_names_are_exact(module: ModuleType) -> None:
    """`__all__` holds just the names meant, sorted; each can be imported by `import *` or by name."""
    assert module.__all__ == sorted(PUBLIC[module], key=natural)
    everything: dict[str, object] = {}
    exec(f"from {module.__name__} import *", everything)
    del everything["__builtins__"]
    assert sorted(everything) == sorted(module.__all__)


@modules
def test_completion_offers_the_public_names(module: ModuleType) -> None:
    """`dir()`, by which shells complete, holds what `__all__` does, and nothing that is only imported there."""
    assert dir(module) == sorted(module.__all__)


def test_public_names_are_called_by_where_they_are_found() -> None:
    """A traceback says `streamreg.SourceError`; classes and functions say the same, and pickle by it."""
    for name in sr.__all__:
        found = getattr(sr, name)
        if inspect.isclass(found) or inspect.isfunction(found):
            assert found.__module__ == "streamreg", name
            assert pickle.loads(pickle.dumps(found)) is found
    code = "from streamreg._exceptions import SourceError; raise SourceError('gone')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.endswith("\nstreamreg.SourceError: gone\n")


def test_nothing_else_leaks() -> None:
    """A name of the package that is not private is in `__all__`, or a module of its own."""
    found = {name for name in vars(sr) if not name.startswith("_")}
    assert found - set(sr.__all__) <= MODULES
    assert {name for name in vars(sr.io) if not name.startswith("_")} == set(sr.io.__all__)
    submodules = {module.name for module in pkgutil.iter_modules(sr.__path__)}
    assert {name for name in submodules if not name.startswith("_")} == MODULES | {
        name for name in sr.__all__ if inspect.ismodule(getattr(sr, name))
    }


def test_every_error_is_public() -> None:
    """Whoever catches `StreamregError` catches all; what a run can raise can be caught by name."""
    errors = {name: value for name, value in vars(_exceptions).items() if inspect.isclass(value)}
    assert issubclass(errors.pop("NumericalWarning"), UserWarning)
    assert sorted(errors) == sorted(ERRORS)
    assert all(issubclass(error, sr.StreamregError) for error in errors.values())
    assert all(
        f"── {name} " in str(_exceptions.__doc__) for name in errors if name != "StreamregError"
    )


@modules
def test_everything_public_is_documented(module: ModuleType) -> None:
    """Modules, classes, their methods and functions say what they do, and what each argument is."""
    assert module.__doc__
    for name in module.__all__:
        value = getattr(module, name)
        if isinstance(value, str):
            continue
        assert inspect.getdoc(value), name
        if inspect.isclass(value):
            for method, function in inspect.getmembers(value, inspect.isfunction):
                assert method.startswith("_") or inspect.getdoc(function), f"{name}.{method}"
        elif inspect.isfunction(value) and "Args:" in str(value.__doc__):
            documented = re.findall(r"^ {4,8}(\w+): ", inspect.cleandoc(str(value.__doc__)), re.M)
            expected = list(inspect.signature(value).parameters)
            assert [argument for argument in documented if argument in expected] == expected, name


def test_private_modules_import_alone() -> None:
    """Every module can be imported, and has a docstring that says which stage it is."""
    for found in pkgutil.walk_packages(sr.__path__, "streamreg."):
        if not found.name.endswith(("__main__", "_core")):
            assert importlib.import_module(found.name).__doc__, found.name


def test_importing_it_brings_nothing_slow() -> None:
    """NumPy, the client and the run's machinery wait until a program needs them."""
    slow = [
        "numpy",
        "confluent_kafka",
        "asyncio",
        "multiprocessing",
        "plotly",
        "sqlite3",
        "streamreg._run.run",
    ]
    code = f"import sys, streamreg; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_late_names_are_seen() -> None:
    """What is imported when it is asked for is listed like the rest; what does not exist does not."""
    assert set(sr.__all__) <= set(dir(sr))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(sr, "nothing")  # noqa: B009  # a name that no type checker lets pass


def test_version_is_that_of_the_workspace() -> None:
    """The version is written once, in Cargo.toml; the package tells the same one everywhere."""
    cargo = Path(__file__).parents[2] / "Cargo.toml"
    workspace = tomllib.loads(cargo.read_text(encoding="utf-8"))["workspace"]
    assert sr.__version__ == version("streamreg") == workspace["package"]["version"]


def test_names_come_from_where_types_say() -> None:
    """What is imported late is what type checkers see: each name from the same module."""
    tree = ast.parse(Path(str(sr.__file__)).read_text())
    typed = {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    homes = {name: f"streamreg.{module}" for name, module in vars(sr)["_HOMES"].items()}
    modules = dict.fromkeys(vars(sr)["_MODULES"], "streamreg")
    assert typed == homes | modules

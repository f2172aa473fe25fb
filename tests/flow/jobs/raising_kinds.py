"""Functions of each kind that raise, each in a run of its own: their errors' texts, by kind, go into errors.json.

A line that must show in the text of its kind ends with `# KIND`.
"""

import functools
import json
import linecache
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamreg as sr
from streamreg.testing import read
from tests.support.numbered import Point

CELL = "/tmp/cells/1.py"
TYPED = """
def typed(x: float) -> float:
    return 1 / x  # typed
"""


class OddError(Exception):
    """Of the program itself, so that no other process can import it."""


def plain(x: float) -> float:
    return 1 / x  # plain


def outer(factor: float) -> Callable[[float], float]:
    def inner(x: float) -> float:
        return factor / x  # nested

    return inner


def logged(function: Callable[[float], float]) -> Callable[[float], float]:
    @functools.wraps(function)
    def wrapper(x: float) -> float:
        return function(x)  # decorated

    return wrapper


@logged
def decorated(x: float) -> float:
    return 1 / x  # decorated


def divided(numerator: float, x: float) -> float:
    return numerator / x  # partial


class Inverse:
    def __call__(self, x: float) -> float:
        return self.divided(x)  # object

    def divided(self, x: float) -> float:
        return 1 / x  # object, method

    @staticmethod
    def fixed(x: float) -> float:
        return 1 / x  # static

    @classmethod
    def of(cls, x: float) -> float:
        return 1 / x  # class


@dataclass
class Part:
    x: float

    def __post_init__(self) -> None:
        self.y = 1 / self.x  # dataclass


def third(x: float) -> float:
    return 1 / x  # deep, chained


def second(x: float) -> float:
    return sum(third(each) for each in (1.0, x))  # deep


def first(x: float) -> float:
    return second(x)  # deep


def chained(x: float) -> float:
    try:
        return third(x)  # chained
    except ZeroDivisionError as error:
        raise OddError("odd") from error  # chained


def of_streamreg(x: float) -> float:
    raise sr.SourceError("of the user's")  # streamreg


def ending(x: float) -> float:
    raise SystemExit(3)  # exit


def typed(source: str, name: str) -> Callable[[float], float]:
    """As a notebook and other prompts define a function: in no file, with the source beside it."""
    lines = source.splitlines(keepends=True)
    linecache.cache[name] = (len(source), None, lines, name)
    found: dict[str, Callable[[float], float]] = {}
    exec(compile(source, name, "exec"), found)
    return found["typed"]


KINDS: dict[str, Callable[[float], object]] = {
    "plain": plain,
    "lambda": lambda x: 1 / x,  # lambda
    "nested": outer(2.0),
    "decorated": decorated,
    "partial": functools.partial(functools.partial(divided), 3.0),
    "object": Inverse(),
    "method": Inverse().divided,
    "static": Inverse.fixed,
    "class": Inverse.of,
    "dataclass": lambda x: Part(x).y,  # dataclass
    "deep": first,
    "chained": chained,
    "streamreg": of_streamreg,
    "exit": ending,
    "typed": typed(TYPED, CELL),
}

errors = {}
for kind, function in KINDS.items():
    t = read([[b"1,1", b"0,1"]], schema=Point, header=["x", "y"])
    output = sr.io.csv.write(t.select(z=sr.apply(function, t.x)), f"{kind}.csv")
    try:
        sr.run(outputs=[output])
    except sr.WorkerError as error:
        errors[kind] = str(error)
Path("errors.json").write_text(json.dumps(errors))

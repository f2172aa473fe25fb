"""Dataclasses that are quick to define: the same as those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import pytest

from streamreg import _dataclass
from streamreg._dataclass import dataclass

QUICK: Callable[..., Any] = dataclass
STANDARD: Callable[..., Any] = dataclasses.dataclass
SHAPES = [
    {"frozen": frozen, "eq": eq, "slots": slots, "kw_only": kw_only}
    for frozen, eq, slots, kw_only in product([False, True], repeat=4)
]
POSITIONS: list[tuple[object, ...]] = [
    (),
    (1,),
    (1, "a"),
    (1, "a", 2.0, 3, [4]),
    (1, "a", 2.0, 3, [4], 5),
]


def _point(kind: Callable[..., Any], options: dict[str, bool]) -> Any:  # noqa: ANN401  # a class of the test's
    class Point:
        """A point."""

        x: int
        name: str = dataclasses.field(repr=False)
        y: float = 1.5
        hidden: int = dataclasses.field(default=0, compare=False)
        made: list[int] = dataclasses.field(default_factory=list, hash=False)
        seen: dict[str, int] = dataclasses.field(default_factory=dict, init=False, hash=False)

    Point.__qualname__ = "Point"
    return kind(**options)(Point)


def _said(act: Callable[[], object]) -> str:
    """What comes of it, as text: the result, or the error."""
    try:
        return repr(act())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _answers(point: Any) -> list[str]:  # noqa: ANN401
    """What the class says to everything that a program may ask of it."""
    one = point(x=1, name="a")
    other = point(x=1, name="a", hidden=9)

    def change(name: str) -> Callable[[], object]:
        def act() -> object:
            setattr(one, name, 5)
            return getattr(one, name)

        return act

    return [
        *(_said(partial(point, *values)) for values in POSITIONS),
        _said(lambda: point(1, "a", seen={})),
        _said(lambda: point(x=1, name="a", made=[1], other=2)),
        _said(lambda: one == other),
        _said(lambda: one != point(x=2, name="a")),
        _said(lambda: one == (1, "a", 1.5, 0, [])),
        _said(lambda: one.made is not point(x=1, name="a").made),
        _said(lambda: hash(one) == hash(other)),
        _said(lambda: hash(one) == hash(point(x=1, name="b"))),
        *(_said(change(name)) for name in ("x", "seen")),
        _said(lambda: delattr(one, "y")),
        _said(lambda: dataclasses.replace(other, x=7)),
        _said(lambda: dataclasses.asdict(other)),
        _said(lambda: [(f.name, f.type, f.init, f.kw_only) for f in dataclasses.fields(point)]),
        _said(lambda: copy.copy(other)),
        _said(lambda: copy.deepcopy(other).name),
        str(point.__match_args__),
        str(point.__doc__),
        str(point.__init__.__qualname__),
    ]


@pytest.mark.parametrize("options", SHAPES, ids=str)
def test_differential_with_the_standard_ones(options: dict[str, bool]) -> None:
    """Objects are made, shown, compared, hashed, changed, replaced and copied in the same way, with the same errors."""
    assert _answers(_point(QUICK, options)) == _answers(_point(STANDARD, options))


@dataclass(frozen=True, slots=True)
class Kept:
    """Pickled, as what goes to another process."""

    x: int
    parts: tuple[int, ...] = ()


@dataclass
class Base:
    """What another one builds upon."""

    x: int
    total: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        """What comes of the fields."""
        self.total = self.x + 1


@dataclass
class Built(Base):
    """With a field more, and methods of its own."""

    y: int = 3

    def __init__(self, x: int, y: int = 4) -> None:
        super().__init__(x)
        self.y = y

    def __repr__(self) -> str:
        return f"<{self.x} {self.y} {self.total}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Built) and other.x == self.x

    __hash__ = None  # type: ignore[assignment]  # as an `__eq__` alone leaves it


def test_frozen_ones_without_a_dict_travel() -> None:
    """They are pickled and copied although nothing may be assigned."""
    kept = Kept(1, (2, 3))
    assert pickle.loads(pickle.dumps(kept)) == copy.deepcopy(kept) == kept
    assert not hasattr(kept, "__dict__")
    with pytest.raises(dataclasses.FrozenInstanceError, match="unknown"):
        kept.unknown = 1  # type: ignore[attr-defined]  # on purpose


def test_they_build_upon_each_other() -> None:
    """Fields are inherited, `__post_init__` is called, and methods of the class itself stay."""
    built = Built(1)
    assert (repr(built), built == Built(1, 9), Base(4).total) == ("<1 4 2>", True, 5)
    with pytest.raises(TypeError, match="unhashable"):
        hash(built)


@pytest.mark.parametrize("base", [QUICK, STANDARD], ids=["quick", "standard"])
@pytest.mark.parametrize("upon", [QUICK, STANDARD], ids=["quick", "standard"])
@pytest.mark.parametrize(("frozen", "above"), [*product([False, True], repeat=2)])
def test_both_build_upon_both(
    base: Callable[..., Any], upon: Callable[..., Any], *, frozen: bool, above: bool
) -> None:
    """What is frozen builds upon what is frozen, and the rest upon the rest, whoever made them; else it is refused."""

    @base(frozen=frozen)
    class Below:
        x: int

    def build() -> Any:  # noqa: ANN401
        @upon(frozen=above)
        class Above(Below):
            y: int = 2

        return Above

    if frozen is not above:
        with pytest.raises(TypeError, match="cannot inherit"):
            build()
        return
    one = build()(1)
    assert (one.x, one.y, one == build()(1), one == type(one)(1)) == (1, 2, False, True)
    for name in ("x", "y"):
        if frozen:
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(one, name, 3)
        else:
            setattr(one, name, 3)
            assert getattr(one, name) == 3


def test_what_holds_itself_can_be_shown() -> None:
    """A cycle does not end in a RecursionError."""
    base = Base(1)
    base.x = base  # type: ignore[assignment]  # on purpose
    assert repr(base) == "Base(x=..., total=2)"


def test_nothing_is_compiled_before_an_object_is_made() -> None:
    """Defining a class is cheap: its `__init__` is compiled once, when it is first called."""
    program = """
import builtins
from streamreg._dataclass import dataclass
compiled = []
real = builtins.exec
builtins.exec = lambda *arguments: compiled.append(arguments[0]) or real(*arguments)
@dataclass(frozen=True, slots=True)
class A:
    x: int
made = lambda: [text for text in compiled if "def __init__" in text]  # 3.13 and later compile something empty
assert made() == []
assert (A(1), A(2)) == (A(1), A(2)) and len(made()) == 1, compiled
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    assert _dataclass.__all__ == ["dataclass"]

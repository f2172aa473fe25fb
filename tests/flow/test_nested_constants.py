"""Constants that a function is given, as deep as they may be: a run that was begun goes on."""

from pathlib import Path

import pytest

import streamreg as sr
from streamreg import testing

MESSAGES = [b"x", b"1", b"2", b"3"]


class Row(sr.Schema):
    x: int


def depth(x: int, within: object) -> int:
    """How deep the constant is, added to the row."""
    while isinstance(within, list | tuple | dict) and within:
        within = next(iter(within.values() if isinstance(within, dict) else within))
        x += 1
    return x


def nested(levels: int, kind: str) -> object:
    made: object = 7
    for _ in range(levels):
        made = {"list": [made], "tuple": (made,), "dict": {"k": made}}[kind]
    return made


def table(constant: object, messages: list[bytes]) -> sr.Table:
    t = testing.read([messages], schema=Row)
    return t.select(d=sr.apply(depth, t.x, constant))


@pytest.mark.parametrize("kind", ["list", "tuple", "dict"])
def test_what_a_run_takes_its_restart_takes(folder: Path, kind: str) -> None:
    """The deepest constant there may be is in a state that can be read again."""
    for messages in (MESSAGES[:2], MESSAGES):
        sr.io.csv.write(table(nested(60, kind), messages), "out.csv")
        sr.run(processes=0, state="state")
    assert (folder / "out.csv").read_text() == "d,time,diff\n61,0,1\n62,1,1\n63,1,1\n"


def endless() -> object:
    made: list[object] = []
    made.append(made)
    return made


DEEP = [nested(61, kind) for kind in ("list", "tuple", "dict")]


@pytest.mark.parametrize(
    "constant",
    [*DEEP, {(DEEP[1],): 1}, endless(), nested(100_000, "list")],
    ids=["list", "tuple", "dict", "key", "endless", "huge"],
)
def test_what_no_state_could_tell_is_no_program(constant: object) -> None:
    """A deeper constant, or one that holds itself, is an error where it is written."""
    with pytest.raises(sr.ProgramError, match="nested more than 60 levels deep"):
        table(constant, MESSAGES)

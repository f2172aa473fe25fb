"""Stage 3 of a job file: typed access to a table of the tree, collecting every problem found.

A getter that finds a problem notes it and returns an empty value, which is never a valid one, so
that the reading goes on and the next problem is found too. Problems show what the file says, never
what the environment put in its place. The known keys of a table are those that were asked for.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from streamreg._jobs.environment import ExpansionError, expand
from streamreg._jobs.example import elsewhere
from streamreg._plural import plural
from streamreg._secrets import is_secret

Option = TypeVar("Option", bound=str)

_BARE = re.compile(r"[A-Za-z0-9_.\-]{1,60}")
_INT32 = 2**31
_SHOWN = 40  # characters of a value or key that are quoted in an error
MOST_SHOWN = 20  # problems of one kind: a hostile file has thousands


class Section:
    """One table of the job file, with the path that leads to it."""

    def __init__(
        self,
        tree: dict[str, Any],
        path: str,
        problems: list[str],
        environ: Mapping[str, str],
    ) -> None:
        """Takes the table `tree`, found at `path` ("" for the whole file)."""
        self._tree = tree
        self._path = path
        self._problems = problems
        self._environ = environ
        self._asked: dict[str, None] = {}  # in the order of asking
        self._open = False  # any key is known

    def problem(self, key: str, text: str) -> None:
        """Notes what is wrong with a key of this table."""
        self._problems.append(f"{self._name(key)}: {text}")

    def shown(self, key: str) -> str:
        """What the file has at the key, as an error quotes it."""
        return describe(self._tree.get(key))

    def section(self, key: str) -> "Section":
        """The table at the key; an empty one if it is missing: its own keys are then missed."""
        value = self._get(key, required=False)
        if value is not None and not isinstance(value, dict):
            self.problem(key, f"expected a table, [{self._name(key)}], found {describe(value)}")
        tree = value if isinstance(value, dict) else {}
        return Section(tree, self._name(key), self._problems, self._environ)

    def tables(self, key: str) -> "list[Section] | None":
        """The tables of an array, `[[key]]`, each with its number, from 1; None if there is no array."""
        value = self._tree.get(key)
        if not isinstance(value, list):
            return None
        self._asked[key] = None
        if not all(isinstance(each, dict) for each in value) or not value:
            self.problem(key, f"expected tables, [[{self._name(key)}]]")
            return []
        name = self._name(key)
        return [
            Section(each, f"{name}.{at}", self._problems, self._environ)
            for at, each in enumerate(value, 1)
        ]

    def columns(self) -> Iterator[str]:
        """The keys of a table whose keys are names, in the file's order; any name is known."""
        self._open = True
        yield from (key for key in self._tree if self._key(key))

    def is_table(self, key: str) -> bool:
        """Whether there is a table at the key."""
        return isinstance(self._tree.get(key), dict)

    def has(self, key: str) -> bool:
        """Whether the key is given; it is a known one."""
        return self._get(key, required=False) is not None

    @property
    def empty(self) -> bool:
        """Whether no key is given."""
        return not self._tree

    def string(self, key: str, *, required: bool = True, empty: bool = False) -> str:
        """A string, with the environment's values in it; it may be `empty` if that is a valid one."""
        value = self._get(key, required)
        return "" if value is None else self._text(key, value, empty=empty)

    def string_or_false(self, key: str, default: str) -> str | None:
        """As `string`, where false gives None and nothing the default."""
        value = self._get(key, required=False)
        if value is None or value is False:
            return default if value is None else None
        if isinstance(value, str):
            return self._text(key, value)
        self.problem(key, f"expected a string or false, found {describe(value)}")
        return None

    def choice(self, key: str, options: Sequence[Option]) -> Option | None:
        """One of the options, or None if the key is not given."""
        text = self.string(key, required=False)
        for option in options:
            if option == text:
                return option
        if text:
            self.problem(key, f"expected one of {listed(options)}, found {self.shown(key)}")
        return None

    def integer(self, key: str, least: int, most: int) -> int | None:
        """An integer in the range, or None if the key is not given."""
        value = self._get(key, required=False)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.problem(key, f"expected an integer, found {describe(value)}")
            return None
        if not least <= value <= most:
            self.problem(key, f"expected {least} to {most}, found {describe(value)}")
            return None
        return value

    def integer_or_string(self, key: str, least: int, most: int) -> int | str | None:
        """An integer in the range or a string, or None if the key is not given."""
        if isinstance(self._tree.get(key), str):
            return self.string(key)
        return self.integer(key, least, most)

    def unread(self, key: str) -> object:
        """Whatever is at the key, as TOML has it, for whoever reads it; None if nothing is."""
        return self._get(key, required=False)

    def boolean(self, key: str, default: bool) -> bool:
        """True or false; the default if the key is not given."""
        value = self._get(key, required=False)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.problem(key, f"expected true or false, found {describe(value)}")
        return default

    def number(
        self, key: str, default: float, valid: Callable[[float], bool], expected: str
    ) -> float:
        """A number that `valid` takes, which errors call `expected`; the default if none is given."""
        value = self._get(key, required=False)
        if value is None:
            return default
        if isinstance(value, int | float) and not isinstance(value, bool) and valid(value):
            return float(value)
        self.problem(key, f"expected {expected}, found {describe(value)}")
        return default

    def strings(self, key: str, *, required: bool = True) -> tuple[str, ...]:
        """An array of at least one string, none empty, none twice."""
        value = self._get(key, required)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.problem(key, f"expected an array of strings, found {describe(value)}")
            return ()
        if not value:
            self.problem(key, "expected at least one string, found none")
        texts = [self._text(key, item) for item in value]
        unique = dict(zip(texts, value, strict=True))
        if all(texts) and len(unique) < len(texts):
            self.problem(key, f"{plural(len(texts), 'string')}, but only {len(unique)} different")
        return tuple(unique) if all(texts) else ()

    def names(self) -> dict[str, str]:
        """The whole table as strings by name, in the file's order; any key is known."""
        self._open = True
        return {key: self._text(key, value) for key, value in self._tree.items() if self._key(key)}

    def settings(self) -> dict[str, str]:
        """The whole table as client settings; any key is known to this stage.

        `sasl.password = …` without quotes is a table `sasl` to TOML: both spellings mean the same.
        """
        self._open = True
        found: dict[str, str] = {}
        # A stack, not recursion: the depth is the file's choice.
        pending = list(reversed(self._tree.items()))
        while pending:
            key, value = pending.pop()
            if isinstance(value, dict):
                inner = [(f"{key}.{name}", item) for name, item in value.items()]
                pending.extend(reversed(inner))
            elif key in found:
                self.problem(key, "given twice, with and without quotes")
            else:
                found[key] = self._setting(key, value)
        return found

    def close(self) -> None:
        """Notes the keys that were never asked for: nobody knows them."""
        unknown = [] if self._open else [key for key in self._tree if key not in self._asked]
        for key in unknown[:MOST_SHOWN]:
            hint = near(key, self._asked) or elsewhere(key) or f"; known are {listed(self._asked)}"
            self.problem(key, f"unknown key{hint}")
        if len(unknown) > MOST_SHOWN:
            self._problems.append(f"{len(unknown) - MOST_SHOWN} unknown keys more")

    def _name(self, key: str) -> str:
        if not key:
            return self._path or '""'
        name = key if _BARE.fullmatch(key) else describe(key)
        return f"{self._path}.{name}" if self._path else name

    def _get(self, key: str, required: bool) -> object:
        self._asked[key] = None
        value = self._tree.get(key)
        if value is None and required:
            self.problem(key, "missing")
        return value

    def _key(self, key: str) -> bool:
        if not key or "\0" in key:
            self.problem(key, "a name must not be empty or hold a NUL character")
            return False
        return True

    def _text(self, key: str, value: object, *, empty: bool = False) -> str:
        if not isinstance(value, str):
            self.problem(key, f"expected a string, found {describe(value)}")
            return ""
        text = self._expanded(key, value)
        if text == "" and not empty:
            self.problem(key, f"expected a string that is not empty, found {describe(value)}")
        return text or ""

    def _expanded(self, key: str, value: str) -> str | None:
        try:
            text = expand(value, self._environ)
        except ExpansionError as error:
            self.problem(key, str(error))
            return None
        if "\0" in text:
            self.problem(key, "holds a NUL character")
            return None
        return text

    def _setting(self, key: str, value: object) -> str:
        if not self._key(key):
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int) and not -_INT32 <= value < _INT32:
            # The client would take it modulo 2**32.
            shown = "it" if is_secret(key) else describe(value)
            self.problem(key, f"{shown} does not fit in the 32 bits of a client's integer")
            return ""
        if isinstance(value, str):
            return self._expanded(key, value) or ""
        if isinstance(value, int | float):
            return str(value)
        shown = "a value of another type" if is_secret(key) else describe(value)
        self.problem(key, f"expected a string, a number or a boolean, found {shown}")
        return ""


def describe(value: object) -> str:
    """A value of the file as an error quotes it: one line, and not a long one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # Python refuses to write out the longest ones, and nobody would read them.
        return str(value) if value.bit_length() <= 128 else "a very large integer"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        text = json.dumps(value[:_SHOWN], ensure_ascii=False)
        text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
        return text if len(value) <= _SHOWN else text + "…"
    if isinstance(value, list):
        return "an array"
    return "a table" if isinstance(value, dict) else "a date or time"


def listed(options: Iterable[str]) -> str:
    """The options as an error lists them."""
    return ", ".join(describe(option) for option in options)


def near(name: str, known: Iterable[str]) -> str:
    """A question to end an error with: is one of the known names meant? "" if none is similar."""
    found = get_close_matches(name[:100], list(known), n=1)
    return f"; did you mean {describe(found[0])}?" if found else ""

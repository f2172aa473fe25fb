"""Plots: what is asked of a changelog; what no changelog could have is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._types import shortened


@dataclass(frozen=True)
class Asked:
    """What is asked of a changelog.

    Attributes:
        columns: which; None for the first twelve that hold numbers.
        by: the key columns.
        keys: which keys; None for the first twelve.
        time: what the column `time` holds.
        windows: whether windows are shown over their own times; None if the file is to say.
    """

    columns: Sequence[str] | None
    by: Sequence[str]
    keys: Sequence[object] | None
    time: Literal["epoch", "unix_ms"]
    windows: bool | None


def asked(
    columns: object,
    by: object,
    keys: object,
    time: Literal["epoch", "unix_ms"],
    windows: bool | None,
) -> Asked:
    """What the arguments of `changes` ask for.

    Raises:
        ConfigurationError: naming the argument that cannot be meant.
    """
    if time not in ("epoch", "unix_ms"):
        raise ConfigurationError(f'time: expected "epoch" or "unix_ms", found {time!r:.200}')
    return Asked(
        None if columns is None else _names("columns", columns, least=1),
        [] if by is None else _names("by", by),
        None if keys is None else _listed("keys", keys, "a list of keys", least=1),
        time,
        windows,
    )


def _names(argument: str, given: object, *, least: int = 0) -> list[str]:
    what = "the name of a column, or a list of names"
    found = _listed(argument, given, what, least=least)
    names = [name for name in found if isinstance(name, str)]
    if len(names) < len(found):
        raise _not_that(argument, given, what)
    return names


def _listed(argument: str, given: object, what: str, *, least: int) -> list[object]:
    if isinstance(given, str | bytes | bytearray):  # It would be taken for its letters.
        return [given]
    if not isinstance(given, Iterable):
        raise _not_that(argument, given, what)
    found = list(given)
    if len(found) < least:
        raise ConfigurationError(
            f"{argument}: expected {what}, found none: leave {argument} out to see the first twelve"
        )
    return found


def _not_that(argument: str, given: object, what: str) -> ConfigurationError:
    return ConfigurationError(f"{argument}: expected {what}, found {shortened(repr(given))}")

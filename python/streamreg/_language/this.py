"""Language: `sr.this`, the table that a method is called on."""

from collections.abc import Iterator
from typing import Self, final

from streamreg._exceptions import ProgramError
from streamreg._language.deferred import Deferred
from streamreg._language.expression import Expression


@final
class AllColumns:
    """What `*sr.this` stands for: all columns of the table, but those excluded."""

    __slots__ = ("excluded",)

    def __init__(self, excluded: frozenset[str] = frozenset()) -> None:
        """All columns but those named in `excluded`."""
        self.excluded = excluded

    def __iter__(self) -> Iterator[Self]:
        yield self


@final
class This:
    """The table that `select`, `filter`, `reduce` or `linear_regression` is called on.

    `sr.this.x` or `sr.this["x"]` is its column x, `*sr.this` all of its columns,
    `*sr.this.without("x")` all but x.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Expression:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Expression:
        return Deferred(f"this.{name}", (), lambda environment, _: environment.column(name))

    def __iter__(self) -> Iterator[AllColumns]:
        yield AllColumns()

    def without(self, *names: str) -> AllColumns:
        """All columns of the table but these.

        Raises:
            ProgramError: from the `select` it stands in, if the table has no such column.
        """
        return AllColumns(frozenset(names))

    def keys(self) -> list[str]:
        """Not known here: `**sr.this` does not work.

        Raises:
            ProgramError: always, saying what works.
        """
        raise ProgramError("**sr.this does not know its columns yet: write **table, or *sr.this")


this = This()

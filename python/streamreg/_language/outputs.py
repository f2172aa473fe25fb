"""Language: the outputs that the program has asked for, until `run` takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streamreg._exceptions import ProgramError

if TYPE_CHECKING:
    from streamreg._language.table import Table
    from streamreg._sinks.contract import SinkSpec
    from streamreg._types import Time

RESERVED: Final = ("time", "diff")
"""The last two columns of a changelog."""


@dataclass(frozen=True, eq=False)
class Output:
    """A table to be written.

    Raises:
        ProgramError: if a column has a name that the changelog needs for itself.
    """

    table: Table
    sink: SinkSpec
    time: Time = "epoch"

    def __post_init__(self) -> None:
        """Check the names."""
        for name in RESERVED:
            if name in self.table:
                raise ProgramError(
                    f"{self.sink.name}: a column cannot be called {name}, because the changelog's own "
                    f"column is; write select(…) with another name for it"
                )


_outputs: list[Output] = []


def add(output: Output) -> None:
    """Remembers an output. ProgramError if another one writes to the same place."""
    if any(other.sink.place == output.sink.place for other in _outputs):
        raise ProgramError(f"two outputs write {output.sink.name}: give each its own path")
    _outputs.append(output)


def take() -> list[Output]:
    """All outputs, which are then forgotten: each is run once."""
    outputs = list(_outputs)
    _outputs.clear()
    return outputs

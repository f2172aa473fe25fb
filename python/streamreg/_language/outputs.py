"""Language: the outputs that the program has asked for, until `run` takes them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, get_args

from streamreg._dataclass import dataclass
from streamreg._exceptions import ProgramError
from streamreg._language.table import Table
from streamreg._types import Time

if TYPE_CHECKING:
    from streamreg._sinks.contract import SinkSpec

_log: Final = logging.getLogger("streamreg")

RESERVED: Final = ("time", "diff")
"""The last two columns of a changelog."""


@dataclass(frozen=True, eq=False)
class Output:
    """A table to be written: what `io.csv.write` and other functions that write return, for `run(outputs=[…])`.

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

    def __repr__(self) -> str:
        return f"<Output {self.sink.name}>"


_pending: list[Output] = []
_lock: Final = threading.Lock()


def write(table: Table, sink: SinkSpec, time: Time = "epoch") -> Output:
    """What a function of `io` does that writes a table: checks what it was given, and remembers the output.

    Raises:
        ProgramError: if that is no table, or it has a column `time` or `diff`.
    """
    if not isinstance(table, Table):
        raise ProgramError(f"{sink.call}: expected a table, found {type(table).__name__}")
    if time not in get_args(Time):
        expected = " or ".join(f'"{choice}"' for choice in get_args(Time))
        raise ProgramError(f"{sink.call}: time: expected {expected}, found {time!r}")
    return add(Output(table, sink, time))


def add(output: Output) -> Output:
    """Remembers an output, in place of an earlier one of the same place: a notebook defines it again and again."""
    with _lock:
        kept = [other for other in _pending if other.sink.place != output.sink.place]
        replaced = len(kept) < len(_pending)
        _pending[:] = [*kept, output]
    if replaced:
        _log.warning(
            "%s: this output replaces the one that was defined before for the same place",
            output.sink.name,
        )
    return output


def clear() -> None:
    """Forgets every output that was defined and has not been run."""
    with _lock:
        _pending.clear()


@contextmanager
def taken(chosen: Sequence[Output] | None = None) -> Iterator[list[Output]]:
    """These outputs, or all that are remembered; forgotten, unless what is done with them fails.

    Raises:
        ProgramError: if there is none, one is no output, or two write to the same place.
    """
    if chosen is not None:
        _check(chosen)
    with _lock:
        outputs = list(_pending if chosen is None else chosen)
        forgotten = [output for output in _pending if output in outputs]
        _pending[:] = [output for output in _pending if output not in outputs]
    if not outputs:
        raise ProgramError(
            "nothing to run: the program writes no table; a function that writes one is io.csv.write"
        )
    try:
        yield outputs
    except BaseException:
        with _lock:
            places = {output.sink.place for output in _pending}
            _pending[:0] = [output for output in forgotten if output.sink.place not in places]
        raise


def _check(chosen: object) -> None:
    if isinstance(chosen, str) or not isinstance(chosen, Sequence):
        raise ProgramError(
            f"outputs: expected a list of what functions like io.csv.write return, found {chosen!r}"
        )
    places: set[str] = set()
    for output in chosen:
        if not isinstance(output, Output):
            raise ProgramError(
                f"outputs: expected what functions like io.csv.write return, found {output!r}"
            )
        sink = output.sink
        if sink.place in places:
            raise ProgramError(f"two outputs write {sink.name}: give each a {sink.kind} of its own")
        places.add(sink.place)

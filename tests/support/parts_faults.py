"""Fault points of files in parts: the steps between a part that is due and the one that follows it."""

from pathlib import Path

from streamreg._sinks import append_file
from streamreg._sinks.append_file import AppendFile
from streamreg._sinks.parts_sink import PartsSink
from streamreg._state.finished_parts import FinishedParts
from streamreg._state.store import Store
from tests.support.kafka.faults import (
    Countdown,
    Step,
    after,
    before,
    before_the_commit_record,
    torn_write,
    within_transaction,
)

STEPS: dict[str, Step] = {
    "one part found due, the other not": after(PartsSink, "end_epoch"),
    "finished, nothing committed": before(Store, "save"),
    "within the transaction": within_transaction,
    "its parts in the transaction, which is open": after(FinishedParts, "save"),
    "after the transaction, before its commit record": before_the_commit_record,
    "committed, no name yet": after(Store, "save"),
    "before it gets its name": before(AppendFile, "followed"),
    "named, the next one not there": after(Path, "rename"),
    "the next one made, and empty": before(append_file, "lock"),
    "the next one begun": after(AppendFile, "followed"),
    "half of a file's bytes written": torn_write,
}
"""Each happens again and again."""


def install(name: str, count: int) -> None:
    """Makes the process die when it comes to this step for the `count`-th time."""
    STEPS[name](Countdown(count))

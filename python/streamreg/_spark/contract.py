"""Spark, the seam: what runs the tasks of a batch, as the pool sees it: a Spark context, or a fake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from streamreg._spark.batch import Piece
    from streamreg._spark.shard_work import Step
    from streamreg._spark.work import Done
    from streamreg._state.shards import ShardChanges
    from streamreg._worker.mailbox import Failure


class EndedError(Exception):
    """Spark has ended: no job can be run any more."""


class Jobs(Protocol):
    """Runs batches."""

    @property
    def name(self) -> str:
        """What runs them, for people."""

    def slots(self) -> int:
        """How many tasks can run side by side now."""

    def executors(self) -> int:
        """How many processes run them now."""

    def check(self) -> None:
        """Makes sure that tasks reach the folder of the shards, if there are any; before the first batch.

        Waits and raises as `run`, and ConfigurationError if one does not reach it.
        """

    def idle(self) -> bool:
        """Whether none of the tasks of the job that runs has begun."""

    def run(self, pieces: Sequence[Piece]) -> list[Done]:
        """What the tasks of these pieces hand in, in their order, or less of it: put together.

        Waits until all have ended; called in a thread of its own.

        Raises:
            EndedError: if there is nobody any more to run them.
            Exception: if the job has failed: it may be run again.
        """

    def change(self, step: Step) -> list[ShardChanges | Failure]:
        """What the tasks that own the shards hand in, in the order of these, of what the pieces run last come to.

        Waits and raises as `run`.
        """

    def renew(self, task: bytes) -> None:
        """Tasks of the batches that follow have this one: its source knows more partitions."""

    def close(self) -> None:
        """Ends what runs, and frees what its tasks have shared."""

"""Epoch: who is told of what an epoch brings, beside the outputs: what serves a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from streamreg._rejects.reject import Reject


class EpochWatcher(Protocol):
    """Is told of the open epoch: of results by their index among the plan's, of rows and scores likewise.

    It keeps references at most, and returns at once: the loop waits for it.
    """

    def changed(self, index: int, lines: bytes) -> None:
        """These lines of the changelog of a result were written."""

    def closed(self, index: int, rows: Sequence[bytes]) -> None:
        """These rows of a result, as CSV has them, stand for good: nothing more is kept of them."""

    def written(self, index: int, lines: bytes) -> None:
        """These lines of rows that were read, or scored, were written; outputs of rows come before those of scores."""

    def rejected(self, rejects: Sequence[Reject]) -> None:
        """These messages did not fit."""

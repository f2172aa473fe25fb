"""Serve, recent: the newest rows that outputs were given and the newest rejects, kept by the run for who looks at it.

What is kept is bounded by bytes and count, whole pieces of text by reference: it takes the loop nothing to speak of.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from streamreg._serve.messages import LastLines, Recent, RejectExample

if TYPE_CHECKING:
    from streamreg._rejects.reject import Reject

MOST_BYTES: Final = 64 << 10
"""Of the lines of an output."""

MOST_REJECTS: Final = 20
_MOST_LETTERS: Final = 200
"""Of what a rejected message held."""


class RecentKeeper:
    """Keeps the newest lines and rejects."""

    def __init__(self, outputs: int) -> None:
        """Of so many outputs."""
        self._tails = [_Tail() for _ in range(outputs)]
        self._rejects: deque[Reject] = deque(maxlen=MOST_REJECTS)
        self._changed = True

    def written(self, index: int, lines: bytes) -> None:
        """Lines of an output."""
        if index < len(self._tails) and lines:
            self._tails[index].add(lines)
            self._changed = True

    def rejected(self, rejects: Sequence[Reject]) -> None:
        """Messages that did not fit."""
        self._rejects.extend(islice(rejects, max(len(rejects) - MOST_REJECTS, 0), None))
        self._changed = True

    def newest(self) -> Recent | None:
        """All that is kept; None if that is what it was before."""
        if not self._changed:
            return None
        self._changed = False
        return Recent(
            tuple(tail.lines() for tail in self._tails), tuple(map(_example, self._rejects))
        )


class _Tail:
    """The end of the lines of an output, in pieces."""

    def __init__(self) -> None:
        self._pieces: deque[LastLines] = deque()
        self._size = 0

    def add(self, lines: bytes) -> None:
        piece = LastLines(lines[-MOST_BYTES:], len(lines) > MOST_BYTES)
        self._pieces.append(piece)
        self._size += len(piece.lines)
        while self._size - len(self._pieces[0].lines) >= MOST_BYTES:
            self._size -= len(self._pieces.popleft().lines)

    def lines(self) -> LastLines:
        cut = bool(self._pieces) and self._pieces[0].cut
        return LastLines(b"".join(piece.lines for piece in self._pieces), cut)


def _example(reject: Reject) -> RejectExample:
    return RejectExample(
        reject.location,
        reject.kind,
        reject.column,
        reject.detail[:_MOST_LETTERS],
        # A letter takes four bytes at most.
        reject.value[: 4 * _MOST_LETTERS].decode("utf-8", "replace")[:_MOST_LETTERS],
        len(reject.value),
    )

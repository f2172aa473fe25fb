"""Multiset: which rows there are and how often, in any order and any number, in memory that does not grow.

The sum of the rows' SHA-256 digests, taken as four integers modulo 2^64 each, does not depend on the order, and two
multisets that differ by accident have the same sum with a probability of 2^-256 (the additive hash of M. Bellare,
D. Micciancio: A New Paradigm for Collision-free Hashing, EUROCRYPT 1997; it resists accidents, not an attacker who
may choose millions of rows). The rows are spread over buckets with a sum each: where two multisets differ, a bucket
that does is small enough to be looked at row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import numpy as np

_BUCKETS: Final = 4096
_LANES: Final = 4


class Multiset:
    """Rows, as sums of their hashes."""

    def __init__(self) -> None:
        """No row."""
        self._sums = np.zeros((_LANES, _BUCKETS), np.uint64)
        self._counts = np.zeros(_BUCKETS, np.int64)

    def __len__(self) -> int:
        """The number of rows, each as often as it was added."""
        return int(self._counts.sum())

    def add(self, rows: Sequence[bytes], times: int = 1) -> None:
        """Adds rows; -1 times takes them away, also before they come."""
        digests = b"".join([sha256(row).digest() for row in rows])
        lanes = np.frombuffer(digests, "<u8").reshape(-1, _LANES)
        buckets = (lanes[:, 0] % _BUCKETS).astype(np.intp)
        for sums, values in zip(self._sums, lanes.T, strict=True):
            np.add.at(sums, buckets, values if times > 0 else -values)
        self._counts += times * np.bincount(buckets, minlength=_BUCKETS)

    def difference(self, other: Multiset) -> int | None:
        """A bucket in which the two differ; None if they are equal."""
        differs = (self._counts != other._counts) | (self._sums != other._sums).any(axis=0)
        found = np.flatnonzero(differs)
        return int(found[0]) if len(found) else None


def bucket_of(row: bytes) -> int:
    """The bucket that a row falls in."""
    return int.from_bytes(sha256(row).digest()[:8], "little") % _BUCKETS

"""Source, Kafka: which of the two readers reads, and how one hands over to the other.

What a batch comes to depends on its messages alone, so that the readers may be switched at any offset. The native one
gives up where anything is unusual; the client goes on at the next offset, and says what there is to say.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from streamreg._core import HandOverError
from streamreg._source.contract import Range, Reader, Report, ToldOnce, heard
from streamreg._source.messages import Batch

AGAIN_SECONDS = 30.0
"""After which native reading is tried again."""

_NUMBER = re.compile(r"\d+")

Opened = Callable[[Mapping[int, Range]], Reader]
"""Opens a reader of ranges."""


class SwitchingReader:
    """Reads natively as long as that goes, and by the client where it does not."""

    def __init__(
        self,
        topic: str,
        ranges: Mapping[int, Range],
        native: Opened,
        client: Opened,
        report: Report,
        again: float = AGAIN_SECONDS,
    ) -> None:
        """`again` is the seconds after which native reading is tried again."""
        self._topic = topic
        self._ranges = dict(ranges)
        self._native, self._client = native, client
        self._report = report
        self._again = again
        self._retry_at: float | None = None
        self._reads = False
        """Whether anything came since the last switch."""

        self._heard = 0
        """Signs of messages that the readers before had, and the switches: each has to connect first."""

        self._reader: Reader = native(self._ranges)

    def read(self, timeout: float) -> Batch | None:
        """As the readers do."""
        # Not before the client has come on: where that takes long, the native reader would be of no use either.
        if self._reads and self._retry_at is not None and time.monotonic() >= self._retry_at:
            self._retry_at = None
            self._switch(self._native)
        try:
            batch = self._reader.read(timeout)
        except HandOverError as error:
            self._tell(str(error))
            self._retry_at = time.monotonic() + self._again
            self._switch(self._client)
            batch = self._reader.read(timeout)
        if batch is not None:
            self._reads = True
            self._move_on(batch)
        return batch

    def _tell(self, why: str) -> None:
        text = f"topic {self._topic!r}: read by the client for {self._again:.0f} seconds and more: {why}"
        # Wherever it is met, and whichever worker meets it.
        self._report(ToldOnce(text, _NUMBER.sub("", text)))

    def _switch(self, opened: Opened) -> None:
        self._heard = self.heard + 1
        self._reads = False
        self._reader.close()
        self._reader = opened(self._ranges)

    def _move_on(self, batch: Batch) -> None:
        """Where another reader would begin."""
        for partition, (_, end) in batch.progress.items():
            known = self._ranges[partition]
            self._ranges[partition] = replace(
                known,
                start=end,
                untouched=known.untouched and partition not in batch.firsts,
                leader_epoch=batch.leader_epochs.get(
                    partition, None if partition in batch.lost else known.leader_epoch
                ),
            )

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        """As the readers do."""
        return self._reader.log_ends(partitions)

    @property
    def heard(self) -> int:
        return self._heard + heard(self._reader)

    def close(self) -> None:
        """Frees connections."""
        self._reader.close()

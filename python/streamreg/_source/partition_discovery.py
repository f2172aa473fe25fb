"""Source: partition discovery, of partitions that are added to a topic while it is being read."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from streamreg._event import event
from streamreg._source.contract import Range

if TYPE_CHECKING:
    from streamreg._source.contract import Source

_log = logging.getLogger("streamreg")


class PartitionDiscovery:
    """Looks for new partitions from time to time. A static run reads those that it found at its start."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._interval = None if source.mode == "static" else source.refresh_seconds
        self._look_at = time.monotonic() + (self._interval or 0.0)

    def look(self, known: Collection[int]) -> dict[int, Range]:
        """The ranges of the partitions that are not known yet: all of each. {} if it is not yet time to look."""
        if self._interval is None or time.monotonic() < self._look_at:
            return {}
        watermarks = self._source.new_partitions(known)
        if watermarks is None:
            return {}
        self._look_at = time.monotonic() + self._interval
        if watermarks:
            found = [self._source.origin(p) for p in sorted(watermarks)]
            if found[0].partition is None:
                files = [origin.name for origin in found]
                _log.warning(
                    "%s has new files: %s",
                    self._source.name,
                    ", ".join(files),
                    extra=event("grown", files=files),
                )
            else:
                for topic in sorted({origin.name for origin in found}):
                    new = [o.partition for o in found if o.name == topic]
                    _log.warning(
                        "topic %r has new partitions, read from their beginning: %s",
                        topic,
                        ", ".join(map(str, new)),
                        extra=event("grown", topic=topic, partitions=new),
                    )
        return {p: Range(watermark.low, None, True) for p, watermark in watermarks.items()}

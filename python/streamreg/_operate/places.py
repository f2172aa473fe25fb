"""Inspect: what people call the partitions that a state has read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from streamreg._kafka.partition_table import table_of

if TYPE_CHECKING:
    from streamreg._state.checkpoint import Checkpoint, Gap


def place_of(checkpoint: Checkpoint, partition: int) -> dict[str, object]:
    """Which partition it is, of which topic where there are several; of a source of files, which file it is."""
    identity = checkpoint.identity
    table = table_of(identity)
    if table is not None and partition < len(table[1]):
        return dict(zip(("topic", "partition"), table[1][partition], strict=True))
    files = identity.get("files") if isinstance(identity, dict) else None
    held = files[partition : partition + 1] if isinstance(files, list) else []
    return {"partition": partition, **({"file": str(held[0])} if held else {})}


def gap_of(checkpoint: Checkpoint, gap: Gap) -> dict[str, object]:
    """Offsets of which the messages were deleted before they were read."""
    partition, start, end = gap
    return {**place_of(checkpoint, partition), "from": start, "to": end}


def shown(place: Mapping[str, object]) -> str:
    """A place in few words; that of a topic among several as Kafka's tools have it."""
    return f"{place['topic']}-{place['partition']}" if "topic" in place else str(place["partition"])

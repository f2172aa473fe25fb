"""Random change events of a table as Debezium writes them, and the table that they leave."""

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from streamreg.testing import Message
from tests.support import upserts
from tests.support.upserts import Found, Partitions, Table

Wrap = Callable[[Mapping[str, Any]], bytes]


def plain(event: Mapping[str, Any]) -> bytes:
    return json.dumps({**event, "source": {"op": "x", "after": {}}, "ts_ms": 1}).encode()


def with_schema(event: Mapping[str, Any]) -> bytes:
    return json.dumps({"schema": {"type": "struct", "op": "x"}, "payload": {**event}}).encode()


def row(found: Found | None) -> dict[str, Any] | None:
    return None if found is None else dict(found.__dict__)


def events(
    count: int, partitions: int, seed: int, wrap: Wrap, *, keys: bool, missing: float = 0
) -> tuple[Partitions, Table]:
    """Changes of a table, each in the partition of its row, or anywhere if it has no key.

    `missing` is the share of the values that are.
    """
    chance = random.Random(seed)
    messages: Partitions = [[] for _ in range(partitions)]
    table: dict[tuple[int, bytes], Found] = {}
    for number in range(count):
        home = chance.randrange(12)
        name = (home % partitions, b"%d" % home)
        before = table.get(name)
        deleted = before is not None and chance.random() < 0.3
        after = None if deleted else upserts.random_row(chance, missing)
        op = "d" if after is None else "u" if before is not None else chance.choice("cr")
        event = {"before": row(before), "after": row(after), "op": op}
        key = json.dumps({"id": home}).encode() if keys else chance.choice([None, b"null"])
        partition = messages[name[0] if keys else number % partitions]
        partition.append(Message(wrap(event), key))
        if after is not None:
            table[name] = after
            continue
        del table[name]
        if keys:
            partition.append(Message(None, key))
    return messages, table

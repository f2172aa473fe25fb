"""A topic of upserts with points on a plane, message by message."""

import streamreg as sr
from streamreg.testing import Message, read


class Point(sr.Schema):
    x: float
    y: float


def table(*messages: Message, batch: int = 1, pace: int = 0) -> sr.Table:
    return read(
        [messages],
        schema=Point,
        header=["x", "y"],
        upsert=True,
        batch=batch,
        autocommit_duration_ms=pace,
    )

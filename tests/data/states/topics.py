"""The messages that jobs run over."""

import json
from collections.abc import Sequence
from typing import Final

from tests.data.states.job import Topic


def spread(messages: Sequence[bytes | None], partitions: int) -> Topic:
    return [list(messages[partition::partitions]) for partition in range(partitions)]


def number(index: int, modulus: int) -> float:
    """Scattered numbers with few binary digits, some negative."""
    return (index * 37 % modulus - modulus // 3) / 8


def points(count: int) -> list[bytes]:
    return [f"{number(i, 101)},{number(i * i, 67)}".encode() for i in range(count)]


def readings(count: int) -> list[bytes]:
    return [
        f"{number(i, 101)},{i % 5},{number(i * i + 3 * i, 67)},{i % 4 - 0.5}".encode()
        for i in range(count)
    ]


def sensors(count: int) -> list[bytes]:
    sites = ("north", 'so"uth', "it's")
    return [
        json.dumps(
            {
                "site": sites[i * i % 3 if i % 4 else 2],
                "number": i * 7 % 4 - 1,
                "good": i * 13 % 8 < 4,
                "x": number(i, 61) + 2 * (i % 3),
                "y": number(i * i, 43) - 3 * (i % 2),
            }
        ).encode()
        for i in range(count)
    ]


def prices(count: int) -> list[bytes]:
    return [
        f"{i * 977 % 1999 / 100:.2f},{'ab'[i % 2]}{i % 3},{number(i, 31)}".encode()
        for i in range(count)
    ]


def with_header(header: bytes, topic: Topic) -> Topic:
    """The header stands first in each partition that has messages."""
    return [[header, *messages] if messages else [] for messages in topic]


READINGS: Final = with_header(b"x,z,y,w", spread([*readings(40), b"junk", *readings(80)[40:]], 3))
SENSORS: Final = spread(sensors(120), 3)
SECOND: Final = (20, 20, 20)
"""Half of the messages of three partitions, or less."""

OTHER_ORDER: Final[Topic] = [
    [b"w,more,y,x,z", *(f"1,-,{i},{i / 4},{i % 3}".encode() for i in range(30)), b"1,-,x,2,2"],
    [b"w,more,y,x,z", *(f"2,-,{i},{-i / 4},{i % 2}".encode() for i in range(9))],
    [b"w,more,y,x,z", b"1,-,3,2,1", b"w,more,y,x,z"],
]

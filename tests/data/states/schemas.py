"""The columns of the topics that the kept states are of."""

from decimal import Decimal

import streamreg as sr


class Point(sr.Schema):
    x: float
    y: float


class Reading(sr.Schema):
    x: float
    z: int
    y: float
    w: float


class Sensor(sr.Schema):
    site: str
    number: int
    good: bool
    x: float
    y: float


class Price(sr.Schema):
    amount: Decimal
    kind: str
    x: float


class Body(sr.Schema):
    data: bytes


class Text(sr.Schema):
    data: str

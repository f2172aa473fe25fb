"""Jobs over each format of messages."""

import streamreg as sr
from streamreg.testing import read
from tests.data.states.job import Topic
from tests.data.states.schemas import Body, Point, Reading, Sensor, Text


def csv_header(topic: Topic) -> None:
    """The header in the topic, columns in another order, a partition that is empty at first, one that comes later."""
    t = read(topic, schema=Reading, batch=8)
    sr.io.csv.write(t, "rows.csv", time="unix_ms")
    fit = t.linear_regression(t.y, t.x)
    sr.io.csv.write(fit, "fit.csv")


def csv_named(topic: Topic) -> None:
    """The header given by the program."""
    t = read(topic, schema=Point, header=["y", "left", "x"], batch=8)
    sr.io.csv.write(t.linear_regression(t.y, t.x), "fit.csv")


def json_messages(topic: Topic) -> None:
    """JSON, with tombstones and rejects of several kinds."""
    t = read(topic, schema=Sensor, format="json", batch=15)
    sr.io.csv.write(t.without(t.good), "rows.csv")
    fit = t.linear_regression(t.y, t.x, statistics=("n",))
    sr.io.csv.write(fit, "fit.csv")


def raw(topic: Topic) -> None:
    """Raw messages as bytes."""
    t = read(topic, schema=Body, format="raw", batch=8)
    sr.io.csv.write(t, "rows.csv")
    sr.io.csv.write(t.reduce(n=sr.reducers.count()), "count.csv")


def raw_text(topic: Topic) -> None:
    """Raw messages as text."""
    t = read(topic, schema=Text, format="raw", batch=8)
    sr.io.csv.write(t.select(t.data, twice=t.data == "a"), "rows.csv")
    sr.io.csv.write(t.groupby(t.data).reduce(t.data, n=sr.reducers.count()), "count.csv")

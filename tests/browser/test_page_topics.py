"""The live page of a run over several topics, or files: each partition has the name that people know it by."""

from __future__ import annotations

import itertools
from pathlib import Path

from playwright.sync_api import Browser

import streamreg as sr
from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.browser import watched
from tests.support.produce import send
from tests.support.served import ServedRun
from tests.support.shown import until


class Point(sr.Schema):
    x: float
    y: float


def test_partitions_have_the_names_of_their_topics(browser: Browser) -> None:
    """In the table of offsets, and where a reject is shown."""
    topics = ("a", "b")
    with EmbeddedBroker() as broker:
        for topic in topics:
            broker.create_topic(topic)
        t = sr.io.kafka.read(broker.settings, list(topics), schema=Point, header=["x", "y"])
        output = sr.io.csv.write(t.linear_regression(t.y, t.x), "line.csv")
        with ServedRun([output], processes=0) as run, watched(browser) as seen:
            run.until("/v1/tables")
            send(broker, "b", {1: [b"no row"]})
            seen.page.goto(run.url)
            names = [
                f"{topic}, partition {partition}"
                for topic, partition in itertools.product(topics, range(EmbeddedBroker.PARTITIONS))
            ]
            until(
                seen.page,
                """(names) => JSON.stringify([...document.querySelectorAll("#partitions tbody th")].map(
                  (cell) => cell.textContent)) === JSON.stringify(names)""",
                names,
            )
            until(
                seen.page,
                "document.querySelector('#rejects tbody td')?.textContent === 'b, partition 1'",
            )


def test_files_have_their_names(browser: Browser, folder: Path) -> None:
    """Of many those that are furthest behind, and how many there are besides."""
    Path("in").mkdir()
    for number in range(60):
        Path(f"in/{number:02}.csv").write_text("x,y\n1,2\n3,4\n")
    t = sr.io.csv.read("in/*.csv", schema=Point, mode="streaming")
    output = sr.io.csv.write(t.linear_regression(t.y, t.x), "line.csv")
    with ServedRun([output], processes=0) as run, watched(browser) as seen:
        run.until("/v1/tables")
        seen.page.goto(run.url)
        shown = [f"in/{number:02}.csv" for number in range(50)]
        until(
            seen.page,
            """(names) => JSON.stringify([...document.querySelectorAll("#partitions tbody th")].map(
              (cell) => cell.textContent)) === JSON.stringify(names)""",
            shown,
        )
        assert seen.page.inner_text("#partitions-title") == "Files"
        assert seen.page.inner_text("#partitions-note") == "and 10 more, none further behind"

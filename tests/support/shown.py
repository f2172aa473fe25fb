"""Runs whose page is looked at, and what stands in the page."""

from __future__ import annotations

import math
import random
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

import streamreg as sr
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.served import SECONDS, LiveSource, ServedRun


def wavy(at: int) -> bytes:
    """A point near a line."""
    x = (at * 7919) % 1000 / 10
    return b"%r,%r" % (x, 3 + 0.5 * x + 4 * math.sin(12.9898 * at) * random.Random(at).random())


def _has_read(run: ServedRun, messages: int) -> bool:
    now = run.progress
    return now is not None and now.rows + now.rejects >= messages


class Line:
    """A regression over a topic to which points are added, with its state."""

    def __init__(
        self,
        folder: Path,
        source: LiveSource | None = None,
        **options: Any,  # noqa: ANN401  # those of a run
    ) -> None:
        self.source = LiveSource() if source is None else source
        self.folder = folder
        self.options = {"processes": 0, "state": folder / "state", **options}

    def run(self, **options: Any) -> ServedRun:  # noqa: ANN401  # those of a run
        """A run that begins, or goes on."""
        t = table_of_source(self.source, {"x": "float", "y": "float"}, header=["x", "y"])
        fit = t.linear_regression(t.y, t.x, statistics=["n", "r2", "confidence_interval"])
        outputs = [
            sr.io.csv.write(t, self.folder / "points.csv"),
            sr.io.csv.write(fit, self.folder / "line.csv"),
        ]
        return ServedRun(outputs, **{**self.options, **options})

    def add(self, run: ServedRun, count: int, *, each: bool = False) -> None:
        """Points, each an epoch of its own if that is wanted; returns when they are merged."""
        for size in [1] * count if each else [count]:
            first = len(self.source.messages)
            self.source.add(*(wavy(at) for at in range(first, first + size)))
            wait_until(
                partial(_has_read, run, first + size),
                SECONDS,
                lambda: str((run.progress, run.error)),
            )

    def last(self) -> dict[str, str]:
        """The row that stands in the file."""
        lines = (self.folder / "line.csv").read_text().splitlines()
        return dict(zip(lines[0].split(","), lines[-1].split(","), strict=True))


class TwoTables:
    """Two regressions by the same keys, `one` and `two`."""

    def __init__(self) -> None:
        self.source = LiveSource()
        columns = {"k": "str", "x": "float", "y": "float"}
        self._t = table_of_source(self.source, columns, header=list(columns))

    def run(self, **options: Any) -> ServedRun:  # noqa: ANN401  # those of a run
        """A run that begins, or goes on."""
        t = self._t
        fit = t.linear_regression(t.y, t.x, by=t.k, singular="null")
        outputs = [sr.io.csv.write(fit, f"{name}.csv") for name in ("one", "two")]
        return ServedRun(outputs, processes=0, state="state", **options)

    def fill(self, run: ServedRun, *keys: str) -> None:
        """Gives each key three rows; returns when both tables have them."""
        run.until("/v1/tables/one")
        self.source.add(
            *(f"{key},{x},{x + x * at}".encode() for at, key in enumerate(keys) for x in range(3))
        )
        for table in ("one", "two"):
            run.rows(table, len(keys))


def pairs(page: Page) -> dict[str, str]:
    """The row of a table of one row, as the page shows it."""
    found: dict[str, str] = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("#result tr")].map(
          (row) => [row.children[0].textContent, row.children[1].textContent]))"""
    )
    return found


def until(page: Page, script: str, argument: object = None) -> None:
    """Returns when JavaScript says something true; playwright's own wait would have the page evaluate a text."""
    wait_until(
        lambda: bool(page.evaluate(script, argument)),
        SECONDS,
        lambda: f"{script}; there is {page.inner_text('main')[:3000]}",
    )


def shows(page: Page, row: dict[str, str]) -> None:
    """Returns when the page shows this very row."""
    until(
        page,
        """(row) => Object.entries(row).every(([name, value]) =>
          [...document.querySelectorAll("#result tr")].some((one) =>
            one.children[0].textContent === name && one.children[1].textContent === value))""",
        {name: value for name, value in row.items() if name not in ("time", "diff")},
    )


def drawn(page: Page, *figures: str) -> None:
    """Returns when these figures are drawn; each is brought into view."""
    for figure in figures:
        page.locator(f"#{figure}").scroll_into_view_if_needed()
        until(page, "(id) => document.querySelector(`#${id} .main-svg .trace`) !== null", figure)


def points(page: Page) -> int:
    """How many points the figure of the fit has."""
    found: int = page.evaluate("document.querySelectorAll('#fit .points path').length")
    return found

"""The live page when its run ends: it shows what the run came to, and says so for as long as no other begins."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from streamreg._serve import server
from tests.support.browser import watched
from tests.support.process import wait_until
from tests.support.served import SECONDS
from tests.support.shown import Line, TwoTables, drawn, pairs, shows, until

LOOK_SECONDS = 10 * SECONDS
"""What drawing all figures of a page takes on any machine, and more than a run is waited for that is to end."""

STATE = "document.getElementById('connection').dataset.state"
PAPER = "(id) => document.querySelector(`#${id} .main-svg`).style.background"
INERT = "(id) => document.getElementById(id).getAttribute('aria-disabled') === 'true'"
OTHERS = "document.querySelectorAll('#table option:not(:checked):disabled').length"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who follows a run may stay for long at its end."""
    monkeypatch.setattr(server, "LOOK_SECONDS", LOOK_SECONDS)


def test_the_end_of_a_run_stays(browser: Browser, folder: Path) -> None:
    """The last row, count and figures of the run, those out of view too; it is not said to be lost, tried as it is."""
    line = Line(folder)
    with watched(browser, 1200, "light", "ERR_", "Failed to load resource") as seen:
        page = seen.page
        with line.run() as run:
            line.add(run, 40)
            page.goto(run.url)
            shows(page, line.last())
            drawn(page, "fit")
            address = urlsplit(run.url).netloc
            line.add(run, 8)
            run.stop()
        until(page, f"{STATE} === 'ended'")
        wait_until(lambda: page.evaluate("1") == 1 and len(seen.said) > 1, SECONDS)
        assert page.evaluate(STATE) == "ended"
        last = {name: value for name, value in line.last().items() if name not in ("time", "diff")}
        assert pairs(page) == last
        assert "Rows\n48" in page.inner_text("#tiles")
        drawn(page, "fit", "history", "residuals", "pace")
        assert page.evaluate("document.querySelectorAll('#fit .points path').length") == 48
        assert page.inner_text("#fit .note") == ""
        with line.run(listen=address) as run:
            line.add(run, 2)
            until(page, f"{STATE} === 'live'")
            shows(page, line.last())


def test_a_page_holds_up_no_end(browser: Browser, folder: Path) -> None:
    """It leaves when it has what it needs, long before it would be sent away."""
    line = Line(folder)
    with (
        watched(browser, 1200, "light", "ERR_", "Failed to load resource") as seen,
        line.run() as run,
    ):
        line.add(run, 40)
        seen.page.goto(run.url)
        shows(seen.page, line.last())
        drawn(seen.page, "fit")
        run.stop()
        until(seen.page, f"{STATE} === 'ended'")


def test_nothing_is_asked_of_a_run_that_has_ended(browser: Browser) -> None:
    """Result and names stay, whatever is pressed; figures take other colours; the next run can be asked again."""
    tables = TwoTables()
    with watched(browser, 1200, "light", "ERR_", "Failed to load resource") as seen:
        page = seen.page
        with tables.run() as run:
            tables.fill(run, *(f"key-{at:02}" for at in range(36)))
            page.goto(run.url)
            drawn(page, "history")
            address = urlsplit(run.url).netloc
            page.focus("#search")
            run.stop()
        until(page, f"{STATE} === 'ended'")
        before = (
            page.inner_text("#result"),
            page.inner_text("#result-note"),
            page.inner_text("#chosen"),
        )
        assert before[2] == "Figures show k = key-00"
        assert "The run has ended" in page.inner_text("#held")
        assert page.evaluate("document.activeElement.id") == "search"
        assert page.evaluate("document.activeElement.readOnly")
        assert page.evaluate(OTHERS) == 1
        assert page.evaluate(INERT, "next")
        for pressed in ("#next", "#result tbody tr:nth-child(2) button"):
            page.locator(pressed).dispatch_event("click")
        page.keyboard.type("key-3")
        page.click("#theme")
        until(page, f"['history', 'pace'].every((id) => ({PAPER})(id) === 'rgb(20, 23, 31)')")
        assert before == (
            page.inner_text("#result"),
            page.inner_text("#result-note"),
            page.inner_text("#chosen"),
        )
        with tables.run(listen=address):
            until(page, f"{STATE} === 'live'")
            until(page, f"{OTHERS} === 0 && !({INERT})('next')")
            assert page.inner_text("#held") == ""
            page.select_option("#table", "two")
            page.fill("#search", "key-3")
            until(page, "document.querySelectorAll('#result tbody tr').length === 6")

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
from tests.support.shown import Line, drawn, pairs, shows, until

LOOK_SECONDS = 10 * SECONDS
"""What drawing all figures of a page takes on any machine, and more than a run is waited for that is to end."""

STATE = "document.getElementById('connection').dataset.state"


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

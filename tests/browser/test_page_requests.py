"""The live page where a request fails, or is never answered: what it shows is still of what it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.support.browser import watched
from tests.support.process import wait_until
from tests.support.served import SECONDS
from tests.support.shown import Line, TwoTables, drawn, points, shows, until

LIMITS = """
window.limits = [];
AbortSignal.timeout = (limit) => {
  const stop = new AbortController();
  window.limits.push(() => stop.abort(new DOMException(`${limit} ms`, "TimeoutError")));
  return stop.signal;
};
"""
"""Limits of time are over when the test says so."""

HIDDEN = "(id) => [...document.querySelectorAll(`#${id} .plot, #${id} details`)].every((one) => one.hidden)"
CELLS = "document.querySelector('#result').innerText"


class Held:
    """A request of a page that is never answered; later ones are."""

    def __init__(self, page: Page, path: str) -> None:
        self.routes: list[Route] = []
        page.route(lambda url: f"/v1/{path}" in url, self._take)

    def _take(self, route: Route) -> None:
        if self.routes:
            route.continue_()
        else:
            self.routes.append(route)


@pytest.mark.parametrize("path", ["tables/line?", "rejects", "figures/fit?"])
def test_a_request_that_is_never_answered(browser: Browser, folder: Path, path: str) -> None:
    """It is given up; then the page goes on, also where the run has been quiet meanwhile."""
    line = Line(folder)
    with line.run() as run, watched(browser) as seen:
        page = seen.page
        page.set_viewport_size({"width": 1200, "height": 3000})  # all is in view
        page.add_init_script(LIMITS)
        line.add(run, 40)
        page.goto(run.url)
        shows(page, line.last())
        drawn(page, "fit")
        held = Held(page, path)
        line.source.add(b"no number,1")
        line.add(run, 1)
        until(page, "document.querySelector('#tiles').textContent.includes('Rows41')")
        wait_until(lambda: page.evaluate("1") == 1 and bool(held.routes), SECONDS)
        since = run.json("/v1/status")["seconds"]
        wait_until(lambda: run.json("/v1/status")["seconds"] > since + 5, SECONDS)
        page.evaluate("limits.forEach((over) => over())")
        shows(page, line.last())
        until(page, "document.querySelector('#rejects-note').textContent.includes('number')")
        line.add(run, 1)
        wait_until(lambda: points(page) == 42, SECONDS)


def test_figures_of_a_key_that_cannot_be_asked_for(browser: Browser) -> None:
    """They are not shown, as those of the key before are not; an error is short."""
    tables = TwoTables()
    with tables.run() as run, watched(browser, 1200, "light", "400") as seen:
        tables.fill(run, "a", "b")
        page = seen.page
        page.route(
            lambda url: "/v1/figures/history?" in url and "column.k=b" in url,
            lambda route: route.fulfill(status=400, body="Invalid HTTP request received."),
        )
        page.goto(run.url)
        drawn(page, "history")
        page.get_by_role("button", name="Show k b", exact=True).click()
        page.locator("#history").scroll_into_view_if_needed()
        until(page, HIDDEN, "history")
        assert page.inner_text("#history .note") == "v1/figures/history: 400"
        page.get_by_role("button", name="Show k a", exact=True).click()
        drawn(page, "history")
        until(page, f"!({HIDDEN})('history')")
        assert page.inner_text("#history .note") == ""


def test_a_table_that_is_not_answered(browser: Browser) -> None:
    """The rows stay, and so does the name of their table; one that is refused has none."""
    tables = TwoTables()
    with tables.run() as run, watched(browser, 1200, "light", "ERR_", "507") as seen:
        tables.fill(run, "a", "b")
        page = seen.page
        page.goto(run.url)
        until(page, f"{CELLS}.includes('a')")
        before = page.evaluate(CELLS)
        chosen = page.inner_text("#chosen")
        page.route("**/v1/tables/two?*", lambda route: route.abort())
        page.select_option("#table", "two")
        until(page, "document.querySelector('#table').value === 'one'")
        assert page.evaluate(CELLS) == before
        assert page.inner_text("#chosen") == chosen == "Figures show k = a"
        page.unroute("**/v1/tables/two?*")
        refusal = '{"error": "too many rows", "status": 507}'
        page.route("**/v1/tables/two?*", lambda route: route.fulfill(status=507, body=refusal))
        page.select_option("#table", "two")
        until(page, "document.querySelector('#result-note').textContent === 'too many rows'")
        assert page.evaluate("document.querySelector('#table').value") == "two"
        assert page.query_selector("#result table") is None

"""The live page by keyboard and screen reader: where the focus goes, and what is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.support.browser import watched
from tests.support.shown import Line, TwoTables, until

FOCUSED = "document.activeElement.id"
FOUND = "document.querySelector('#found').textContent"


@contextmanager
def two_pages(browser: Browser) -> Iterator[tuple[TwoTables, Page]]:
    """A run whose table has 36 rows, and its page, which shows twenty of them."""
    tables = TwoTables()
    with tables.run() as run, watched(browser) as seen:
        tables.fill(run, *(f"key-{at:02}" for at in range(36)))
        seen.page.goto(run.url)
        seen.page.wait_for_selector("#result tbody tr:nth-child(20)")
        yield tables, seen.page


def test_pages_keep_the_focus(browser: Browser) -> None:
    """On the button that was pressed, also where there is no other page; it does nothing then."""
    with two_pages(browser) as (_, page):
        for button, rows, said in (("next", 16, "page 2"), ("first", 20, "page 1")):
            page.focus(f"#{button}")
            for _ in range(2):
                page.keyboard.press("Enter")
                until(page, f"{FOUND} === '{said}; 36 rows in all'")
                assert page.locator("#result tbody tr").count() == rows
                assert page.evaluate(FOCUSED) == button
                assert page.get_attribute(f"#{button}", "aria-disabled") == "true"


def test_a_search_is_told_and_an_epoch_is_not(browser: Browser) -> None:
    """What is found stands in a region whose changes are read out."""
    with two_pages(browser) as (tables, page):
        assert page.get_by_role("status").and_(page.locator("#found")).count() == 1
        assert page.evaluate(FOUND) == ""
        page.fill("#search", "nothing")
        until(page, f"{FOUND} === '0 rows match, of 36 rows in all'")
        tables.source.add(b"key-99,1,2")
        until(
            page, "document.querySelector('#result-note').textContent.endsWith('of 37 rows in all')"
        )
        assert page.evaluate(FOUND) == "0 rows match, of 36 rows in all"


def test_the_focus_after_the_token(browser: Browser, folder: Path) -> None:
    """Is where the results are, no longer in a form that is gone."""
    line = Line(folder)
    listen = {"address": "127.0.0.1:0", "token": "secret"}
    with line.run(listen=listen) as run, watched(browser, 1200, "light", "401") as seen:
        line.add(run, 10)
        seen.page.goto(run.url)
        seen.page.wait_for_selector("#login:not([hidden])")
        seen.page.fill("#token", "secret")
        seen.page.keyboard.press("Enter")
        seen.page.wait_for_selector("#run:not([hidden])")
        assert seen.page.evaluate(FOCUSED) == "main"

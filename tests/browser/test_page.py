"""The live page in a real browser: its numbers are those of the files, and everybody can use it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

import streamreg as sr
from tests.support.browser import picture, watched
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.served import SECONDS, HeldSource, LiveSource, ServedRun
from tests.support.shown import Line, drawn, pairs, points, shows, until, wavy

FIGURES = ("history", "fit", "residuals", "pace")
TOKEN = "secret-token-of-the-test"


def test_numbers_are_those_of_the_file_and_move(browser: Browser, folder: Path) -> None:
    """Every digit of the row that stands, and what is behind the figures; new rows come without a reload."""
    line = Line(folder)
    with line.run() as run, watched(browser) as seen:
        line.add(run, 40)
        seen.page.goto(run.url)
        shows(seen.page, line.last())
        assert set(pairs(seen.page)) == set(line.last()) - {"time", "diff"}
        drawn(seen.page, "fit")
        assert points(seen.page) == 40
        line.add(run, 5, each=True)
        shows(seen.page, line.last())
        drawn(seen.page, "fit")
        until(seen.page, "document.querySelectorAll('#fit .points path').length === 45")
        drawn(seen.page, "history")
        seen.page.locator("#history summary").click()
        last = [value for name, value in line.last().items() if name not in ("time", "diff")]
        until(
            seen.page,
            """(last) => [...document.querySelectorAll("#history tbody tr")].some((row) =>
              JSON.stringify([...row.children].slice(2).map((cell) => cell.textContent)) === JSON.stringify(last))""",
            last,
        )


def test_rejects_are_shown_as_text(browser: Browser, folder: Path) -> None:
    """With their place and reason; what a message holds is never taken for HTML."""
    line = Line(folder)
    with line.run() as run, watched(browser) as seen:
        line.add(run, 3)
        seen.page.goto(run.url)
        line.source.add(b"<img src=x onerror=alert(1)>,1", b"\xff,2")
        line.add(run, 1)
        seen.page.wait_for_selector("#rejects tbody tr:nth-child(2)")
        text = seen.page.inner_text("#rejects")
        assert "<img src=x onerror=alert(1)>,1" in text
        assert "invalid-number" in text
        assert "live, partition 0" in text
        assert seen.page.query_selector("#rejects img") is None
        until(
            seen.page,
            "document.querySelector('#rejects-note').textContent.includes('invalid-number')",
        )


def test_the_page_follows_a_run_that_is_started_again(browser: Browser, folder: Path) -> None:
    """It says that the connection is lost, and shows the numbers of the next run as soon as there is one."""
    line = Line(folder)
    with watched(browser, 1200, "light", "ERR_", "Failed to load resource") as seen:
        with line.run() as run:
            line.add(run, 10)
            seen.page.goto(run.url)
            shows(seen.page, line.last())
            address = urlsplit(run.url).netloc
        until(
            seen.page,
            "['ended', 'lost'].includes(document.getElementById('connection').dataset.state)",
        )
        with line.run(listen=address) as run:
            line.add(run, 10)
            shows(seen.page, line.last())
            until(seen.page, "document.getElementById('connection').dataset.state === 'live'")


def test_the_page_waits_for_a_run_that_starts(browser: Browser, folder: Path) -> None:
    """What it does not know yet is shown as such; then the page goes on by itself."""
    held = HeldSource([wavy(at) for at in range(10)])
    line = Line(folder, source=held)
    with line.run() as run, watched(browser) as seen:
        seen.page.goto(run.url)
        until(
            seen.page,
            "document.getElementById('connection').textContent === 'starting'"
            " && document.getElementById('result-note').textContent === 'not known yet'"
            " && document.getElementById('rejects-note').textContent === 'unknown'",
        )
        assert "unknown" in seen.page.inner_text("#tiles")
        held.ready.set()
        wait_until(lambda: run.progress is not None and run.progress.rows == 10, SECONDS)
        shows(seen.page, line.last())
        until(seen.page, "document.getElementById('rejects-note').textContent === 'none'")


def test_a_token_is_asked_for_and_kept_for_the_tab(browser: Browser, folder: Path) -> None:
    """Nothing of the run is shown without it; a wrong one is refused; the right one outlives a reload, and no more."""
    line = Line(folder)
    listen = {"address": "127.0.0.1:0", "token": TOKEN}
    with line.run(listen=listen) as run, watched(browser, 1200, "light", "401") as seen:
        page = seen.page
        page.goto(run.url)
        page.wait_for_selector("#login:not([hidden])")
        assert page.evaluate("document.activeElement.id") == "token"
        assert not page.is_visible("#run")
        for wrong, words in (("other", "not the token"), ("with a space", "no spaces")):
            page.fill("#token", wrong)
            page.keyboard.press("Enter")
            until(
                page,
                "(words) => document.querySelector('#wrong').textContent.includes(words)",
                words,
            )
        page.fill("#token", TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_selector("#run:not([hidden])")
        page.reload()
        page.wait_for_selector("#run:not([hidden])")
        assert TOKEN not in page.content()
        assert page.evaluate("Object.values(localStorage).join()").find(TOKEN) == -1
        other = page.context.new_page()
        other.goto(run.url)
        other.wait_for_selector("#login:not([hidden])")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_it(browser: Browser, folder: Path, theme: str) -> None:
    """Axe finds nothing, in both colours, with all figures drawn and their numbers open; pictures are made."""
    line = Line(folder)
    with line.run() as run, watched(browser, 1200, theme) as seen:
        line.add(run, 150)
        line.add(run, 60, each=True)
        line.source.add(b"one,1", b"2")
        line.add(run, 1)
        seen.page.goto(run.url)
        drawn(seen.page, *FIGURES)
        seen.page.wait_for_selector("#rejects tbody tr:nth-child(2)")
        seen.page.evaluate("scrollTo(0, 0)")
        assert picture(seen.page, folder, f"page-{theme}").stat().st_size > 10_000
        for summary in seen.page.locator("summary").all():
            summary.click()
        found = Axe().run(seen.page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_is_wider_than_the_screen(browser: Browser, folder: Path, width: int) -> None:
    """No horizontal scrolling of the page, figures and long values included."""
    line = Line(folder)
    with line.run() as run, watched(browser, width) as seen:
        line.add(run, 80)
        line.source.add(b"x" * 1000 + b",1")
        line.add(run, 1)
        seen.page.goto(run.url)
        drawn(seen.page, *FIGURES)
        seen.page.wait_for_selector("#rejects tbody tr")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        seen.page.evaluate("scrollTo(0, 0)")
        picture(seen.page, folder, f"page-{width}")


def focused(page: Page) -> str:
    found: str = page.evaluate(
        "document.activeElement.id || document.activeElement.textContent.trim()"
    )
    return found


class Keys:
    """A regression by very many keys, of which some change all the time."""

    def __init__(self, count: int) -> None:
        self.source = LiveSource()
        columns = {"k": "str", "x": "float", "y": "float"}
        t = table_of_source(self.source, columns, header=list(columns))
        fit = t.linear_regression(t.y, t.x, by=t.k, singular="null")
        outputs = [sr.io.csv.write(t, "rows.csv"), sr.io.csv.write(fit, "by.csv")]
        self.run = ServedRun(outputs, processes=0, state="state")
        self.count = count

    def fill(self) -> None:
        for x in (0, 1, 2):
            self.source.add(*(f"key-{at:06},{x},{at + x * 2}".encode() for at in range(self.count)))
        wait_until(
            lambda: self.run.progress is not None and self.run.progress.rows == 3 * self.count,
            4 * SECONDS,
            lambda: str((self.run.progress, self.run.error)),
        )
        wait_until(
            lambda: self.run.json("/v1/tables")["tables"][0]["rows"] == self.count, 4 * SECONDS
        )
        self.run.json("/v1/tables/by?limit=1")  # which puts them in order


def test_a_hundred_thousand_keys_do_not_hurt(browser: Browser) -> None:
    """A page of them is loaded, any is found by a part of its name, and its figures are drawn."""
    keys = Keys(100_000)
    with keys.run as run, watched(browser) as seen:
        keys.fill()
        taken: list[int] = []
        seen.page.on(
            "response",
            lambda answer: (
                taken.append(int(answer.headers.get("content-length", 0)))
                if "/v1/" in answer.url
                else None
            ),
        )
        seen.page.goto(run.url)
        seen.page.wait_for_selector("#result tbody tr:nth-child(20)")
        assert seen.page.locator("#result tbody tr").count() == 20
        assert "100,000 rows in all" in seen.page.inner_text("#result-note")
        seen.page.fill("#search", "KEY-0777")
        until(
            seen.page,
            "document.querySelector('#result tbody tr td:nth-child(2)').textContent === 'key-077700'",
        )
        seen.page.click("#next")
        until(
            seen.page,
            "document.querySelector('#result tbody tr td:nth-child(2)').textContent === 'key-077720'",
        )
        keys.source.add(*(f"key-077725,{x},{x % 3}".encode() for x in range(30)))
        seen.page.get_by_role("button", name="Show k key-077725", exact=True).click()
        drawn(seen.page, "history", "fit")  # what is in view alone is drawn anew
        until(seen.page, "document.querySelectorAll('#fit .points path').length >= 30")
        assert sum(taken) < 3_000_000


def test_the_keyboard_reaches_all(browser: Browser, folder: Path) -> None:
    """The link to the results, colours, table, search, a row, the next page, numbers of a figure; focus is seen."""
    keys = Keys(50)
    with keys.run as run, watched(browser) as seen:
        keys.fill()
        page = seen.page
        page.goto(run.url)
        page.wait_for_selector("#result tbody tr:nth-child(20)")
        press = page.keyboard.press
        press("Tab")
        assert focused(page) == "Skip to the results"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        press("Enter")
        assert focused(page) == "main"
        press("Tab")
        assert focused(page) == "table"
        press("Tab")
        assert focused(page) == "search"
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        page.keyboard.type("key-00001")
        until(page, "document.querySelectorAll('#result tbody tr').length === 10")
        press("Tab")  # the region of rows, which can be scrolled
        press("Tab")
        press("Tab")
        press("Enter")
        until(page, "document.querySelector('#chosen').textContent.includes('key-000011')")
        page.wait_for_selector("#result tbody tr:nth-child(2)[aria-current=true]")
        drawn(page, "fit")
        page.focus("#history summary")
        press("Enter")
        page.wait_for_selector("#history details[open] tbody tr")
        until(page, "document.querySelector('#history tbody').textContent.includes('key-000011')")
        page.focus("#theme")
        press("Enter")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        drawn(page, "fit")  # out of view until now, it takes its colours when it comes into view
        dark = "document.querySelector('#fit .main-svg').style.background === 'rgb(20, 23, 31)'"
        until(page, dark)
        picture(page, folder, "page-keys")


def test_a_row_whose_key_is_missing_shows_its_own_figures(browser: Browser) -> None:
    """Not those of the empty text; a key may be called as a parameter is, with or without what stands before it."""
    source = LiveSource()
    columns = {"k": "str | None", "column.table": "str", "x": "float", "y": "float"}
    t = table_of_source(source, columns, format="json")
    fit = t.linear_regression(t.y, t.x, by=[t.k, t["column.table"]], singular="null")
    outputs = [sr.io.csv.write(fit, "fit.csv")]
    with ServedRun(outputs, processes=0) as run, watched(browser) as seen:
        run.until("/v1/tables/fit")
        for key, slope in (("null", 2), ('""', -7)):
            for x in range(3):
                row = f'{{"k":{key},"column.table":"t","x":{x},"y":{slope * x}}}'
                source.add(row.encode())
        run.rows("fit", 2)
        page = seen.page
        page.goto(run.url)
        page.locator("#history summary").click()
        shown = (
            "[...document.querySelectorAll('#history tbody tr')]"
            ".some((row) => row.innerText.split('\\t').includes('%s'))"
        )
        until(page, shown % "2.0")
        assert "k = (missing), column.table = t" in page.inner_text("#chosen")
        page.get_by_role("button", name="Show k , column.table t", exact=True).click()
        until(page, shown % "-7.0")


def test_windows_stand_on_a_line_of_time(browser: Browser, folder: Path) -> None:
    """Those of the instance that is chosen, closed ones too."""
    source = LiveSource()
    columns = {"k": "str", "at": "int", "x": "float", "y": "float"}
    t = table_of_source(source, columns, header=list(columns))
    windows = t.windowby(
        t.at,
        window=sr.temporal.tumbling(duration=10),
        instance=t.k,
        behavior=sr.temporal.common_behavior(cutoff=5),
    )
    fit = windows.linear_regression(t.y, t.x, statistics=["n"])
    with ServedRun([sr.io.csv.write(fit, "fit.csv")], processes=0) as run, watched(browser) as seen:
        run.until("/v1/tables/fit")  # of windows that were closed before, what serves knows nothing
        for at in range(200):
            source.add(
                *(f"{k},{at},{at},{(at * 7) % (n + 5)}".encode() for n, k in enumerate("ab"))
            )
        wait_until(lambda: run.progress is not None and run.progress.rows == 400, SECONDS)
        seen.page.goto(run.url)
        drawn(seen.page, "history")
        seen.page.locator("#history summary").click()
        until(seen.page, "document.querySelectorAll('#history tbody tr').length === 20")
        assert "it is of windows" in seen.page.inner_text("#fit")
        picture(seen.page, folder, "page-windows")

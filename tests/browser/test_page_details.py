"""The live page in places that few look at: odd values, windows, missing keys, no storage, a narrow screen, a token."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

import streamreg as sr
from tests.support.browser import watched
from tests.support.plans import table_of_source
from tests.support.served import LiveSource, ServedRun
from tests.support.shown import Line, drawn, shows, until

NO_STORAGE = """
for (const name of ["sessionStorage", "localStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });
"""
TEXTS = "(texts) => texts.every((text) => document.querySelector('%s').textContent.includes(text))"
CELLS = "[...document.querySelectorAll('#result tbody tr:first-child > *')].map((one) => one.textContent)"


def test_windows_come_newest_first(browser: Browser, folder: Path) -> None:
    """Of the last instance; what figures show is called by the instance alone, which another row may choose."""
    source = LiveSource()
    columns = {"k": "str", "at": "int", "x": "float", "y": "float"}
    t = table_of_source(source, columns, header=list(columns))
    window = sr.temporal.tumbling(duration=10)
    by_key = t.windowby(t.at, window=window, instance=t.k)
    whole = t.windowby(t.at, window=window)
    outputs = [
        sr.io.csv.write(windows.linear_regression(t.y, t.x, statistics=["n"]), name)
        for windows, name in ((by_key, "by.csv"), (whole, "all.csv"))
    ]
    with ServedRun(outputs, processes=0) as run, watched(browser) as seen:
        run.until("/v1/tables/by")
        source.add(*(f"{k},{at},{at},{at % 7}".encode() for at in range(300) for k in "ab"))
        run.rows("by", 60)
        seen.page.goto(run.url)
        seen.page.wait_for_selector("#result tbody tr:nth-child(20)")
        assert seen.page.evaluate(CELLS)[:4] == ["Show", "b", "290", "300"]
        assert seen.page.inner_text("#chosen") == "Figures show the newest windows of k = b"
        seen.page.click("#next")
        until(seen.page, f"{CELLS}[2] === '90'")
        seen.page.click("#next")
        until(seen.page, f"{CELLS}[1] === 'a' || {CELLS}[2] === '290'")
        seen.page.get_by_role("button", name="Show k a", exact=True).first.click()
        assert seen.page.inner_text("#chosen") == "Figures show the newest windows of k = a"
        seen.page.select_option("#table", "all")
        until(seen.page, f"{CELLS}[0] === '290'")
        assert seen.page.inner_text("#chosen") == "Figures show the newest windows"
        drawn(seen.page, "history")


def test_a_page_that_may_keep_nothing(browser: Browser, folder: Path) -> None:
    """It takes the token and the colours for as long as it is open; links to what needs a token are not shown."""
    line = Line(folder)
    listen = {"address": "127.0.0.1:0", "token": "secret"}
    with line.run(listen=listen) as run, watched(browser, 1200, "light", "401") as seen:
        line.add(run, 10)
        seen.page.add_init_script(NO_STORAGE)
        seen.page.goto(run.url)
        seen.page.wait_for_selector("#login:not([hidden])")
        assert not seen.page.is_visible("footer a")
        seen.page.fill("#token", "secret")
        seen.page.keyboard.press("Enter")
        shows(seen.page, line.last())
        assert not seen.page.is_visible("footer a")
        seen.page.click("#theme")
        until(seen.page, "document.documentElement.dataset.theme === 'dark'")


def test_values_are_those_of_the_file(browser: Browser, folder: Path) -> None:
    """Also those that JSON has no numbers for; rejects can be read on a narrow screen; links are there."""
    source = LiveSource()
    t = table_of_source(source, {"x": "float"}, header=["x"])
    one = t.reduce(x=sr.reducers.max(t.x))
    sums = one.select(high=one.x * 10.0, low=one.x * -10.0, none=one.x * 10.0 - one.x * 10.0)
    with ServedRun([sr.io.csv.write(sums, "sums.csv")], processes=0) as run:
        run.until("/v1/tables/sums")
        source.add(b"1.7e308", b"y" * 300)
        run.rows("sums", 1)
        with watched(browser, 320) as seen:
            seen.page.goto(run.url)
            until(seen.page, "document.querySelectorAll('#result tr').length === 3")
            shows(seen.page, {"high": "inf", "low": "-inf", "none": "nan"})
            seen.page.wait_for_selector("#rejects td.value")
            width = "document.querySelector('#rejects td.value').getBoundingClientRect().width"
            assert seen.page.evaluate(width) >= 200
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= 320
            assert seen.page.is_visible("footer a")


def test_a_search_says_how_many_match(browser: Browser, folder: Path) -> None:
    """A missing key and the empty text are told apart in the list."""
    source = LiveSource()
    t = table_of_source(source, {"k": "str | None", "x": "float"}, format="json")
    counts = t.groupby(t.k).reduce(t.k, n=sr.reducers.count())
    with ServedRun([sr.io.csv.write(counts, "n.csv")], processes=0) as run:
        run.until("/v1/tables/n")
        names = [f'"key-{at:02}"' for at in range(30)]
        source.add(*(f'{{"k":{name},"x":1}}'.encode() for name in ("null", '""', *names)))
        run.rows("n", 32)
        with watched(browser) as seen:
            seen.page.goto(run.url)
            until(seen.page, TEXTS % "#result-note", ["32 rows in all"])
            keys = seen.page.locator("#result tbody td:nth-child(2)").all_text_contents()
            assert keys[:3] == ["(missing)", "", "key-00"]
            for search, said in (
                ("key", "at least 20 rows match, of 32 rows in all"),
                ("key-1", "10 rows match, of"),
                ("key-29", "1 row matches, of"),
                ("nothing", "0 rows match, of 32 rows in all"),
            ):
                seen.page.fill("#search", search)
                until(seen.page, TEXTS % "#result-note", [said])


def test_rows_that_are_very_far_apart(browser: Browser, folder: Path) -> None:
    """Have their line, as far as the largest doubles."""
    source = LiveSource()
    t = table_of_source(source, {"x": "float", "y": "float"}, header=["x", "y"])
    fit = t.linear_regression(t.y, t.x)
    outputs = [sr.io.csv.write(t, "rows.csv"), sr.io.csv.write(fit, "line.csv")]
    with ServedRun(outputs, processes=0) as run, watched(browser) as seen:
        run.until("/v1/tables/line")
        source.add(b"-1.7e308,1", b"1.7e308,2", b"1e308,2.5")
        run.rows("line", 1)
        answer = run.json("/v1/figures/fit?table=line&theme=light")
        (line,) = [one for one in answer["figure"]["data"] if one["name"] == "fit"]
        assert (line["x"][0], line["x"][-1]) == (-1.7e308, 1.7e308)
        assert None not in line["y"]
        seen.page.goto(run.url)
        drawn(seen.page, "fit")


def test_figures_keep_their_height(browser: Browser, folder: Path) -> None:
    """In a window that is made narrower none covers what stands below it."""
    line = Line(folder)
    with line.run() as run, watched(browser) as seen:
        line.add(run, 40)
        seen.page.goto(run.url)
        drawn(seen.page, "history")
        parts = "[...document.querySelectorAll('#history .plot, #history .main-svg')]"
        size = f"{parts}.map((one) => one.getBoundingClientRect().%s)"
        before = seen.page.evaluate(size % "height")
        width = seen.page.evaluate(size % "width")[1]
        assert before[0] == before[1] > 400
        seen.page.set_viewport_size({"width": 500, "height": 900})
        until(seen.page, f"({size % 'width'})[1] < {width} - 50")
        assert seen.page.evaluate(size % "height") == before

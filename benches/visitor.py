"""A browser with the page of a run open, and a scraper beside it, each for as long as the run answers."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
import urllib.request
from collections.abc import Iterator
from urllib.error import URLError

from playwright.sync_api import Error, sync_playwright

_SCRAPE_SECONDS = 1.0
_AWAY_SECONDS = 0.05
_START_SECONDS = 180.0


class Visitor:
    """Threads that look at a run; the browser stands back, as if it were on another machine."""

    def __init__(self, url: str | None) -> None:
        """Nothing needs to be there yet. With None the browser is open and has an empty page, and nobody scrapes."""
        self.scraped = 0
        self.drawn = 0
        """How often figures of the page came."""
        self._url = url
        self._ended = threading.Event()
        self._ready = threading.Event()
        works = (self._look,) if url is None else (self._look, self._scrape)
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]

    def start(self) -> None:
        """Returns when the browser is open."""
        for thread in self._threads:
            thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError("the browser does not start")

    def end(self) -> None:
        """Closes the browser."""
        self._ended.set()
        for thread in self._threads:
            thread.join(60)

    def _scrape(self) -> None:
        while not self._ended.is_set():
            try:
                with urllib.request.urlopen(f"{self._url}/metrics", timeout=10) as answer:
                    answer.read()
            except (URLError, ConnectionError, TimeoutError):
                self._ended.wait(_AWAY_SECONDS)
                continue
            self.scraped += 1
            self._ended.wait(_SCRAPE_SECONDS)

    def _look(self) -> None:
        # The thread's own: the browser inherits it.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page()
            page.on("response", self._count)
            self._ready.set()
            there = self._url is None
            while not self._ended.is_set():
                try:
                    if not there:
                        page.goto(str(self._url), timeout=10_000)
                        there = True
                    page.wait_for_timeout(100)
                except Error:  # Nobody answers yet.
                    time.sleep(_AWAY_SECONDS)
            browser.close()

    def _count(self, answer: object) -> None:
        if "/v1/figures/" in getattr(answer, "url", ""):
            self.drawn += 1


@contextlib.contextmanager
def visited(url: str | None) -> Iterator[Visitor]:
    """Somebody looks, for the time of a `with`; with None at nothing."""
    visitor = Visitor(url)
    visitor.start()
    try:
        yield visitor
    finally:
        visitor.end()

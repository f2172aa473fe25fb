"""A browser with the page of a run open."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Sequence

from playwright.sync_api import Error, sync_playwright

from benches.visitor import AWAY_SECONDS, Visitor

_START_SECONDS = 180.0


class PageBrowser(Visitor):
    """Debian's chromium; it stands back, as if it were on another machine, but takes processors all the same."""

    def __init__(self, url: str) -> None:
        """Will look at this address."""
        super().__init__(url)
        self._ready = threading.Event()

    def looks(self) -> Sequence[Callable[[], None]]:
        """The browser."""
        return (self._look,)

    def __enter__(self) -> PageBrowser:
        """Returns when the browser is open."""
        super().__enter__()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError("the browser does not start")
        return self

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
            there = False
            while not self.ended.is_set():
                try:
                    if there != self.looking.is_set():
                        page.goto("about:blank" if there else self.url, timeout=10_000)
                        there = not there
                    page.wait_for_timeout(100)
                except Error:  # Nobody answers yet, or any more.
                    there = False
                    self.ended.wait(AWAY_SECONDS)
            browser.close()

    def _count(self, answer: object) -> None:
        if "/v1/figures/" in getattr(answer, "url", ""):
            self.drawn += 1

"""A browser with the page of a run open."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

from benches.visitor import AWAY_SECONDS, Visitor
from streamreg._bench.memory import family, text

_START_SECONDS = 180.0


class PageBrowser(Visitor):
    """Debian's chromium; it stands back, as if it were on another machine, but takes processors all the same."""

    SETTLE_SECONDS = 12.0
    TURN_SECONDS = 10.0
    """Of the pace at which it draws."""

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
                    if not there:
                        page.goto(self.url, timeout=10_000)
                        there = True
                    page.wait_for_timeout(100)
                except Error:  # Nobody answers yet, or any more.
                    there = False
                    self.ended.wait(AWAY_SECONDS)
                    continue
                if not self.looking.is_set():
                    self._pause()
            browser.close()

    def _pause(self) -> None:
        """Stops the browser until somebody looks again: its page is as it was, and need not be loaded anew."""
        processes = [
            one
            for one in family(os.getpid())
            if text(Path(f"/proc/{one}/comm")).startswith("chrom")
        ]
        _send(processes, signal.SIGSTOP)
        while not self.looking.wait(AWAY_SECONDS) and not self.ended.is_set():
            pass
        _send(processes, signal.SIGCONT)

    def _count(self, answer: object) -> None:
        if "/v1/figures/" in getattr(answer, "url", ""):
            self.drawn += 1


def _send(processes: Iterable[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):  # It has ended meanwhile.
            os.kill(process, number)

"""Who looks at a run for as long as it answers: a scraper, and beside it whoever has the page open."""

from __future__ import annotations

import threading
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from http.client import HTTPException
from types import TracebackType
from typing import ClassVar, Self

PAUSE_SECONDS = 1.0
"""Between two looks."""
_SCRAPE_SECONDS = 5.0

AWAY_SECONDS = 0.05


class Visitor(ABC):
    """Threads that look at a run while `looking` is set, for the time of a `with`; nothing needs to be there yet."""

    SETTLE_SECONDS: ClassVar = 3.0
    """In which the page is loaded once, and counts for nothing: runs go on for hours."""
    TURN_SECONDS: ClassVar = 2.0

    def __init__(self, url: str) -> None:
        """Will look at this address."""
        self.url = url
        self.scraped = 0
        self.drawn = 0
        """How often figures of the page came."""
        self.looking = threading.Event()
        self.looking.set()
        self.ended = threading.Event()
        self._threads: list[threading.Thread] = []

    @abstractmethod
    def looks(self) -> Sequence[Callable[[], None]]:
        """What threads do beside scraping, while `looking`, again and again; each is to return soon after that."""

    def __enter__(self) -> Self:
        for work in (self._scrape, *self.looks()):
            thread = threading.Thread(target=self._often, args=(work,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ended.set()
        for thread in self._threads:
            thread.join(60)

    def get(self, path: str) -> bytes:
        """What is answered."""
        request = urllib.request.Request(f"{self.url}/{path}", headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: bytes = answer.read()
        return found

    def _scrape(self) -> None:
        self.get("metrics")
        self.scraped += 1
        self.ended.wait(_SCRAPE_SECONDS)

    def _often(self, work: Callable[[], None]) -> None:
        while not self.ended.is_set():
            if not self.looking.is_set():
                self.ended.wait(AWAY_SECONDS)
                continue
            try:
                work()
            except (OSError, HTTPException):  # Nobody answers yet, or any more.
                self.ended.wait(AWAY_SECONDS)

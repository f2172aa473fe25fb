"""What the page of a run asks for, at its pace, as it does from another machine: nothing is drawn here."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Sequence
from urllib.parse import quote, urlencode

from benches.visitor import PAUSE_SECONDS, Visitor

_FILES = (
    "connection.js",
    "figures.js",
    "grid.js",
    "page.css",
    "page.js",
    "plotly.js",
    "results.js",
    "storage.js",
)
_LOOKS = 2
"""At rows for one at figures: a page where drawing all of them takes a tenth of a second."""
_FIGURES = ("history", "fit", "residuals", "pace")


class PageClient(Visitor):
    """Asks a run for all that its page shows, with each figure in view."""

    def __init__(self, url: str) -> None:
        """Will look at this address."""
        super().__init__(url)
        self._table: str | None = None
        self._looks = 0

    def looks(self) -> Sequence[Callable[[], None]]:
        """The page, and the status that it follows."""
        return self._page, self._status

    def _status(self) -> None:
        with urllib.request.urlopen(f"{self.url}/v1/status/changes", timeout=10) as answer:
            while answer.readline() not in (b"", b"event: end\n"):
                if not self.looking.is_set() or self.ended.is_set():
                    return

    def _page(self) -> None:
        """Loads the page the first time, and then rows, rejects and figures each time."""
        if self._table is None:
            index = self.get("").decode()
            folder = index.partition('src="page/')[2].partition("/")[0]
            for name in _FILES:
                self.get(f"page/{folder}/{name}")
            self._table = json.loads(self.get("v1/tables"))["tables"][0]["name"]
        self.get(f"v1/tables/{quote(self._table)}?limit=20")
        self.get("v1/rejects")
        self._looks += 1
        for figure in _FIGURES if self._looks % _LOOKS == 0 else ():
            query = {} if figure == "pace" else {"table": self._table}
            self.get(f"v1/figures/{figure}?{urlencode({**query, 'theme': 'light'})}")
            self.drawn += 1
        self.ended.wait(PAUSE_SECONDS)

"""A real browser, and pages in it of which every error and every breach of their policy is noted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

SECONDS = 60.0
_BREACHES = """
window.breaches = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.breaches.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser, as playwright drives it."""
    found = shutil.which("chromium")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("a browser is missing: install Debian's package chromium")
        pytest.skip("a browser is missing: install Debian's package chromium")
    with sync_playwright() as playwright:
        # The sandbox is not for root, which tests in a container are.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page, what it has said on its console, and what it has taken from the network."""

    page: Page
    said: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Words of errors that belong to the test."""

    def check(self) -> None:
        """Nothing went wrong that the test did not mean to."""
        said = [text for text in self.said if not any(word in text for word in self.expected)]
        assert said == []
        assert self.page.evaluate("window.breaches") == []


@contextmanager
def watched(
    browser: Browser, width: int = 1200, theme: str = "light", *expected: str
) -> Iterator[Watched]:
    """An empty page; leaving the block checks it."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(1000 * SECONDS)
    page = context.new_page()
    found = Watched(page, expected=expected)

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            found.said.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.said.append(str(error)))
    page.add_init_script(_BREACHES)
    yield found
    found.check()
    context.close()


def picture(page: Page, folder: Path, name: str) -> Path:
    """The whole page, in a folder of the test or in that which PAGE_PICTURES names."""
    target = Path(os.environ.get("PAGE_PICTURES", folder)) / f"{name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target, full_page=True)
    return target

"""Terminal: how many columns of a screen a text takes, and texts that do not move its cursor."""

from __future__ import annotations

import unicodedata

_MARKS = ("Mn", "Me")
"""The categories of what stands upon the letter before it."""


def printable(text: str) -> str:
    """A text without characters that would move the cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def one_line(text: str) -> str:
    """Without line ends and other control characters: whoever names a file or writes to a topic forges no line."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def width(text: str) -> int:
    """How many columns it takes: letters of double width count twice, marks upon letters not at all."""
    return len(text) if text.isascii() else sum(map(_of_letter, text))


def shortened(text: str, columns: int) -> str:
    """As much of it as fits, with "…" at its end if that is not all."""
    if width(text) <= columns:
        return text
    taken = 1  # by the "…"
    for at, letter in enumerate(text):
        taken += _of_letter(letter)
        if taken > columns:
            return f"{text[:at]}…"
    raise AssertionError("a text that does not fit has a letter at which it does not")


def _of_letter(letter: str) -> int:
    if unicodedata.category(letter) in _MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1

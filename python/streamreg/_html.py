"""HTML of what a notebook shows: plain tables, every cell escaped, with nothing that is loaded from elsewhere."""

from collections.abc import Sequence


def row(cells: Sequence[str], heads: Sequence[int] = (0,)) -> str:
    """A row of a table; `heads` are the places of the cells that name others."""
    tags = ["th" if at in heads else "td" for at in range(len(cells))]
    pairs = zip(tags, cells, strict=True)
    return "<tr>" + "".join(f"<{tag}>{_shown(cell)}</{tag}>" for tag, cell in pairs) + "</tr>"


def table(caption: str, rows: Sequence[Sequence[str]], heads: Sequence[str] | None = None) -> str:
    """A table with a caption; the first cell of each row names the others, and so does `heads` the columns."""
    top = "" if heads is None else row(heads, range(len(heads)))
    return f"<table><caption>{_shown(caption)}</caption>{top}{''.join(map(row, rows))}</table>"


def _shown(text: str) -> str:
    """Escaped; half of a surrogate pair, which no encoding has, as a question mark."""
    from html import (
        escape,  # late: it knows thousands of names of characters, which take a millisecond
    )

    return escape(text.encode("utf-8", "replace").decode())

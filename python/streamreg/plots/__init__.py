"""Figures of what runs have written; with `pip install 'streamreg[plot]'`. Those of a model are its own: `model.plot`.

They are figures of plotly, which a notebook shows, and which `write_html` writes into a file that needs nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from streamreg._figures.look import Theme

__all__ = ["changes"]


def __dir__() -> list[str]:
    return __all__


def changes(
    path: str | os.PathLike[str],
    *,
    columns: str | Sequence[str] | None = None,
    by: str | Sequence[str] | None = None,
    keys: str | Sequence[object] | None = None,
    time: Literal["epoch", "unix_ms"] = "epoch",
    windows: bool | None = None,
    theme: Theme = "light",
) -> go.Figure:
    """The columns of a result over time, from the changelog that `sr.io.csv.write` has written or still writes.

    Each column is by itself, a value stands until the next one, and where a regression has confidence intervals they
    are drawn around its coefficients. A run that is still writing is not disturbed; a line that is half written is left
    out.

    Args:
        path: the file; where it has finished parts beside it (`rotate`), they come before it.
        columns: the one or those to show; by default the first twelve that hold numbers.
        by: the key columns of a result with a row for each key.
        keys: which keys to show: values of the key column, or tuples of several, None for a missing one; a text is one
            key. By default the first twelve in the file.
        time: what the column `time` of the file holds, as given to `sr.io.csv.write`.
        windows: whether the windows that stand are shown over their own times, from `window_start` on, and not the
            changes over those of the file; by default where several windows stand at once. `by` is then the instance.
        theme: "light" or "dark".

    Raises:
        ConfigurationError: if the path or another argument is none that there can be, or does not fit the file.
        ImportError: if plotly is not installed.
        OutputError: if the file cannot be read, or is no changelog of a result.
        ValueError: if there is no such theme.
    """
    from streamreg._figures.history import history_drawing
    from streamreg._path import checked_path
    from streamreg.plots._asked import asked
    from streamreg.plots._lines import lines_of_changelog

    file = Path(checked_path(path, "path", "the path of a file"))
    lines, over = lines_of_changelog(file, asked(columns, by, keys, time, windows))
    return history_drawing(lines, over, theme).figure()

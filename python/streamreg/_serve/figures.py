"""Serve, figures: what the page shows, each a figure of plotly with its numbers as text beside it.

What is asked for by several clients is drawn once; drawing is done in a thread, while others are answered.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from streamreg._estimators.key_cells import columns_of
from streamreg._exceptions import CorruptStateError, StateError
from streamreg._figures.look import LOOKS, Theme
from streamreg._serve.drawn import MOST_WINDOWS, Drawn, pace_of, past_of, windows_of
from streamreg._serve.endpoint import JSON, Endpoint, Handler, Parameter, refusal
from streamreg._serve.feed import Feed
from streamreg._serve.fitted import Fitted
from streamreg._serve.models import Models, NotServedError, regression_of
from streamreg._serve.points import places_of
from streamreg._serve.query import own_of, query_of
from streamreg._serve.tables import KEYS, NO_TABLE, table_of, wanted_keys
from streamreg._sinks.cells import value_of
from streamreg._state.program_data import WINDOWS

if TYPE_CHECKING:
    from streamreg._estimators.key_cells import Cell
    from streamreg._serve.order import Key
    from streamreg._serve.table import CurrentTable

Make: TypeAlias = Callable[[], Drawn]
"""Computes what is drawn, in a thread; what it needs was taken before."""

_OWN: Final = ("table", "theme")
_FRESH_SECONDS: Final = 0.5
"""So long a figure is given to whoever asks for the same."""

_MOST_KEPT: Final = 64
_HEIGHT: Final = 400
"""Of a figure that has none of its own, in pixels."""

_THEME: Final = Parameter(
    "theme", "light or dark; without it there is no figure.", {"type": "string", "enum": [*LOOKS]}
)
_TABLE: Final = Parameter("table", "The name of a table.", required=True)
_REFUSALS: Final = {**NO_TABLE, 400: "A parameter is missing, unknown, wrong or given twice."}


def endpoints(feed: Feed) -> Sequence[Endpoint]:
    """Those of figures."""
    models, kept = Models(feed), _Kept(feed)

    async def history(request: Request) -> Response:
        table, key = _row(feed, request)
        if WINDOWS in feed.layout.reductions[table.spec.reduction]:
            return await kept.answer(request, lambda: _windows(table, key))
        return await kept.answer(request, lambda: _past(feed, table, key))

    async def of_fit(request: Request, show: Callable[[Fitted], Drawn]) -> Response:
        table, key = _row(feed, request)

        async def made() -> Make:
            return partial(_shown, await _fitted(feed, models, table, key), show)

        return await kept.answer(request, made)

    async def fit(request: Request) -> Response:
        return await of_fit(request, Fitted.line)

    async def residuals(request: Request) -> Response:
        return await of_fit(request, Fitted.residuals)

    async def pace(request: Request) -> Response:
        own_of(request, (_THEME.name,))

        async def made() -> Make:
            samples = list(feed.pace.samples)
            return lambda: pace_of(samples)

        return await kept.answer(request, made)

    return (
        _of_table(
            "/v1/figures/history",
            history,
            "A row over the last epochs, with its intervals; of windows those of the newest event times.",
        ),
        _of_table(
            "/v1/figures/fit",
            fit,
            "The newest rows that an output was given, with the regression of the table, the interval of its mean and "
            "that of a new observation.",
        ),
        _of_table(
            "/v1/figures/residuals",
            residuals,
            "What these rows differ from the regression by, over its fitted values.",
        ),
        Endpoint(
            "/v1/figures/pace",
            pace,
            "Rows a second, lag, and seconds for each epoch, over the last ten minutes.",
            parameters=(_THEME,),
            refusals={400: "A parameter is unknown, wrong or given twice."},
        ),
    )


def _of_table(path: str, handler: Handler, summary: str) -> Endpoint:
    return Endpoint(path, handler, summary, parameters=(_TABLE, KEYS, _THEME), refusals=_REFUSALS)


def _row(feed: Feed, request: Request) -> tuple[CurrentTable, dict[int, bytes]]:
    """The table that is asked for, and the cells of keys, by their places among the keys."""
    own, columns = query_of(request, _OWN)
    if "table" not in own:
        raise refusal(400, "table: missing")
    table = table_of(feed, own["table"])
    return table, wanted_keys(table, columns, _OWN)


def _whole(table: CurrentTable, wanted: dict[int, bytes]) -> Key | None:
    """The key, if all of it was asked for."""
    keys = table.spec.keys
    if keys is None or len(wanted) < len(keys):
        return None
    return tuple(wanted[at] for at in range(len(keys)))


async def _past(feed: Feed, table: CurrentTable, wanted: dict[int, bytes]) -> Make:
    key = _whole(table, wanted)
    if key is None:
        return _without("choose a row" if table.spec.keys else "its rows have no keys to follow")
    moments = feed.past.of(table, key, feed.ring)
    now = time.time() if feed.snapshot is None else feed.snapshot.unix
    return lambda: past_of(table.spec, moments, now)


async def _windows(table: CurrentTable, wanted: dict[int, bytes]) -> Make:
    keys = table.spec.keys
    if keys is None:
        return _without("not all of its keys are among its columns")
    instance = {place: cell for place, cell in wanted.items() if place < len(keys) - 2}
    await table.settle()
    rows = table.last(MOST_WINDOWS, instance)
    return lambda: windows_of(table.spec, rows)


def _without(note: str) -> Make:
    return lambda: Drawn((), (), None, note)


async def _fitted(
    feed: Feed, models: Models, table: CurrentTable, wanted: dict[int, bytes]
) -> Fitted | Drawn:
    """The regression of a table, or what is shown in its place."""
    try:
        described = regression_of(table.spec.models)
        types = models.key_types(described)
        places = places_of(feed.layout, described)
        if places is None:
            names = ", ".join(
                dict.fromkeys([*described["keys"], *described["columns"], described["target"]])
            )
            return Drawn((), (), None, f"no output has the rows themselves: write one with {names}")
        key = _whole(table, wanted)
        if key is None:
            return Drawn((), (), None, "choose a row")
        if not types:
            model = models.of_all(described)
        else:
            columns = columns_of(_values(table, key), types)
            found = None
            if columns is not None:
                found = await run_in_threadpool(models.of_key, described, columns)
            if found is None:
                return Drawn((), (), None, "the last checkpoint has no such key")
            model = found
    except NotServedError as error:
        return Drawn((), (), None, str(error))
    except (StateError, CorruptStateError) as error:
        return Drawn((), (), None, f"the state cannot be read: {str(error)[:200]}")
    recent = feed.recent.rows
    if places.output >= len(recent):
        return Drawn((), (), None, "no row was read yet")
    return Fitted(
        model.fit,
        described,
        models.kinds(described),
        places,
        feed.layout.rows[places.output],
        recent[places.output],
        key,
    )


def _shown(found: Fitted | Drawn, show: Callable[[Fitted], Drawn]) -> Drawn:
    return show(found) if isinstance(found, Fitted) else found


def _values(table: CurrentTable, key: Key) -> tuple[Cell, ...]:
    keys = table.spec.keys or ()
    kinds = [table.spec.columns[at].dtype for at in keys]
    found = (value_of(cell, kind) for cell, kind in zip(key, kinds, strict=True))
    return tuple(found)  # type: ignore[arg-type]  # keys are of types that cells have


class _Kept:
    """The answers of the last moment; when the run has ended, none from before that."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._answers: OrderedDict[tuple[str, bool], tuple[float, asyncio.Task[bytes]]] = (
            OrderedDict()
        )

    async def answer(self, request: Request, made: Callable[[], Awaitable[Make]]) -> Response:
        """The answer to a request: one that was just given, or a new one."""
        theme = _theme(request)
        asked = f"{request.url.path}?{request.url.query}", self._feed.ended
        begun, task = self._answers.get(asked, (0.0, None))
        if task is None or (task.done() and time.monotonic() > begun + _FRESH_SECONDS):
            task = asyncio.create_task(_written(made, theme))
            self._answers[asked] = time.monotonic(), task
            self._answers.move_to_end(asked)
            while len(self._answers) > _MOST_KEPT:
                self._answers.popitem(last=False)
        return Response(await asyncio.shield(task), media_type=JSON)


async def _written(made: Callable[[], Awaitable[Make]], theme: Theme | None) -> bytes:
    make = await made()
    return await run_in_threadpool(_drawn, make, theme)


def _drawn(make: Make, theme: Theme | None) -> bytes:
    """What is answered: figures as plotly has them, null where there is none."""
    found = make()
    lacks = find_spec("plotly") is None
    head = json.dumps(
        {
            "columns": found.columns,
            "rows": found.rows,
            "note": found.note,
            "install": "pip install 'streamreg[plot]'" if lacks else None,
        }
    )
    figure = "null"
    if found.draw is not None and theme is not None and not lacks:
        drawn = found.draw(theme)
        # The page has the titles as its headings.
        del drawn.layout["title"]
        drawn.layout["margin"] = {"t": 40}
        drawn.layout.setdefault("height", _HEIGHT)
        figure = drawn.to_json()
    return f'{head[:-1]},"figure":{figure}}}'.encode()


def _theme(request: Request) -> Theme | None:
    asked = request.query_params.get("theme")
    for theme in LOOKS:
        if asked == theme:
            return theme
    if asked is None:
        return None
    raise refusal(400, f"theme: expected light or dark, found {asked[:40]!r}")

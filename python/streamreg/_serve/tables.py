"""Serve, tables: the results as they stand, a page at a time."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from streamreg._serve.endpoint import JSON, Endpoint, Parameter, json_response, refusal
from streamreg._serve.feed import Feed
from streamreg._serve.query import COLUMN, MISSING, query_of, whole
from streamreg._serve.table import MOST_CLOSED, MOST_ROWS, CurrentTable, Reached
from streamreg._serve.texts import cell_of, is_cell
from streamreg._state.program_data import WINDOWS

MOST_AT_A_TIME: Final = 10_000
_USUAL: Final = 100
_OWN: Final = ("limit", "cursor", "search", "sort")
_SORTS: Final = ("asc", "desc")
KEYS: Final = Parameter(
    "keys",
    "A parameter for each key column that rows are to have a certain value in, such as `sensor=a`; "
    f"`{COLUMN}limit=a` if the column is called as another parameter, or its name begins with `{COLUMN}` or "
    f"`{MISSING}`. Rows in which it is missing: `{MISSING}sensor=`; an empty value is a missing one too, but of text.",
    {"type": "object", "additionalProperties": {"type": "string"}},
)

UNKNOWN: Final = "The tables are not known yet: the run starts, or has not told them anew."
NO_TABLE: Final[Mapping[int, str]] = {
    404: "There is no such table.",
    503: UNKNOWN,
    507: f"The table has more than {MOST_ROWS:,} rows: read the output itself.",
}
"""What `table_of` refuses."""

_NAME: Final = Parameter("name", "The name of the table.", required=True, place="path")


def endpoints(feed: Feed) -> Sequence[Endpoint]:
    """Those of tables."""

    async def tables(request: Request) -> Response:
        found = [_described(feed, table) for table in tables_of(feed).values()]
        return json_response({"epoch": feed.epoch, "tables": found})

    async def rows(request: Request) -> Response:
        table = table_of(feed, request.path_params["name"])
        await table.settle()
        return _page(feed, table, request)

    return (
        Endpoint(
            "/v1/tables",
            tables,
            "The tables there are, with their columns and keys. Of those of `windows` the last two keys say where a "
            "window begins and ends.",
            refusals={503: UNKNOWN},
        ),
        Endpoint(
            "/v1/tables/{name}",
            rows,
            "The rows of a table as they stand after `epoch`, in the order of their keys. Numbers are written with all "
            f"their digits. Of closed windows the newest {MOST_CLOSED:,} rows are here; where earlier runs have closed "
            "them, those that the end of a CSV file tells of.",
            parameters=(
                _NAME,
                Parameter(
                    "limit",
                    f"At most so many rows (default {_USUAL}).",
                    {"type": "integer", "minimum": 1, "maximum": MOST_AT_A_TIME},
                ),
                Parameter("cursor", "`next` of the page before."),
                Parameter(
                    "search", "Rows alone of which a key has this text in it, in whatever letters."
                ),
                Parameter(
                    "sort",
                    "By the keys: `asc` (default) or `desc`, in which the windows of a key come newest first. A cursor "
                    "goes on in the order that is asked for with it.",
                    {"type": "string", "enum": [*_SORTS]},
                ),
                KEYS,
            ),
            refusals={**NO_TABLE, 400: "A parameter is unknown, wrong or given twice."},
        ),
    )


def tables_of(feed: Feed) -> Mapping[str, CurrentTable]:
    """All tables, by name. Raises HTTPException (503) while they are not known."""
    if not feed.known:
        raise refusal(503, UNKNOWN)
    return feed.tables


def table_of(feed: Feed, name: str) -> CurrentTable:
    """The table of this name.

    Raises:
        HTTPException: 404 if there is none, 503 while that is not known, 507 if it is too large to be served.
    """
    tables = tables_of(feed)
    table = tables.get(name)
    if table is None:
        known = ", ".join(tables) or "none"
        raise refusal(404, f"there is no table {name[:80]!r}; there are: {known}")
    if table.overflown:
        raise refusal(507, f"{name} has more than {MOST_ROWS:,} rows: read its output itself")
    return table


def _described(feed: Feed, table: CurrentTable) -> dict[str, object]:
    spec = table.spec
    keys = None if spec.keys is None else [spec.columns[at].name for at in spec.keys]
    return {
        "name": spec.name,
        "output": spec.output,
        "columns": [{"name": column.name, "type": column.dtype} for column in spec.columns],
        "keys": keys,
        "windows": WINDOWS in feed.layout.reductions[spec.reduction],
        "rows": None if table.overflown else len(table),
        "predicts": bool(spec.models),
    }


def _page(feed: Feed, table: CurrentTable, request: Request) -> Response:
    own, columns = query_of(request, _OWN)
    most = whole(own, "limit", _USUAL, 1, MOST_AT_A_TIME)
    wanted = wanted_keys(table, columns, _OWN)
    sort = own.get("sort", _SORTS[0])
    if sort not in _SORTS:
        raise refusal(400, f"sort: expected asc or desc, found {sort[:40]!r}")
    cursor = own.get("cursor")
    after = None if cursor is None else _reached(cursor, table)
    search = own.get("search", "")
    rows, following = table.page(after, most, wanted, search, descending=sort == "desc")
    return Response(_written(feed, table, rows, following), media_type=JSON)


def _written(
    feed: Feed, table: CurrentTable, rows: Sequence[bytes], following: Reached | None
) -> bytes:
    head = json.dumps({"table": table.spec.name, "epoch": feed.epoch, "total": len(table)})
    cursor = "null" if following is None else json.dumps(_cursor_of(following))
    written = b",".join(table.written(row) for row in rows)
    return b'%b,"rows":[%b],"next":%b}' % (head[:-1].encode(), written, cursor.encode())


def wanted_keys(
    table: CurrentTable, columns: Mapping[str, str | None], own: Sequence[str]
) -> dict[int, bytes]:
    """For each key that is asked for its place among the keys, and its cell; `own` are the parameters beside them.

    Raises:
        HTTPException: 400 if there is no such key, or it has no such values.
    """
    spec = table.spec
    names = {} if spec.keys is None else {spec.columns[at].name: at for at in spec.keys}
    places = {name: place for place, name in enumerate(names)}
    wanted: dict[int, bytes] = {}
    for name, text in columns.items():
        if name not in names:
            known = ", ".join([*names, *own])
            raise refusal(400, f"there is no parameter {name[:80]!r}; there are: {known}")
        try:
            wanted[places[name]] = cell_of(text, spec.columns[names[name]].dtype)
        except ValueError as error:
            raise refusal(400, f"{name}: {str(error)[:200]}") from error
    return wanted


def _cursor_of(reached: Reached) -> str:
    cells = [cell.decode("latin-1") for cell in reached.key]
    return base64.urlsafe_b64encode(json.dumps([cells, reached.given]).encode()).decode()


def _reached(cursor: str, table: CurrentTable) -> Reached:
    spec = table.spec
    columns = spec.columns if spec.keys is None else [spec.columns[at] for at in spec.keys]
    try:
        cells, given = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        key = tuple(cell.encode("latin-1") for cell in cells)
        written = all(
            is_cell(cell, column.dtype) for cell, column in zip(key, columns, strict=True)
        )
        if not (written and isinstance(given, int) and given > 0):
            raise ValueError("not as a cursor is written")
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise refusal(400, "cursor: it is not one that an earlier page has given") from error
    return Reached(key, given)

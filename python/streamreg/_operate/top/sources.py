"""Top: where a run is asked how far it is: the port that it serves, or its state."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from http.client import HTTPException
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from streamreg._exceptions import ConfigurationError, StreamregError
from streamreg._jobs import load_job
from streamreg._operate.inspect import describe
from streamreg._operate.top.view import MOST_ROWS, Place, ShownTable, View
from streamreg._serve.address import TOKEN, check_token, checked
from streamreg._state.snapshot import read

Look = Callable[[], View]
"""Asks once more; raises StreamregError if nothing can be had."""

_SECONDS: Final = 10.0
_MOST_BYTES: Final = 16 << 20


class AwayError(StreamregError):
    """Nobody answers there."""


class _NotYetError(StreamregError):
    """What is asked for is not known at the moment."""


def look_at(target: str) -> Look:
    """What asks a run: a URL, a job file, or the directory of a state.

    Raises:
        ConfigurationError: if it is none of these.
    """
    if target.startswith(("http://", "https://")):
        return Port(target, os.environ.get(TOKEN) or None)
    path = Path(target)
    if path.is_dir():
        return State(path)
    job = load_job(path)
    state = None if job.state is None else State(Path(job.state))
    if job.listen is None:
        if state is None:
            raise ConfigurationError(
                f"{target}: the job keeps no state and listens nowhere ([listen]): nothing tells how far it is"
            )
        return state
    listen = checked(job.listen)
    if listen.port == 0:
        if state is None:
            raise ConfigurationError(
                f"{target}: the job keeps no state, and listens at any free port: give the URL that its run logs"
            )
        return state
    port = Port(f"http://{listen.address}", listen.token or os.environ.get(TOKEN) or None)
    return port if state is None else _First(port, state)


class _First:
    """A port while it answers, else the state."""

    def __init__(self, port: Look, state: Look) -> None:
        self._port, self._state = port, state

    def __call__(self) -> View:
        try:
            return self._port()
        except AwayError:
            return self._state()


class State:
    """The state of a run, which goes on or has ended."""

    def __init__(self, directory: Path) -> None:
        """Nothing is read yet."""
        self._directory = directory
        self._before: tuple[float, int] | None = None

    def __call__(self) -> View:
        """The last checkpoint; the rate is that since the look before."""
        found = describe(read(self._directory), MOST_ROWS)
        now, rows = time.monotonic(), found["rows"]
        rate = None
        # Fewer rows are those of another state in its place.
        if self._before is not None and now > self._before[0] and rows >= self._before[1]:
            rate = (rows - self._before[1]) / (now - self._before[0])
        self._before = now, rows
        return View(
            source=str(self._directory),
            topic=found["job"]["topic"],
            phase="as of the last checkpoint",
            rows=rows,
            epochs=found["epochs"],
            rejects=found["rejects"],
            rows_per_second=rate,
            places=[*map(_place, found["partitions"])],
            tables=[_of_state(name, result) for name, result in found["results"].items()],
        )


def _of_state(name: str, result: dict[str, Any] | None) -> ShownTable:
    if result is None:
        return ShownTable(name, 0)
    if isinstance(result.get("rows"), list):
        return ShownTable(name, result["keys"], result["rows"])
    return ShownTable(name, 1, [result])


class _NoRedirect(HTTPRedirectHandler):
    """A token goes nowhere else."""

    def redirect_request(self, *_: object) -> None:
        return None


class Port:
    """What a run serves (`sr.run(listen=…)`)."""

    def __init__(self, url: str, token: str | None) -> None:
        """The token, if there is one, goes with each request.

        Raises:
            ConfigurationError: if the URL is none, or the token cannot be sent.
        """
        _check_url(url)
        try:
            check_token(token)
        except ConfigurationError as error:
            text = str(error).removeprefix("listen: ")
            raise ConfigurationError(f"{TOKEN}: {text}") from error
        self._url = url.rstrip("/")
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._opener = build_opener(_NoRedirect)

    def __call__(self) -> View:
        """What it says now."""
        try:
            status = self._get("/v1/status")
            return _of_port(self._url, status, self._tables())
        except (LookupError, TypeError, AttributeError) as error:
            raise StreamregError(f"{self._url}: no run of streamreg answers there") from error

    def _tables(self) -> list[ShownTable] | None:
        try:
            return [self._table(table) for table in self._get("/v1/tables")["tables"]]
        except _NotYetError:
            return None

    def _table(self, table: dict[str, Any]) -> ShownTable:
        name, rows = table["name"], table["rows"]
        if rows is None:
            return ShownTable(name, 0)
        found = self._get(f"/v1/tables/{quote(name)}?limit={MOST_ROWS}")
        return ShownTable(name, found["total"], found["rows"][:MOST_ROWS])

    def _get(self, path: str) -> Any:  # noqa: ANN401  # what JSON has
        try:
            # Numbers as they are written: none is rounded on its way to the screen.
            return json.loads(_within(_SECONDS, lambda: self._read(path)), parse_float=_Written)
        except HTTPError as error:
            error.close()
            if error.code == 404:
                raise LookupError(path) from None
            hint = ""
            if error.code == 401:
                wrong = "the token is another one than the run's"
                hint = f" ({wrong if self._headers else f'set {TOKEN}'})"
            kind = _NotYetError if error.code == 503 else StreamregError
            raise kind(f"{self._url}{path}: {error.code} {error.reason}{hint}") from None
        except (URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise AwayError(f"{self._url}: nobody answers: {reason}") from error
        except (HTTPException, ValueError, RecursionError) as error:
            raise StreamregError(f"{self._url}: no run of streamreg answers there") from error

    def _read(self, path: str) -> bytes:
        request = Request(f"{self._url}{path}", headers=self._headers)
        with self._opener.open(request, timeout=_SECONDS) as answer:
            text: bytes = answer.read(_MOST_BYTES)
        return text


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        known = (
            parts.hostname is not None and parts.port != 0 and not (parts.query or parts.fragment)
        )
    except ValueError:
        known = False
    if not known or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigurationError(
            f'{url!r:.200}: expected the URL of a run, such as "http://127.0.0.1:9464"'
        )


def _within(seconds: float, work: Callable[[], bytes]) -> bytes:
    """What comes of work that may last so long in all: a timeout of a socket is one for each of its bytes.

    Raises:
        TimeoutError: if it lasts longer. Nobody waits for it then.
    """
    done: Future[bytes] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    Thread(target=run, daemon=True).start()
    wait([done], seconds)
    if not done.done():
        raise TimeoutError(f"no whole answer within {seconds:.0f} s")
    return done.result()


class _Written(float):
    """A number that is shown as it was written."""

    def __new__(cls, text: str) -> _Written:
        """Of its text."""
        made = super().__new__(cls, text)
        made._text = text
        return made

    _text: str

    def __repr__(self) -> str:
        return self._text


def _of_port(url: str, status: dict[str, Any], tables: list[ShownTable] | None) -> View:
    return View(
        source=url,
        topic=status["topic"],
        phase=status["phase"],
        rows=status["rows"],
        epochs=status["epochs"],
        rejects=status["rejects"],
        lag=status["lag"],
        rows_per_second=status["rows_per_second"],
        places=[*map(_place, status["partitions"] or ())],
        tables=tables,
        epoch_seconds=_mean(status["epoch_seconds_total"], status["epochs_closed"]),
        checkpoint_seconds=_mean(status["checkpoint_seconds_total"], status["checkpoints"]),
        waiting=status.get("waiting", {}),
        restarts=status["worker_restarts"],
        readers=sorted(set((status["readers"] or {}).values())),
        memory=status["memory_bytes"],
        turn_age=status["turn_age_seconds"],
    )


def _place(found: dict[str, Any]) -> Place:
    return Place(
        found["partition"],
        found["offset"],
        found.get("log_end"),
        found.get("lag"),
        found.get("topic"),
        found.get("file"),
    )


def _mean(total: float | None, count: int | None) -> float | None:
    return total / count if total is not None and count else None

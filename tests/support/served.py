"""Runs that are served, and clients of them."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

import streamreg as sr
from streamreg._source.contract import Range, Reader, Report, Watermarks
from streamreg._source.messages import Batch, Location
from streamreg.testing import ListSource
from tests.support.process import wait_until

if TYPE_CHECKING:
    from types import TracebackType

    from starlette.types import ASGIApp

SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What a server has said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self, **options: Any) -> Any:  # noqa: ANN401  # what `loads` takes
        return json.loads(self.body, **options)


def ask(
    app: ASGIApp, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
) -> Answer:
    """Asks an application, without a server."""
    target, _, query = path.partition("?")
    sent: list[dict[str, Any]] = []
    given = {"host": "127.0.0.1", **(headers or {})}
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(target),
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
    }

    async def asked() -> None:
        waiting = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if "asked" not in scope:
                scope["asked"] = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await waiting.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(dict(message))

        await app(scope, receive, send)

    asyncio.run(asked())
    first = sent[0]
    return Answer(
        first["status"],
        {name.decode(): value.decode() for name, value in first["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
    )


class _Addresses(logging.Handler):
    """Notes where a run says that it is served."""

    def __init__(self) -> None:
        super().__init__()
        self.found: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text.startswith("page, metrics, health and results: "):
            self.found = text.rpartition(" ")[2]


class ServedRun:
    """`sr.run(listen=…)` in a thread; leaving the `with` block stops it, and waits for its end."""

    def __init__(self, outputs: Sequence[sr.Output], **options: object) -> None:
        self.summary: sr.Summary | None = None
        self.error: BaseException | None = None
        self.progress: sr.Progress | None = None
        self._stop = threading.Event()
        self._options: dict[str, Any] = {"listen": "127.0.0.1:0", "progress": self._note, **options}
        self._outputs = outputs
        self._addresses = _Addresses()
        self._thread = threading.Thread(target=self._run)

    def _note(self, progress: sr.Progress) -> None:
        self.progress = progress

    def _run(self) -> None:
        try:
            self.summary = sr.run(
                outputs=self._outputs, stop=lambda _: self._stop.is_set(), **self._options
            )
        except BaseException as error:
            self.error = error

    def __enter__(self) -> Self:
        logger = logging.getLogger("streamreg")
        self._level = logger.level
        logger.setLevel(logging.INFO)
        logger.addHandler(self._addresses)
        self._thread.start()
        wait_until(
            lambda: self._addresses.found is not None or not self._thread.is_alive(), SECONDS
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        logger = logging.getLogger("streamreg")
        logger.removeHandler(self._addresses)
        logger.setLevel(self._level)

    def stop(self) -> None:
        """Ends the run; raises what it has raised."""
        self._stop.set()
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        if self.error is not None:
            raise self.error

    @property
    def url(self) -> str:
        assert self._addresses.found is not None, self.error
        return self._addresses.found

    def connection(self, seconds: float = SECONDS) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=seconds)

    def get(self, path: str, **headers: str) -> Answer:
        connection = self.connection()
        try:
            connection.request(
                "GET", path, headers={name.replace("_", "-"): v for name, v in headers.items()}
            )
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def json(self, path: str) -> Any:  # noqa: ANN401  # what JSON has
        answer = self.get(path)
        assert answer.status == 200, answer
        return answer.json()

    def until(self, path: str, status: int = 200) -> Answer:
        """The first answer of this status."""
        found: list[Answer] = []

        def asked() -> bool:
            found.append(self.get(path))
            return found[-1].status == status

        wait_until(asked, SECONDS, lambda: str(found[-1]))
        return found[-1]

    def rows(self, table: str, count: int) -> Any:  # noqa: ANN401  # what JSON has
        """The rows of a table, as soon as there are so many of all."""
        found: list[Any] = []

        def asked() -> bool:
            answer = self.get(f"/v1/tables/{table}?limit=10000")
            if answer.status == 200:
                found.append(answer.json(parse_float=str, parse_int=str))
            return bool(found) and len(found[-1]["rows"]) == count

        wait_until(asked, SECONDS, lambda: str(found[-1:]))
        return found[-1]


@dataclass(frozen=True)
class Event:
    """A server-sent event."""

    name: str
    id: str | None
    data: Any


def events(answer: Iterator[bytes]) -> Iterator[Event]:
    """The events of lines, as they come; comments are passed over."""
    fields: dict[str, str] = {}
    for raw in answer:
        line = raw.decode().rstrip("\n")
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            data = json.loads(fields["data"], parse_float=str, parse_int=str)
            yield Event(fields["event"], fields.get("id"), data)
            fields = {}


class LiveSource(ListSource):
    """A topic of one partition in this process's memory, to which messages are added while a run reads it."""

    def __init__(self) -> None:
        super().__init__([[]], mode="streaming", name="live")
        self.messages: list[bytes | None] = []
        self.come = threading.Condition()

    def add(self, *messages: bytes | None) -> None:
        with self.come:
            self.messages += messages
            self.come.notify_all()

    def watermarks(self, report: Report, stopping: Callable[[], bool]) -> dict[int, Watermarks]:
        return {0: Watermarks(0, len(self.messages))}

    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        return _LiveReader(self, ranges[0].start)

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {0: len(self.messages)}


class HeldSource(LiveSource):
    """The same, which does not respond until it is `ready`."""

    def __init__(self, messages: Sequence[bytes | None] = ()) -> None:
        super().__init__()
        self.messages += messages
        self.ready = threading.Event()

    def watermarks(self, report: Report, stopping: Callable[[], bool]) -> dict[int, Watermarks]:
        while not self.ready.wait(0.05):
            if stopping():
                return {}
        return super().watermarks(report, stopping)


class _LiveReader:
    def __init__(self, source: LiveSource, start: int) -> None:
        self._source, self._next = source, start

    def read(self, timeout: float) -> Batch | None:
        source, start = self._source, self._next
        with source.come:
            if not source.come.wait_for(lambda: len(source.messages) > start, timeout):
                return None
            values: list[bytes | None] = list(source.messages[start:])
        self._next = end = start + len(values)
        return Batch(
            values,
            {0: (start, end)},
            locate=lambda index: Location(0, start + index, 1_000 * (start + index)),
            partitions=lambda: (0 for _ in values),
            offsets=lambda: range(start, end),
            reader="live",
        )

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {0: len(self._source.messages)}

    def close(self) -> None:
        return

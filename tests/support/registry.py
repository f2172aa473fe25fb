"""A Schema Registry in this process, of the few requests that runs make, for tests of what it may answer.

The real one is in `tests/support/apicurio.py`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakeRegistry:
    """Schemas by their ids, and the latest of each subject.

    Attributes:
        status: What it answers to everything, if it is no 200.
        page: A page that it answers to everything with that status, as another server does.
        before: Called with each path before it is answered.
        asked: The paths that it was asked for.
    """

    def __init__(self) -> None:
        """Empty."""
        self.status = 200
        self.page: bytes | None = None
        self.before: Callable[[str], None] = lambda path: None
        self.asked: list[str] = []
        self._ids: dict[int, dict[str, Any]] = {}
        self._subjects: dict[str, list[int]] = {}
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that the library gives it
                registry.before(self.path)
                self._say(*registry._answer(self.path))

            def do_POST(self) -> None:  # the name that the library gives it
                given = self.rfile.read(int(self.headers["Content-Length"]))
                self._say(*registry._take(self.path, json.loads(given)))

            def _say(self, status: int, answer: object) -> None:
                registry.asked.append(self.path)
                body = json.dumps(answer).encode()
                if registry.page is not None:
                    status, body = registry.status, registry.page
                self.send_response(status)
                self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Requests are told by the tests that ask for them."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def settings(self) -> dict[str, str]:
        """Settings of a client."""
        return {"url": f"http://127.0.0.1:{self._server.server_port}"}

    def put(
        self,
        id: int,
        schema: object,
        subject: str | None = None,
        kind: str = "AVRO",
        references: list[tuple[str, int]] | None = None,
    ) -> None:
        """Registers a schema, a text or what becomes one in JSON, as the next version of a subject."""
        text = schema if isinstance(schema, str) else json.dumps(schema)
        names = [
            {"name": name, "subject": name, "version": version}
            for name, version in references or ()
        ]
        self._ids[id] = {"schema": text, "schemaType": kind, "references": names}
        if subject is not None:
            self._subjects.setdefault(subject, []).append(id)

    def _answer(self, path: str) -> tuple[int, dict[str, Any]]:
        if self.status != 200:
            return self.status, {"error_code": self.status, "message": "not now"}
        match path.partition("?")[0].strip("/").split("/"):
            case ["schemas", "ids", id] if int(id) in self._ids:
                return 200, self._ids[int(id)]
            case ["subjects", subject, "versions", version] if subject in self._subjects:
                versions = self._subjects[subject]
                at = len(versions) if version == "latest" else int(version)
                found = {"subject": subject, "version": at, "id": versions[at - 1]}
                return 200, {**found, **self._ids[versions[at - 1]]}
        return 404, {"error_code": 40403, "message": "not found"}

    def _take(self, path: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Registers a schema as the next one of a subject; all are compatible."""
        if self.status != 200:
            return self.status, {"error_code": self.status, "message": "not now"}
        match path.partition("?")[0].strip("/").split("/"):
            case ["subjects", subject, "versions"]:
                id = len(self._ids) + 1
                self.put(id, given["schema"], subject, given.get("schemaType", "AVRO"))
                return 200, {"id": id}
        return 404, {"error_code": 40401, "message": "not found"}


@contextmanager
def fake_registry() -> Iterator[FakeRegistry]:
    """A registry that answers while the block runs."""
    registry = FakeRegistry()
    server = registry._server
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def framed(id: int, body: bytes) -> bytes:
    """A value behind the frame of a registry."""
    return b"\0" + id.to_bytes(4, "big") + body

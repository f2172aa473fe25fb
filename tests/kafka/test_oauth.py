"""OAUTHBEARER on a real broker: a function or an endpoint (OIDC) gives tokens, and some tokens are refused."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

import streamreg as sr
from streamreg._cli import main
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce

SECRET = "a-secret-of-the-client"


class Row(sr.Schema):
    n: int


def part(data: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def token(seconds: int = 600) -> str:
    """One that nobody has signed (RFC 7515, "none"), as brokers of tests take it."""
    now = int(time.time())
    claims = {"sub": "alice", "iat": now - 1, "exp": now + seconds}
    return f"{part({'alg': 'none'})}.{part(claims)}."


def token_of(config: str) -> tuple[str, float]:
    """What the client calls in each process."""
    with Path("called").open("a") as called:
        called.write(f"{config}\n")
    return token(), time.time() + 600


@pytest.fixture
def made(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    monkeypatch.chdir(tmp_path)
    broker.create_topic(topic, 2)
    for partition in range(2):
        produce(topic, [b"%d" % n for n in range(5)], partition)
    return topic


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[str]]]:
    """The URL of a token endpoint (RFC 6749, client credentials), and the scopes that were asked for."""
    asked: list[str] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append(parse_qs(body).get("scope", [""])[0])
            given = base64.b64encode(f"me:{SECRET}".encode()).decode()
            right = self.headers["Authorization"] == f"Basic {given}"
            answer = {"access_token": token(), "token_type": "bearer", "expires_in": 600}
            data = json.dumps(answer if right else {"error": "invalid_client"}).encode()
            self.send_response(200 if right else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def oidc(broker: KafkaBroker, url: str, secret: str) -> dict[str, str]:
    return {
        **broker.oauth,
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": url,
        "sasl.oauthbearer.client.id": "me",
        "sasl.oauthbearer.client.secret": secret,
        "sasl.oauthbearer.scope": "topics",
    }


def run(settings: Any, topic: str) -> sr.Summary:  # noqa: ANN401 - texts, and a function
    t = sr.io.kafka.read(settings, topic, schema=Row, header=["n"], mode="static")
    sr.io.csv.write(t, "rows.csv")
    return sr.run(processes=2, state="state")


def test_a_function_gives_the_token(
    broker: KafkaBroker, made: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In this process and in each worker; with it the client reads, whatever else is set."""
    caplog.set_level("INFO", "streamreg")
    settings = {**broker.oauth, "oauth_cb": token_of, "sasl.oauthbearer.config": "scope=topics"}
    assert run(settings, made).rows == 10
    assert "read by the client" in caplog.text
    assert set(Path("called").read_text().split()) == {"scope=topics"}


def test_an_endpoint_gives_the_token(
    broker: KafkaBroker, made: str, endpoint: tuple[str, list[str]]
) -> None:
    """By the settings of librdkafka, in job files too."""
    url, asked = endpoint
    settings = "\n".join(f'"{k}" = "{v}"' for k, v in oidc(broker, url, "${SECRET}").items())
    Path("job.toml").write_text(
        f'[source]\ntopic = "{made}"\nmode = "static"\nheader = ["x", "y"]\n[source.kafka]\n{settings}\n'
        '[schema]\nx = "int"\ny = "int"\n[regression]\ntarget = "y"\nfeatures = ["x"]\n'
        '[output]\nregression = "fit.csv"\n[run]\nrejects = "rejects.jsonl"\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET", SECRET)
        assert main(["run", "job.toml"]) == 1  # No message is a row of two columns.
    assert len(Path("rejects.jsonl").read_text().splitlines()) == 10
    assert set(asked) == {"topics"}


@pytest.mark.parametrize(
    ("callback", "why"),
    [
        (lambda config: ("no token", time.time() + 60), "SASL|token|authentic"),
        ("token", "function"),
    ],
    ids=["refused", "no function"],
)
def test_a_token_that_is_none(broker: KafkaBroker, made: str, callback: object, why: str) -> None:
    """A broker that refuses it ends the run; what is no function is refused before anything."""
    with pytest.raises((sr.SourceError, sr.ConfigurationError), match=why):
        run({**broker.oauth, "oauth_cb": callback}, made)


def unable(config: str) -> tuple[str, float]:
    raise OSError(f"no way to {config}")


def test_a_function_that_raises(broker: KafkaBroker, made: str) -> None:
    """What it has raised is in the error, which the client keeps to itself."""
    settings = {**broker.oauth, "oauth_cb": unable, "sasl.oauthbearer.config": "the issuer"}
    with pytest.raises(
        sr.SourceError, match=r"oauth_cb has given no token: OSError: no way to \*+ "
    ):
        run(settings, made)

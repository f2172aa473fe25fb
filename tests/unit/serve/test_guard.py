"""Who is answered: the token, the names of the machine, and where a run may listen."""

from __future__ import annotations

import importlib.util
import socket
from unittest.mock import Mock

import pytest
from starlette.types import ASGIApp

import streamreg as sr
from streamreg._serve import address
from streamreg._serve.address import Listen, bound, listen_of, url_of
from streamreg._serve.app import app_of, endpoints_of
from streamreg._serve.feed import Feed
from streamreg._serve.guard import NOT_OWN
from tests.support.served import Answer, ask

TOKEN = "s3cret-t0ken"
PATHS = [each.path for each in endpoints_of(Feed(), token=True)]


def app(host: str = "127.0.0.1", token: str | None = None, *hosts: str) -> ASGIApp:
    feed = Feed()
    feed.end()  # so that streams end
    return app_of(feed, Listen(host, 1, token, frozenset(hosts)))


def assert_not_kept(found: Answer) -> None:
    """A refusal is held back and guessed at as little as an answer."""
    assert found.headers["cache-control"] == "no-store"
    assert found.headers["x-content-type-options"] == "nosniff"


def is_of_the_page(path: str) -> bool:
    """What every browser is given, as it is for all runs."""
    return path == "/" or path.startswith("/page/")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:9464", "localhost", "LOCALHOST:1", "[::1]:9464", "10.1.2.3:80", "metrics.local:1",
     "localhost.", "Localhost.:9464", "metrics.local.:1", "dotted.local", "dotted.local.", "own.example"],
)  # fmt: skip
def test_own_names_are_answered(host: str) -> None:
    """Addresses, localhost and the names that the job gives, in any letters, with the dot that may end a name."""
    hosts = listen_of({"address": "127.0.0.1:1", "hosts": ("Metrics.local", "dotted.local.")}).hosts
    found = ask(app("own.example.", None, *hosts), "/openapi.json", {"host": host})
    assert found.status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:9464", "127.0.0.1.evil.example", "localhost.evil", "", "a b", "[::1", ".",
     "localhost..", "evil.example."],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/tables", "/metrics", "/healthz", "/nothing"])
def test_another_name_is_not_answered(host: str, path: str) -> None:
    """A page of another site that lets a browser connect to this machine under its own name (DNS rebinding)."""
    found = ask(app(), path, {"host": host})
    assert found.status == 421
    assert_not_kept(found)


@pytest.mark.parametrize(
    "path", ["/openapi.json", "/%6fpenapi.json", "/healthz", "", "?a=b", "/v1/tables/a%2Fb"]
)
@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST:1", "[::1]:9464"])
def test_a_target_may_begin_with_a_host(path: str, host: str) -> None:
    """It is answered as the path is, whatever the header Host says."""
    for token, headers in ((None, {}), (TOKEN, {}), (TOKEN, {"authorization": f"Bearer {TOKEN}"})):
        own = app("127.0.0.1", token)
        plain = path if path.startswith("/") else f"/{path}"
        expected = ask(own, plain, headers)
        for other in (host, "evil.example", "[x"):
            found = ask(own, f"HTTP://{host}{path}", {**headers, "host": other})
            assert found == expected


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "", "a@127.0.0.1", "127.0.0.1@evil", "evil#@127.0.0.1",
     "evil?@127.0.0.1", "evil\\127.0.0.1", "127.0.0.1:x", "127.0.0.1%2F", "%6cocalhost"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/tables", "/healthz", ""])
def test_a_target_with_another_host_is_not_answered(host: str, path: str) -> None:
    """Though the header Host is right."""
    found = ask(app(), f"http://{host}{path}", {"host": "127.0.0.1"})
    assert found.status == 421
    assert_not_kept(found)


@pytest.mark.parametrize(
    "authorization", [None, "", TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer x", f"Bearer {TOKEN}x"]
)
@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_there_is_no_answer(path: str, authorization: str | None) -> None:
    """But for health and the page, which tell nothing of the result; what is wrong does not come back in the answer."""
    headers = {} if authorization is None else {"authorization": authorization}
    found = ask(app("0.0.0.0", TOKEN), path.replace("{name}", "x"), headers)
    if path in ("/healthz", "/readyz"):
        assert found.status == 503
    elif is_of_the_page(path):
        assert found.status == 200
    else:
        assert found.status == 401
        assert found.headers["www-authenticate"] == "Bearer"
        assert_not_kept(found)
    assert TOKEN not in str(found)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_with_the_token_there_is(scheme: str) -> None:
    """And the secret is in no answer, not even where there is an error."""
    headers = {"authorization": f"{scheme} {TOKEN}"}
    own = app("0.0.0.0", TOKEN)
    for path in PATHS:
        found = ask(own, path.replace("{name}", "x"), headers)
        assert found.status not in (401, 421)
        assert TOKEN not in str(found)
        kept = "public, max-age=31536000, immutable" if path.startswith("/page/") else "no-store"
        assert found.headers["cache-control"] == kept
    document = ask(own, "/openapi.json", headers).json()
    assert document["paths"]["/v1/tables"]["get"]["security"] == [{"token": []}]
    assert document["paths"]["/healthz"]["get"]["security"] == []


@pytest.mark.parametrize(
    "wrong",
    ["", "9464", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "::1:80", "[::1]", "a b:1",
     "http://127.0.0.1:1", "a..b:80", ".foo:80", "a" * 64 + ".org:80", "a\0b:80", "a\u200bb\x7f:80", None, 9464.0],
)  # fmt: skip
def test_what_is_no_address_is_refused(wrong: object) -> None:
    """The error shows what one looks like."""
    with pytest.raises(sr.ConfigurationError, match=r'^listen: expected "host:port"'):
        listen_of({"address": wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "example"),
    [("::1:9000", "[::1]:9000"), ("fe80::1:80", "[fe80::1]:80"),
     ("::1:99999", "127.0.0.1:9464"), ("::1", "127.0.0.1:9464")],
)  # fmt: skip
def test_an_address_that_lacks_brackets_is_shown_with_them(wrong: str, example: str) -> None:
    """If they are all that it lacks."""
    with pytest.raises(sr.ConfigurationError) as caught:
        listen_of(wrong)
    assert (
        str(caught.value) == f'listen: expected "host:port", such as "{example}", found {wrong!r}'
    )


def test_an_error_writes_an_address_as_it_is_given() -> None:
    """In its brackets."""
    with pytest.raises(sr.StreamregError, match=r"^listen: \[2001:db8::1\]:1: "):
        bound(Listen("2001:db8::1", 1))


def test_the_document_tells_of_other_hosts() -> None:
    """Each path is refused to who calls the machine by another name."""
    paths = ask(app(), "/openapi.json").json()["paths"]
    for path in paths.values():
        assert NOT_OWN in path["get"]["responses"]["421"]["description"]


def test_other_machines_need_a_token() -> None:
    """From the options or the environment; or it is said that they need none."""
    for host in ("0.0.0.0", "[::]", "192.0.2.1", "example.org"):
        with pytest.raises(sr.ConfigurationError, match="STREAMREG_TOKEN"):
            listen_of(f"{host}:1", {})
        assert listen_of(f"{host}:1", {"STREAMREG_TOKEN": TOKEN}).token == TOKEN
        assert listen_of({"address": f"{host}:1", "token": TOKEN}, {}).token == TOKEN
        assert listen_of({"address": f"{host}:1", "insecure": True}, {}).token is None
    for host in ("127.0.0.1", "127.1.2.3", "[::1]", "localhost"):
        assert listen_of(f"{host}:1", {}).token is None
        assert listen_of(f"{host}:1", {"STREAMREG_TOKEN": TOKEN}).token == TOKEN


@pytest.mark.parametrize("token", ["", "two words", "naïve", "line\nend"])
def test_a_token_that_no_client_can_bring_is_refused(token: str) -> None:
    """Without its text in the error."""
    with pytest.raises(sr.ConfigurationError, match="the token must") as caught:
        listen_of({"address": "127.0.0.1:1", "token": token}, {})
    assert not token or token not in str(caught.value)


def test_the_token_is_in_no_repr() -> None:
    """Neither of where a run listens."""
    assert TOKEN not in repr(listen_of({"address": "127.0.0.1:1", "token": TOKEN}, {}))


@pytest.mark.parametrize(
    "options",
    [{"adress": "x"}, {"hosts": "a"}, {"hosts": ["a/b"]}, {"insecure": "false"}, {"insecure": 1}],
)
def test_other_options_are_refused(options: dict[str, object]) -> None:
    """The error says what there is."""
    with pytest.raises(sr.ConfigurationError, match=r"^listen: "):
        listen_of({"address": "127.0.0.1:1", **options}, {})  # type: ignore[arg-type]


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setattr(
        address,
        "find_spec",
        lambda name: None if name == "uvicorn" else importlib.util.find_spec(name),
    )
    with pytest.raises(
        sr.ConfigurationError, match=r"needs uvicorn: pip install 'streamreg\[serve\]'"
    ):
        listen_of("127.0.0.1:1", {})


def test_a_port_that_is_taken_is_refused() -> None:
    """And an address that is not this machine's; port 0 is any that is free. Another time both may be otherwise."""
    with bound(Listen("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        assert url_of(first) == f"http://127.0.0.1:{port}"
        with pytest.raises(
            sr.StreamregError, match=f"127.0.0.1:{port}: Address already in use"
        ) as caught:
            bound(Listen("127.0.0.1", port))
        assert not isinstance(caught.value, sr.ConfigurationError)
    with pytest.raises(sr.StreamregError, match=r"192\.0\.2\.1:1: ") as caught:
        bound(Listen("192.0.2.1", 1))
    assert not isinstance(caught.value, sr.ConfigurationError)


@pytest.mark.parametrize(
    ("number", "for_now"), [(socket.EAI_NONAME, False), (socket.EAI_AGAIN, True)]
)
def test_a_name_that_nobody_has_is_refused_for_good(
    monkeypatch: pytest.MonkeyPatch, number: int, for_now: bool
) -> None:
    """A name service that does not answer may another time."""
    failed = Mock(side_effect=socket.gaierror(number, "failed"))
    monkeypatch.setattr(socket, "getaddrinfo", failed)
    with pytest.raises(sr.StreamregError) as caught:
        bound(Listen("nobody.invalid", 1))
    assert isinstance(caught.value, sr.ConfigurationError) != for_now


def test_where_clients_find_it() -> None:
    """An address that stands for all is found by that of this machine."""
    with bound(Listen("0.0.0.0", 0)) as opened:
        assert url_of(opened).startswith("http://127.0.0.1:")
    if socket.has_ipv6:
        with bound(Listen("::1", 0)) as opened:
            assert url_of(opened).startswith("http://[::1]:")

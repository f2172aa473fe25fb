"""What fails in the process that serves is answered as such, and logged once."""

from __future__ import annotations

import logging

import pytest

from streamreg._serve import app, status
from streamreg._serve.address import Listen
from streamreg._serve.endpoint import Endpoint, refusal
from streamreg._serve.feed import Feed
from tests.support.served import ask


def test_an_error_is_logged_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With where it came from; another kind is told too, and what a client did wrong is no error."""
    wrong: list[Exception] = [KeyError("this")]

    async def failing(request: object) -> None:
        raise wrong[0]

    endpoint = Endpoint("/failing", failing, "")  # type: ignore[arg-type]  # it answers nothing
    monkeypatch.setattr(status, "endpoints", lambda feed: [endpoint])
    made = app.app_of(Feed(), Listen("127.0.0.1", 1))
    with caplog.at_level(logging.INFO, "streamreg"):
        for error in (wrong[0], wrong[0], ValueError("that"), refusal(400, "yours")):
            wrong[0] = error
            if isinstance(error, KeyError | ValueError):
                with pytest.raises(type(error)):  # for the server, whose own log is silent
                    ask(made, "/failing")
            else:
                assert ask(made, "/failing").status == 400
    assert [record.getMessage() for record in caplog.records] == [
        "a request for /failing has failed"
    ] * 2
    assert "in failing" in caplog.text

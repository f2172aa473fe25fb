"""What errors of Delta Lake mean: the run ends, or waits; each is one line without secrets."""

import pytest
from deltalake.exceptions import CommitFailedError, DeltaError

import streamreg as sr
from streamreg._sinks.contract import AwayError
from streamreg._sinks.delta_errors import errors

OPTIONS = {"AWS_REGION": "us-east-1", "AWS_SECRET_ACCESS_KEY": "hunter2-hunter2"}


@pytest.mark.parametrize(
    ("error", "remote", "away"),
    [
        (OSError("GET http://h/b in 405.8ms\n\x1b[31m↳\x1b[0m Connection refused"), True, True),
        (OSError("Server returned non-2xx status code: 503 Slow Down"), True, True),
        (OSError("GET http://invalid-denied.example/404 timed out"), True, True),
        (OSError("Server returned non-2xx status code: 404 Not Found"), True, False),
        (DeltaError("403 Forbidden: AccessDenied"), True, False),
        (DeltaError("the credential hunter2-hunter2 is none"), True, False),
        (OSError("No space left on device"), False, False),
        (CommitFailedError("version 7 exists"), False, True),
        (CommitFailedError("version 7 exists"), True, True),
    ],
)
def test_what_passes_and_what_does_not(error: Exception, remote: bool, away: bool) -> None:
    """A store that says no will say it again; what was not heard may be later, and so may a commit."""
    with (
        pytest.raises((AwayError, sr.OutputError)) as caught,
        errors("lake", OPTIONS, remote=remote),
    ):
        raise error
    assert isinstance(caught.value, AwayError) == away
    text = str(caught.value)
    assert "hunter2" not in text
    assert not {"\n", "\x1b", "↳"} & set(text)
    assert away or text.startswith("lake: ")


def test_a_page_is_cut() -> None:
    """What a store answers may be long."""
    with pytest.raises(sr.OutputError) as caught, errors("lake", {}, remote=False):
        raise DeltaError("x" * 10_000)
    assert len(str(caught.value)) < 500

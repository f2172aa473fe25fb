"""[listen] in job files: where metrics, health and results are served."""

import pytest

from tests.support.job_files import MINIMAL, problems, read

LISTEN = f"{MINIMAL}[listen]\n"


def test_a_job_listens_nowhere_unless_it_says_so() -> None:
    """An empty table says nothing either."""
    assert read(MINIMAL).listen is None
    assert read(LISTEN).listen is None


def test_an_address_suffices() -> None:
    """All else has its default."""
    found = read(f'{LISTEN}address = "127.0.0.1:9464"').listen
    assert found == {"address": "127.0.0.1:9464", "insecure": False, "hosts": ()}


def test_a_token_comes_from_the_environment() -> None:
    """And is in no repr of the job."""
    text = f'{LISTEN}address = "0.0.0.0:9464"\ntoken = "${{TOKEN}}"\nhosts = ["a.example", "b"]'
    job = read(text, TOKEN="s3cret")
    assert job.listen == {
        "address": "0.0.0.0:9464",
        "token": "s3cret",
        "insecure": False,
        "hosts": ("a.example", "b"),
    }
    assert "s3cret" not in repr(job)
    assert problems(text) == ["listen.token: the environment variable TOKEN is not set"]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('token = "t"', "listen.address: missing"),
        ('address = "9464"', 'listen.address: expected "host:port", such as "127.0.0.1:9464"'),
        ("address = 9464", "listen.address: expected a string, found 9464"),
        ('address = "h:1"\ninsecure = 1', "listen.insecure: expected true or false, found 1"),
        ('address = "h:1"\nhosts = ["a/b"]', "listen.hosts: 'a/b' is no name of a machine"),
        ('address = "h:1"\nport = 1', 'listen.port: unknown key; known are "address", "token"'),
        ('address = "h:1"\ntoken = "a b"', "listen.token: the token must not be empty, nor hold a space"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named(lines: str, problem: str) -> None:
    """By its key; without the text of a token."""
    (found,) = problems(LISTEN + lines)
    assert found.startswith(problem)
    assert "a b" not in found

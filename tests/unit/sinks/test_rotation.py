"""When a file is finished: what a user may say, and what is no such thing."""

from datetime import timedelta

import pytest

from streamreg._sinks.rotation import Rotation


@pytest.mark.parametrize(
    ("given", "size", "age"),
    [
        ("100 MB", 100_000_000, None),
        ("1GiB", 2**30, None),
        ("5 kB", 5000, None),
        ("1 B", 1, None),
        ("1 day", None, 86_400_000),
        ("6 hours", None, 21_600_000),
        ("1 second", None, 1000),
        ("2 Weeks", None, 1_209_600_000),
        (timedelta(milliseconds=1500), None, 1500),
    ],
)
def test_sizes_and_ages(given: object, size: int | None, age: int | None) -> None:
    """Each is read as bytes, or as milliseconds."""
    assert Rotation.of(given) == Rotation(size, age)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "MB",
        "100",
        7,
        "-1 MB",
        "1.5 GB",
        "1 month",
        "0 MB",
        "0 days",
        timedelta(0),
        "9999999999999 B",
        None,
        True,
    ],
)
def test_what_is_neither_is_refused(given: object) -> None:
    """The message says what is expected."""
    with pytest.raises(ValueError, match=r'^expected a size like "100 MB"'):
        Rotation.of(given)


def test_a_bound_is_reached() -> None:
    """A size counts bytes, an age the time between two epochs; neither looks at the other."""
    assert [Rotation(size=9).due(n, 0, 10**15) for n in (8, 9)] == [False, True]
    assert [Rotation(age=9).due(10**15, 100, 100 + n) for n in (8, 9)] == [False, True]

"""`${NAME}` and `${NAME:-text}` in the strings of job files."""

from __future__ import annotations

import pytest

from streamreg._jobs.environment import ExpansionError, expand


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("${SET:-text}", "value"),
        ("${EMPTY:-text}", "text"),
        ("${UNSET:-text}", "text"),
        ("${UNSET:-}", ""),
        ("${UNSET:-a:-b$c{d}e}", "a:-b$c{de}"),  # up to the first brace, as it is
        ("${UNSET:-${SET}}", "${SET}"),
        ("$${UNSET:-text}", "${UNSET:-text}"),
        ("${EMPTY}-${SET}", "-value"),
        ("x${UNSET:-1}y${SET}z", "x1yvaluez"),
    ],
)
def test_defaults(text: str, expanded: str) -> None:
    """A default stands where the variable is not set or empty; it is not expanded again."""
    assert expand(text, {"SET": "value", "EMPTY": ""}) == expanded


@pytest.mark.parametrize("text", ["${SET-text}", "${SET:text}", "${:-text}", "${SET:-text", "${}"])
def test_other_forms_are_refused(text: str) -> None:
    """What is no reference is an error that says what one is, and shows no value."""
    with pytest.raises(ExpansionError, match=r"or by a name, :-, its default and a \}") as error:
        expand(text, {"SET": "secret"})
    assert "secret" not in str(error.value)


def test_a_variable_that_is_no_text() -> None:
    """A default does not hide bytes that are no text."""
    with pytest.raises(ExpansionError, match="SET is not UTF-8"):
        expand("${SET:-text}", {"SET": "\udcff"})

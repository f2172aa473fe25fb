"""`${NAME}` and `${NAME:-text}` in the strings of job files."""

from __future__ import annotations

import pytest

from streamreg._jobs.environment import ExpansionError, expand
from tests.support.job_files import changed, problems, read


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("${SET:-text}", "value"),
        ("${EMPTY:-text}", "text"),
        ("${UNSET:-text}", "text"),
        ("${UNSET:-}", ""),
        ("${UNSET:-a:-b$c{d}e}", "a:-b$c{de}"),  # up to the first brace, as it is
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


@pytest.mark.parametrize("text", ["${SET:-${OTHER}}", "${UNSET:-a${b}", "x${EMPTY:-$${SET}}"])
def test_a_default_holds_no_reference(text: str) -> None:
    """It would not be expanded, and its brace would end the one around it; set or not."""
    with pytest.raises(ExpansionError, match=r"the default of \w+ holds a \$\{"):
        expand(text, {"SET": "value", "EMPTY": ""})


def test_a_variable_that_is_no_text() -> None:
    """A default does not hide bytes that are no text."""
    with pytest.raises(ExpansionError, match="SET is not UTF-8"):
        expand("${SET:-text}", {"SET": "\udcff"})


def test_the_environment_fills_strings_anywhere() -> None:
    """Any string value takes variables; the value is taken as it is, and $${ is an escape."""
    text = changed('"points"', '"a-${TOPIC}-$${TOPIC}-$5"').replace('"x", "n"', '"${X}", "n"')
    job = read(text, TOPIC="${X}", X="x")
    assert job.source.name == "a-${X}-${TOPIC}-$5"
    assert job.features == ("x", "n")


@pytest.mark.parametrize("text", ["${", "${}", "${A", "${A B}", "${1}", "${A:b}", "x${é}"])
def test_a_reference_that_is_none_is_an_error(text: str) -> None:
    """A ${ never stays in a value by accident."""
    with pytest.raises(ExpansionError, match=r"write \$\$\{"):
        expand(text, {"A": "1"})


def test_a_variable_that_is_no_text_is_an_error() -> None:
    """Bytes of the environment that are no UTF-8 do not get into a setting."""
    with pytest.raises(ExpansionError, match="the environment variable A is not UTF-8"):
        expand("${A}", {"A": "\udcff"})


def test_a_value_of_the_environment_is_in_no_error_and_no_repr() -> None:
    """A secret put into the wrong key, and one in the right key, are not shown."""
    text = changed('"points"', '"points"\nmode = "${P}"')
    text = text.replace("[schema]", 'sasl.password = "${P}"\n[schema]')
    assert "hunter2" not in "".join(problems(text, P="hunter2"))
    fine = text.replace('mode = "${P}"', "")
    assert "hunter2" not in repr(read(fine, P="hunter2"))

"""Job files say how messages hold the columns, and how rows fade."""

from datetime import timedelta

import pytest

from streamreg._jobs import Forget
from tests.support.job_files import changed, problems, read


def sourced(more: str, tables: str = "") -> str:
    return changed('topic = "points"', f'topic = "points"\n{more}') + tables


def test_options_of_messages() -> None:
    """They are handed to the reader as they are; what is not given is not."""
    job = read(
        sourced(
            'delimiter = ";"\nrecords = "many"', '[source.metadata]\nkey = "key"\nat = "timestamp"'
        )
    )
    assert job.source.given == {
        "delimiter": ";",
        "records": "many",
        "metadata": {"key": "key", "at": "timestamp"},
    }
    assert {"key": "str", "at": "datetime"}.items() <= job.schema.items()
    job = read(
        sourced('format = "json"\nnumbers_in_strings = true\njson_field_paths = { x = "/a/x" }')
    )
    assert job.source.given == {
        "format": "json",
        "numbers_in_strings": True,
        "json_field_paths": {"x": "/a/x"},
    }


@pytest.mark.parametrize(
    ("more", "tables", "told"),
    [
        ('records = "some"', "", 'source.records: expected one of "one", "many", found "some"'),
        (
            "numbers_in_strings = true",
            "",
            'source.numbers_in_strings: for format "json", "debezium" alone',
        ),
        (
            'json_field_paths = { x = "/x" }',
            "",
            'source.json_field_paths: for format "json", "debezium", "avro", "protobuf" alone',
        ),
        ('format = "json"\ndelimiter = ";"', "", 'source.delimiter: for format "csv" alone'),
        (
            "",
            '[source.metadata]\nx = "key"',
            "source.metadata: x: the schema says float, but the key of a message is str or bytes",
        ),
        (
            "",
            '[source.metadata]\nk = "size"',
            'source.metadata: k: expected "timestamp", "key", "topic", "partition", "offset" or "header:<name>", '
            "found "
            "'size'",
        ),
        ('header = ["x", "n", "y"]', "", 'source.header: lacks the schema\'s "s"'),
    ],
)
def test_what_cannot_be(more: str, tables: str, told: str) -> None:
    """The key is named."""
    assert problems(sourced(more, tables)) == [told]


def test_a_header_names_no_metadata() -> None:
    """They do not stand in the value."""
    job = read(sourced('header = ["x", "n", "y", "s"]', '[source.metadata]\nk = "key"'))
    assert job.source.header == ("x", "n", "y", "s")


def test_rows_that_fade() -> None:
    """By a column of the schema, or of what messages carry."""
    job = read(
        sourced(
            "", '[source.metadata]\nat = "timestamp"\n[forget]\nhalf_life = "PT1M"\ntime = "at"'
        )
    )
    assert job.forget == Forget(half_life=timedelta(minutes=1), time="at")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("half_life = 60", ["forget.time: missing"]),
        ('time = "n"', ["forget.half_life: missing"]),
        (
            'half_life = 0\ntime = "n"',
            ["forget.half_life: expected 1 to 9223372036854775807, found 0"],
        ),
        ('half_life = 60\ntime = "m"', ['forget.time: "m" is no column of the schema']),
        ('half_life = 60\ntime = "x"', ['forget.time: "x" is float: times are "datetime", "int"']),
    ],
)
def test_rows_that_cannot_fade(table: str, told: list[str]) -> None:
    """The key is named."""
    found = problems(sourced("", f"[forget]\n{table}"))
    assert all(any(line.startswith(each) for line in found) for each in told), found


@pytest.mark.parametrize("given", ["3600", '"1 hour"', '"PT0S"', '"-PT1H"'])
def test_half_lives_that_are_no_duration(given: str) -> None:
    """Times of datetime have one that is."""
    table = f'[source.metadata]\nat = "timestamp"\n[forget]\nhalf_life = {given}\ntime = "at"'
    [told] = problems(sourced("", table))
    assert told.startswith('forget.half_life: expected a duration above 0, such as "PT1H"')


def test_rows_that_fade_have_no_other_weights() -> None:
    """One or the other."""
    text = sourced("", '[forget]\nhalf_life = 60\ntime = "n"')
    text = text.replace('target = "y"', 'target = "y"\nweights = "n"')
    assert problems(text) == ["forget.half_life: rows that fade have no other weights"]

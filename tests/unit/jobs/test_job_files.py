"""A job file gives a job, or a clear error for everything that is wrong with it."""

from pathlib import Path
from typing import Any

import pytest

from streamreg._exceptions import ConfigurationError
from streamreg._formats import registry
from streamreg._formats.json import Json
from streamreg._jobs import JobError, job_from_bytes, load_job
from streamreg._jobs.check import listed
from streamreg._jobs.client import check_client
from tests.support.job_files import MINIMAL, changed, problems, read

FORMATS = registry.holding({"x": "float", "y": "float"})


def test_a_new_format_needs_nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a job may read is what the registry has, as far as it can hold the columns of a regression."""
    formats: dict[Any, Any] = registry._FORMATS
    monkeypatch.setitem(formats, "pairs", Json)
    assert str(read(changed('"points"', '"points"\nformat = "pairs"')).source.format) == "pairs"
    told = problems(changed('"points"', '"points"\nformat = "raw"'))
    assert told == [
        'source.format: expected one of "csv", "json", "debezium", "avro", "protobuf", "pairs", found "raw"'
    ]


def test_a_small_job_leaves_the_rest_to_the_defaults() -> None:
    """What the file does not give is None, so that each default is written once, in the runtime."""
    job = read(MINIMAL)
    assert job.source.kafka == {"bootstrap.servers": "localhost:9092"}
    assert (job.target, job.features) == ("y", ("x", "n"))
    assert list(job.schema.items()) == [("x", "float"), ("n", "int"), ("y", "float"), ("s", "str")]
    source, output = job.source, job.output
    absent = [source.mode, source.format, source.header, source.autocommit_duration_ms]
    assert [*absent, output.time, output.input, output.scores] == [None] * 7
    assert [job.processes, job.rejects, job.max_rejects] == [None] * 3
    assert (job.state, job.durability) == ("job.state", None)


def test_all_problems_are_told_at_once_with_their_keys() -> None:
    """A file with many faults takes one round to mend, not many."""
    text = """
[sorce]
[source]
topic = 3
fromat = "csv"
mode = "sometimes"
autocommit_duration_ms = -1
[source.kafka]
sasl.password = "${PASSWORD}"
acks = [1]
[schema]
y = "flaot"
x = "float"
[regression]
target = "Y"
features = ["xx"]
[output]
columns = 1
[state]
directory = true
durability = "for ever"
[run]
processes = true
"""
    assert problems(text) == [
        "source.kafka.sasl.password: the environment variable PASSWORD is not set",
        "source.kafka.acks: expected a string, a number or a boolean, found an array",
        "source.kafka.bootstrap.servers: missing: give host:port of a broker",
        "source.topic: expected a string, found 3",
        'source.mode: expected one of "streaming", "static", found "sometimes"',
        "source.autocommit_duration_ms: expected 0 to 86400000, found -1",
        'source.fromat: unknown key; did you mean "format"?',
        'schema.y: expected one of "float", "int", "decimal", "bool", "str", "bytes", "datetime", "timedelta", '
        'each also with " | None" behind it, found "flaot"',
        'regression.target: "Y" is no column of the schema',
        'regression.features: "xx" is no column of the schema; did you mean "x"?',
        "output.regression: missing",
        "output.columns: expected a table, [output.columns], found 1",
        "state.directory: expected a string or false, found true",
        'state.durability: expected one of "process", "power", found "for ever"',
        "run.processes: expected an integer, found true",
        'sorce: unknown key; did you mean "source"?',
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            '"y"\nf',
            '"s"\nf',
            'regression.target: "s" is str: a regression takes "float", "int", "decimal", "datetime", "timedelta"',
        ),
        ('["x", "n"]', '["y"]', 'regression.features: "y" is the target'),
        ('["x", "n"]', '["x"]\nby = ["s", "n"]', None),
        (
            '["x", "n"]',
            '["x", "n"]\nby = ["n"]',
            'regression.by: "n" is a column of the result too',
        ),
        (
            '["x", "n"]',
            '["x"]\nby = ["y"]',
            'regression.by: "y" is float: keys are "str", "int", "bool", "datetime", "timedelta"',
        ),
        (
            's = "str"',
            's = "str"\nat = { type = "datetime", tz = "Europe/Atlantis" }',
            'schema.at.tz: there is no time zone "Europe/Atlantis"',
        ),
        (
            's = "str"',
            's = "str"\nat = { type = "datetime", unit = "m" }',
            'schema.at.unit: there is no unit "m": there are s, ms, us (or µs) and ns',
        ),
        (
            's = "str"',
            's = "str"\nat = { type = "datetime", unit = "s", tz = "UTC" }',
            "schema.at.unit: not beside tz: a column is written as texts or as numbers",
        ),
        (
            's = "str"',
            's = "str"\nat = { type = "timedelta", tz = "UTC" }',
            'schema.at.tz: a column of its type has no option "tz"',
        ),
        ('s = "str"', 's = "str"\nat = { unit = "s" }', "schema.at.type: missing"),
        (
            's = "str"',
            's = "str"\nat = { type = "date" }',
            'schema.at.type: expected one of "float", "int", "decimal", "bool", "str", "bytes", "datetime", '
            '"timedelta", each also with " | None" behind it, found "date"',
        ),
        (
            's = "str"',
            's = "str"\nat = { type = "datetime", zone = "UTC" }',
            'schema.at.zone: unknown key; known are "type", "tz", "unit"',
        ),
        ('s = "str"', 's = "str"\nat = 3', "schema.at: expected a string, found 3"),
        ('["x", "n"]', '["x"]\nby = ["t"]', 'regression.by: "t" is no column of the schema'),
        (
            's = "str"\n[regression]\ntarget = "y"\nfeatures = ["x", "n"]',
            'intercept = "str"\n[regression]\ntarget = "y"\nfeatures = ["x"]\nby = ["intercept"]',
            'regression.by: "intercept" is a column of the result too',
        ),
        (
            '["x", "n"]',
            '["x"]\nweights = "m"',
            'regression.weights: "m" is no column of the schema',
        ),
        ('["x", "n"]', "[]", "regression.features: expected at least one string, found none"),
        ('["x", "n"]', '["x", "x"]', "regression.features: 2 strings, but only 1 different"),
        ('["x", "n"]', '"x"', 'regression.features: expected an array of strings, found "x"'),
        ('"out.csv"', '""', 'output.regression: expected a string that is not empty, found ""'),
        ('"out.csv"', '"a\\u0000b"', "output.regression: holds a NUL character"),
        (
            '"out.csv"',
            '"out.csv"\ninput = "./out.csv"',
            "output.input: the same file as output.regression",
        ),
        (
            '"out.csv"',
            '"out.csv"\ninput = "in.csv"\nscores = "./in.csv"',
            "output.scores: the same file as output.input",
        ),
        (
            '"out.csv"',
            '"out.csv"\n[run]\nrejects = "out.csv"',
            "run.rejects: the same file as an output's",
        ),
        (
            '"out.csv"',
            '"out.csv"\n[state]\ndirectory = "./out.csv"',
            "state.directory: the same path as an output's",
        ),
        (
            '"out.csv"',
            '"out.csv"\n[state]\ndirectory = false\ndurability = "power"',
            "state.durability: without a directory no state is kept",
        ),
        (
            '"out.csv"',
            '"out.csv"\ncolumns = {x = "b", n = "b"}',
            "output.columns: two columns have the same name",
        ),
        (
            '"out.csv"',
            '"out.csv"\ncolumns = {x = "time"}',
            'output.columns: the changelog has a column "time" of its own',
        ),
        (
            '"out.csv"',
            '"out.csv"\ncolumns = {interceptt = "a"}',
            'output.columns: "interceptt" is no column of the result; did you mean "intercept"?',
        ),
        ('s = "str"', 'intercept = "float"', None),
        (
            '"points"',
            '"points"\nformat = "raw"',
            f'source.format: expected one of {listed(FORMATS)}, found "raw"',
        ),
        (
            '"points"',
            '"points"\nheader = ["x", "y"]',
            'source.header: lacks the schema\'s "n", "s"',
        ),
        (
            '"points"',
            '"points"\nformat = "json"\nheader = ["x", "y", "n", "s"]',
            'source.header: for format "csv" alone',
        ),
        (
            'bootstrap.servers = "localhost:9092"',
            'metadata.broker.list = "localhost:9092"',
            "source.kafka.bootstrap.servers: missing: give host:port of a broker",
        ),
        (
            '"localhost:9092"',
            '"localhost:9092"\n"bootstrap.servers" = "b"',
            "source.kafka.bootstrap.servers: given twice, with and without quotes",
        ),
        (
            '"localhost:9092"',
            '"localhost:9092"\nsession.timeout.ms = 4294973296',
            "source.kafka.session.timeout.ms: 4294973296 does not fit in the 32 bits of a "
            "client's integer",
        ),
    ],
)
def test_a_fault_names_its_key(old: str, new: str, problem: str | None) -> None:
    """Each fault by itself gives one line that begins with the key (None: no fault at all)."""
    if problem is None:
        read(changed(old, new))
    else:
        assert problems(changed(old, new)) == [problem]


@pytest.mark.parametrize(
    ("state", "kept"),
    [("", "job.state"), ("[state]", "job.state"), ('[state]\ndirectory = "${D}/s"', "d/s")],
)
def test_a_state_is_kept_unless_it_is_switched_off(state: str, kept: str) -> None:
    """Its directory is named after the job file, and stands where the run's files do."""
    assert job_from_bytes((MINIMAL + state).encode(), "a/b/job.toml", {"D": "d"}).state == kept
    assert read(f"{MINIMAL}[state]\ndirectory = false").state is None


def test_settings_mean_the_same_with_and_without_quotes() -> None:
    """A dotted key without quotes, a table to TOML, is the same client setting."""
    text = changed('"localhost:9092"', '"h"\n"group.id" = "g"\nenable.x.y = true\nlinger.ms = 5')
    assert read(text).source.kafka == {
        "bootstrap.servers": "h",
        "group.id": "g",
        "enable.x.y": "true",
        "linger.ms": "5",
    }


def test_a_secret_of_the_wrong_type_is_not_shown() -> None:
    """The error for a number that is too long does not quote a password."""
    text = changed('"localhost:9092"', '"localhost:9092"\nsasl.password = 12345678901')
    assert problems(text) == [
        "source.kafka.sasl.password: it does not fit in the 32 bits of a client's integer"
    ]


def test_a_syntax_error_has_file_and_line() -> None:
    """What TOML cannot read is found by its line and column."""
    with pytest.raises(ConfigurationError, match=r"^job\.toml:3:3: "):
        read("a = 1\nb = 2\nc + 3\n")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file and a directory give an error with their path."""
    for path in (tmp_path, tmp_path / "none.toml", Path("a\0b")):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            load_job(path)


def test_a_file_is_read_with_the_environment(tmp_path: Path) -> None:
    """A byte order mark and Windows line ends, as some editors write them, do no harm."""
    path = tmp_path / "job.toml"
    text = changed('"points"', '"${TOPIC}"').replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_job(path, {"TOPIC": "t"}).source.name == "t"


def test_the_client_tells_every_setting_that_it_refuses() -> None:
    """Settings that librdkafka does not know are found without a connection, all at once."""
    settings = {
        "bootstrap.servers": "127.0.0.1:1",
        "security.protocol": "bogus",
        "no.such.setting": "1",
        "session.timeout.ms": "soon",
        "sasl.password": "bogus",
    }
    with pytest.raises(JobError) as caught:
        check_client(settings, "job.toml")
    assert len(caught.value.problems) == 3
    for key in ("security.protocol", "no.such.setting", "session.timeout.ms"):
        assert any(key in problem for problem in caught.value.problems)
    assert "bogus" not in str(caught.value)
    check_client({"bootstrap.servers": "127.0.0.1:1", "group.id": "g"}, "job.toml")

"""Several outputs in a job file: `[[output]]`, one table for each; and where rejects go."""

import pytest

from streamreg._jobs import example
from streamreg._jobs.target import TABLES, Target
from tests.support.job_files import MINIMAL, problems, read

BEFORE = MINIMAL.partition("[output]")[0]
CSV = '[[output]]\nsink = "csv"\npath = "out.csv"\n'
SQLITE = '[[output]]\nsink = "sqlite"\npath = "line.db"\ntable = "line"\n'


def targets(*tables: str, **environ: str) -> tuple[Target, ...]:
    return read(BEFORE + "".join(tables), **environ).output.targets


def told(*tables: str) -> list[str]:
    return problems(BEFORE + "".join(tables))


def test_several_outputs() -> None:
    """Each has its table, its sink, and what the function of the sink is given."""
    found = targets(
        CSV + 'of = "input"\n',
        SQLITE + 'mode = "current"\ntime = "unix_ms"\ncolumns = { x = "b" }\n',
        SQLITE.replace('"line"', '"log"') + 'of = "scores"\n',
    )
    assert [(target.of, target.sink) for target in found] == [
        ("input", "csv"),
        ("regression", "sqlite"),
        ("scores", "sqlite"),
    ]
    assert found[0].options == {"path": "out.csv"}
    assert found[1].options == {
        "path": "line.db",
        "table": "line",
        "mode": "current",
        "time": "unix_ms",
    }
    assert found[1].columns == {"x": "b"}
    assert {*TABLES} == {"input", "regression", "scores"}


KAFKA = '[[output]]\nsink = "kafka"\ntopic = "lines"\n'


def test_a_topic() -> None:
    """Its client settings are the source's, without those of readers, unless it has its own."""
    before = BEFORE.replace("[source.kafka]", '[source.kafka]\ngroup.id = "g"')
    (target,) = read(before + KAFKA).output.targets
    servers = {"bootstrap.servers": "localhost:9092"}
    assert target.options == {"rdkafka_settings": servers, "topic": "lines"}
    more = 'key = ["x"]\nformat = "csv"\n[output.create]\nnum.partitions = 3\n[output.kafka]\n'
    (target,) = targets(KAFKA + more + 'bootstrap.servers = "other:9092"\n')
    assert target.options == {
        "rdkafka_settings": {"bootstrap.servers": "other:9092"},
        "topic": "lines",
        "key": ("x",),
        "format": "csv",
        "create": {"num.partitions": "3"},
    }
    assert told(KAFKA + KAFKA) == ["output.2.sink: another output writes to the same place"]


def test_files_that_are_there_and_parts() -> None:
    """What is said of files is given to the function that writes them, in both forms of outputs."""
    more = 'if_exists = "replace"\nrotate = "100 MB"\n'
    (target,) = targets(CSV + more)
    given = {"if_exists": "replace", "rotate": "100 MB"}
    assert target.options == {"path": "out.csv", **given}
    assert read(MINIMAL.replace("[output]\n", f"[output]\n{more}")).output.file_options == given
    assert told(CSV + 'if_exists = "overwrite"\n')[0].startswith("output.1.if_exists: ")
    (line,) = told(CSV + 'rotate = "1 month"\n')
    assert line.startswith("output.1.rotate: expected a size like")


DELTA = '[[output]]\nsink = "delta"\npath = "lines"\n'


def test_a_table_of_delta_lake() -> None:
    """A directory that starts at the job's folder, or a URL as it stands; how much is gathered, and where it is."""
    found = targets(
        DELTA + 'interval = "5 minutes"\nrows_per_file = 1000\n',
        DELTA.replace("lines", "s3://bucket/lines")
        + '[output.storage_options]\nAWS_REGION = "x"\nAWS_SECRET_ACCESS_KEY = "${SECRET}"\n',
        SECRET="abc",
    )
    assert found[0].options == {"path": "lines", "interval": "5 minutes", "rows_per_file": 1000}
    assert found[1].options == {
        "path": "s3://bucket/lines",
        "storage_options": {"AWS_REGION": "x", "AWS_SECRET_ACCESS_KEY": "abc"},
    }
    assert [target.path for target in found] == ["lines", None]
    assert told(DELTA + DELTA) == ["output.2.sink: another output writes to the same place"]
    for more, key in (("rows_per_file = 0", "rows_per_file"), ('interval = "1 MB"', "interval")):
        (line,) = told(DELTA + more + "\n")
        assert line.startswith(f"output.1.{key}: ")


def test_a_table_of_postgresql() -> None:
    """Its connection is as libpq has it, with values of the environment in it."""
    table = (
        '[[output]]\nsink = "postgres"\nconnection = "host=db password=${SECRET}"\ntable = "line"\n'
    )
    (target,) = targets(table + 'schema = "fits"\nmode = "current"\n', SECRET="hunter2")
    assert target.options == {
        "connection": "host=db password=hunter2",
        "table": "line",
        "schema": "fits",
        "mode": "current",
    }
    (problem,) = told(table)
    assert problem.startswith("output.1.connection: ")
    assert "SECRET" in problem
    (target,) = targets(table.replace("host=db password=${SECRET}", ""))
    assert target.options["connection"] == ""
    assert told(table.replace('table = "line"', 'table = ""'))[1].startswith("output.1.table: ")


def test_tables_of_sqlite_that_differ() -> None:
    """SQLite takes no other letters than ASCII's for the same in both cases."""
    assert len(targets(SQLITE.replace('"line"', '"Ä"'), SQLITE.replace('"line"', '"ä"'))) == 2


def test_one_of_the_example() -> None:
    """The lines of the example that describe one can be uncommented in place of [output]."""
    text = example()
    shown = text[text.index("# [[output]]") : text.index("# [state]")]
    keys = [
        line.removeprefix("# ")
        for line in shown.splitlines()
        if line.startswith("# [[") or " = " in line[:30]
    ]
    before = text[: text.index("\n[output]")]
    (target,) = read(before + "\n" + "\n".join(keys)).output.targets
    assert target.sink == "sqlite"
    assert target.options["mode"] == "current"


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        (
            '[[output]]\npath = "a"\n',
            'output.1.sink: missing: one of "csv", "sqlite", "kafka", "postgres"',
        ),
        (
            CSV.replace("csv", "cvs"),
            'output.1.sink: expected one of "csv", "sqlite", "kafka", "postgres"',
        ),
        (CSV.replace("path", "pat"), "output.1.path: missing"),
        (CSV + SQLITE.replace("table", "tabel"), "output.2.table: missing"),
        (CSV + 'mode = "current"\n', "output.1.mode: unknown key"),
        (CSV + 'of = "input"\n', "output: none of them is of the regression"),
        (SQLITE + 'of = "input"\nmode = "current"\n', 'output.1.mode: "current" is for the'),
        (SQLITE + SQLITE.replace("line.db", "./line.db"), "output.2.sink: another output writes"),
        (SQLITE + SQLITE.replace('"line"', '"LINE"'), "output.2.sink: another output writes"),
        (SQLITE + 'columns = { z = "b" }\n', 'output.1.columns: "z" is no column of the result'),
        (CSV + CSV + 'of = "input"\ncolumns = { x = "b" }\n', "output.2.columns: other names are"),
    ],
)
def test_what_is_wrong_is_named(tables: str, problem: str) -> None:
    """With the number of the table, counted from 1, and the key."""
    found = told(tables)
    assert any(line.startswith(problem) for line in found), found


def test_rows_cannot_have_the_columns_of_a_changelog() -> None:
    """As of files."""
    text = BEFORE.replace('n = "int"', 'n = "int"\ntime = "int"')
    rows = CSV + 'of = "input"\n'
    assert problems(text + CSV.replace("out.csv", "o.csv") + rows) == [
        'output.2.of: the changelog has a column "time" of its own'
    ]


def test_rejects_go_to_a_topic_or_a_file() -> None:
    """The topic is on the source's cluster unless its settings say another, and there is one place alone."""
    example_of = example()
    lines = example_of[example_of.index("# [rejects]") : example_of.index("# [engine]")]
    text = "\n".join(
        line.removeprefix("# ") for line in lines.splitlines() if "=" in line or "[" in line
    )
    assert read(MINIMAL + text).rejects == {
        "topic": "linear-regression-rejects",
        "rdkafka_settings": {"bootstrap.servers": "localhost:9092"},
        "create": {"num.partitions": "1", "retention.ms": "-1"},
    }
    own = read(
        MINIMAL.replace("[source.kafka]", '[source.kafka]\ngroup.id = "g"')
        + '[rejects]\ntopic = "t"'
    )
    assert own.rejects == {
        "topic": "t",
        "rdkafka_settings": {"bootstrap.servers": "localhost:9092"},
    }
    assert own.rejects_file is None
    both = problems(MINIMAL + '[rejects]\ntopic = "t"\n[run]\nrejects = "r"')
    assert both == ["run.rejects: beside [rejects]: a file or a topic"]
    assert problems(MINIMAL + "[rejects]\ntopics = 1")[0].startswith("rejects.topic: missing")

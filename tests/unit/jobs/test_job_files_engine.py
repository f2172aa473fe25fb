"""[engine] in job files: where messages are read and processed."""

import pytest

from tests.support.job_files import MINIMAL, problems, read

ENGINE = f"{MINIMAL}[engine]\n"


def test_a_job_has_no_engine_unless_it_says_so() -> None:
    """An empty table says nothing either."""
    assert read(MINIMAL).engine is None
    assert read(ENGINE).engine is None


def test_a_name_suffices() -> None:
    """All else is left to the engine's own defaults."""
    engine = read(f'{ENGINE}name = "spark"').engine
    assert engine is not None
    assert (engine.name, dict(engine.given)) == ("spark", {})


def test_settings_of_spark_need_no_quotes() -> None:
    """Dots in their names make tables of them, to TOML; what comes from the environment is in no repr."""
    text = f'{ENGINE}name = "spark"\nmaster = "local[2]"\n[engine.conf]\nspark.a.b = "${{A}}"\n"spark.c" = 1\n'
    engine = read(text, A="s3cret").engine
    assert engine is not None
    assert engine.given == {
        "master": "local[2]",
        "conf": {"spark.a.b": "s3cret", "spark.c": "1"},
    }
    assert "s3cret" not in repr(engine)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('master = "local"', "engine.name: missing"),
        ('name = "flink"', 'engine.name: expected one of "spark", found "flink"'),
        ('name = "spark"\ntrigger = "soon"', 'engine.trigger: expected a time like "1 second"'),
        ('name = "spark"\nmax_rows = 0', "engine.max_rows: expected 1 to 1000000000, found 0"),
        ('name = "spark"\ntasks = "8"', 'engine.tasks: expected an integer, found "8"'),
        ('name = "spark"\nshards = 513', "engine.shards: expected 1 to 512, found 513"),
        ('name = "spark"\ncheckpoint = 1', "engine.checkpoint: expected a string, found 1"),
        ('name = "spark"\nsomething = "c"', "engine.something: unknown key"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named(lines: str, problem: str) -> None:
    """By its key."""
    (found,) = problems(ENGINE + lines)
    assert found.startswith(problem)


def test_files_are_not_read_by_executors() -> None:
    """A job of files has no engine."""
    text = MINIMAL.replace('topic = "points"', 'path = "a.csv"')
    text = text.replace('[source.kafka]\nbootstrap.servers = "localhost:9092"\n', "")
    assert problems(f'{text}[engine]\nname = "spark"') == [
        "engine.name: its executors read topics, not files"
    ]

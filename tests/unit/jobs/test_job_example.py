"""The example that users start from explains all that a job file may hold, and is one itself."""

from datetime import timedelta
from pathlib import Path

from streamreg._formats import registry
from streamreg._jobs import Forget, example
from tests.support.job_files import changed, read

FORMATS = registry.holding({"x": "float", "y": "float"})
FILES = ("# path = ", "# refresh_seconds = ")
"""What the example says of files."""


def test_the_example_explains_every_format() -> None:
    """Each has its name there."""
    for name in FORMATS:
        assert f'"{name}" (' in example()


def test_the_example_may_read_files() -> None:
    """Its lines about files go in the place of those about the topic."""
    head, _, rest = example().partition("\n[source.kafka]")
    lines = [
        line.removeprefix("# ") if line.startswith(FILES) else line
        for line in head.splitlines()
        if not line.startswith("topic")
    ]
    job = read("\n".join([*lines, rest[rest.index("# Columns of what a message") :]]))
    assert job.source.path == ("data/*.csv",)
    assert job.source.given["refresh_seconds"] == 5.0


def test_the_example_is_valid_and_gives_every_key() -> None:
    """The example that users start from can be run, and so can its optional lines."""
    read(example())
    # Windows have several kinds, each with keys of its own: they are tried by themselves, and so are several outputs.
    before, _, after = example().partition("# [window]")
    text = before + after[after.index("[output]") : after.index("# In place of [output]")]
    text += after[after.index("# [state]") :]
    # A topic of CSV has no registry.
    place = text.index("# [source.schema_registry]"), text.index("# Columns of what a message")
    framed, text = text[slice(*place)], text[: place[0]] + text[place[1] :]
    # One place for rejects.
    text = text[: text.index("# [rejects]")] + text[text.index("# [engine]") :]
    tables = (
        "[source.metadata]",
        "[forget]",
        "[state]",
        "[run]",
        "[engine]",
        "[engine.conf]",
        "[listen]",
    )
    for table in tables:
        assert f"# {table}" in text
        text = text.replace(f"# {table}", table)
    # Explanations, what excludes rows that fade, and files or several topics in place of a topic.
    others = (
        "# topic = ",
        "# pattern = ",
        "# target = ",
        "# json_field_paths = ",
        "# weights = ",
        "# subject = ",
        *FILES,
    )
    optional = [
        line.removeprefix("# ") if line.startswith("# ") and " = " in line[:30] else line
        for line in text.splitlines()
        if not line.startswith(others)
    ]
    job = read("\n".join(optional), KAFKA_PASSWORD="hunter2", STREAMREG_TOKEN="t0p")
    assert job.source.metadata == {"at": "timestamp"}
    assert job.forget == Forget(half_life=timedelta(hours=1), time="at")
    assert (job.source.delimiter, job.source.records) == (",", "one")
    assert job.source.kafka["sasl.password"] == "hunter2"
    assert job.source.header == ("sensor", "x", "y", "w", "at", "shown", "sent")
    assert job.by == ("sensor",)
    assert (job.source.mode, job.output.time) == ("streaming", "epoch")
    assert (job.processes, job.rejects, job.max_rejects) == (2, "rejects.jsonl", 1000)
    assert (job.state, job.durability) == ("job.state", "process")
    assert job.listen == {
        "address": "127.0.0.1:9464",
        "token": "t0p",
        "insecure": False,
        "hosts": ("streamreg",),
    }
    assert "t0p" not in repr(job)
    assert job.engine is not None
    assert (job.engine.name, dict(job.engine.given)) == (
        "spark",
        {
            "master": "spark://host:7077",
            "checkpoint": "spark-checkpoint",
            "trigger": "1 second",
            "max_rows": 1_000_000,
            "tasks": 8,
            "shards": 64,
            "conf": {"spark.executor.memory": "2g"},
        },
    )
    settings = "\n".join(line.removeprefix("# ") for line in framed.splitlines())
    avro = 'format = "avro"\nsubject = "s"'
    text = changed('"points"', f'"points"\n{avro}') + f"\n{settings}\n"
    source = read(text, REGISTRY_PASSWORD="hunter2").source
    assert source.schema_registry["basic.auth.user.info"] == "alice:hunter2"
    assert "hunter2" not in repr(source)


def test_the_example_in_the_examples_is_the_one_that_is_shipped() -> None:
    """There is one example, under both of its names."""
    path = Path(__file__).parents[3] / "examples" / "job.toml"
    assert path.read_text(encoding="utf-8") == example()

"""Job files for the tests of their reading."""

import pytest

from streamreg._jobs import Job, JobError, job_from_bytes

MINIMAL = """
[source]
topic = "points"
[source.kafka]
bootstrap.servers = "localhost:9092"
[schema]
x = "float"
n = "int"
y = "float"
s = "str"
[regression]
target = "y"
features = ["x", "n"]
[output]
regression = "out.csv"
"""


def read(text: str, **environ: str) -> Job:
    return job_from_bytes(text.encode(), "job.toml", environ)


def problems(text: str, **environ: str) -> list[str]:
    with pytest.raises(JobError) as caught:
        read(text, **environ)
    lines = str(caught.value).splitlines()
    assert all(line.startswith("job.toml: ") for line in lines)
    return [line.removeprefix("job.toml: ") for line in lines]


def changed(old: str, new: str) -> str:
    assert old in MINIMAL
    return MINIMAL.replace(old, new)

"""What a job needs beside the base installation is looked for before it is run, and the error says what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.job_files import MINIMAL

WITHOUT = """
import sys
sys.modules.update(dict.fromkeys({lacking!r}))
from streamreg._cli import main
sys.exit(main(sys.argv[1:]))
"""
"""The command line, where some packages cannot be imported."""

SOURCE = '[source]\ntopic = "points"\n'
REGISTRY = 'schema_registry.url = "http://localhost:1"\n'
OUTPUT = '[output]\nregression = "out.csv"\n'
LISTEN = '[listen]\naddress = "127.0.0.1:1"\n'


def job(source: str = "", output: str = OUTPUT, more: str = "") -> str:
    return MINIMAL.replace(SOURCE, SOURCE + source).replace(OUTPUT, output) + more


@pytest.mark.parametrize(
    ("text", "options", "lacking", "extra"),
    [
        (job(f'format = "avro"\n{REGISTRY}'), [], ["authlib"], "registry"),
        (job(f'format = "protobuf"\n{REGISTRY}'), [], ["httpx", "httpx2"], "registry"),
        (job(f'format = "json"\n{REGISTRY}'), [], ["cachetools"], "registry"),
        (
            job(
                output='[[output]]\nsink = "kafka"\ntopic = "lines"\nof = "regression"\nformat = "avro"\n'
                f'{REGISTRY}[output.kafka]\nbootstrap.servers = "localhost:9092"\n'
            ),
            [],
            ["fastavro"],
            "registry",
        ),
        (
            job(output='[[output]]\nsink = "postgres"\ntable = "t"\nconnection = "host=a"\n'),
            [],
            ["psycopg"],
            "postgres",
        ),
        (
            job(output='[[output]]\nsink = "delta"\npath = "lake"\n'),
            [],
            ["deltalake"],
            "delta",
        ),
        (job(more='[engine]\nname = "spark"\n'), [], ["pyspark"], "spark"),
        (job(), ["--engine", "spark"], ["pyspark"], "spark"),
        (job(more=LISTEN), [], ["uvicorn"], "serve"),
        (job(), ["--listen", "127.0.0.1:1"], ["starlette"], "serve"),
    ],
)
def test_an_extra_that_is_missing(
    tmp_path: Path,
    text: str,
    options: list[str],
    lacking: list[str],
    extra: str,
) -> None:
    """By `--check`, which asks what a run asks before it makes anything."""
    (tmp_path / "job.toml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            WITHOUT.format(lacking=lacking),
            "run",
            "--check",
            "job.toml",
            *options,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"pip install 'streamreg[{extra}]'" in done.stderr
    assert done.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["job.toml"]

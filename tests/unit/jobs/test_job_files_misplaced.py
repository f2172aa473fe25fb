"""Keys that stand where they do not belong, or twice: the error says where they belong, and what to do."""

import pytest

import streamreg as sr
from streamreg._jobs.read import parse
from tests.support.job_files import changed, problems

TOPIC = '"points"'
SERVERS = 'bootstrap.servers = "localhost:9092"'
OUTPUT = '"out.csv"'


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            TOPIC,
            '"points"\ngroup.id = "g"',
            "source.group: unknown key; group.id belongs to [source.kafka]",
        ),
        (
            TOPIC,
            '"points"\nprocesses = 2',
            "source.processes: unknown key; processes belongs to [run]",
        ),
        (
            TOPIC,
            '"points"\nrefresh_seconds = 5.0',
            "source.refresh_seconds: of files, not of a topic: leave it out, or topic",
        ),
        (
            SERVERS,
            'bootstrap.server = "localhost:9092"',
            "source.kafka.bootstrap.servers: missing: give host:port of a broker (found bootstrap.server, which is no "
            "setting)",
        ),
        (
            OUTPUT,
            '"out.csv"\n[metadata]',
            "metadata: unknown key; [source.metadata] is a table of its own",
        ),
        (
            OUTPUT,
            '"out.csv"\nmode = "current"',
            "output.mode: unknown key; mode belongs to [source] or [[output]]",
        ),
        (
            OUTPUT,
            '"out.csv"\n[run]\nlisten = "a:1"',
            "run.listen: unknown key; [listen] is a table of its own",
        ),
        (OUTPUT, '"out.csv"\n[forget]\nhalf_life = "PT1H"', "forget.time: missing"),
    ],
)
def test_a_misplaced_key_is_told_where_it_belongs(old: str, new: str, problem: str) -> None:
    assert problems(changed(old, new)) == [problem]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            b"[output]\na = 1\n[[output]]\n",
            r"3:\d+: \[\[output\]\] stands beside \[output\]: leave one",
        ),
        (b'[source]\ntopic = "a"\ntopic = "b"\n', r'3:\d+: "topic" is given twice'),
        (b"[run]\n[run]\n", r"2:\d+: \[run\] stands twice"),
    ],
)
def test_what_stands_twice_is_named(text: bytes, message: str) -> None:
    with pytest.raises(sr.ConfigurationError, match=f"j.toml:{message}"):
        parse(text, "j.toml")


@pytest.mark.parametrize("interval", ["often", "60", "100 MB"])
def test_the_interval_of_delta_is_a_time(interval: str) -> None:
    text = f'[[output]]\nsink = "delta"\npath = "lines"\ninterval = "{interval}"'
    found = problems(changed('[output]\nregression = "out.csv"', text))
    assert found == [f'output.1.interval: expected a time like "1 minute", found "{interval}"']

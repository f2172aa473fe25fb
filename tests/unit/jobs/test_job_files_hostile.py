"""Whatever stands in a job file, it gives a job or one short error, and soon."""

import time

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from streamreg._exceptions import ConfigurationError
from streamreg._jobs import example, job_from_bytes
from streamreg._jobs.read import MAX_BYTES
from tests.support.job_files import MINIMAL


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\xff" * 100,
        b"a = 1\n" * (MAX_BYTES // 6 + 1),
        b"a = " + b"[" * 50_000,
        b"a = " + b"{b=" * 50_000,
        b"a" + b".a" * 120_000 + b" = 1",
        b"[" + b"a." * 120_000 + b"a]",
        (b"[k" + b".a" * 490 + b"]\n") * 200,
        b"a = 1" + b"0" * 10_000,
        b"[source]\ntopic = 0x" + b"f" * 200_000,
        b"d = 2025-02-31",
        b"\xff\xfea\x00",
        "".join(f"k{i} = 1\n" for i in range(20_000)).encode(),
        ("[schema]\n" + "".join(f'k{i} = "float"\n' for i in range(12_000))).encode(),
        ("[regression]\nfeatures = [" + '"a",' * 60_000 + "]").encode(),
        ("[output.columns]\n" + "".join(f'k{i} = "a"\n' for i in range(15_000))).encode(),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_a_hostile_file_is_refused_in_time(data: bytes) -> None:
    """Huge, binary and deep files give one short error, and quickly."""
    start = time.monotonic()
    with pytest.raises(ConfigurationError) as caught:
        job_from_bytes(data, "job.toml", {})
    assert time.monotonic() - start < 10  # seconds; without the limits it would be minutes
    assert len(str(caught.value)) < 10_000


VALUES = st.recursive(
    st.one_of(
        st.text(max_size=8).map(lambda text: '"' + text.replace("\\", "").replace('"', "") + '"'),
        st.integers().map(str),
        st.floats().map(repr),
        st.sampled_from(["true", '"float"', '"x"', '"${A}"', '"${"', "1979-05-27", '["x"]']),
    ),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=4,
)
KEYS = st.sampled_from(
    [
        "source",
        "kafka",
        "topic",
        "header",
        "schema",
        "x",
        "regression",
        "target",
        "features",
        "output",
        "columns",
        "run",
        "processes",
        "sasl.password",
        '"bootstrap.servers"',
        '""',
    ]
)
LINES = st.one_of(
    st.tuples(KEYS, VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    KEYS.map(lambda key: f"[{key}]"),
    KEYS.map(lambda key: f"[source.{key}]"),
    st.sampled_from(MINIMAL.splitlines()),
)


@settings(deadline=None)  # a shared machine may be slow; slowness is no fault here
@seed(4)
@given(data=st.one_of(st.binary(), st.text().map(str.encode)))
def test_law_any_bytes_give_a_job_or_an_error(data: bytes) -> None:
    """No bytes whatever raise anything but ConfigurationError."""
    job_or_error(data)


@settings(deadline=None)  # a shared machine may be slow; slowness is no fault here
@seed(5)
@given(lines=st.lists(LINES, max_size=20))
def test_law_any_toml_gives_a_job_or_an_error(lines: list[str]) -> None:
    """No arrangement of keys and values raises anything but ConfigurationError."""
    job_or_error("\n".join(lines).encode())


@settings(deadline=None)  # a shared machine may be slow; slowness is no fault here
@seed(6)
@given(at=st.integers(0, len(example())), cut=st.integers(0, 40), put=st.text(max_size=6))
def test_law_a_damaged_example_gives_a_job_or_an_error(at: int, cut: int, put: str) -> None:
    """A small change anywhere in a valid file raises nothing but ConfigurationError."""
    text = example()
    job_or_error((text[:at] + put + text[at + cut :]).encode())


def job_or_error(data: bytes) -> None:
    try:
        job = job_from_bytes(data, "job.toml", {"A": "x"})
    except ConfigurationError:
        return
    assert job.target in job.schema
    assert set(job.features) <= job.schema.keys()

"""Verify finds a state and files equal to what the topic gives, or says what differs."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._sinks.records import records, shown
from streamreg._state.snapshot import read
from streamreg.testing import ListSource
from tests.support.verified import Messages, Verified, resealed, rewritten


def messages(partitions: int, count: int) -> list[list[bytes | None]]:
    """Points with quoted text, rejects, tombstones and rows that occur twice."""
    chance = random.Random(3)
    held: list[list[bytes | None]] = [[] for _ in range(partitions)]
    for i in range(count):
        text = f"{i},{chance.random()!r},\"{i} 'é',\n{i % 5}\"".encode()
        message = {0: b"junk\xff", 1: None, 2: b"1,1,twice"}.get(i % 20, text)
        held[i % partitions].append(message)
    return held


TOPIC = messages(3, 300)


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture
def job(tmp_path: Path) -> Verified:
    job = Verified(tmp_path)
    job.run([part[:50] for part in TOPIC])
    job.run(TOPIC)
    return job


OTHERS = ("count.csv", "fit.csv", "rejects.jsonl")


def test_what_a_run_left_is_equal(job: Verified) -> None:
    """Everything of two runs of one state is compared, and equal, a longer topic notwithstanding."""
    found = [str(check).replace(f"{job.folder}/", "") for check in job.checks([*TOPIC, [b"1,2,z"]])]
    assert [line.split(": ")[0] for line in found] == [
        "ok         topic",
        "ok         rows",
        "ok         tombstones",
        "ok         rejects",
        "ok         exact state 1",
        "ok         exact state 2",
        "ok         fit.csv, last row in the state",
        "ok         fit.csv, its changes folded",
        "ok         count.csv, last row in the state",
        "ok         count.csv, its changes folded",
        "ok         rows.csv, its rows",
        "ok         rejects.jsonl, its lines",
        *(f"ok         {name}, its bytes" for name in sorted(["rows.csv", *OTHERS])),
    ]
    assert found[:4] == [
        "ok         topic: 300 offsets of 3 partitions read anew",
        "ok         rows: 270",
        "ok         tombstones: 15",
        "ok         rejects: 15 (field-count 15)",
    ]


def test_a_run_without_any_message_is_equal(tmp_path: Path) -> None:
    """An empty state says nothing that the topic does not."""
    job = Verified(tmp_path)
    job.run([[], []])
    assert job.differences([[], []]) == {}
    assert job.differences([[b"1,2,s"], []]) == {}


@pytest.mark.parametrize(
    ("name", "old", "new", "difference"),
    [
        ("fit.csv", ",1\n", "1,1\n", "change 1: its time "),
        ("rows.csv", "twice", "twist", "270 written, 270 from the topic: the row '1.0,1.0,tw"),
        ("rows.csv", ",0,1\n", ",0,-1\n", "change 1: diff '-1' of"),
        ("rows.csv", "x,y,s", "y,x,s", "it begins with 'y,x,s,time,diff'"),
        ("rejects.jsonl", "field", "yield", "15 written, 15 from the topic: the row '{"),
        ("rejects.jsonl", "{", "", "it has "),
        ("rows.csv", "twice", "t", "it has "),
    ],
)
def test_a_changed_file_is_told(
    job: Verified, name: str, old: str, new: str, difference: str
) -> None:
    """Whatever was changed in a file is found, and named, and nothing else is said to differ."""
    if name == "fit.csv":  # a digit moved from the time into the result keeps the length
        new = old
        text = (job.folder / name).read_text()
        (job.folder / name).write_text(text.replace(",0,1\n", "0,,1\n", 1))
    changed(job.folder / name, old, new)
    (subject, found), *others = job.differences(TOPIC).items()
    assert subject.startswith(name)
    assert found.startswith(difference) or difference in found
    assert others == []


def test_the_missing_row_and_the_one_too_many_are_named(job: Verified) -> None:
    """A row doubled in the place of another is found although the number of rows is the same."""
    path = job.folder / "rows.csv"
    lines = [line for found in records([path.read_bytes()], quotes=True) for line in found]
    doubled, lost = lines[8], lines[9]
    path.write_bytes(b"".join(line + b"\n" for line in [*lines[:9], doubled, *lines[10:]]))
    positions = {**read(job.state).positions}
    positions[str(path)] = {"length": path.stat().st_size, "crc32": None}
    rewritten(job.state, positions=positions)
    found = job.differences(TOPIC)["rows.csv, its rows"]
    told = [
        f"the row {shown(doubled.rsplit(b',', 2)[0])} stands there 2 times, here 1",
        f"the row {shown(lost.rsplit(b',', 2)[0])} stands there 0 times, here 1",
    ]
    assert found.split("topic: ")[1] in told


def test_another_job_is_an_error(job: Verified) -> None:
    """What the state was not written for is not compared with it."""
    with pytest.raises(sr.StateError, match="another job: header: it was"):
        job.checks(TOPIC, header=["y", "x", "s"])


def test_a_missing_and_a_longer_file(job: Verified) -> None:
    """A file that is gone differs; what a run has written since the checkpoint does not."""
    with (job.folder / "fit.csv").open("a") as file:
        file.write("1,2,9")
    assert job.differences(TOPIC) == {}
    (job.folder / "rows.csv").unlink()
    assert job.differences(TOPIC) == {"rows.csv, its rows": "it is missing"}


def without_one(kinds: Mapping[str, int]) -> dict[str, int]:
    return {kind: count - 1 for kind, count in kinds.items()}


@pytest.mark.parametrize(
    ("part", "change", "subject", "difference"),
    [
        ("rows", lambda n: n + 1, "rows", "the state says 271, the topic gives 270"),
        ("tombstones", lambda n: n - 1, "tombstones", "the state says 14, the topic gives 15"),
        (
            "rejects",
            without_one,
            "rejects",
            "the state says 14 (field-count 14), the topic gives 15 (field-count 15)",
        ),
        (
            "reductions",
            lambda s: [resealed(s[0], -2), s[1]],
            "exact state 1",
            "other sums in the state than from the topic, though the results are the same",
        ),
        (
            "reductions",
            lambda s: [resealed(s[0], -30), s[1]],
            "exact state 1",
            " from the topic",
        ),
        (
            "reductions",
            lambda s: [s[0], bytes([*s[1][:-5], s[1][-5] ^ 1, *s[1][-4:]])],
            "exact state 2",
            "the state's bytes are damaged: ",
        ),
        (
            "changelogs",
            lambda s: [resealed(s[0], -1), s[1]],
            "fit.csv, last row in the state",
            "the state says '",
        ),
    ],
)
def test_a_changed_state_is_told(
    job: Verified,
    part: str,
    change: Callable[[object], object],
    subject: str,
    difference: str,
) -> None:
    """One bit or count that the topic does not give is found, with a checksum that fits."""
    held = getattr(read(job.state), part)
    rewritten(job.state, **{part: change(held)})
    found = job.differences(TOPIC)
    assert list(found) == [subject]
    assert difference in found[subject]


def test_another_topic_and_deleted_messages_are_errors(job: Verified) -> None:
    """Where the topic does not hold what was read, it is said that nothing can be compared, and why."""
    with pytest.raises(sr.SourceError, match=r"partition 0: cannot be verified.*before offset 2 "):
        job.checks(TOPIC, deleted=2)
    with pytest.raises(sr.SourceError, match=r"partition 2: .*up to offset 100.*ends at offset 99"):
        job.checks([TOPIC[0], TOPIC[1], TOPIC[2][:-1]])
    with pytest.raises(sr.SourceError, match="the partition does not exist"):
        job.checks(TOPIC[:2])


@pytest.mark.parametrize("begins", ["earliest", "latest"])
def test_only_what_the_run_has_read_is_compared(tmp_path: Path, begins: str) -> None:
    """A run that began after deleted messages, or at the end, is equal to the rest of the topic."""
    job = Verified(tmp_path, {"begins": begins, "deleted": 5})
    job.run([part[:50] for part in TOPIC])
    grown: Messages = [*TOPIC, [b"7,8,new partition"] * 10]
    job.run(grown)
    assert job.differences(grown) == {}
    began = {partition: r.start for partition, r in read(job.state).began.items()}
    assert began == dict.fromkeys(range(3), 5 if begins == "earliest" else 50) | {3: 5}


def test_a_partition_that_came_during_the_run(tmp_path: Path) -> None:
    """What was read of it is compared too, from where its reading began."""
    job = Verified(tmp_path, {"deleted": 5})
    rows = 270 - sum(message not in (b"junk\xff", None) for part in TOPIC for message in part[:5])
    growing = {"mode": "streaming", "late": 1, "refresh_seconds": 0.0}
    job.run(TOPIC, lambda progress: progress.rows == rows, **growing)
    assert {p: r.start for p, r in read(job.state).began.items()} == {0: 5, 1: 5, 2: 5}
    assert job.differences(TOPIC) == {}


@pytest.mark.parametrize("begins", ["earliest", "latest"])
def test_headers_are_read_as_the_run_has_read_them(tmp_path: Path, begins: str) -> None:
    """The header in several partitions is skipped again where the run has skipped it, and only there."""
    job = Verified(tmp_path, {"header": None})
    head = b"s,y,x"
    topic: Messages = [[head, b"a,1,2", b"b,2,4"], [head, b"c,3,7"], [b"d,4,7"], []]
    job.run(topic, begins=begins)
    topic = [[*topic[0], b"e,5,9"], topic[1], topic[2], [head, b"f,6,1", head]]
    job.run(topic, begins=begins)
    assert read(job.state).rows == (6 if begins == "earliest" else 2)
    # Where a run without a state would begin is no part of the job.
    assert job.differences(topic, begins="earliest") == {}


def test_nothing_is_touched(job: Verified) -> None:
    """Verify leaves every file as it is, and makes none."""

    def everything() -> dict[Path, tuple[int, bytes]]:
        files = [path for path in job.folder.rglob("*") if path.is_file()]
        return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    before = everything()
    assert job.differences(TOPIC) == {}
    assert everything() == before


def test_the_topic_is_never_acknowledged(job: Verified, monkeypatch: pytest.MonkeyPatch) -> None:
    """The offsets that lag tools see are those of the run, not of a verification."""
    monkeypatch.setattr(ListSource, "commit_offsets", None)
    assert job.differences(TOPIC) == {}


def test_rows_in_another_order_are_other_bytes(job: Verified) -> None:
    """The same rows, each as often, in an order in which the run has not written them."""
    path = job.folder / "rows.csv"
    (found_lines,) = records([path.read_bytes()], quotes=True)
    head, *lines = (line + b"\n" for line in found_lines)
    first = [line for line in lines if line.endswith(b",0,1\n")]
    others = lines[len(first) :]
    assert len(first) > 1
    path.write_bytes(b"".join([head, *reversed(first), *others]))
    found = job.differences(TOPIC)
    assert found == {
        "rows.csv, its bytes": "other bytes than the run has written: their checksum differs"
    }

"""States that older builds have written are opened, and their jobs go on exactly where those builds would have."""

import json
import shutil
import time
from pathlib import Path
from typing import Final

import pytest

import streamreg as sr
from streamreg._cli import main
from tests.data.states.job import STATE, Job, found_models
from tests.data.states.jobs import JOBS
from tests.data.states.write import EPOCH_NS
from tests.support.resumed import after

STATES: Final = Path(__file__).resolve().parents[1] / "data" / "states"
STORED: Final = sorted(path.parent for path in STATES.glob("format*/*/first"))

Capture = pytest.CaptureFixture[str]


@pytest.fixture(params=STORED, ids=lambda path: f"{path.parent.name}-{path.name}")
def stored(request: pytest.FixtureRequest) -> Path:
    """What a build has stored of a job."""
    path: Path = request.param
    return path


@pytest.fixture
def job(stored: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """That job; the current folder is as it was at its first end, and the clock stands as then."""
    shutil.copytree(stored / "first", folder, dirs_exist_ok=True)
    monkeypatch.setattr(time, "time_ns", lambda: EPOCH_NS)
    return JOBS[stored.name]


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder, without the state in it."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def models(stored: Path, when: str) -> str:
    """What was in the state when it was written; format 1 tells nothing of it."""
    return text(json.loads((stored / "models.json").read_text(encoding="utf-8"))[when])


def text(models: object) -> str:
    """In which a NaN equals itself."""
    return json.dumps(models, sort_keys=True)


def test_differential_an_old_state_goes_on(job: Job, stored: Path) -> None:
    """Each output is, to the byte, what the build that wrote the state made of the whole topic."""
    assert contents(Path.cwd()) == contents(stored / "first") != contents(stored / "last")
    job.run(job.topic)
    assert contents(Path.cwd()) == contents(stored / "last")
    # Once more, nothing is left to read.
    job.run(job.topic)
    assert contents(Path.cwd()) == contents(stored / "last")


def test_differential_an_old_state_goes_on_in_pieces(job: Job, stored: Path) -> None:
    """Also where the run is stopped after each epoch, to be continued from a state that the new build wrote."""
    epochs = 0
    while (part := job.run(job.topic, stop=after(epochs + 1))).ended_by != "source":
        epochs = part.epochs
    assert contents(Path.cwd()) == contents(stored / "last")


def test_an_old_state_is_inspected(job: Job, stored: Path, capsys: Capture) -> None:
    """Its format and its files are shown, for programs and for people, and it is left as it is."""
    before = contents(Path(STATE))
    assert main(["inspect", STATE, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert f"format{found['format']}" == stored.parent.name
    assert found["files"] == {name: len(data) for name, data in contents(Path.cwd()).items()}
    assert main(["inspect", STATE]) == 0
    assert f"format {found['format']}" in capsys.readouterr().out
    assert contents(Path(STATE)) == before


def test_models_of_an_old_state_are_opened(job: Job, stored: Path) -> None:
    """Estimators find what the old build found, and after the job has gone on what is in the state then."""
    assert text(found_models(job)) == models(stored, "first")
    job.run(job.topic)
    assert text(found_models(job)) == models(STATES / "format2" / stored.name, "last")


def test_a_changed_job_does_not_continue_an_old_state(job: Job, stored: Path) -> None:
    """An old state knows its job: the same program without a dead-letter file, or with one, is another one."""
    changed = Job(job.write, job.topic, job.first, rejects=not job.rejects)
    with pytest.raises(sr.StateError, match="another job: rejects"):
        changed.run(job.topic)
    assert contents(Path.cwd()) == contents(stored / "first")


def test_each_kind_of_job_is_stored() -> None:
    """There is a state of each, of every format but the first, which did not know all of them."""
    formats = {path.parent.name for path in STORED} - {"format1"}
    assert {(path.parent.name, path.name) for path in STORED if path.parent.name in formats} == {
        (name, kind) for name in formats for kind in JOBS
    }
    assert "format2" in formats

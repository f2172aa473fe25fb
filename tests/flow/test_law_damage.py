"""Whatever befalls the state of a killed run: the next one goes on as if nothing had, or refuses and writes nothing."""

import random
import shutil
import signal
from pathlib import Path

import pytest

import streamreg as sr
from streamreg.testing import read
from tests.support.child import Child
from tests.support.numbered import Point, count_sound, stream, write_regression

ROWS = 300
EPOCHS = 8


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outputs and the state of a run that was killed, its log not empty."""
    folder = tmp_path_factory.mktemp("killed")
    with Child("killed", folder, ROWS=ROWS, LAST=EPOCHS) as program:
        assert program.exit_code() == -signal.SIGKILL
    assert (folder / "state" / "checkpoint.sqlite-wal").stat().st_size > 4096
    return folder


def outputs() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path().glob("*.csv")}


def refused(killed: Path, name: str, held: bytes | None) -> bool:
    """Whether a run is that finds `held` in this file of the state; if not, it ends with the one true result."""
    shutil.copytree(killed, Path(), dirs_exist_ok=True)
    path = Path("state", name)
    path.write_bytes(held or b"")
    if held is None:
        path.unlink()
    before = outputs()
    write_regression(read(stream(ROWS, 3), schema=Point, batch=12))
    try:
        sr.run(processes=0, state="state")
    except sr.StateError:
        assert outputs() == before
        return True
    else:
        assert count_sound(Path(), 3) == ROWS
        # The epochs of the dead run are still there, every one.
        assert all(outputs()[name].startswith(rows) for name, rows in before.items())
        return False
    finally:
        shutil.rmtree("state")


@pytest.mark.parametrize("name", ["checkpoint.sqlite", "checkpoint.sqlite-wal", "checkpoint.seal"])
def test_law_damage_is_refused_or_makes_no_difference(killed: Path, name: str) -> None:
    """Bits flipped, a part gone, all of it gone: in whichever file, wherever."""
    chance = random.Random(7)
    whole = (killed / "state" / name).read_bytes()
    assert not refused(killed, name, whole)
    for _ in range(25):
        at = chance.randrange(len(whole))
        flipped = bytes([whole[at] ^ 1 << chance.randrange(8)])
        refused(killed, name, whole[:at] + flipped + whole[at + 1 :])
        refused(killed, name, whole[: chance.randrange(len(whole))])
    assert refused(killed, name, b"")
    assert refused(killed, name, None)

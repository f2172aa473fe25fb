"""The source distribution: all that a wheel is built from, and nothing else is needed but the crates of Cargo.lock.

`make sdist` builds a wheel from it, without the network; that takes minutes, so here it is only taken apart.
"""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MATURIN = Path(sys.executable).with_name("maturin")

pytestmark = pytest.mark.skipif(
    not MATURIN.exists() or shutil.which("cargo") is None,
    reason="needs maturin in the environment, and cargo",
)


def run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    run(str(MATURIN), "sdist", "--out", str(folder), folder=ROOT)
    [archive] = folder.glob("*.tar.gz")
    with tarfile.open(archive) as found:
        found.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def sources(root: Path) -> set[str]:
    """What a wheel is made of: the package, and the crates without their tests and benches."""
    found = [root / name for name in ("Cargo.lock", "LICENSE", "README.md", "pyproject.toml")]
    found += (each for each in (root / "python").rglob("*") if "__pycache__" not in each.parts)
    for crate in (root / "rust").glob("streamreg-*"):
        found += [crate / "Cargo.toml", *(crate / "src").rglob("*")]
    # An extension may lie beside its stub, of whoever builds in place.
    return {
        str(each.relative_to(root)) for each in found if each.is_file() and each.suffix != ".so"
    }


def test_it_has_all_that_a_wheel_is_made_of(unpacked: Path) -> None:
    """Each source is in it as it stands in the repository, data files and the stub included."""
    wanted = sources(ROOT)
    assert sources(unpacked) == wanted
    assert {"python/streamreg/_core.pyi", "python/streamreg/_jobs/example.toml"} < wanted
    for name in wanted - {"pyproject.toml"}:
        if not name.endswith("Cargo.toml"):  # maturin writes these anew.
            assert (unpacked / name).read_bytes() == (ROOT / name).read_bytes(), name


def test_its_crates_are_those_of_the_lock(unpacked: Path) -> None:
    """Cargo takes the lock as it is, and asks no network for what a build has fetched before."""
    command = ("cargo", "tree", "--locked", "--offline", "--edges", "normal,build", "--prefix")
    packages = ("none", "--package", "streamreg-py")
    assert run(*command, *packages, folder=unpacked).startswith("streamreg-py ")

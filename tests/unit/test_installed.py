"""What is tested is the wheel that a user installs, not the source beside the tests."""

import io
import sysconfig
from importlib.metadata import entry_points, files, version
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import streamreg
from streamreg import _core
from tests.support.programs import ROOT


def test_the_manual_page_is_installed() -> None:
    """`man streamreg` finds it in the environment: beside `bin`, as the source has it."""
    page = "share/man/man1/streamreg.1"
    found = Path(sysconfig.get_path("data")) / page
    assert found.read_bytes() == (ROOT / "python/wheel-data/data" / page).read_bytes()


def test_package_is_the_installed_wheel() -> None:
    """Package and extension are imported from the environment's site-packages."""
    site = Path(sysconfig.get_path("platlib"))
    for module in (streamreg, _core):
        assert module.__file__ is not None
        assert site in Path(module.__file__).parents


def test_version_is_written_once() -> None:
    """The wheel, the extension and Cargo's workspace say the same version."""
    assert version("streamreg") == _core.__version__


def test_type_information_ships() -> None:
    """The marker of a typed package and the extension's stub are in the wheel."""
    folder = Path(str(streamreg.__file__)).parent
    assert (folder / "py.typed").is_file()
    assert (folder / "_core.pyi").is_file()


def test_command_is_declared() -> None:
    """The wheel brings the command `streamreg`."""
    (command,) = entry_points(group="console_scripts", name="streamreg")
    assert command.value == "streamreg.__main__:main"


def test_the_wheel_is_small() -> None:
    """What was installed, packed as a wheel is, has less than 6 MB."""
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as wheel:
        for file in files("streamreg") or ():
            if file.parts[0] == "streamreg" and file.suffix != ".pyc":
                wheel.writestr(str(file), file.read_binary())
    names = ZipFile(packed).namelist()
    assert any(name.startswith("streamreg/_core.") and name.endswith(".so") for name in names)
    assert 1_000_000 < packed.tell() < 6_000_000

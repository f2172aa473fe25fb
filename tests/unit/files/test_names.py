"""What a pattern stands for is known of files that are not there yet."""

import glob
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamreg._files.names import matches

PARTS = st.sampled_from(["a", "b", ".a", "ab", "a.csv", "[a]", "a*"])
PATTERNS = st.sampled_from(["a", "*", "**", "?", "[ab]*", ".*", "*.csv", "[[]a]", "b", "a[*]"])


@given(
    parts=st.lists(PARTS, min_size=1, max_size=3),
    pattern=st.lists(PATTERNS, min_size=1, max_size=3),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_what_glob_finds(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str], pattern: list[str]
) -> None:
    """For any file and any pattern, hidden files and folders among them."""
    folder = tmp_path_factory.mktemp("found")
    file = folder.joinpath(*parts)
    asked = os.path.join(*pattern)
    before = matches(asked, str(folder), file)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    found = glob.glob(asked, root_dir=folder, recursive=True)
    assert before == (os.path.join(*parts) in map(os.path.normpath, found))


def test_a_folder_that_has_another_name_too(tmp_path: Path) -> None:
    """A file is known by each way to it."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert matches("*.csv", str(tmp_path / "real"), tmp_path / "link" / "a.csv")
    assert matches(str(tmp_path / "link/*.csv"), "", tmp_path / "link" / "a.csv")
    assert not matches("*.csv", str(tmp_path), tmp_path / "link" / "a.csv")

"""What readers say of the connection: a run tells it, and some of it once."""

import pickle

import pytest

from streamreg._source.contract import ToldOnce
from streamreg._worker.notices import Notices


def test_a_line_is_told_once_if_it_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """However many readers, in whatever processes, have it; other lines are told each time."""
    tell = Notices()
    lines = [ToldOnce(f"handed over at offset {n}", "handed over at offset") for n in range(3)]
    for line in pickle.loads(pickle.dumps(lines)):
        tell(line)
        tell("away")
    assert caplog.messages == ["handed over at offset 0", "away", "away", "away"]

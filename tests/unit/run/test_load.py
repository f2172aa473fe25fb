"""A run says that it reads its state, if that takes a while."""

import logging
from pathlib import Path

import pytest

from streamreg._run import lifecycle
from streamreg._state.store import FILE


@pytest.mark.parametrize("size", [None, 4096, 1 << 26])
def test_a_large_state_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, size: int | None
) -> None:
    """Small ones are not, nor those that are not there yet."""
    caplog.set_level(logging.INFO, lifecycle.LOGGER)
    if size is not None:
        with (tmp_path / FILE).open("wb") as file:
            file.truncate(size)
    lifecycle.loads(tmp_path)
    expected = [f"load: reads state {tmp_path}, 67 MB"] if size == 1 << 26 else []
    assert caplog.messages == expected

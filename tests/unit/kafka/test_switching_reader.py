"""How one reader hands over to the other: what is heard meanwhile, and when native reading is tried again."""

from collections.abc import Collection, Mapping

from streamreg._core import HandOverError
from streamreg._kafka.switching_reader import SwitchingReader
from streamreg._source.contract import Range, heard
from streamreg._source.messages import Batch, Location


class Silent:
    """A reader to which nothing comes; of the client no sign is known."""

    def read(self, timeout: float) -> Batch | None:
        return None

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {}

    def close(self) -> None:
        """It has nothing open."""


class Native(Silent):
    """It hears something each time, and hands over at the third."""

    heard = 0

    def read(self, timeout: float) -> Batch | None:
        self.heard += 1
        if self.heard == 3:
            raise HandOverError("it is unusual")
        return None


def test_each_reader_has_its_signs_and_the_switch_is_one() -> None:
    """They only grow, so that whoever waits can tell that there was one."""
    told: list[str] = []
    ranges = {0: Range(0, 10, untouched=True)}
    reader = SwitchingReader("points", ranges, lambda _: Native(), lambda _: Silent(), told.append)
    seen = []
    for _ in range(5):
        assert reader.read(0.0) is None
        seen.append(heard(reader))
    assert seen == [1, 2, 4, 4, 4]
    assert told == ["topic 'points': read by the client for 30 seconds and more: it is unusual"]


_BATCH = Batch([b"1"], {0: (0, 1)}, lambda index: Location(0, 0, None), lambda: [0], lambda: [0])


class Late(Silent):
    """A reader of which something comes at the third time only."""

    def __init__(self) -> None:
        """Nothing was asked of it."""
        self.asked = 0

    def read(self, timeout: float) -> Batch | None:
        self.asked += 1
        return _BATCH if self.asked == 3 else None


class Unusual(Silent):
    """A native reader that hands over at once."""

    def read(self, timeout: float) -> Batch | None:
        raise HandOverError("it is unusual")


def test_native_reading_is_tried_again_after_the_client_came_on() -> None:
    """What the client has on its way over a thin line is not thrown away, however long that takes."""
    opened = 0

    def native(ranges: Mapping[int, Range]) -> Silent:
        nonlocal opened
        opened += 1
        return Unusual()

    ranges = {0: Range(0, 10, untouched=True)}
    reader = SwitchingReader("points", ranges, native, lambda _: Late(), lambda _: None, again=0.0)
    found = [(reader.read(0.0) is not None, opened) for _ in range(4)]
    assert found == [(False, 1), (False, 1), (True, 1), (False, 2)]

"""What is heard of messages on their way while one reader hands over to the other."""

from collections.abc import Collection, Mapping

from streamreg._core import HandOverError
from streamreg._kafka.switching_reader import SwitchingReader
from streamreg._source.contract import Batch, Range, heard


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

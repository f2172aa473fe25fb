"""A way to the broker that takes its time: a TCP proxy that hands on every byte later, or few at a time, and as it was.

The broker must say that it is at the proxy's port (`KafkaBroker.far`): clients then come this way alone.
"""

import contextlib
import math
import queue
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

_PIECE = 1 << 16
_THIN_PIECE = 1 << 14


class DelayingProxy:
    """Hands on what comes half a round trip later, each way; connections are taken at once."""

    def __init__(
        self, port: int, target: tuple[str, int], round_trip: float, rate: float = math.inf
    ) -> None:
        """Listens at this port of the loopback once it is entered.

        `rate` is the bytes a second of each connection that come from the broker.
        """
        self._target = target
        self._rate = rate
        self._delay = round_trip / 2
        self._listener = socket.create_server(("127.0.0.1", port))
        self._ends: list[socket.socket] = [self._listener]

    def __enter__(self) -> Self:
        self._go(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                self._ends += [near, far]
                if self._rate < math.inf:
                    # Else much would be on its way in the system, at once.
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _THIN_PIECE)
                for source, sink, rate in ((near, far, math.inf), (far, near, self._rate)):
                    self._hand_on(source, sink, rate)

    def _hand_on(self, source: socket.socket, sink: socket.socket, rate: float) -> None:
        """Two threads: what comes meanwhile is not held up by what is on its way."""
        on_its_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

        def take() -> None:
            piece = b"-"
            while piece:
                try:
                    piece = source.recv(_PIECE if rate == math.inf else _THIN_PIECE)
                except OSError:
                    piece = b""
                on_its_way.put((time.monotonic() + self._delay, piece))

        def give() -> None:
            with contextlib.suppress(OSError):
                while True:
                    due, piece = on_its_way.get()
                    # What this helper is for: the time on the way.
                    time.sleep(max(due - time.monotonic(), 0.0))
                    if not piece:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(piece)
                    time.sleep(len(piece) / rate)

        self._go(take)
        self._go(give)

    @staticmethod
    def _go(work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()

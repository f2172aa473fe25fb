"""`streamreg generate`: sends noisy points of a line to a topic, the header first."""

import argparse
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from streamreg._cli.arguments import add_setting
from streamreg._plural import plural
from streamreg._terminal.screen import say

if TYPE_CHECKING:
    from streamreg._cli.arguments import Commands

_EPILOG = """\
example:
  streamreg generate --bootstrap-servers localhost:9092 --topic linear-regression
  streamreg generate --bootstrap-servers broker:9093 --topic linear-regression \\
      --setting security.protocol=sasl_ssl --setting sasl.mechanism=SCRAM-SHA-256 \\
      --setting sasl.username=alice --setting 'sasl.password=${KAFKA_PASSWORD}'
  streamreg generate --bootstrap-servers localhost:9092 --topic big --rate 0 --count 1000000 \\
      --partitions spread

The points are x = 0, 1, 2, … and y = intercept + slope * x + noise; the same seed gives the same
points. A header "x,y" goes before them if the topic has no messages yet. Ctrl-C stops it.
"""


def add_parser(commands: "Commands", common: argparse.ArgumentParser) -> None:
    """Adds the command to the program's parser."""
    parser = commands.add_parser(
        "generate",
        parents=[common],
        help="send noisy points of a line to a topic",
        description="Sends noisy points of a line to a Kafka topic, at a steady rate.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--bootstrap-servers",
        required=True,
        metavar="HOST:PORT,…",
        help="where the brokers are",
    )
    parser.add_argument("--topic", required=True, help="where the points go")
    add_setting(parser)
    parser.add_argument(
        "--rate",
        type=float,
        default=1.0,
        help="points a second; 0: no limit (default: 1)",
    )
    parser.add_argument(
        "--count",
        type=int,
        default=10,
        help="points in all; 0: until Ctrl-C (default: 10)",
    )
    parser.add_argument("--slope", type=float, default=1.0, help="default: 1")
    parser.add_argument("--intercept", type=float, default=0.0, help="default: 0")
    parser.add_argument(
        "--noise",
        type=float,
        default=0.1,
        help="the most that y is off the line (default: 0.1)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the noise (default: 0)")
    parser.add_argument(
        "--format",
        choices=("csv", "json"),
        default="csv",
        help="of a message (default: csv)",
    )
    parser.add_argument("--no-header", action="store_true", help="csv: never send the header")
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--partition",
        type=int,
        default=0,
        metavar="P",
        help="where all go (default: 0)",
    )
    place.add_argument(
        "--partitions", choices=("spread",), help="spread: to all partitions in turn"
    )
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace, settings: dict[str, object]) -> int:
    """Runs the command; its client's settings go into `settings` as soon as they are known."""
    from streamreg._demo.points import NoisyLine, Plan, generate
    from streamreg._kafka.producer import TopicWriter

    settings.update(arguments.setting)
    settings["bootstrap.servers"] = arguments.bootstrap_servers
    line = NoisyLine(
        slope=arguments.slope,
        intercept=arguments.intercept,
        noise=arguments.noise,
        seed=arguments.seed,
    )
    plan = Plan(
        form=arguments.format,
        rate=arguments.rate,
        count=arguments.count,
        partition=None if arguments.partitions else arguments.partition,
        header=not arguments.no_header,
    )
    with stop_on_signal() as stop:
        writer = TopicWriter(settings, arguments.topic, stop.pause)
        try:
            sent = generate(writer, line, plan, stop)
        finally:
            writer.close()
    ending = " (stopped)" if stop() else ""
    say(f"streamreg: {plural(sent, 'point')} sent to {arguments.topic}{ending}")
    return 0


class Stop:
    """Whether a signal has come. No lock is taken: the thread that waits here is the one that handles signals."""

    received: signal.Signals | None = None
    """Which one it was."""

    def __call__(self) -> bool:
        """Whether it has."""
        return self.received is not None

    def pause(self, seconds: float) -> None:
        """Waits so long; if the signal has come, it ends the command here as usual, where nothing is done yet."""
        time.sleep(seconds)
        if self.received is not None:
            signal.raise_signal(self.received)


@contextmanager
def stop_on_signal() -> Iterator[Stop]:
    """Notes SIGINT and SIGTERM; a second one ends the command as usual."""
    stop = Stop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, frame: object) -> None:
        restore()
        stop.received = signal.Signals(number)

    for number in before:
        signal.signal(number, note)
    try:
        yield stop
    finally:
        restore()

"""`streamreg bench`: measures streamreg on this machine, beside the bare client and, if asked, its peers."""

import argparse
import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._cli.arguments import UsageError, add_setting
from streamreg._terminal.screen import say

if TYPE_CHECKING:
    from streamreg._bench.broker import Broker
    from streamreg._bench.contender import Contender
    from streamreg._cli.arguments import Commands

_EPILOG = """\
example:
  streamreg bench
  streamreg bench --bootstrap-servers localhost:9092 --rows 2000000 --rounds 5 --json found.json
  pip install 'streamreg[peers]'  and then  streamreg bench --peers
  streamreg bench --peers windows --peer-python quixstreams=/path/to/python

Every result is checked before its time counts, and contenders take turns. Without a broker of yours
it uses one embedded in this process: good for a comparison of two machines or versions, but slower
than a real one, and some peers do not run on it. On yours it makes topics "streamreg-bench-…" of
four partitions, and deletes them. Run it where nothing else runs.

what is shown:
  whole     rows a second, the start of reading processes included
  steady    the same from the first rows on, where a contender tells
  of raw    the ratio to the bare client in the same rounds (steady, if both tell)
  MiB       the most memory of all processes together, shared pages once (Linux)
  p50, p99  milliseconds from a message's making to its row in the file, autocommit 1 ms

With `--peers windows`: tumbling windows of a minute by 1,000 keys over one topic instead. Pathway
and a line of ours write windows as soon as they hold a row and update them; Quix Streams and the
other line of ours write each once, when it has closed.
"""
_REGRESSION = "regression"
_WINDOWS = "windows"
_EMBEDDED_ROWS = 200_000
_ROWS = 2_000_000


def add_parser(commands: "Commands", common: argparse.ArgumentParser) -> None:
    """Adds the command to the program's parser."""
    parser = commands.add_parser(
        "bench",
        parents=[common],
        help="measure throughput, latency, memory and start-up here",
        description="Measures streamreg on this machine: throughput, memory, latency, start-up.",
        epilog=_EPILOG,
    )
    parser.add_argument("--bootstrap-servers", metavar="HOST:PORT,…", help="where the brokers are")
    add_setting(parser)
    add_measuring(parser)
    parser.set_defaults(command=command)


def add_measuring(parser: argparse.ArgumentParser) -> None:
    """Adds what the programs of the benchmarks are given, too."""
    parser.add_argument(
        "--rows",
        type=_positive,
        metavar="N",
        help=f"messages of a topic (default: {_ROWS}, embedded: {_EMBEDDED_ROWS})",
    )
    parser.add_argument(
        "--rounds", type=_positive, default=3, metavar="N", help="turns of each (default: 3)"
    )
    parser.add_argument(
        "--seconds",
        type=_positive,
        default=10,
        metavar="N",
        help="of sending at each rate, for latency (default: 10)",
    )
    parser.add_argument(
        "--peers",
        nargs="?",
        const=_REGRESSION,
        choices=(_REGRESSION, _WINDOWS),
        help="measure the peers that are installed, too; windows: at windows of a minute, instead of one regression",
    )
    parser.add_argument(
        "--peer-python",
        action="append",
        type=_peer_python,
        default=[],
        metavar="PEER=PATH",
        help="the Python that has a peer (pathway, quixstreams, bytewax), if it is not this one",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to keep all numbers")


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text)):
        raise argparse.ArgumentTypeError("expected a number from 1")
    return int(text)


def _peer_python(text: str) -> tuple[str, str]:
    peer, _, path = text.partition("=")
    if peer not in ("pathway", "quixstreams", "bytewax") or not os.access(path, os.X_OK):
        raise argparse.ArgumentTypeError("expected PEER=PATH of a Python")
    # A measured program runs in a folder of its own. No links are followed: an environment is known by its path.
    return peer, os.path.abspath(path)


def peers(arguments: argparse.Namespace) -> "list[Contender]":
    """The peers asked for, each with the Python that has it."""
    from streamreg._bench import contender, windows

    if not arguments.peers:
        return []
    pythons = dict(arguments.peer_python)
    found = windows.PEERS if arguments.peers == _WINDOWS else contender.PEERS
    return [replace(peer, python=pythons.get(peer.needs, peer.python)) for peer in found]


def rows(arguments: argparse.Namespace) -> int:
    """The rows asked for, on a real broker."""
    return arguments.rows or _ROWS


def tell(text: str) -> None:
    """Says on stderr what goes on: it takes minutes."""
    say(f"streamreg: {text}")


def keep(arguments: argparse.Namespace, found: object) -> None:
    """Writes what was found where --json says."""
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")


def command(arguments: argparse.Namespace, settings: dict[str, object]) -> int:
    """Runs the command; its client's settings go into `settings` as soon as they are known."""
    settings.update(arguments.setting)
    if arguments.bootstrap_servers:
        settings["bootstrap.servers"] = arguments.bootstrap_servers
    elif settings:
        raise UsageError("argument --setting: needs --bootstrap-servers")
    from streamreg._bench.broker import Embedded

    with _broker(arguments) as broker:
        wanted = rows(arguments)
        if isinstance(broker, Embedded):
            wanted = arguments.rows or _EMBEDDED_ROWS
            timed = arguments.peers == _WINDOWS
            most = broker.MOST_TIMED_ROWS if timed else broker.MOST_ROWS
            if wanted > most:
                raise UsageError(f"argument --rows: at most {most} on the embedded broker")
        measured = _windows if arguments.peers == _WINDOWS else _regression
        text, found = measured(broker, wanted, arguments)
    print(text)
    keep(arguments, found)
    return 0


def _regression(
    broker: "Broker", rows: int, arguments: argparse.Namespace
) -> tuple[str, dict[str, object]]:
    """One regression: throughput, latency and start-up, as tables and to be kept."""
    from dataclasses import asdict

    from streamreg._bench.latency import latency, rivals
    from streamreg._bench.startup import startup
    from streamreg._bench.tables import (
        latency_json,
        latency_table,
        startup_table,
        throughput_json,
        throughput_table,
    )
    from streamreg._bench.throughput import throughput

    read = throughput(broker, rows, arguments.rounds, peers(arguments), tell)
    late = latency(broker, rivals(peers(arguments)), arguments.seconds, tell)
    started = startup(broker, arguments.rounds, tell)
    text = f"{throughput_table(read)}\n\n{latency_table(late)}\n\n{startup_table(started)}"
    return text, {**throughput_json(read), "latency": latency_json(late), **asdict(started)}


def _windows(
    broker: "Broker", rows: int, arguments: argparse.Namespace
) -> tuple[str, dict[str, object]]:
    """Windows: throughput, as a table and to be kept."""
    from streamreg._bench.tables import windows_json, windows_table
    from streamreg._bench.windows import FINAL, UPDATED, windows

    ours = [FINAL, UPDATED]
    found = windows(broker, "json", rows, arguments.rounds, ours, peers(arguments), tell)
    return windows_table(found, FINAL.name), windows_json(found, FINAL.name)


@contextlib.contextmanager
def _broker(arguments: argparse.Namespace) -> "Iterator[Broker]":
    from streamreg._bench.broker import Embedded, Remote
    from streamreg._kafka.mock_broker import EmbeddedBroker

    if arguments.bootstrap_servers:
        given = dict(arguments.setting)
        yield Remote({**given, "bootstrap.servers": arguments.bootstrap_servers})
        return
    with EmbeddedBroker() as broker:
        yield Embedded(broker)

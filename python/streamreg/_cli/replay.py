"""`streamreg replay-rejects`: sends the messages of a dead-letter file or topic again."""

import argparse
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from streamreg._cli.arguments import UsageError, add_setting
from streamreg._cli.generate import stop_on_signal
from streamreg._plural import plural
from streamreg._rejects.dead_letters import REASONS, counted
from streamreg._terminal.screen import say
from streamreg._terminal.width import one_line

if TYPE_CHECKING:
    from streamreg._cli.arguments import Commands

_EPILOG = """\
example:
  streamreg replay-rejects rejects.jsonl --dry-run
  streamreg replay-rejects rejects.jsonl --topic linear-regression \\
      --bootstrap-servers localhost:9092
  streamreg replay-rejects --from-topic rejects --topic linear-regression \\
      --bootstrap-servers localhost:9092
  streamreg replay-rejects rejects.jsonl --topic repaired --reason field-count --reason null \\
      --bootstrap-servers broker:9093 --setting security.protocol=sasl_ssl \\
      --setting 'sasl.password=${KAFKA_PASSWORD}'

FILE is what a run wrote as rejects=, or --from-topic the topic that it sent them to. Each message
goes out with the key, value and headers that it had, in the order in which they were rejected.
Nothing is sent unless all of them are sound. Ctrl-C stops it, and it says how to go on.

reasons:
"""
_WIDTH = 100


def add_parser(commands: "Commands", common: argparse.ArgumentParser) -> None:
    """Adds the command to the program's parser."""
    names = max(map(len, REASONS)) + 4
    reasons = "\n".join(
        fill(text, _WIDTH, initial_indent=f"  {name}".ljust(names), subsequent_indent=" " * names)
        for name, text in REASONS.items()
    )
    parser = commands.add_parser(
        "replay-rejects",
        parents=[common],
        help="send rejected messages to a topic again",
        description="Sends the messages that a run rejected to a Kafka topic again.",
        epilog=_EPILOG + reasons,
    )
    parser.add_argument("file", type=Path, metavar="FILE", nargs="?", help="the rejects of a run")
    parser.add_argument(
        "--from-topic", metavar="TOPIC", help="the topic of the rejects of a run, in place of FILE"
    )
    parser.add_argument("--bootstrap-servers", metavar="HOST:PORT,…", help="where the brokers are")
    parser.add_argument("--topic", help="where the messages go")
    add_setting(parser)
    parser.add_argument(
        "--reason",
        action="append",
        choices=tuple(REASONS),
        default=[],
        metavar="KIND",
        help="only messages rejected for this reason; may be given many times",
    )
    parser.add_argument("--skip", type=_count, default=0, metavar="N", help="skip the first N")
    parser.add_argument("--limit", type=_count, metavar="N", help="no more than N")
    parser.add_argument(
        "--same-partition",
        action="store_true",
        help="to the partition each came from; otherwise the client chooses it, by the key",
    )
    parser.add_argument("--dry-run", action="store_true", help="only count, by reason")
    parser.set_defaults(command=command)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise argparse.ArgumentTypeError("expected a number from 0")
    return int(text)


def command(arguments: argparse.Namespace, settings: dict[str, object]) -> int:
    """Runs the command; its client's settings go into `settings` as soon as they are known."""
    from streamreg._operate.replay import (
        Choice,
        RejectsOfFile,
        RejectsOfTopic,
        client_settings,
        replay,
        survey,
    )

    settings.update(arguments.setting)
    if (arguments.file is None) == (arguments.from_topic is None):
        raise UsageError("name a FILE of rejects, or --from-topic")
    if arguments.from_topic is not None and not arguments.bootstrap_servers:
        raise UsageError("--from-topic: name its --bootstrap-servers")
    if not arguments.dry_run and not (arguments.topic and arguments.bootstrap_servers):
        raise UsageError("name the --topic and its --bootstrap-servers, or give --dry-run")
    choice = Choice(frozenset(arguments.reason), arguments.skip, arguments.limit)
    if arguments.bootstrap_servers:
        settings["bootstrap.servers"] = arguments.bootstrap_servers
    rejects = (
        RejectsOfFile(arguments.file, settings)
        if arguments.from_topic is None
        else RejectsOfTopic(arguments.from_topic, settings)
    )
    found = survey(rejects, choice)
    wanted = found.chosen.total()
    if arguments.dry_run or not wanted:
        kinds = f" ({counted(found.chosen)})" if wanted else ""
        total = plural(found.entries, "message")
        print(one_line(f"{rejects.name}: {total}, of which {wanted:,} would be sent{kinds}"))
        return 0

    from streamreg._kafka.producer import TopicWriter

    with stop_on_signal() as stop:
        writer = TopicWriter(client_settings(settings), arguments.topic, stop.pause)
        try:
            sent = replay(
                writer,
                rejects,
                choice,
                found,
                same_partition=arguments.same_partition,
                stopping=stop,
            )
        finally:
            writer.close()
    rest = ""
    if sent < wanted:
        rest = f" of {wanted:,} (stopped; go on with --skip {arguments.skip + sent})"
    say(f"streamreg: {plural(sent, 'message')} sent to {arguments.topic}{rest}")
    return 0

"""Latency and start-up on Apache Kafka, with --peers beside Pathway.

    python -m benches.latency [--seconds 10] [--peers] [--json FILE]

What is measured and how: `streamreg._bench.latency` and `startup`. Needs Java and Maven, as the tests on a real
broker do.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from benches.broker import apache_kafka
from streamreg._bench.latency import latency, rivals
from streamreg._bench.startup import startup
from streamreg._bench.tables import latency_json, latency_table, startup_table
from streamreg._cli.bench import add_measuring, keep, peers, tell


def main() -> None:
    """Measures and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_measuring(parser)
    arguments = parser.parse_args()
    contenders = rivals(peers(arguments))
    with apache_kafka() as broker:
        found = latency(broker, contenders, arguments.seconds, tell)
        started = startup(broker, arguments.rounds, tell)
    text = f"{latency_table(found)}\n\n{startup_table(started)}"
    print(text)
    keep(arguments, {"latency": latency_json(found), **asdict(started), "table": text})


if __name__ == "__main__":
    main()

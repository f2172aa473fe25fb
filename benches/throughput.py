"""Throughput and memory on Apache Kafka, beside the bare client and, with --peers, other engines.

    python -m benches.throughput [--rows 2000000] [--rounds 3] [--peers] [--json FILE]

What is measured and how: `streamreg._bench.throughput`. Needs Java and Maven, as the tests on a real broker do.
"""

from __future__ import annotations

import argparse

from benches.broker import apache_kafka
from streamreg._bench.tables import throughput_json, throughput_table
from streamreg._bench.throughput import throughput
from streamreg._cli.bench import add_measuring, keep, peers, rows, tell


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_measuring(parser)
    arguments = parser.parse_args()
    with apache_kafka() as broker:
        found = throughput(broker, rows(arguments), arguments.rounds, peers(arguments), tell)
    text = throughput_table(found)
    print(text)
    keep(arguments, {**throughput_json(found), "table": text})


if __name__ == "__main__":
    main()

"""Topics on Apache Kafka that are compressed, of small batches or of wide messages: read natively, by the client, raw.

    python -m benches.topics [--rows 2000000] [--rounds 3] [--json FILE]

What is measured and how: `streamreg._bench.topics`. Needs Java and Maven, as the tests on a real broker do.
"""

from __future__ import annotations

import argparse

from benches.broker import apache_kafka
from streamreg._bench.tables import topics_json, topics_table
from streamreg._bench.topics import topics
from streamreg._cli.bench import add_measuring, keep, rows, tell


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_measuring(parser)
    arguments = parser.parse_args()
    with apache_kafka() as broker:
        found = topics(broker, rows(arguments), arguments.rounds, tell)
    text = topics_table(found)
    print(text)
    keep(arguments, {**topics_json(found), "table": text})


if __name__ == "__main__":
    main()

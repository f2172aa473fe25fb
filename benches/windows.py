"""Windows on Apache Kafka, beside the same regression by key alone and, with --peers windows, other engines.

    python -m benches.windows [--rows 2000000] [--rounds 3] [--peers windows] [--json FILE]

What is measured and how: `streamreg._bench.windows`. The topic beside the regression by key is of CSV, where decoding
takes least, so that windows show most; peers read JSON. Needs Java and Maven, as the tests on a real broker do.
"""

from __future__ import annotations

import argparse

from benches.broker import apache_kafka
from streamreg._bench.tables import windows_json, windows_table
from streamreg._bench.windows import BY, FINAL, SLIDING, UPDATED, windows
from streamreg._cli.bench import add_measuring, keep, peers, rows, tell


def main() -> None:
    """Measures and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_measuring(parser)
    arguments = parser.parse_args()
    count, rounds, theirs = rows(arguments), arguments.rounds, peers(arguments)
    with apache_kafka() as broker:
        ours = [BY, FINAL, UPDATED, SLIDING]
        costs = windows(broker, "csv", count, rounds, ours, [], tell)
        table = windows_table(costs, BY.name)
        print(table)
        found = {"costs": {**windows_json(costs, BY.name), "table": table}}
        if theirs:
            beside = windows(broker, "json", count, rounds, [FINAL, UPDATED], theirs, tell)
            table = windows_table(beside, FINAL.name)
            print(f"\n{table}")
            found["peers"] = {**windows_json(beside, FINAL.name), "table": table}
    keep(arguments, found)


if __name__ == "__main__":
    main()

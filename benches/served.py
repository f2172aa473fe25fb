"""What it costs to be looked at: throughput with the page's requests and a scraper beside without; memory over time.

    python -m benches.served [--rows 24000000] [--rounds 5]
    python -m benches.served --soak 3600 [--rate 5000]

The first reads a topic of Apache Kafka to its end: alone, with a client that asks for what the page shows at its pace,
and with the page in a browser, which takes processors of the same machine. It says the medians of the ratios; the goal
is the client's. The second looks at the memory of all processes of a demonstration with the page in a browser. Both
need Debian's chromium, and a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import replace
from urllib.error import URLError

from benches.broker import apache_kafka
from benches.page_browser import PageBrowser
from benches.page_client import PageClient
from streamreg._bench.contender import STREAMREG, Job, measure
from streamreg._bench.points import exact, load
from tests.support.kafka.listeners import free_ports

PARALLEL = 2
LEAST_RATIO = 0.97
MOST_GROWTH = 1.1
"""Memory at the end by that after the first quarter."""
_LOOK_SECONDS = 5.0


def throughput(rows: int, rounds: int) -> bool:
    """Whether a run whose page is open is as fast as one that serves nothing, but for 3 %."""
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    served = replace(STREAMREG, name="streamreg, served", listen=f"127.0.0.1:{port}")
    ratios: dict[str, list[float]] = {"page's requests": [], "page in a browser": []}
    with apache_kafka() as broker, broker.topic("served") as topic:
        load(broker.settings, topic, "csv", rows)
        settings = {**broker.settings, **broker.reading}
        job = Job(settings=settings, topic=topic, format="csv", rows=rows, parallel=PARALLEL)
        wanted = exact(rows)
        for number in range(rounds):
            alone = measure(STREAMREG, job, wanted)
            print(
                f"round {number}: {alone.whole:,.0f} rows/s, {alone.processor:.2f} s of CPU",
                flush=True,
            )
            for (name, found), visitor in zip(
                ratios.items(), (PageClient(url), PageBrowser(url)), strict=True
            ):
                with visitor:
                    looked_at = measure(served, job, wanted)
                found.append(looked_at.whole / alone.whole)
                print(
                    f"  {name}: {looked_at.whole:,.0f} rows/s, {looked_at.processor:.2f} s of CPU: {found[-1]:.3f} "
                    f"({visitor.scraped} scrapes, {visitor.drawn} figures)",
                    flush=True,
                )
    medians = {name: statistics.median(found) for name, found in ratios.items()}
    for name, median in medians.items():
        print(f"{name}: median of the ratios {median:.3f}")
    print(f"at least {LEAST_RATIO} with the page's requests is the goal")
    return medians["page's requests"] >= LEAST_RATIO


def soak(seconds: int, rate: float) -> bool:
    """Whether the memory of a run that is looked at stays as it is."""
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "streamreg", "demo", "--listen", f"127.0.0.1:{port}"]
        command += ["--rate", str(rate), "--count", str(int(rate * (seconds + 60)))]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
            try:
                with PageBrowser(url) as visitor:
                    found = _watch(url, seconds)
                    print(f"{visitor.scraped} scrapes, {visitor.drawn} figures")
            finally:
                process.terminate()
    if not found:
        raise SystemExit(f"nothing was read within {seconds} s: give it more")
    quarter = len(found) // 4
    flat = True
    for role in found[-1]:
        warm, last = found[quarter][role], found[-1][role]
        flat &= last <= MOST_GROWTH * warm
        print(f"{role}: {warm / 1e6:.1f} MB after a quarter, {last / 1e6:.1f} MB at the end")
    return flat


def _watch(url: str, seconds: int) -> list[dict[str, int]]:
    """The memory of each process, every few seconds."""
    deadline = time.monotonic() + seconds
    found: list[dict[str, int]] = []
    while time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        try:
            with urllib.request.urlopen(f"{url}/v1/status", timeout=10) as answer:
                status = json.load(answer)
        except (URLError, ConnectionError):
            if found:
                raise
            continue
        if status["phase"] == "reading":
            found.append(status["memory_bytes"])
            shown = ", ".join(f"{role} {size / 1e6:.1f}" for role, size in found[-1].items())
            print(f"{status['rows']:,} rows, MB: {shown}", flush=True)
    return found


def main() -> None:
    """Measures, and ends with 1 where the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=24_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--soak", type=int, metavar="SECONDS")
    parser.add_argument("--rate", type=float, default=5000.0)
    arguments = parser.parse_args()
    if arguments.soak is not None:
        good = soak(arguments.soak, arguments.rate)
    else:
        good = throughput(arguments.rows, arguments.rounds)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

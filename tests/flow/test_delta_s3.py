"""Delta Lake tables in an object store, by a server of its API: exactly once, whatever dies."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from deltalake import DeltaTable
from moto.server import ThreadedMotoServer

from tests.support.destinations import NAMES, besieged, check

BUCKET = "lines"


@pytest.fixture
def options() -> Iterator[dict[str, str]]:
    """Those of delta-rs for a store in this process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        found = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "alice",
            "AWS_SECRET_ACCESS_KEY": "alice-secret",
            "AWS_CONDITIONAL_PUT": "etag",
        }
        client = boto3.client(
            "s3",
            endpoint_url=found["AWS_ENDPOINT_URL"],
            region_name=found["AWS_REGION"],
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
        )
        client.create_bucket(Bucket=BUCKET)
        yield found
    finally:
        server.stop()


def rows_of(url: str, options: dict[str, str]) -> list[tuple[Any, ...]]:
    """As DuckDB sees them; of a changelog in the order of its times."""
    dataset = DeltaTable(url, storage_options=options).to_pyarrow_dataset()
    with duckdb.connect() as database:
        found = database.from_arrow(dataset).fetchall()
    if "time" in dataset.schema.names:
        at = dataset.schema.names.index("time")
        found.sort(key=lambda row: row[at])
    return found


# Few, as each request to a store takes its time: the others are those of any table.
DEATHS = [
    ("after the commit, before the first delivery", 1),
    ("the transaction of a delivery is open", 1),
    ("delivered, and not confirmed", 1),
]


def test_each_change_is_there_once_whatever_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, str]
) -> None:
    """After a death on each side of a commit folded changelogs are the current tables, and these the exact ones."""
    monkeypatch.chdir(tmp_path)
    folder = f"s3://{BUCKET}/"
    given = {"SINK_FOLDER": folder, "SINK_OPTIONS": json.dumps(options)}
    besieged("delta", tmp_path, 120, DEATHS, **given)
    found = {f"{name}_{mode}": rows_of(f"{folder}{name}_{mode}", options) for name, mode in NAMES}
    check(found, 120, tmp_path)

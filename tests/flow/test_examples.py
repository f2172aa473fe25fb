"""The example that needs a database runs as it is, against a real one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer
from tests.support.process import ROOT


def test_the_table_of_postgres(
    server: PostgresServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its last lines say is what it is for; nothing of it is left in the database."""
    for name, value in (pair.split("=") for pair in server.connection.split()):
        variable = {"dbname": "PGDATABASE"}.get(name, f"PG{name.upper()}")
        monkeypatch.setenv(variable, value)
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "examples/postgres_table.py"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-2:] == [
        "its changes come to the same table: True",
        "bit for bit what the run has come to: True",
    ]
    assert "public" not in {schema for schema, *_ in server.rows("pg_tables")}

"""A real PostgreSQL server on a free port, which can be killed and started again; never as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.support.kafka.listeners import free_ports

USER, PASSWORD = "alice", "alice-secret"


def binaries() -> Path | None:
    """Where Debian's server is; the newest one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class PostgresServer:
    """A server with its data in a folder of its own."""

    def __init__(self, programs: Path) -> None:
        """Makes the data; the server runs after `start`."""
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="streamreg-postgres-"))
        self._data = self._folder / "data"
        self._user = "postgres" if os.getuid() == 0 else None
        password = self._folder / "password"
        password.write_text(PASSWORD)
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            for path in (self._folder, password):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        [self.port] = free_ports(1)
        made = ["-D", str(self._data), "-U", USER, f"--pwfile={password}", "-A", "scram-sha-256"]
        self._run("initdb", [*made, "--no-sync", "-E", "UTF8", "--locale=C"])

    @property
    def connection(self) -> str:
        """How a program reaches it."""
        return f"host=127.0.0.1 port={self.port} user={USER} password={PASSWORD} dbname=postgres"

    def start(self) -> None:
        """Returns when it takes connections."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= "
            "-c fsync=off -c max_connections=30"
        )
        log = str(self._folder / "log")
        self._run("pg_ctl", ["-D", str(self._data), "-l", log, "-w", "-o", options, "start"])

    def kill(self) -> None:
        """As a crash would end it."""
        self._run("pg_ctl", ["-D", str(self._data), "-m", "immediate", "-w", "stop"])

    def close(self) -> None:
        """Ends it and removes its data."""
        if (self._data / "postmaster.pid").exists():
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """What stands in a table; of a changelog in the order of its times."""
        with psycopg.connect(self.connection) as connection:
            asked = sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
            cursor = connection.execute(asked)
            found = cursor.fetchall()
            names = [column.name for column in cursor.description or ()]
        if "time" in names:
            found.sort(key=lambda row: row[-2:])
        return found

    def do(self, *statements: str) -> None:
        """What an administrator does."""
        with psycopg.connect(self.connection) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def _run(self, program: str, arguments: Sequence[str]) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self._folder,
            user=self._user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, f"{program}: {done.returncode}"

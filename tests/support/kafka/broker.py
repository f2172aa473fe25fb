"""A real Apache Kafka broker for the tests: one KRaft node on free ports, as a process of its own.

It has a PLAINTEXT listener and a SASL_SSL one (SCRAM-SHA-256); it can be killed and started again
on the same data and ports; and it is gone when the process that started it is, however that ended.
"""

import atexit
import base64
import shutil
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.support.kafka.jars import classpath
from tests.support.kafka.listeners import HOST, free_ports, server_properties

USER = "alice"
PASSWORD = "alice-secret"
STORE_PASSWORD = "store-secret"

_READY_SECONDS = 90.0
_STOP_SECONDS = 20.0
_ATTEMPTS = 3

# Kills the broker when its standard input ends: the kernel closes the other end of that pipe with
# the test process, so no JVM outlives it, not even after a SIGKILL.
_WATCHDOG = 'read -r _; kill -KILL "$0" 2>/dev/null'


class KafkaBroker:
    """A broker with its data, certificates and log in one folder.

    Attributes:
        plaintext: Settings for a client without authentication.
        sasl_ssl: Settings for a client that is `alice`, over TLS.
        log: The broker's log, appended to by every start.
        ca: The certificate that clients trust, as PEM.
    """

    def __init__(self, folder: Path) -> None:
        """Makes the certificate; the broker runs after `start`."""
        self.folder = folder
        self.log = folder / "server.log"
        self.ca = folder / "ca.pem"
        self._properties = folder / "server.properties"
        self._key_store = folder / "broker.p12"
        self._data = folder / "data"
        self._ports: tuple[int, int, int] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._classpath = classpath()
        folder.mkdir(parents=True, exist_ok=True)
        self._make_certificate()
        atexit.register(self.close)

    @property
    def plaintext(self) -> dict[str, str]:
        return {"bootstrap.servers": f"{HOST}:{self._port(0)}"}

    @property
    def sasl_ssl(self) -> dict[str, str]:
        return {
            "bootstrap.servers": f"{HOST}:{self._port(1)}",
            "security.protocol": "sasl_ssl",
            "sasl.mechanism": "SCRAM-SHA-256",
            "sasl.username": USER,
            "sasl.password": PASSWORD,
            "ssl.ca.location": str(self.ca),
        }

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts the broker, on the data and ports it had before, and returns when it answers."""
        if self.running:
            raise RuntimeError("the broker is running")
        if self._ports is not None:
            self._launch()
            self._wait_until_ready()
            return
        for attempt in range(1, _ATTEMPTS + 1):
            self._format()
            self._launch()
            try:
                self._wait_until_ready()
            except RuntimeError:
                # Between choosing a port and listening on it another process may have taken it.
                if "Address already in use" not in self.log_tail() or attempt == _ATTEMPTS:
                    raise
                self.kill()
            else:
                return

    def stop(self) -> None:
        """Asks the broker to stop and waits for it; its data stay."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._reap()

    def kill(self) -> None:
        """Kills the broker (SIGKILL), as a crash would; its data stay."""
        if self._process is not None:
            self._process.kill()
        self._reap()

    def close(self) -> None:
        """Stops the broker for good and removes its data; the log stays."""
        self.kill()
        shutil.rmtree(self._data, ignore_errors=True)
        atexit.unregister(self.close)

    def create_topic(
        self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None
    ) -> None:
        """Creates a topic and returns when every partition of it has a leader."""
        admin = AdminClient({**self.plaintext})
        new = NewTopic(name, num_partitions=partitions, config=dict(config or {}))
        admin.create_topics([new])[name].result(30)
        deadline = time.monotonic() + 30
        while True:
            topic = admin.list_topics(name, timeout=10).topics[name]
            leaders = [partition.leader for partition in topic.partitions.values()]
            if len(leaders) == partitions and all(leader >= 0 for leader in leaders):
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"topic {name} has no leaders: {leaders}\n{self.log_tail()}")
            time.sleep(0.02)

    def log_tail(self, lines: int = 40) -> str:
        """The end of the broker's log."""
        if not self.log.exists():
            return f"{self.log} is not there"
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join([f"--- the end of {self.log}", *text[-lines:]])

    def _port(self, index: int) -> int:
        if self._ports is None:
            raise RuntimeError("the broker was never started")
        return self._ports[index]

    def _java(self, main: str, *arguments: str) -> list[str]:
        return [
            "java",
            "-Xms128m",
            "-Xmx512m",
            "-XX:+UseSerialGC",  # few threads: the broker shares the machine with what it tests
            "-Djava.awt.headless=true",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-cp",
            self._classpath,
            main,
            *arguments,
        ]

    def _make_certificate(self) -> None:
        """A key store for the listener, and its certificate for the clients; good for this host."""
        named = [
            "-alias",
            "broker",
            "-keystore",
            str(self._key_store),
            "-storepass",
            STORE_PASSWORD,
        ]
        key = ["-keyalg", "EC", "-groupname", "secp256r1", "-validity", "30"]
        subject = ["-dname", "CN=localhost", "-ext", f"SAN=dns:localhost,ip:{HOST}"]
        make = ["keytool", "-genkeypair", "-storetype", "PKCS12"]
        self._run([*make, *named, *key, *subject])
        self._run(["keytool", "-exportcert", "-rfc", *named, "-file", str(self.ca)])

    def _format(self) -> None:
        """New ports and an empty log directory: the controller's address is part of the format."""
        self._ports = free_ports()
        shutil.rmtree(self._data, ignore_errors=True)
        self._properties.write_text(
            server_properties(self._ports, self._data, self._key_store, STORE_PASSWORD)
        )
        # The letter in front: an id with a leading "-" would be read as an option.
        cluster = "k" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
        scram = f"SCRAM-SHA-256=[name={USER},password={PASSWORD}]"
        what = ["-t", cluster, "-c", str(self._properties), "--add-scram", scram]
        self._run(self._java("kafka.tools.StorageTool", "format", "--standalone", *what))

    def _launch(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._java("kafka.Kafka", str(self._properties)),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests; they stop the broker themselves
            )
        self._watchdog = subprocess.Popen(
            ["sh", "-c", _WATCHDOG, str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _wait_until_ready(self) -> None:
        """Returns when both listeners result with the broker in their metadata."""
        deadline = time.monotonic() + _READY_SECONDS
        for settings in (self.plaintext, self.sasl_ssl):
            admin = AdminClient({**settings, "log_level": 0, "reconnect.backoff.max.ms": 200})
            while not _results(admin):
                if not self.running:
                    self._reap()
                    raise RuntimeError(f"the broker ended while starting\n{self.log_tail()}")
                if time.monotonic() > deadline:
                    self.kill()
                    raise RuntimeError(
                        f"the broker did not answer in {_READY_SECONDS} s\n{self.log_tail()}"
                    )

    def _reap(self) -> None:
        # The watchdog first: once the broker is waited for, its process id may be another's.
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.communicate()
        if self._process is not None:
            self._process.wait()
        self._watchdog = self._process = None

    def _run(self, command: Sequence[str]) -> None:
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed ({done.returncode}):\n{done.stdout}")


def _results(admin: AdminClient) -> bool:
    try:
        return bool(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return False

"""A real Apache Kafka broker for the tests: one KRaft node on free ports, as a process of its own.

It has a PLAINTEXT listener and a SASL_SSL one (SCRAM-SHA-256); it can be killed and started again
on the same data and ports; and it is gone when the process that started it is, however that ended.
"""

import atexit
import math
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka.admin import AdminClient

from tests.support.kafka.listeners import HOST, free_ports, server_properties
from tests.support.kafka.node import KafkaNode, run
from tests.support.kafka.proxy import DelayingProxy
from tests.support.kafka.topics import answers, cluster_id, create_topic

USER = "alice"
PASSWORD = "alice-secret"
STORE_PASSWORD = "store-secret"

_READY_SECONDS = 90.0
_ATTEMPTS = 3


class KafkaBroker:
    """A broker with its data, certificates and log in one folder.

    Attributes:
        plaintext: Settings for a client without authentication.
        sasl_ssl: Settings for a client that is `alice`, over TLS.
        log: The broker's log, appended to by every start.
        ca: The certificate that clients trust, as PEM.
        read_by: Settings of all clients, which decide what reads; none: natively.
    """

    def __init__(self, folder: Path) -> None:
        """Makes the certificate; the broker runs after `start`."""
        self.folder = folder
        self.log = folder / "server.log"
        self.ca = folder / "ca.pem"
        self._properties = folder / "server.properties"
        self._key_store = folder / "broker.p12"
        self._data = folder / "data"
        self.read_by: Mapping[str, str] = {}
        self._ports: list[int] | None = None
        self._node = KafkaNode(self._properties, self.log)
        folder.mkdir(parents=True, exist_ok=True)
        self._make_certificate()
        atexit.register(self.close)

    @property
    def plaintext(self) -> dict[str, str]:
        return {"bootstrap.servers": f"{HOST}:{self._port(0)}", **self.read_by}

    @property
    def sasl_ssl(self) -> dict[str, str]:
        return {
            "bootstrap.servers": f"{HOST}:{self._port(1)}",
            "security.protocol": "sasl_ssl",
            "sasl.mechanism": "SCRAM-SHA-256",
            "sasl.username": USER,
            "sasl.password": PASSWORD,
            "ssl.ca.location": str(self.ca),
            **self.read_by,
        }

    @property
    def oauth(self) -> dict[str, str]:
        """Settings for a client that comes with a token, but for where it has it from."""
        return {
            "bootstrap.servers": f"{HOST}:{self._port(5)}",
            "security.protocol": "sasl_plaintext",
            "sasl.mechanism": "OAUTHBEARER",
            **self.read_by,
        }

    @property
    def far(self) -> dict[str, str]:
        """Settings for a client that comes through `proxy`, and finds the broker behind it alone."""
        return {"bootstrap.servers": f"{HOST}:{self._port(4)}", **self.read_by}

    def proxy(self, round_trip: float, rate: float = math.inf) -> DelayingProxy:
        """The way to the broker for `far`: so many seconds there and back, so many bytes a second from it."""
        return DelayingProxy(self._port(4), (HOST, self._port(3)), round_trip, rate)

    @property
    def running(self) -> bool:
        return self._node.running

    def start(self) -> None:
        """Starts the broker, on the data and ports it had before, and returns when it answers."""
        if self.running:
            raise RuntimeError("the broker is running")
        if self._ports is not None:
            self._node.launch()
            self._wait_until_ready()
            return
        for attempt in range(1, _ATTEMPTS + 1):
            self._format()
            self._node.launch()
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
        self._node.stop()

    def kill(self) -> None:
        """Kills the broker (SIGKILL), as a crash would; its data stay."""
        self._node.kill()

    def close(self) -> None:
        """Stops the broker for good and removes its data; the log stays."""
        self.kill()
        shutil.rmtree(self._data, ignore_errors=True)
        atexit.unregister(self.close)

    def create_topic(
        self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None
    ) -> None:
        """Creates a topic and returns when every partition of it has a leader."""
        create_topic(self.plaintext, name, partitions, config=config)

    def log_tail(self, lines: int = 40) -> str:
        """The end of the broker's log."""
        return self._node.log_tail(lines)

    def _port(self, index: int) -> int:
        if self._ports is None:
            raise RuntimeError("the broker was never started")
        return self._ports[index]

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
        run([*make, *named, *key, *subject], self.folder)
        run(["keytool", "-exportcert", "-rfc", *named, "-file", str(self.ca)], self.folder)

    def _format(self) -> None:
        """New ports and an empty log directory: the controller's address is part of the format."""
        self._ports = free_ports(6)
        shutil.rmtree(self._data, ignore_errors=True)
        self._properties.write_text(
            server_properties(self._ports, self._data, self._key_store, STORE_PASSWORD)
        )
        scram = f"SCRAM-SHA-256=[name={USER},password={PASSWORD}]"
        self._node.format(cluster_id(), "--standalone", "--add-scram", scram)

    def _wait_until_ready(self) -> None:
        """Returns when both listeners result with the broker in their metadata."""
        deadline = time.monotonic() + _READY_SECONDS
        for settings in (self.plaintext, self.sasl_ssl):
            admin = AdminClient({**settings, "log_level": 0, "reconnect.backoff.max.ms": 200})
            while not answers(admin):
                if not self.running:
                    self._node.reap()
                    raise RuntimeError(f"the broker ended while starting\n{self.log_tail()}")
                if time.monotonic() > deadline:
                    self.kill()
                    raise RuntimeError(
                        f"the broker did not answer in {_READY_SECONDS} s\n{self.log_tail()}"
                    )

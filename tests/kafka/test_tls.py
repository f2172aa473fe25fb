"""Certificates that do not fit: who reads says so, doctor says why, and the process ends as it should."""

import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource

import streamreg as sr
from streamreg._core import HandOverError
from streamreg._kafka.native_reader import NativeReader
from streamreg._kafka.partition_table import PartitionTable
from streamreg._kafka.topics import Topics
from streamreg._source.contract import Range
from tests.support.doctor import failure, job_file
from tests.support.kafka.broker import STORE_PASSWORD, KafkaBroker
from tests.support.kafka.listeners import HOST
from tests.support.kafka.produce import Produce

READERS = ("native",)
"""Which settings the broker gives: tests here choose their readers themselves."""

PROCESSES = 60

NETWORK_THREADS = 3
"""Of the broker, for each listener, as it comes."""

PROGRAM = """
import json, sys
from streamreg import SourceError
from streamreg._kafka.source import KafkaSource
from streamreg._kafka.topics import Topics

source = KafkaSource(json.loads(sys.argv[1]), Topics(("points",)), "static", 0)
try:
    source.pin(None, print, lambda: False)
except SourceError as error:
    print(error)
finally:
    source.close()
"""


class Point(sr.Schema):
    """What the topic would hold."""

    x: float
    y: float


def test_a_process_ends_well_though_the_broker_is_not_trusted(broker: KafkaBroker) -> None:
    """No thread of the client is in a handshake when OpenSSL is taken down: one of twenty processes crashed by that."""
    settings = {k: v for k, v in broker.sasl_ssl.items() if k != "ssl.ca.location"}
    command = [sys.executable, "-c", PROGRAM, json.dumps(settings)]

    def one(_: int) -> tuple[int, str]:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout

    with ThreadPoolExecutor(8) as threads:
        ended = list(threads.map(one, range(PROCESSES)))
    assert {code for code, _ in ended} == {0}
    assert all("check ssl.ca.location" in text for _, text in ended)


def expired_certificate(folder: Path) -> tuple[Path, Path]:
    """A key store like the broker's own, whose certificate is out of date, and that certificate."""
    store, certificate = folder / "expired.p12", folder / "expired.pem"
    named = ["-alias", "broker", "-keystore", str(store), "-storepass", STORE_PASSWORD]
    key = ["-keyalg", "EC", "-groupname", "secp256r1", "-startdate", "-10d", "-validity", "5"]
    subject = ["-dname", "CN=localhost", "-ext", f"SAN=dns:localhost,ip:{HOST}"]
    make = ["keytool", "-genkeypair", "-storetype", "PKCS12", *named, *key, *subject]
    export = ["keytool", "-exportcert", "-rfc", *named, "-file", str(certificate)]
    for command in (make, export):
        subprocess.run(command, check=True, capture_output=True)
    return store, certificate


@contextmanager
def showing(broker: KafkaBroker, store: Path, certificate: Path) -> Iterator[None]:
    """The broker shows the certificate of this store meanwhile."""
    admin = AdminClient({**broker.plaintext})
    host, port = broker.sasl_ssl["bootstrap.servers"].split(":")

    def configure(change: AlterConfigOpType, shown: Path) -> None:
        name = "listener.name.sasl_ssl.ssl.keystore.location"
        entry = ConfigEntry(name, str(store), incremental_operation=change)
        resource = ConfigResource("broker", "1", incremental_configs=[entry])
        [done] = admin.incremental_alter_configs([resource]).values()
        done.result()
        deadline = time.monotonic() + 30
        wanted = ssl.PEM_cert_to_DER_cert(shown.read_text())
        # Each of the broker's threads has its own, and they take connections in turns.
        in_a_row = 0
        while in_a_row < 3 * NETWORK_THREADS:
            assert time.monotonic() < deadline
            found = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port))))
            in_a_row = in_a_row + 1 if found == wanted else 0

    configure(AlterConfigOpType.SET, certificate)
    try:
        yield
    finally:
        configure(AlterConfigOpType.DELETE, broker.ca)


def read_for(native: NativeReader, seconds: int) -> None:
    """Reads and finds nothing."""
    for _ in range(seconds):
        assert native.read(1.0) is None


def assert_refused(settings: dict[str, str], words: str, advice: str, native: str) -> None:
    """Doctor says what is wrong with the certificate, a run where to look, and the native reader hands over."""
    line = failure(job_file(settings, "points"))
    assert line.check == "tls"
    assert words in line.text
    assert advice in line.text
    t = sr.io.kafka.read(settings, "points", schema=Point, mode="static", header=["x", "y"])
    sr.io.csv.write(t, "rows.csv")
    with pytest.raises(sr.SourceError, match=r"certificate verify failed.*streamreg doctor"):
        sr.run(processes=1)
    reader = NativeReader(
        PartitionTable(Topics(("points",))), settings, {0: Range(0, None, untouched=True)}
    )
    with closing(reader), pytest.raises(HandOverError, match=native):
        read_for(reader, 20)


def test_a_certificate_out_of_date(
    broker: KafkaBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is called by its name, for that is what is to be done about it."""
    monkeypatch.chdir(tmp_path)
    store, certificate = expired_certificate(tmp_path)
    settings = {**broker.sasl_ssl, "ssl.ca.location": str(certificate)}
    with showing(broker, store, certificate):
        assert_refused(
            settings, "certificate has expired", "the broker needs a new certificate", "expired"
        )


def test_a_certificate_of_another_host(
    broker: KafkaBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads to the broker and is not in its certificate is told with what to change."""
    monkeypatch.chdir(tmp_path)
    port = broker.sasl_ssl["bootstrap.servers"].rpartition(":")[2]
    settings = {**broker.sasl_ssl, "bootstrap.servers": f"127.1:{port}"}
    advice = "use a name that the broker's certificate has in bootstrap.servers"
    assert_refused(settings, "not valid for '127.1'", advice, "127.1|name")


def test_authorities_in_a_folder(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A folder as `openssl rehash` makes it is read natively, by its hashed names, as the client does."""
    monkeypatch.chdir(tmp_path)
    caplog.set_level("INFO", "streamreg")
    # The hash of CN=localhost.
    (tmp_path / "ce275665.0").write_bytes(broker.ca.read_bytes())
    settings = {**broker.sasl_ssl, "ssl.ca.location": str(tmp_path)}
    broker.create_topic(topic)
    produce(topic, ["x,y", "1,2"])
    t = sr.io.kafka.read(settings, topic, schema=Point, mode="static")
    sr.io.csv.write(t, "rows.csv")
    sr.run(processes=1)
    assert "is read natively" in caplog.text
    assert "read by the client" not in caplog.text

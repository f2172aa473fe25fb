"""Doctor: addresses, connections and certificates, with plain sockets, whose errors name the cause.

Whether it does fail is decided by the Kafka client in `broker`: it is what a run uses.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
from collections.abc import Mapping
from typing import Literal

from streamreg._operate.doctor.outcomes import NoTlsError, SkipError, TroubleError

_SECONDS = 20.0
"""The longest wait for one response: a far broker takes several seconds."""
_PORT = 9092
"""Where librdkafka looks if an address names none."""
_ADDRESS = re.compile(
    r"(?:[a-z0-9_]+://)?(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:\[\]]+))(?::(?P<port>\d{1,5}))?", re.I
)

# ApiVersions, version 0, from the client "streamreg": every broker responds to it before authentication.
_CORRELATION = 0x73747267
_NAME = b"streamreg"
_QUESTION = struct.pack(">hhih", 18, 0, _CORRELATION, len(_NAME)) + _NAME
_TLS_ALERT = 0x15

Language = Literal["kafka", "tls", "other"]


class Network:
    """The way to the brokers that the settings name."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        """Looks at nothing yet."""
        self._settings = settings
        self.protocol = settings.get("security.protocol", "plaintext").lower()
        self._known: list[tuple[str, int]] = []
        self._place: tuple[str, int] | None = None

    def resolve(self) -> str:
        """Looks the names up."""
        servers = self._settings.get("bootstrap.servers", "")
        lost = []
        for server in filter(None, map(str.strip, servers.split(","))):
            host, port = _split(server)
            try:
                socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:  # UnicodeError: no name at all
                lost.append(f"{host} does not resolve ({_words(error)})")
            else:
                self._known.append((host, port))
        if not self._known:
            raise TroubleError(f"{'; '.join(lost) or 'no address'}: check bootstrap.servers")
        return "; ".join([", ".join(f"{host}:{port}" for host, port in self._known), *lost])

    def connect(self) -> str:
        """Connects to the first server that takes a connection."""
        lost = []
        for host, port in self._known:
            error = reach(host, port)
            if error is None:
                self._place = self._place or (host, port)
            else:
                lost.append(f"{host}:{port}: {error}")
        if self._place is None:
            raise TroubleError(
                f"{'; '.join(lost)}: check the port in bootstrap.servers, whether the broker runs, and firewalls"
            )
        return "; ".join([f"{self._place[0]}:{self._place[1]} accepts connections", *lost])

    def handshake(self) -> str:
        """Speaks TLS as the settings say, and describes the broker's certificate.

        Raises:
            TroubleError: With the reason, and the setting to change.
        """
        context = self._context()
        host, port = self._server()
        try:
            with (
                socket.create_connection((host, port), _SECONDS) as plain,
                context.wrap_socket(plain, server_hostname=host) as secure,
            ):
                certificate = secure.getpeercert() or {}
                until = certificate.get("notAfter")
                valid = f", certificate valid until {until}" if until else ""
                return f"{secure.version()}{valid}"
        except ssl.SSLCertVerificationError as error:
            raise TroubleError(f"{error.verify_message}: {_certificate_hint(error)}") from None
        except OSError as error:
            if self.language() == "kafka":
                raise NoTlsError(
                    f"{host}:{port} speaks no TLS: check the port in bootstrap.servers, or set "
                    f"security.protocol={self.protocol.replace('ssl', 'plaintext')}"
                ) from None
            raise TroubleError(
                f"the handshake failed ({_words(error)}): check the port in bootstrap.servers"
            ) from None

    def language(self) -> Language:
        """What the server speaks to a client that comes without TLS."""
        host, port = self._server()
        try:
            with socket.create_connection((host, port), _SECONDS) as plain:
                plain.sendall(struct.pack(">i", len(_QUESTION)) + _QUESTION)
                response = plain.recv(8)
        except OSError:
            return "other"
        if response[4:] == struct.pack(">i", _CORRELATION):
            return "kafka"
        return "tls" if response[:1] == bytes([_TLS_ALERT]) else "other"

    def _server(self) -> tuple[str, int]:
        if self._place is None:
            raise SkipError("no connection")
        return self._place

    def _context(self) -> ssl.SSLContext:
        get = self._settings.get
        place = get("ssl.ca.location") or None
        try:
            context = ssl.create_default_context(
                cafile=place if place != "probe" else None, cadata=get("ssl.ca.pem") or None
            )
        except (OSError, ValueError) as error:
            raise TroubleError(
                f"no certificates in {place}: {_words(error)}: check ssl.ca.location"
            ) from None
        if get("enable.ssl.certificate.verification", "true").lower() == "false":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif get("ssl.endpoint.identification.algorithm", "https").lower() == "none":
            context.check_hostname = False
        own = get("ssl.certificate.location")
        if own:
            try:
                context.load_cert_chain(
                    own, get("ssl.key.location"), lambda: get("ssl.key.password", "")
                )
            except (OSError, ValueError) as error:
                raise TroubleError(
                    f"the client's own certificate: {_words(error)}: check ssl.certificate.location, "
                    "ssl.key.location and ssl.key.password"
                ) from None
        return context


def reach(host: str, port: int) -> str | None:
    """Why no connection can be made; None if one can."""
    try:
        socket.create_connection((host, port), _SECONDS).close()
    except (OSError, UnicodeError) as error:
        return _words(error)
    return None


def _split(server: str) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(server)
    port = int(found["port"] or _PORT) if found else 0
    if found is None or not 0 < port < 1 << 16:
        raise TroubleError(f"{server!r} is no host:port: check bootstrap.servers")
    return found["v6"] or found["host"], port


def _certificate_hint(error: ssl.SSLCertVerificationError) -> str:
    text = error.verify_message.lower()
    if "expired" in text or "not yet valid" in text:
        return "the broker needs a new certificate, or this machine's clock is wrong"
    if "mismatch" in text or "not valid for" in text:
        return (
            "use a name that the broker's certificate has in bootstrap.servers, or set "
            "ssl.endpoint.identification.algorithm=none"
        )
    return "check ssl.ca.location: it must hold the certificate that signed the broker's"


def _words(error: BaseException) -> str:
    """The text of an error, without numbers and places of source code."""
    if isinstance(error, TimeoutError):
        return f"no response in {_SECONDS:g} s"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return (error.strerror if isinstance(error, OSError) else None) or str(error)

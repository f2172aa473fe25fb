"""Serve, address: where a run listens, and whom it answers there."""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import field, replace
from importlib.util import find_spec
from typing import Final, TypeAlias, TypedDict

from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError, StreamregError

TOKEN: Final = "STREAMREG_TOKEN"
"""The environment variable that may hold the token."""

_ADDRESS: Final = re.compile(r"(?:\[(?P<v6>[^\]\[]+)\]|(?P<host>[^:\[\]\s/]+)):(?P<port>\d{1,5})")
_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_NEEDED: Final = ("prometheus_client", "starlette", "uvicorn")
_BACKLOG: Final = 128
_MOST_PORT: Final = 65535

_FOR_NOW: Final = (errno.EADDRINUSE, errno.EADDRNOTAVAIL, socket.EAI_AGAIN)
"""What may be otherwise another time: a job is not at fault."""


class ListenOptions(TypedDict, total=False):
    """Where a run listens, in full.

    `address` is "host:port"; `token` what each request must bring (`Authorization: Bearer …`), by default that of the
    environment variable STREAMREG_TOKEN; `insecure` whether another address than one of this machine is served without
    one; `hosts` the further names by which clients may call this machine.
    """

    address: str
    token: str | None
    insecure: bool
    hosts: tuple[str, ...]


ListenArgument: TypeAlias = str | ListenOptions


@dataclass(frozen=True)
class Listen:
    """Where a run listens, and whom it answers."""

    host: str
    port: int
    token: str | None = field(default=None, repr=False)
    hosts: frozenset[str] = frozenset()
    """Names, in small letters, by which clients may call this machine, beside those that are always good."""

    @property
    def address(self) -> str:
        """As it is written."""
        return address_of(self.host, self.port)

    @property
    def loopback(self) -> bool:
        """Whether nobody but this machine can connect."""
        return _is_loopback(self.host)


def listen_of(argument: ListenArgument, environ: Mapping[str, str] | None = None) -> Listen:
    """What a program or a job file says of it.

    Raises:
        ConfigurationError: if it is no address, if other machines could connect without a token, or if what serves is
            not installed.
    """
    options = argument if isinstance(argument, Mapping) else ListenOptions(address=argument)
    found = checked(options)
    token = found.token
    if token is None:
        token = (os.environ if environ is None else environ).get(TOKEN)
        check_token(token)
    if not (found.loopback or token is not None or options.get("insecure", False)):
        raise ConfigurationError(
            f"listen: other machines can connect to {found.host}: set a token, by the environment variable {TOKEN} or "
            '[listen] token = "${…}", or say insecure = true; 127.0.0.1 is for this machine alone'
        )
    lacking = [name.replace("_", "-") for name in _NEEDED if find_spec(name) is None]
    if lacking:
        raise ConfigurationError(
            f"listen needs {', '.join(lacking)}: pip install 'streamreg[serve]'"
        )
    return replace(found, token=token)


def checked(options: ListenOptions) -> Listen:
    """What the options say by themselves.

    Raises:
        ConfigurationError: if they cannot be.
    """
    unknown = [repr(key) for key in options if key not in ListenOptions.__annotations__]
    if unknown:
        known = ", ".join(ListenOptions.__annotations__)
        raise ConfigurationError(f"listen: no option {', '.join(unknown)}; there are {known}")
    host, port = _parts(options.get("address"))
    token = options.get("token")
    check_token(token)
    insecure = options.get("insecure", False)
    if not isinstance(insecure, bool):
        raise ConfigurationError(
            f"listen: insecure: expected True or False, found {insecure!r:.80}"
        )
    return Listen(host, port, token, _hosts(options.get("hosts", ())))


def bound(listen: Listen) -> socket.socket:
    """A socket that listens there.

    Raises:
        ConfigurationError: if that cannot be.
        StreamregError: if it cannot be now: the port is taken, or the address is not this machine's at the moment.
    """
    try:
        found = socket.getaddrinfo(
            listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        opened = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _refused(listen, error) from error
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(_BACKLOG)
    except OSError as error:
        opened.close()
        raise _refused(listen, error) from error
    return opened


def url_of(opened: socket.socket) -> str:
    """Where clients of this machine find it."""
    host, port = opened.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://{address_of(host, port)}"


def address_of(host: str, port: int | str) -> str:
    """Host and port as they are written: an address of IPv6 stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def plain_name(name: str) -> str:
    """The name of a machine as it is compared: in small letters, without the dot that may end it."""
    return name.lower().removesuffix(".")


def _refused(listen: Listen, error: OSError) -> StreamregError:
    kind = StreamregError if error.errno in _FOR_NOW else ConfigurationError
    return kind(
        f"listen: {listen.address}: {error.strerror or error}: give another address or port "
        "(port 0: any that is free)"
    )


def _parts(address: object) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if found is not None and int(found["port"]) <= _MOST_PORT:
        host = found["v6"] or found["host"]
        if _ip(host) is not None or (not found["v6"] and _is_name(host)):
            return host, int(found["port"])
    raise ConfigurationError(
        f'listen: expected "host:port", such as "{_example(address)}", found {address!r:.80}'
    )


def _example(address: object) -> str:
    """An address; where brackets are all that one lacks, that one."""
    host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
    bracketed = address_of(host, port)
    found = _ADDRESS.fullmatch(bracketed)
    if ":" in host and _ip(host) is not None and found and int(found["port"]) <= _MOST_PORT:
        return bracketed
    return "127.0.0.1:9464"


def _is_name(host: str) -> bool:
    """Whether a machine may be called so: whoever resolves it refuses some texts by an error of its own."""
    try:
        return host.isprintable() and bool(host.encode("idna"))
    except UnicodeError:
        return False


def check_token(token: object) -> None:
    """Raises ConfigurationError, without its text, if no client could bring it."""
    if token is None:
        return
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise ConfigurationError("listen: the token must be of ASCII letters, digits and signs")
    if not token or " " in token:
        raise ConfigurationError("listen: the token must not be empty, nor hold a space")


def _hosts(names: object) -> frozenset[str]:
    if isinstance(names, str) or not isinstance(names, list | tuple | set | frozenset):
        raise ConfigurationError(f"listen: hosts: expected names of this machine, found {names!r}")
    for name in names:
        if not isinstance(name, str) or not (_NAME.fullmatch(plain_name(name)) or _ip(name)):
            raise ConfigurationError(f"listen: hosts: {name!r:.80} is no name of a machine")
    return frozenset(map(plain_name, names))


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    found = _ip(host)
    return plain_name(host) == "localhost" if found is None else found.is_loopback

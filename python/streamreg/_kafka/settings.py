"""Source, Kafka: the user's settings, as librdkafka names them: which can be, and where a run begins by them.

It knows no client, which a worker that reads natively does not import.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, TypeVar

from streamreg._exceptions import ConfigurationError
from streamreg._kafka.setting_names import did_you_mean

T = TypeVar("T")

OAuthCallback = Callable[[str], tuple[object, ...]]
"""Gives a token, when it ends (in seconds since 1970), and if need be the principal and extensions."""

Setting = str | int | float | bool | OAuthCallback
ReaderChoice = Literal["auto", "client", "native"]
"""Which reader is to read: the native one where it can, never, or only it."""

OURS: Mapping[str, Setting] = {
    # Offsets are committed after the checkpoint, by the parent: never behind its back.
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    # Tells a reader of a range with an end that the log holds no more before it (transaction markers).
    "enable.partition.eof": True,
}
"""What a run sets itself, and must not be otherwise."""

OAUTH_CB: Final = "oauth_cb"
"""The one setting that is no text: a function, which the client calls whenever it needs a token."""

_NUMBERS: Final = (
    "fetch.wait.max.ms",
    "log_level",
    "queue.buffering.max.messages",
    "socket.timeout.ms",
    "transaction.timeout.ms",
)
"""What a run itself reckons with. Of "60s" and "0x3e80" the client makes a number in its own way."""

_WHOLE: Final = re.compile(r"0|[1-9][0-9]*")
_OF_READERS: Final = ("group.id", "auto.offset.reset", "isolation.level")
_REFRESH_MS = 30_000
_WAIT_MS = 500
TIMEOUT_MS: Final = 60_000
"""The client's own timeout of a request, where the user says nothing."""


def checked(settings: object) -> dict[str, Setting]:
    """The user's settings as they are, if they can be settings at all.

    Raises:
        ConfigurationError: naming the setting that is missing or has no usable value.
    """
    if not isinstance(settings, Mapping):
        raise ConfigurationError(
            f"rdkafka_settings: expected a mapping of librdkafka settings, found {type(settings).__name__}"
        )
    for key, value in settings.items():
        if not isinstance(key, str):
            raise ConfigurationError(f"rdkafka_settings: {key!r} is not the name of a setting")
        if key == OAUTH_CB:
            if not callable(value):
                raise ConfigurationError(
                    f"rdkafka_settings: {key}: expected a function that gives a token and when it ends, found "
                    f"{type(value).__name__}"
                )
        elif not isinstance(value, str | int | float):
            raise ConfigurationError(
                f"rdkafka_settings: {key}: expected a string or a number, found "
                f"{type(value).__name__}"
            )
    if not str(settings.get("bootstrap.servers") or "").strip():
        raise ConfigurationError(f"rdkafka_settings: bootstrap.servers is {no_servers(settings)}")
    for key, value in OURS.items():
        if key in settings and str(settings[key]).lower() != str(value).lower():
            raise ConfigurationError(
                f"rdkafka_settings: {key} must be {str(value).lower()}: leave it out "
                "(a run keeps its offsets with its results)"
            )
    for problem in unusable(settings).values():
        raise ConfigurationError(f"rdkafka_settings: {problem}")
    begins(settings)
    refresh_seconds(settings)
    return dict(settings)


def no_servers(settings: Iterable[str]) -> str:
    """What is said of settings without `bootstrap.servers`."""
    near = [key for key in settings if did_you_mean(key, ["bootstrap.servers"])]
    found = f" (found {near[0]}, which is no setting)" if near else ""
    return f"missing: give host:port of a broker{found}"


def unusable(settings: Mapping[str, object]) -> dict[str, str]:
    """Setting: what is wrong with it, which the client itself would not say."""
    found = {}
    if not str(settings.get("group.id", "streamreg")).strip():
        # The client would end the process.
        found["group.id"] = "group.id is empty: leave it out, or give it a name"
    for key in _NUMBERS:
        if key in settings and not _WHOLE.fullmatch(str(settings[key])):
            found[key] = f"{key}: expected a whole number, found {settings[key]!r}"
    return found


def of_writers(settings: Mapping[str, T]) -> dict[str, T]:
    """The settings of a source for whoever writes to its cluster."""
    return {key: value for key, value in settings.items() if key not in _OF_READERS}


def begins(settings: Mapping[str, Setting]) -> Literal["earliest", "latest"]:
    """Where a run without a state begins: "earliest" or "latest".

    Raises:
        ConfigurationError: if auto.offset.reset has another value.
    """
    value = str(settings.get("auto.offset.reset", "earliest")).lower()
    if value in ("earliest", "smallest", "beginning"):
        return "earliest"
    if value in ("latest", "largest", "end"):
        return "latest"
    raise ConfigurationError(
        f"rdkafka_settings: auto.offset.reset: expected earliest or latest, found {value!r}"
    )


def silence_seconds(settings: Mapping[str, Setting]) -> float:
    """How long a broker may take for a response: it waits for messages, and they are on their way."""
    took = settings.get("socket.timeout.ms", TIMEOUT_MS)
    waits = settings.get("fetch.wait.max.ms", _WAIT_MS)
    return (float(str(took)) + float(str(waits))) / 1000


def refresh_seconds(settings: Mapping[str, Setting]) -> float | None:
    """How often to look for new partitions: as often as the user lets librdkafka look at the topic.

    Raises:
        ConfigurationError: if topic.metadata.refresh.interval.ms is no number.
    """
    value = settings.get("topic.metadata.refresh.interval.ms", _REFRESH_MS)
    try:
        milliseconds = int(str(value))
    except ValueError:
        raise ConfigurationError(
            "rdkafka_settings: topic.metadata.refresh.interval.ms: expected a number of milliseconds, "
            f"found {value!r}"
        ) from None
    return milliseconds / 1000 if milliseconds > 0 else None

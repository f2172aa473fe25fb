"""Format: what is asked of a Schema Registry: schemas by their ids, which never change, and the latest of a subject.

The HTTP part is confluent-kafka's client (the extra `registry`), with its settings. It is opened in each process that
asks, so that a description of it can be pickled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module, util
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from streamreg._exceptions import ConfigurationError, SourceError
from streamreg._secrets import scrub

if TYPE_CHECKING:
    from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

_Answer = TypeVar("_Answer")

_SHORT: Final[Mapping[str, float]] = {"max.retries": 0, "timeout": 5}
"""Settings of the client that are ours unless a program says otherwise: who waits for the registry tells of it."""
_NUMBERS: Final = (
    "cache.capacity",
    "cache.latest.ttl.sec",
    "max.retries",
    "retries.max.wait.ms",
    "retries.wait.ms",
    "timeout",
)
"""Settings that the client wants as numbers; a job file has them as text."""
_NOT_FOUND: Final = (40401, 40402, 40403)
"""No such subject, version or schema, as a registry says it. A bare HTTP 404 says that there is no registry."""
_MOST_ID: Final = 2**31 - 1
"""The ids of registries are of 32 bits with a sign; to others they answer as to a path that they do not have."""
_PASSES: Final = (408, 425, 429)
_NO_CODE: Final = -1
"""What the client has as the code of an answer that it does not understand."""
_REFUSED: Final = (401, 403)
_UNFIT: Final = (409, 422)
"""Of a schema that is registered: it goes with the earlier ones of its subject not, or is none."""
_REFUSED_BY_TOKEN_SERVER: Final = (400, *_REFUSED)
_MOST_REFERENCES: Final = 1000
_NEEDED: Final = ("attr", "authlib", "cachetools")
_HTTP: Final = ("httpx2", "httpx")
"""Which of them the client uses is a matter of its release."""
EXTRA: Final = (
    "schema_registry: the client for it is not installed: pip install 'streamreg[registry]'"
)


class AwayError(Exception):
    """The registry does not answer now, or has no time; it says why."""


class UnfitError(Exception):
    """A schema that the registry does not take; it says why."""


class RegisteredSchema(NamedTuple):
    """A schema of a registry."""

    kind: str
    """AVRO, JSON or PROTOBUF."""

    text: str
    references: list[tuple[str, str]]
    """The schemas that it refers to, each behind those that it refers to itself: the name that it has there, and its
    text."""


def checked_settings(given: object) -> dict[str, Any]:
    """Settings of a registry's client.

    Raises:
        ConfigurationError: if they are none, or have no address, or if the client is not installed.
    """
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise ConfigurationError(
            "schema_registry: expected settings like {'url': 'http://localhost:8081'}"
        )
    if not isinstance(given.get("url"), str) or not given["url"]:
        raise ConfigurationError(
            "schema_registry: url: missing, as in {'url': 'http://localhost:8081'}"
        )
    check_installed(*_NEEDED)
    return {key: _number(key, value) if key in _NUMBERS else value for key, value in given.items()}


def check_installed(*libraries: str) -> None:
    """Looks for what the extra brings, without importing it: that takes seconds.

    Raises:
        ConfigurationError: if one is not there; it says what to install.
    """
    if not all(map(util.find_spec, libraries)) or not any(map(util.find_spec, _HTTP)):
        raise ConfigurationError(EXTRA)


def _number(key: str, given: object) -> object:
    if not isinstance(given, str):
        return given
    try:
        return int(given) if given.isdecimal() else float(given)
    except ValueError:
        raise ConfigurationError(
            f"schema_registry: {key}: expected a number, found {given!r}"
        ) from None


class SchemaRegistry:
    """A registry, as one process asks it."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Checked settings; nothing is asked yet."""
        self._settings = dict(settings)
        self._open: SchemaRegistryClient | None = None
        self._has_answered = False

    @property
    def name(self) -> str:
        """Its address, for people."""
        return scrub(str(self._settings["url"]), self._settings)

    def schema(self, id: int) -> RegisteredSchema | None:
        """The schema of an id; None if the registry has none.

        Raises:
            AwayError: if it does not answer.
            SourceError: if it does not let the program in, or something else is there that never was a registry.
            ConfigurationError: if the settings cannot be used, or the client is not installed.
        """
        if id > _MOST_ID:
            return None
        found = self._ask(lambda client: _with_text(client.get_schema(id)))
        return None if found is None else self._registered(found)

    def latest(self, subject: str) -> RegisteredSchema | None:
        """The latest schema of a subject; None if there is no such subject. Raises as `schema`."""
        found = self._ask(lambda client: _with_text(client.get_latest_version(subject).schema))
        return None if found is None else self._registered(found)

    def register(self, subject: str, kind: str, text: str) -> int:
        """The id of a schema, which becomes the latest of a subject if it is not there yet.

        Raises:
            UnfitError: if the subject does not take it.
            AwayError, SourceError, ConfigurationError: as `schema`.
        """
        schema = self._schema(kind, text)
        found = self._ask(lambda client: client.register_schema(subject, schema), given=True)
        if found is None:
            raise AwayError(f"it cannot register a schema of subject {subject!r}: not found")
        return found

    def compatible(self, subject: str, kind: str, text: str) -> bool:
        """Whether a subject would take a schema; a new subject takes each. Raises as `register`."""
        schema = self._schema(kind, text)
        found = self._ask(lambda client: client.test_compatibility(subject, schema), given=True)
        return found is not False

    def close(self) -> None:
        """Ends the connections; another question opens them again."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _schema(self, kind: str, text: str) -> Schema:
        self._client()  # It says that the client is not installed.
        from confluent_kafka.schema_registry import Schema

        return Schema(text, kind)

    def _registered(self, schema: Schema) -> RegisteredSchema:
        texts: dict[tuple[str, int], tuple[str, str]] = {}
        self._follow(schema, texts, set())
        return RegisteredSchema(
            schema.schema_type or "AVRO", schema.schema_str or "", list(texts.values())
        )

    def _follow(
        self,
        schema: Schema,
        texts: dict[tuple[str, int], tuple[str, str]],
        begun: set[tuple[str, int]],
    ) -> None:
        """Puts the texts of all that a schema refers to behind those that are there."""
        for reference in schema.references or ():
            place = (str(reference.subject), int(reference.version or 0))
            if place in begun:
                continue
            begun.add(place)
            if len(begun) > _MOST_REFERENCES:
                raise SourceError(
                    f"schema registry {self.name}: a schema refers to more than {_MOST_REFERENCES:,} others"
                )
            found = self._ask(lambda client, place=place: client.get_version(*place))  # type: ignore[misc]  # bound now
            if found is None or not found.schema:
                continue  # Whoever reads the schema says what it lacks.
            self._follow(found.schema, texts, begun)
            texts[place] = (str(reference.name), found.schema.schema_str or "")

    def _ask(
        self, question: Callable[[SchemaRegistryClient], _Answer], *, given: bool = False
    ) -> _Answer | None:
        """The answer; None if there is no such thing. `given`: whether the registry is given a schema."""
        client = self._client()
        from confluent_kafka.schema_registry.error import OAuthTokenError, SchemaRegistryError

        try:
            found = question(client)
        except SchemaRegistryError as error:
            status = error.http_status_code
            if error.error_code in _NOT_FOUND:
                found = None
            elif status in _REFUSED:
                raise self._refused(error) from None
            elif given and status in _UNFIT:
                raise UnfitError(self._said(error)) from None
            elif status < 500 and status not in _PASSES:
                raise self._foreign(self._said(error)) from None
            else:
                raise AwayError(self._said(error)) from None
        except OAuthTokenError as error:
            if error.status_code in _REFUSED_BY_TOKEN_SERVER:
                raise self._refused(error) from None
            raise AwayError(self._said(error)) from None
        except _http_errors("RequestError") as error:
            raise AwayError(self._said(error)) from None
        except _http_errors("InvalidURL") as error:
            raise ConfigurationError(f"schema_registry: url: {self._said(error)}") from None
        except (ValueError, TypeError, LookupError, AttributeError):
            # The client takes an answer apart without a look at what it is.
            raise self._foreign("its answer is not what was asked for") from None
        self._has_answered = True
        return found

    def _client(self) -> SchemaRegistryClient:
        if self._open is None:
            try:
                # Late: it brings an HTTP client.
                from confluent_kafka.schema_registry import SchemaRegistryClient
            except ImportError as error:
                raise ConfigurationError(EXTRA) from error
            try:
                self._open = SchemaRegistryClient({**_SHORT, **self._settings})
            except (ValueError, TypeError, OSError) as error:
                raise ConfigurationError(f"schema_registry: {self._said(error)}") from None
        return self._open

    def _refused(self, error: Exception) -> SourceError:
        return SourceError(
            f"schema registry {self.name}: it does not let this program in ({self._said(error)}): check "
            "basic.auth.user.info or bearer.auth.* in schema_registry, and what the user may read"
        )

    def _foreign(self, why: str) -> SourceError | AwayError:
        """Of an answer that no registry gives: where one has answered before, it is waited for."""
        what = f"what answers there is no Schema Registry ({why})"
        if self._has_answered:
            return AwayError(what)
        return SourceError(
            f"schema registry {self.name}: {what}: check url in schema_registry, and the path in it: some have "
            "one, such as /apis/ccompat/v7"
        )

    def _said(self, error: Exception) -> str:
        status = getattr(error, "http_status_code", None)
        if status is not None and getattr(error, "error_code", None) in (None, _NO_CODE):
            return f"HTTP status code {status}"  # The rest may be a page.
        text = " ".join(str(error).split()) or type(error).__name__
        return scrub(text, self._settings)


def _with_text(schema: Schema) -> Schema:
    if not isinstance(schema.schema_str, str):
        raise ValueError("its answer has no schema")
    return schema


def _http_errors(name: str) -> tuple[type[Exception], ...]:
    """The errors of this name that the HTTP library has which the client's release uses."""
    found = [import_module(library) for library in _HTTP if util.find_spec(library)]
    return tuple(getattr(library, name) for library in found)

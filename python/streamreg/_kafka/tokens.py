"""Source, Kafka: the function of the program that gives tokens, and what it has raised: the client does not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaException

from streamreg._exceptions import SourceError
from streamreg._kafka.settings import OAUTH_CB, OAuthCallback
from streamreg._secrets import scrub


class Tokens:
    """Calls the function, and keeps its last error."""

    def __init__(self, function: OAuthCallback) -> None:
        """`function` is given `sasl.oauthbearer.config`."""
        self._function = function
        self._error: Exception | None = None

    def __call__(self, config: str) -> tuple[object, ...]:
        try:
            return self._function(config)
        except Exception as error:
            self._error = error
            raise

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> Tokens | None:
        """Those of such settings, if they have a function."""
        function: Any = settings.get(OAUTH_CB)
        return None if function is None else cls(function)

    def missing(self, error: KafkaException, settings: Mapping[str, object]) -> SourceError | None:
        """The error for people where the client has given up to wait for its first token; None where it was another."""
        text = error.args[0].str() if hasattr(error.args[0], "str") else str(error)
        if "token" not in text.lower():
            return None
        raised = "" if self._error is None else f": {type(self._error).__name__}: {self._error}"
        return SourceError(scrub(f"{OAUTH_CB} has given no token{raised} ({text})", settings))

"""Doctor: are the topics there, and may the user see them?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from confluent_kafka import KafkaError

from streamreg._operate.doctor.outcomes import NotYetError, TroubleError

if TYPE_CHECKING:
    from confluent_kafka.admin._metadata import TopicMetadata

    from streamreg._kafka.topics import Topics


def check_topics(
    asked: Topics,
    found: Mapping[str, TopicMetadata],
    names: Callable[[], Sequence[str]],
    *,
    waits: bool,
) -> None:
    """Looks at what the cluster says of the topics; `waits` is whether a run waits for those that are not there.

    Raises:
        TroubleError: if one is missing, or may not be seen; `names` gives those that there are.
        NotYetError: if one is missing that a run waits for.
    """
    if not found:
        text = f"no topic that the user may see matches the pattern {asked.pattern!r}"
        if waits:
            raise NotYetError(f"{text} yet: the run waits for one")
        raise TroubleError(
            f"{text}: create one, check source.pattern, or the ACLs DESCRIBE and READ on the topics"
        )
    for topic, metadata in found.items():
        if metadata.error is not None:
            _raise(topic, metadata.error, names, waits=waits)


def _raise(
    topic: str, error: KafkaError, names: Callable[[], Sequence[str]], *, waits: bool
) -> NoReturn:
    if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
        if waits:
            raise NotYetError(f"there is no topic {topic!r} yet: the run waits for it")
        near = get_close_matches(topic, names(), n=1)
        question = f" (is {near[0]!r} meant?)" if near else ""
        raise TroubleError(
            f"there is no topic {topic!r}{question}: create it, or check source.topic"
        )
    if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        raise TroubleError(
            f"{error.str()}: the user needs the ACLs DESCRIBE and READ on the topic {topic!r}"
        )
    raise TroubleError(f"{error.str()}: check source.topic")

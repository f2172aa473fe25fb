"""Stage 5 of a job file: the Kafka client's own opinion of its settings, without any connection."""

import logging
import re
from collections.abc import Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException

from streamreg._jobs.job import JobError
from streamreg._kafka.client import unconnected
from streamreg._kafka.client_names import with_hint
from streamreg._kafka.settings import unusable
from streamreg._secrets import scrub

_log = logging.getLogger("streamreg.librdkafka")

# How librdkafka names the setting that it does not take.
_NAMED = re.compile(r'property:? "(?P<key>[^"]+)"')


def check_client(settings: Mapping[str, str], name: str, key: str = "source.kafka") -> None:
    """Asks the client whether it takes the settings.

    Args:
        settings: Raw librdkafka settings.
        name: The job file's name, for errors.
        key: Where the file has them.

    Raises:
        JobError: With every setting that the client refuses.
    """
    known = unusable(settings)
    problems = [f"{key}: {problem}" for problem in known.values()]
    remaining = unconnected({name: settings[name] for name in settings if name not in known})
    while True:
        try:
            Consumer(remaining, logger=_log).close()
            break
        except KafkaException as error:
            reason = error.args[0]
        text = reason.str() if isinstance(reason, KafkaError) else str(reason)
        shown = with_hint(" ".join(text.split()))
        problems.append(f"{key}: {scrub(shown, settings)}")
        found = _NAMED.search(text)
        # It stops at the first: asked again without that one, it tells the next.
        if found is None or remaining.pop(found["key"], None) is None:
            break
    if problems:
        raise JobError(name, problems)

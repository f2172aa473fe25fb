"""Source, Kafka: the settings that the installed client knows, to correct a misspelt one."""

from __future__ import annotations

import re
from typing import Final

from confluent_kafka import libversion

from streamreg._kafka.setting_names import ALL_NAMES, did_you_mean

# Those that came after the lowest version of the client that there may be, with the first that knows them: as
# librdkafka counts versions, a byte each of major, minor, revision and 0xff for a release.
_SINCE: Final = {"sasl.oauthbearer.sub.claim.name": 0x020E00FF}

NAMES: Final = tuple(name for name in ALL_NAMES if _SINCE.get(name, 0) <= libversion()[1])
"""Those that the installed client knows."""

_UNKNOWN: Final = re.compile(r'No such configuration property: "(?P<key>[^"]+)"')


def with_hint(refusal: str) -> str:
    """Librdkafka's error for an unknown setting, with the one that may be meant."""
    found = _UNKNOWN.search(refusal)
    return refusal if found is None else refusal + did_you_mean(found["key"], NAMES)

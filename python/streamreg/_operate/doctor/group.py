"""Doctor: may the run commit its offsets, for tools that show the lag?"""

from __future__ import annotations

import time
from collections.abc import Mapping

from confluent_kafka import ConsumerGroupState, KafkaError, KafkaException
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._group import ConsumerGroupDescription

from streamreg._kafka import client as kafka_client
from streamreg._operate.doctor.outcomes import SkipError, TroubleError
from streamreg._plural import plural

_SECONDS = 8.0
_PAUSE = 0.2
_STARTING = (KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.COORDINATOR_NOT_AVAILABLE)
"""What the first requests for a group get."""


def group(settings: Mapping[str, str]) -> str:
    """Looks at the group without committing anything to it."""
    name = settings.get("group.id")
    if name is None:
        raise SkipError("group.id is not set: no offsets are committed for lag tools")
    try:
        found = _described(settings, name)
    except KafkaException as exception:
        error: KafkaError = exception.args[0]
        if error.code() == KafkaError._UNSUPPORTED_FEATURE:
            raise SkipError("the broker does not describe groups") from None
        if error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
            raise _lacks_acl(name) from None
        raise TroubleError(f"group {name!r}: {error.str()}: check group.id") from None
    allowed = found.authorized_operations
    if allowed and AclOperation.READ not in allowed:
        raise _lacks_acl(name)
    if found.state not in (ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD):
        members = plural(len(found.members), "member")
        raise TroubleError(
            f"group {name!r} has {members} of another program, and the broker takes no other commits: give the job "
            "a group.id of its own"
        )
    return f"offsets can be committed to {name!r}"


def _described(settings: Mapping[str, str], name: str) -> ConsumerGroupDescription:
    """Raises KafkaException."""
    admin = kafka_client.admin(settings, lambda error: None)
    deadline = time.monotonic() + _SECONDS
    while True:
        asked = admin.describe_consumer_groups([name], include_authorized_operations=True)
        try:
            found: ConsumerGroupDescription = asked[
                name
            ].result()  # no longer than the client waits
            return found
        except KafkaException as exception:
            if exception.args[0].code() not in _STARTING or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


def _lacks_acl(name: str) -> TroubleError:
    return TroubleError(
        f"the user needs the ACLs DESCRIBE and READ on the group {name!r}: grant them, or leave group.id out"
    )

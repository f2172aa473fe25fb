"""What the broker's user may and may not do."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
)
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from tests.support.kafka.broker import USER, KafkaBroker


def _add(
    broker: KafkaBroker,
    kind: ResourceType,
    name: str,
    operation: AclOperation,
    permission: AclPermissionType,
) -> None:
    """From the first word on a thing on, whatever is not allowed there is denied."""
    pattern = ResourcePatternType.LITERAL
    rule = AclBinding(kind, name, pattern, f"User:{USER}", "*", operation, permission)
    admin = AdminClient({**broker.plaintext})
    admin.create_acls([rule])[rule].result(30)


def allow(broker: KafkaBroker, kind: ResourceType, name: str, operation: AclOperation) -> None:
    _add(broker, kind, name, operation, AclPermissionType.ALLOW)


def deny(broker: KafkaBroker, kind: ResourceType, name: str, operation: AclOperation) -> None:
    _add(broker, kind, name, operation, AclPermissionType.DENY)


@contextmanager
def denied(
    broker: KafkaBroker, kind: ResourceType, name: str, operation: AclOperation
) -> Iterator[None]:
    """The same for a while, of what other tests use too."""
    deny(broker, kind, name, operation)
    try:
        yield
    finally:
        rule = AclBindingFilter(
            kind,
            name,
            ResourcePatternType.LITERAL,
            f"User:{USER}",
            "*",
            operation,
            AclPermissionType.DENY,
        )
        admin = AdminClient({**broker.plaintext})
        admin.delete_acls([rule])[rule].result(30)

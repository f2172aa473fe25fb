"""What the broker's user may and may not do."""

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
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

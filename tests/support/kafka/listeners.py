"""Where a test broker listens, and its configuration."""

import random
import socket
from collections.abc import Sequence
from pathlib import Path

HOST = "127.0.0.1"

# A broker that is killed is missed soon.
_CLUSTER = ("broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500")


def free_ports(count: int) -> list[int]:
    """So many free ports below those that the system gives to outgoing connections.

    From that range a client that reconnects to a killed broker could be given the very port that
    the broker wants back.
    """
    taken: list[socket.socket] = []
    try:
        while len(taken) < count:
            candidate = socket.socket()
            try:
                candidate.bind((HOST, random.SystemRandom().randrange(20000, 32000)))
            except OSError:
                candidate.close()
            else:
                taken.append(candidate)
        return [bound.getsockname()[1] for bound in taken]
    finally:
        for bound in taken:
            bound.close()


def server_properties(ports: Sequence[int], data: Path, key_store: Path, password: str) -> str:
    """One node, broker and controller: ports for PLAINTEXT, SASL_SSL, the controller, FAR with its proxy's, OAUTH."""
    plain, sasl, controller, far, proxy, oauth = (f"{HOST}:{port}" for port in ports)
    sasl_listener = "listener.name.sasl_ssl"
    return "\n".join(
        [
            "process.roles=broker,controller",
            "node.id=1",
            f"controller.quorum.bootstrap.servers={controller}",
            f"listeners=PLAINTEXT://{plain},SASL_SSL://{sasl},CONTROLLER://{controller},FAR://{far},"
            f"OAUTH://{oauth}",
            f"advertised.listeners=PLAINTEXT://{plain},SASL_SSL://{sasl},FAR://{proxy},OAUTH://{oauth}",
            "listener.security.protocol.map="
            "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT,FAR:PLAINTEXT,OAUTH:SASL_PLAINTEXT",
            "inter.broker.listener.name=PLAINTEXT",
            "controller.listener.names=CONTROLLER",
            f"log.dirs={data}",
            "auto.create.topics.enable=false",
            "offsets.topic.num.partitions=1",
            "offsets.topic.replication.factor=1",
            "transaction.state.log.num.partitions=1",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "share.coordinator.state.topic.replication.factor=1",
            "share.coordinator.state.topic.min.isr=1",
            "group.initial.rebalance.delay.ms=0",
            # Who may do what is asked, but without any word on a thing everyone may.
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:ANONYMOUS",
            "allow.everyone.if.no.acl.found=true",
            "log.cleaner.backoff.ms=200",  # a test waits for a compaction
            # A broker that was killed may come back only when its old session has ended.
            "broker.session.timeout.ms=5000",
            "broker.heartbeat.interval.ms=500",
            "sasl.enabled.mechanisms=SCRAM-SHA-256",
            # As operators do whose passwords may be withdrawn: a session has to log in again (KIP-368).
            "connections.max.reauth.ms=4000",
            # Tokens that nobody has signed: whoever can reach a test's broker may read its topics.
            "listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER",
            "listener.name.oauth.oauthbearer.sasl.jaas.config="
            "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "
            'unsecuredLoginStringClaim_sub="broker";',
            f"{sasl_listener}.scram-sha-256.sasl.jaas.config="
            "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            f"{sasl_listener}.ssl.keystore.type=PKCS12",
            f"{sasl_listener}.ssl.keystore.location={key_store}",
            f"{sasl_listener}.ssl.keystore.password={password}",
            f"{sasl_listener}.ssl.key.password={password}",
            "",
        ]
    )


def controller_properties(node: int, port: int, voters: str, data: Path) -> str:
    """A controller of a cluster, which is no broker."""
    return "\n".join(
        [
            "process.roles=controller",
            f"node.id={node}",
            f"controller.quorum.voters={voters}",
            f"listeners=CONTROLLER://{HOST}:{port}",
            "controller.listener.names=CONTROLLER",
            f"log.dirs={data}",
            "auto.create.topics.enable=false",
            *_CLUSTER,
            "",
        ]
    )


def broker_properties(node: int, port: int, voters: str, data: Path) -> str:
    """A broker of a cluster, whose topics have up to three replicas."""
    return "\n".join(
        [
            "process.roles=broker",
            f"node.id={node}",
            f"controller.quorum.voters={voters}",
            f"listeners=PLAINTEXT://{HOST}:{port}",
            "inter.broker.listener.name=PLAINTEXT",
            "controller.listener.names=CONTROLLER",
            f"log.dirs={data}",
            "auto.create.topics.enable=false",
            "offsets.topic.num.partitions=1",
            "offsets.topic.replication.factor=3",
            "group.initial.rebalance.delay.ms=0",
            "replica.lag.time.max.ms=2000",
            "log.cleaner.dedupe.buffer.size=4194304",  # the default of 128 MB is more than the heap
            *_CLUSTER,
            "",
        ]
    )

//! Settings: those that the native reader need not look at.

use super::{NotKnown, not_known, other_value};

/// Settings that do not change which messages are read, or how: of groups, of producing, of the client's own queues, logs
/// and pauses.
const NO_MATTER: &[&str] = &[
    "acks",
    "allow.auto.create.topics",
    "api.version.fallback.ms",
    "api.version.request.timeout.ms",
    "auto.commit.enable",
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "batch.num.messages",
    "batch.size",
    "broker.address.ttl",
    "broker.version.fallback",
    "client.software.name",
    "client.software.version",
    "compression.codec",
    "compression.level",
    "compression.type",
    "connections.max.idle.ms",
    "coordinator.query.interval.ms",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.metrics.push",
    "enable.partition.eof",
    "enable.random.seed",
    "fetch.error.backoff.ms",
    "fetch.queue.backoff.ms",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.protocol.type",
    "group.remote.assignor",
    "heartbeat.interval.ms",
    "internal.termination.signal",
    "linger.ms",
    "log.connection.close",
    "log.queue",
    "log.thread.name",
    "log_level",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "max.poll.interval.ms",
    "message.copy.max.bytes",
    "message.max.bytes",
    "message.send.max.retries",
    "message.timeout.ms",
    "metadata.max.age.ms",
    "metadata.recovery.rebootstrap.trigger.ms",
    "metadata.recovery.strategy",
    "partition.assignment.strategy",
    "partitioner",
    "queue.buffering.backpressure.threshold",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queue.buffering.max.ms",
    "queued.max.messages.kbytes",
    "queued.min.messages",
    "reconnect.backoff.jitter.ms",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "request.required.acks",
    "request.timeout.ms",
    "retries",
    "retry.backoff.max.ms",
    "retry.backoff.ms",
    "session.timeout.ms",
    "socket.max.fails",
    "socket.nagle.disable",
    "statistics.interval.ms",
    "sticky.partitioning.linger.ms",
    "topic.metadata.propagation.max.ms",
    "topic.metadata.refresh.fast.cnt",
    "topic.metadata.refresh.fast.interval.ms",
    "topic.metadata.refresh.interval.ms",
    "topic.metadata.refresh.sparse",
    "transaction.timeout.ms",
    "transactional.id",
];

/// Settings that are known with the values that they have if they are not given, and with no other.
const AS_ALWAYS: &[(&str, &[&str])] = &[
    ("api.version.request", &["true"]),
    ("client.dns.lookup", &["use_all_dns_ips"]),
    ("client.rack", &[""]),
    ("debug", &[""]),
    ("enable.sasl.oauthbearer.unsecure.jwt", &["false"]),
    ("enable.ssl.certificate.verification", &["true"]),
    ("plugin.library.paths", &[""]),
    ("socket.receive.buffer.bytes", &["0"]),
    ("socket.send.buffer.bytes", &["0"]),
    ("ssl.endpoint.identification.algorithm", &["https"]),
];

/// Whether a setting may have this value.
///
/// # Errors
/// [`NotKnown`] if it is left to the client.
pub(super) fn check(name: &str, value: &str) -> Result<(), NotKnown> {
    if NO_MATTER.contains(&name) {
        return Ok(());
    }
    match AS_ALWAYS.iter().find(|(known, _)| *known == name) {
        Some((_, values)) if values.contains(&value) => Ok(()),
        Some(_) => Err(other_value(name)),
        None => Err(not_known(name, "is")),
    }
}

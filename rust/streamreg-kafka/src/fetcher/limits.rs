//! Read, the cluster: how much is asked for, how long is waited, and how much is held.

use crate::protocol::fetch;
use crate::settings::Settings;
use std::time::Duration;

/// Bytes of a partition in a response, if nothing is set.
const PARTITION_BYTES: usize = 1024 * 1024;
/// Bytes of a response, if nothing is set.
const RESPONSE_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of the responses of all brokers, if nothing is set.
const ALL_BYTES: usize = 16 * 1024 * 1024;

/// How long trouble that may pass is worked on, before another client is to see to it.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// How long a broker may send nothing when it should. Its work is slow then, or it is gone. A response of which something
/// arrives may take as long as it takes: on a thin line it would not be shorter another time.
const SILENCE: Duration = Duration::from_secs(10);
/// After which a further node is asked for the leaders, while those before may still answer.
pub(super) const ASK_ANOTHER: Duration = Duration::from_millis(500);
/// Until the next attempt, first and at most.
pub(super) const PAUSE: Duration = Duration::from_millis(50);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) wait: Duration,
    /// How long a broker may send nothing.
    pub(super) silence: Duration,
    pub(super) read_committed: bool,
    min_bytes: usize,
    response_bytes: Option<usize>,
    partition_bytes: usize,
    most: usize,
}

impl Limits {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            wait: settings.wait,
            silence: SILENCE + settings.wait,
            read_committed: settings.read_committed,
            min_bytes: settings.min_bytes,
            response_bytes: settings.fetch_bytes,
            partition_bytes: settings.partition_bytes.unwrap_or(PARTITION_BYTES),
            most: settings.response_bytes,
        }
    }

    /// Of a response, where so many brokers are asked.
    fn response_bytes(&self, brokers: usize) -> usize {
        let share = (ALL_BYTES / brokers.max(1)).min(RESPONSE_BYTES);
        self.response_bytes.unwrap_or(share).min(self.most)
    }

    /// Of a partition in a response, where so many brokers are asked.
    pub(super) fn partition_bytes(&self, brokers: usize) -> usize {
        self.partition_bytes.min(self.response_bytes(brokers))
    }

    /// How much of a broker's may be undelivered when it is asked for more: with what then comes, that is what is held.
    pub(super) fn undelivered_bytes(&self, brokers: usize) -> usize {
        self.response_bytes(brokers) / 2
    }

    pub(super) fn request(
        &self,
        brokers: usize,
        may_wait: bool,
        topics: Vec<fetch::Topic<fetch::Wanted>>,
    ) -> fetch::Request {
        let wait = if may_wait { self.wait } else { Duration::ZERO };
        fetch::Request {
            wait_ms: i32::try_from(wait.as_millis()).unwrap_or(i32::MAX),
            min_bytes: clamped(self.min_bytes),
            max_bytes: clamped(self.response_bytes(brokers)),
            read_committed: self.read_committed,
            topics,
        }
    }
}

pub(super) fn clamped(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}

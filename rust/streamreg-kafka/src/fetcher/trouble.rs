//! Read, the cluster: trouble that may pass, and since when there is some.

use super::GiveUp;
use super::limits::PATIENCE;
use std::collections::BTreeMap;
use std::time::Instant;

/// What is in trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    /// Who leads the partitions is not known.
    Cluster,
    /// Nothing comes of this partition.
    Partition(i32),
}

#[derive(Debug, Default)]
pub(super) struct Trouble(BTreeMap<Of, Instant>);

impl Trouble {
    /// There is trouble, since then or longer; an error if that is too long.
    pub(super) fn worry(&mut self, of: Of, why: &str, since: Instant, now: Instant) -> Result<(), GiveUp> {
        let since = *self.0.entry(of).or_insert(since);
        if now.saturating_duration_since(since) > PATIENCE { Err(why.to_owned()) } else { Ok(()) }
    }

    /// All is well there.
    pub(super) fn well(&mut self, of: Of) {
        self.0.remove(&of);
    }
}

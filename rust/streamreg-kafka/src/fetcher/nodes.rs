//! Read, the cluster: what each node was asked, and from when on it may be asked again.

use super::Node;
use super::limits::{LONGEST_PAUSE, Limits, PAUSE};
use crate::protocol::fetch;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What was asked of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Who leads the partitions.
    Metadata {
        /// Which of these questions it is.
        question: usize,
    },
    /// Messages of partitions.
    Fetch {
        /// The one that was named first.
        first: i32,
        /// From where on: leader epochs and offsets.
        places: BTreeMap<i32, (i32, i64)>,
    },
}

impl Asked {
    pub(super) fn fetch(wanted: &[fetch::Wanted]) -> Self {
        let place = |wanted: &fetch::Wanted| (wanted.partition, (wanted.leader_epoch, wanted.offset));
        Self::Fetch {
            first: wanted.first().map_or(-1, |wanted| wanted.partition),
            places: wanted.iter().map(place).collect(),
        }
    }
}

/// A request whose response is waited for.
#[derive(Debug)]
struct Open {
    correlation: i32,
    asked: Asked,
    heard: Instant,
}

#[derive(Debug, Default)]
struct State {
    open: Option<Open>,
    /// It is not to be asked before: it throttles, or was lost.
    rests_until: Option<Instant>,
    losses: u32,
}

/// All nodes that something was asked of.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    states: BTreeMap<Node, State>,
    correlation: i32,
}

impl Nodes {
    /// Whether it may be asked: one request at a time.
    pub(super) fn free(&self, node: Node, now: Instant) -> bool {
        self.states
            .get(&node)
            .is_none_or(|state| state.open.is_none() && state.rests_until.is_none_or(|until| until <= now))
    }

    /// Remembers what is asked; gives the number of the request.
    pub(super) fn ask(&mut self, node: Node, asked: Asked, now: Instant) -> i32 {
        self.correlation = self.correlation.wrapping_add(1).max(1);
        let open = Open { correlation: self.correlation, asked, heard: now };
        self.states.entry(node).or_default().open = Some(open);
        self.correlation
    }

    /// A response has come: the number and the request that it must belong to.
    pub(super) fn close(&mut self, node: Node) -> Option<(i32, Asked)> {
        let open = self.states.get_mut(&node)?.open.take()?;
        Some((open.correlation, open.asked))
    }

    /// The response was one. The node may ask for a rest.
    pub(super) fn well(&mut self, node: Node, throttle_ms: i32, now: Instant) {
        let state = self.states.entry(node).or_default();
        state.losses = 0;
        let rest = Duration::from_millis(u64::try_from(throttle_ms).unwrap_or(0));
        state.rests_until = (!rest.is_zero()).then(|| now + rest);
    }

    /// Something of a response has come.
    pub(super) fn hear(&mut self, node: Node, now: Instant) {
        if let Some(open) = self.states.get_mut(&node).and_then(|state| state.open.as_mut()) {
            open.heard = now;
        }
    }

    /// Its connection is lost: what was asked, if anything was. It rests for a moment, each time longer.
    pub(super) fn lose(&mut self, node: Node, now: Instant) -> Option<Asked> {
        let state = self.states.entry(node).or_default();
        let pause = PAUSE.saturating_mul(1 << state.losses.min(10)).min(LONGEST_PAUSE);
        state.losses = state.losses.saturating_add(1);
        state.rests_until = Some(now + pause);
        state.open.take().map(|open| open.asked)
    }

    /// Whether a question for the leaders is open that was asked after this one.
    pub(super) fn question_after(&self, question: usize) -> bool {
        self.states
            .values()
            .filter_map(|state| state.open.as_ref())
            .any(|open| matches!(open.asked, Asked::Metadata { question: found } if found > question))
    }

    /// Forgets the servers: which they were.
    pub(super) fn remove_servers(&mut self) -> Vec<Node> {
        let servers = self.states.keys().copied().filter(|node| matches!(node, Node::Server(_)));
        let servers: Vec<_> = servers.collect();
        self.states.retain(|node, _| !servers.contains(node));
        servers
    }

    /// Forgets a node.
    pub(super) fn remove(&mut self, node: Node) {
        self.states.remove(&node);
    }

    /// Those that should have sent something, and since when they did not.
    pub(super) fn overdue(&self, limits: &Limits, now: Instant) -> Vec<(Node, Instant)> {
        let open = self.states.iter().filter_map(|(node, state)| Some((*node, state.open.as_ref()?)));
        open.filter(|(_, open)| open.due(limits) <= now).map(|(node, open)| (node, open.heard)).collect()
    }

    /// When anything changes here by itself.
    pub(super) fn wake_at(&self, limits: &Limits, now: Instant) -> Option<Instant> {
        let at = |state: &State| match &state.open {
            Some(open) => Some(open.due(limits)),
            None => state.rests_until.filter(|until| *until > now),
        };
        self.states.values().filter_map(at).min()
    }
}

impl Open {
    /// When its response should be there.
    fn due(&self, limits: &Limits) -> Instant {
        self.heard + limits.silence
    }
}

//! Read, the cluster: which broker is to be asked for what, and what its responses mean. No I/O, and no clock: what
//! happens, and when, is told from outside.

mod leaders;
mod limits;
mod nodes;
mod partitions;
mod responses;
mod topics;
mod trouble;

use crate::log::{Isolation, Options, PartitionLog, Room, Span};
use crate::messages::Messages;
use crate::protocol::{Api, fetch, metadata};
use crate::settings::Settings;
use crate::unusual::Unusual;
use limits::{ASK_ANOTHER, Limits, PAUSE};
use nodes::{Asked, Nodes};
use partitions::{Ask, Partitions};
use std::collections::BTreeMap;
use std::time::Instant;
pub use topics::Topics;
use trouble::{Of, Trouble};

/// Who is asked: a server that the settings name, or a broker of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// By its place in the settings.
    Server(usize),
    /// By its number in the cluster.
    Broker(i32),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a request, over a new connection if there is none to this node.
    Ask {
        /// To whom.
        node: Node,
        /// Its host and port.
        address: (String, u16),
        /// The whole request, with its length before it.
        request: Vec<u8>,
    },
    /// Close the connection to this node, if there is one; nothing is to be told of it any more.
    Close(Node),
}

/// Why this reader gives up, as part of a sentence.
pub type GiveUp = String;

/// What is known of the cluster, and what was asked.
#[derive(Debug)]
pub struct Fetcher {
    topics: Topics,
    client_id: String,
    limits: Limits,
    servers: Vec<(String, u16)>,
    /// Of the brokers of the cluster.
    addresses: BTreeMap<i32, (String, u16)>,
    partitions: Partitions,
    log_ends: BTreeMap<i32, i64>,
    nodes: Nodes,
    /// How many brokers lead partitions that are read.
    leaders: usize,
    metadata: Need,
    /// How often the cluster was asked for its leaders.
    questions: usize,
    /// The last question that does not matter any more: it was answered, or another one after it.
    answered: usize,
    trouble: Trouble,
    /// Nodes that are not needed any more.
    closing: Vec<Node>,
}

/// Whether the cluster must be asked for its leaders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    No,
    From(Option<Instant>),
    /// Of one node after another, so that one that hangs does not matter.
    Asked(Instant),
}

impl Need {
    /// From when on a node is to be asked, if that is not at once, or never.
    fn from(self) -> Option<Instant> {
        match self {
            Self::No => None,
            Self::From(at) => at,
            Self::Asked(at) => Some(at + ASK_ANOTHER),
        }
    }

    fn due(self, now: Instant) -> bool {
        self != Self::No && self.from().is_none_or(|at| at <= now)
    }
}

impl Fetcher {
    /// Makes one that has asked nothing yet.
    #[must_use]
    pub fn new(settings: &Settings, topics: Topics, spans: &[Span]) -> Self {
        let isolation =
            if settings.read_committed { Isolation::ReadCommitted } else { Isolation::ReadUncommitted };
        let options =
            Options { isolation, check_crcs: settings.check_crcs, most_unpacked: settings.response_bytes };
        Self {
            topics,
            client_id: settings.client_id.clone(),
            limits: Limits::new(settings),
            servers: settings.servers.clone(),
            addresses: BTreeMap::new(),
            partitions: Partitions::new(spans, options),
            log_ends: BTreeMap::new(),
            nodes: Nodes::default(),
            leaders: 0,
            metadata: Need::From(None),
            questions: 0,
            answered: 0,
            trouble: Trouble::default(),
            closing: Vec::new(),
        }
    }

    /// What is to be done now. It is taken for done.
    ///
    /// # Errors
    /// Why this reader gives up.
    pub fn due(&mut self, now: Instant) -> Result<Vec<Action>, GiveUp> {
        for (node, since) in self.nodes.overdue(&self.limits, now) {
            self.closing.push(node);
            let silence = now.saturating_duration_since(since).as_secs();
            self.lost(node, &format!("the broker sends nothing for {silence} seconds"), since, now)?;
        }
        let mut actions: Vec<_> = self.closing.drain(..).map(Action::Close).collect();
        if self.metadata.due(now)
            && let Some(node) = self.who_knows(now)
        {
            self.metadata = Need::Asked(now);
            self.questions += 1;
            let correlation = self.nodes.ask(node, Asked::Metadata { question: self.questions }, now);
            let request = Api::METADATA.request(correlation, &self.client_id, |writer| {
                metadata::write(writer, self.topics.names());
            });
            actions.extend(self.action(node, request));
        }
        if self.leaders == 0 || !self.topics.identified() {
            return Ok(actions);
        }
        for Ask { node, wanted, may_wait } in self.partitions.wanted(&self.limits, self.leaders) {
            if !self.nodes.free(node, now) {
                continue;
            }
            let correlation = self.nodes.ask(node, Asked::fetch(&wanted), now);
            let request = self.limits.request(self.leaders, may_wait, self.topics.asked(wanted));
            let request = Api::FETCH.request(correlation, &self.client_id, |writer| {
                fetch::write(writer, &request);
            });
            actions.extend(self.action(node, request));
        }
        Ok(actions)
    }

    fn action(&self, node: Node, request: Vec<u8>) -> Option<Action> {
        let address = match node {
            Node::Server(index) => self.servers.get(index),
            Node::Broker(id) => self.addresses.get(&id),
        };
        Some(Action::Ask { node, address: address?.clone(), request })
    }

    /// When [`Fetcher::due`] may have something to do without anything happening; `None`: never.
    #[must_use]
    pub fn wake_at(&self, now: Instant) -> Option<Instant> {
        let metadata = self.metadata.from().filter(|at| *at > now);
        self.nodes.wake_at(&self.limits, now).into_iter().chain(metadata).min()
    }

    /// A part of a response has come from a node.
    pub fn arriving(&mut self, node: Node, now: Instant) {
        self.nodes.hear(node, now);
    }

    /// A connection is lost, or did not come about.
    ///
    /// # Errors
    /// Why this reader gives up.
    pub fn lose(&mut self, node: Node, why: &str, now: Instant) -> Result<(), GiveUp> {
        self.lost(node, why, now, now)
    }

    /// What was delivered to be delivered is right all the same: it is asked for again by the next leader only.
    fn lost(&mut self, node: Node, why: &str, since: Instant, now: Instant) -> Result<(), GiveUp> {
        match self.nodes.lose(node, now) {
            None => Ok(()),
            Some(Asked::Metadata { question }) if question <= self.answered => Ok(()),
            Some(Asked::Metadata { .. }) => {
                self.metadata = Need::From(Some(now + PAUSE));
                if self.nodes.question_after(self.answered) {
                    return Ok(()); // Another node may still answer.
                }
                self.trouble.worry(Of::Cluster, why, since, now)
            }
            Some(Asked::Fetch { places, .. }) => {
                self.ask_leaders(now);
                places.keys().try_for_each(|index| self.trouble.worry(Of::Partition(*index), why, since, now))
            }
        }
    }

    /// Delivers what is there, as far as there is room. After an error what is in `into` is still to be delivered.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub fn deliver(&mut self, room: &mut Room, into: &mut Messages) -> Result<(), Unusual> {
        self.partitions.deliver(room, into)
    }

    /// Of each partition the first offset that is not delivered, and the leader epoch of what lies before it.
    pub fn places(&self) -> impl Iterator<Item = (i32, i64, Option<i32>)> {
        self.partitions.iter().map(|(index, found)| (index, found.log.next(), found.log.leader_epoch()))
    }

    /// Where logs end, as their leaders had it last.
    #[must_use]
    pub fn log_ends(&self) -> &BTreeMap<i32, i64> {
        &self.log_ends
    }

    /// Whether all is delivered up to the ends.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.partitions.iter().map(|(_, found)| &found.log).all(PartitionLog::ended)
    }
}

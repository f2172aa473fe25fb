//! Read: what whoever reads has: ranges of partitions, batch by batch.

use crate::connection::{Address, Connection, Outcome, Shared};
use crate::dial;
use crate::fetcher::{Action, Fetcher, Node, Topics};
use crate::log::{Room, Span};
use crate::messages::Messages;
use crate::settings::Settings;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// What one read has brought.
#[derive(Debug, Default)]
pub struct Batch {
    /// The messages, in the order of the log within each partition.
    pub messages: Messages,
    /// Of each partition that has come on, from where to where: gaps of the log included.
    pub progress: Vec<(i32, i64, i64)>,
    /// The leader epochs of what lies before these ends, where they are known.
    pub leader_epochs: Vec<(i32, i32)>,
}

/// Another client is to go on: why. What was delivered stays delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver(pub String);

impl std::fmt::Display for HandOver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for HandOver {}

/// What is known before anything is read to make a reader with these settings hand over: a certificate, say, that it
/// cannot use. The files that they name are read.
#[must_use]
pub fn obstacle(settings: &Settings) -> Option<String> {
    settings.tls.as_ref().and_then(|tls| dial::tls(tls).err())
}

/// The number of a connection, and to whom it is.
type Name = (u64, Node);

/// Reads ranges of partitions.
pub struct Reader {
    fetcher: Fetcher,
    shared: Result<Arc<Shared>, String>,
    /// With their numbers: what is told of one that was closed is not told of the next.
    connections: BTreeMap<Node, (u64, Connection)>,
    opened: u64,
    tells: Sender<(Name, Outcome)>,
    told: Receiver<(Name, Outcome)>,
    /// Where each partition has been delivered up to.
    next: BTreeMap<i32, i64>,
    heard: u64,
    /// Why it gives up, as soon as all that it has is delivered.
    gives_up: Option<String>,
}

impl Reader {
    /// Makes a reader, which connects when it is first asked for messages.
    #[must_use]
    pub fn new(settings: Settings, topics: Topics, spans: &[Span]) -> Self {
        let fetcher = Fetcher::new(&settings, topics, spans);
        let shared = match settings.tls.as_ref().map(dial::tls).transpose() {
            Ok(tls) => Ok(Arc::new(Shared { settings, tls })),
            Err(why) => Err(why),
        };
        let (tells, told) = channel();
        Self {
            fetcher,
            shared,
            connections: BTreeMap::new(),
            opened: 0,
            tells,
            told,
            next: spans.iter().map(|span| (span.partition, span.start)).collect(),
            heard: 0,
            gives_up: None,
        }
    }

    /// What is there, as much as there is room for; `None` if nothing comes within the time.
    ///
    /// # Errors
    /// [`HandOver`] where anything is unusual.
    pub fn read(&mut self, timeout: Duration, room: Room) -> Result<Option<Batch>, HandOver> {
        let deadline = Instant::now() + timeout;
        loop {
            // Requests go out before messages are looked at, so that brokers work meanwhile.
            if let Some(why) = &self.gives_up {
                return Err(HandOver(why.clone()));
            }
            self.listen()?;
            self.act()?;
            if let Some(batch) = self.deliver(room) {
                return Ok(Some(batch));
            }
            if self.gives_up.is_some() {
                continue;
            }
            let now = Instant::now();
            if now >= deadline {
                return Ok(None);
            }
            let until = self.fetcher.wake_at(now).map_or(deadline, |at| at.clamp(now, deadline));
            match self.told.recv_timeout(until - now) {
                Ok((name, outcome)) => self.take(name, outcome)?,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }

    /// Takes the outcomes that are there.
    fn listen(&mut self) -> Result<(), HandOver> {
        while let Ok((name, outcome)) = self.told.try_recv() {
            self.take(name, outcome)?;
        }
        Ok(())
    }

    fn take(&mut self, (number, node): Name, outcome: Outcome) -> Result<(), HandOver> {
        if self.connections.get(&node).is_none_or(|(known, _)| *known != number) {
            return Ok(());
        }
        let now = Instant::now();
        if matches!(outcome, Outcome::Response(_) | Outcome::Arriving) {
            self.heard = self.heard.saturating_add(1);
        }
        let taken = match outcome {
            Outcome::Response(frame) => self.fetcher.respond(node, frame, now),
            Outcome::Arriving => {
                self.fetcher.arriving(node, now);
                Ok(())
            }
            Outcome::Lost(why) => {
                self.connections.remove(&node);
                self.fetcher.lose(node, &why, now)
            }
            Outcome::Unfit(why) => Err(why),
        };
        taken.map_err(HandOver)
    }

    fn act(&mut self) -> Result<(), HandOver> {
        let shared = self.shared.as_ref().map_err(|why| HandOver(why.clone()))?;
        for action in self.fetcher.due(Instant::now()).map_err(HandOver)? {
            match action {
                Action::Close(node) => {
                    self.connections.remove(&node);
                }
                Action::Ask { node, address: (host, port), request } => {
                    let (_, connection) = match self.connections.entry(node) {
                        Entry::Occupied(entry) => entry.into_mut(),
                        Entry::Vacant(entry) => {
                            self.opened += 1;
                            let (name, tells) = ((self.opened, node), self.tells.clone());
                            let opened =
                                Connection::open(Address { host, port }, name, Arc::clone(shared), tells);
                            let opened = opened.map_err(|error| HandOver(error.to_string()))?;
                            entry.insert((self.opened, opened))
                        }
                    };
                    connection.send(request);
                }
            }
        }
        Ok(())
    }

    fn deliver(&mut self, mut room: Room) -> Option<Batch> {
        let mut batch = Batch::default();
        if let Err(unusual) = self.fetcher.deliver(&mut room, &mut batch.messages) {
            self.gives_up = Some(unusual.to_string());
        }
        for (partition, next, leader_epoch) in self.fetcher.places() {
            let known = self.next.entry(partition).or_insert(next);
            if next > *known {
                batch.progress.push((partition, *known, next));
                batch.leader_epochs.extend(leader_epoch.map(|epoch| (partition, epoch)));
                *known = next;
            }
        }
        (!batch.progress.is_empty()).then_some(batch)
    }

    /// How often a broker was heard of: it grows while a response is on its way, too.
    #[must_use]
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// Where logs end, as their leaders had it last.
    #[must_use]
    pub fn log_ends(&self) -> &BTreeMap<i32, i64> {
        self.fetcher.log_ends()
    }

    /// Whether all is delivered up to the ends.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.fetcher.ended()
    }

    /// Ends connections and their threads.
    pub fn close(&mut self) {
        self.connections.clear();
    }
}

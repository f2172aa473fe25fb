//! Read, the cluster: which broker is to be asked for what, and what its responses mean. No I/O, and no clock: what
//! happens, and when, is told from outside.

use crate::codec::Unpacker;
use crate::log::{Isolation, Options, PartitionLog, Pushed, Room, Span};
use crate::messages::Messages;
use crate::protocol::fetch::{self, Fetched, Wanted};
use crate::protocol::metadata::{self, Cluster};
use crate::protocol::{Api, Code, Malformed};
use crate::settings::Settings;
use crate::unusual::Unusual;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Bytes of a partition in a response, if nothing is set.
const PARTITION_BYTES: usize = 1024 * 1024;
/// Bytes of a response, if nothing is set.
const FETCH_BYTES: usize = 4 * 1024 * 1024;
/// How long trouble that may pass is worked on, before another client is to see to it.
const PATIENCE: Duration = Duration::from_secs(3);
/// Until the next attempt then.
const PAUSE: Duration = Duration::from_millis(100);

/// Who is asked: a server that the settings name, or a broker of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    Server(usize),
    Broker(i32),
}

/// A request that is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) node: Node,
    pub(crate) request: Vec<u8>,
}

/// Why this reader gives up.
pub(crate) type GiveUp = String;

/// What was asked of a node.
#[derive(Debug)]
enum Asked {
    Metadata,
    Fetch(Vec<i32>),
}

/// The leader of a partition, and since when.
#[derive(Clone, Copy, Debug)]
struct Leader {
    broker: i32,
    epoch: i32,
}

/// What is known of the cluster, and what was asked.
#[derive(Debug)]
pub(crate) struct Fetcher {
    topic: String,
    topic_id: Option<[u8; 16]>,
    client_id: String,
    limits: Limits,
    logs: BTreeMap<i32, PartitionLog>,
    /// In the order in which they are asked for: those that came last are last.
    order: VecDeque<i32>,
    leaders: BTreeMap<i32, Leader>,
    addresses: BTreeMap<i32, (String, u16)>,
    log_ends: BTreeMap<i32, i64>,
    open: BTreeMap<Node, (i32, Asked)>,
    throttled: BTreeMap<Node, Instant>,
    correlation: i32,
    servers: usize,
    metadata: Need,
    trouble: Option<(Instant, String)>,
    unpacker: Unpacker,
}

/// Whether the cluster must be asked for its leaders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    No,
    From(Option<Instant>),
    Asked,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    wait_ms: i32,
    min_bytes: i32,
    fetch_bytes: usize,
    partition_bytes: usize,
    read_committed: bool,
}

impl Fetcher {
    pub(crate) fn new(settings: &Settings, topic: &str, topic_id: Option<[u8; 16]>, spans: &[Span]) -> Self {
        let options = Options {
            isolation: if settings.read_committed {
                Isolation::ReadCommitted
            } else {
                Isolation::ReadUncommitted
            },
            check_crcs: settings.check_crcs,
            most_unpacked: settings.response_bytes,
        };
        let fetch_bytes = settings.fetch_bytes.unwrap_or(FETCH_BYTES).min(settings.response_bytes);
        Self {
            topic: topic.to_owned(),
            topic_id,
            client_id: settings.client_id.clone(),
            limits: Limits {
                wait_ms: i32::try_from(settings.wait.as_millis()).unwrap_or(i32::MAX),
                min_bytes: clamped(settings.min_bytes),
                fetch_bytes,
                partition_bytes: settings.partition_bytes.unwrap_or(PARTITION_BYTES).min(fetch_bytes),
                read_committed: settings.read_committed,
            },
            logs: spans.iter().map(|span| (span.partition, PartitionLog::new(*span, options))).collect(),
            order: spans.iter().map(|span| span.partition).collect(),
            leaders: BTreeMap::new(),
            addresses: BTreeMap::new(),
            log_ends: BTreeMap::new(),
            open: BTreeMap::new(),
            throttled: BTreeMap::new(),
            correlation: 0,
            servers: settings.servers.len(),
            metadata: Need::From(None),
            trouble: None,
            unpacker: Unpacker::default(),
        }
    }

    /// Where a broker of the cluster is.
    pub(crate) fn address(&self, broker: i32) -> Option<&(String, u16)> {
        self.addresses.get(&broker)
    }

    /// Where logs end, as their leaders had it last.
    pub(crate) fn log_ends(&self) -> &BTreeMap<i32, i64> {
        &self.log_ends
    }

    /// What is to be asked now. Whatever is given is taken for sent.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Ask> {
        let mut asks = Vec::new();
        if let Need::From(at) = self.metadata
            && at.is_none_or(|at| at <= now)
            && let Some(node) = self.who_knows()
        {
            let (client, topic) = (self.client_id.clone(), self.topic.clone());
            asks.push(self.ask(node, Asked::Metadata, |correlation| {
                Api::METADATA.request(correlation, &client, |writer| metadata::write(writer, &topic))
            }));
            self.metadata = Need::Asked;
        }
        let Some(topic_id) = self.topic_id.filter(|_| !self.leaders.is_empty()) else { return asks };
        for (node, partitions) in self.wanted(now) {
            let request = fetch::Request {
                topic_id,
                wait_ms: self.limits.wait_ms,
                min_bytes: self.limits.min_bytes,
                max_bytes: clamped(self.limits.fetch_bytes),
                read_committed: self.limits.read_committed,
                partitions,
            };
            let asked = Asked::Fetch(request.partitions.iter().map(|wanted| wanted.partition).collect());
            let client = self.client_id.clone();
            asks.push(self.ask(node, asked, |correlation| {
                Api::FETCH.request(correlation, &client, |writer| fetch::write(writer, &request))
            }));
        }
        asks
    }

    fn ask(&mut self, node: Node, asked: Asked, request: impl FnOnce(i32) -> Vec<u8>) -> Ask {
        self.correlation = self.correlation.wrapping_add(1).max(1);
        self.open.insert(node, (self.correlation, asked));
        Ask { node, request: request(self.correlation) }
    }

    /// Who is asked for the metadata: a server that the settings name, one after another where there is trouble.
    fn who_knows(&self) -> Option<Node> {
        let first = usize::try_from(self.correlation).unwrap_or(0);
        (0..self.servers)
            .map(|next| Node::Server((first + next) % self.servers))
            .find(|node| !self.open.contains_key(node))
    }

    /// By leader that waits for no response, the partitions to be asked for: none of a leader of which as much as a
    /// response holds is still to be delivered, in all or of the partition.
    fn wanted(&self, now: Instant) -> BTreeMap<Node, Vec<Wanted>> {
        let mut found: BTreeMap<Node, Vec<Wanted>> = BTreeMap::new();
        let mut held: BTreeMap<i32, usize> = BTreeMap::new();
        for (partition, log) in &self.logs {
            if let Some(leader) = self.leaders.get(partition) {
                *held.entry(leader.broker).or_default() += log.buffered();
            }
        }
        for partition in &self.order {
            let (Some(log), Some(leader)) = (self.logs.get(partition), self.leaders.get(partition)) else {
                continue;
            };
            let node = Node::Broker(leader.broker);
            let waits =
                self.open.contains_key(&node) || self.throttled.get(&node).is_some_and(|until| *until > now);
            let held = held.get(&leader.broker).is_some_and(|held| *held >= self.limits.fetch_bytes);
            if waits || held || log.fetched() || log.buffered() >= self.limits.partition_bytes {
                continue;
            }
            found.entry(node).or_default().push(Wanted {
                partition: *partition,
                leader_epoch: leader.epoch,
                offset: log.fetch_offset(),
                fetched_epoch: log.fetched_epoch().unwrap_or(-1),
                max_bytes: clamped(self.limits.partition_bytes),
            });
        }
        found
    }

    /// When [`Fetcher::due`] may have something to ask without anything happening; `None`: never.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        let metadata = match self.metadata {
            Need::From(at) => at,
            _ => None,
        };
        let throttled = self.throttled.iter().filter(|(node, _)| !self.open.contains_key(node));
        throttled.map(|(_, until)| *until).chain(metadata).min()
    }

    /// A node has responded.
    ///
    /// # Errors
    /// Why this reader gives up.
    pub(crate) fn respond(&mut self, node: Node, frame: Bytes, now: Instant) -> Result<(), GiveUp> {
        let Some((correlation, asked)) = self.open.remove(&node) else { return Ok(()) };
        let unread = |what: Malformed| format!("a response cannot be read: {}", what.0);
        match asked {
            Asked::Metadata => {
                let body = Api::METADATA.response(correlation, frame).map_err(unread)?;
                self.know(metadata::read(body).map_err(unread)?, now)
            }
            Asked::Fetch(partitions) => {
                let Some(topic_id) = self.topic_id else { return Ok(()) };
                let body = Api::FETCH.response(correlation, frame).map_err(unread)?;
                let response = fetch::read(body, topic_id).map_err(unread)?;
                self.throttle(node, response.throttle_ms, now);
                if response.code.passes() {
                    return self.worry(response.code.name(), now);
                }
                if response.code != Code::NONE {
                    return Err(response.code.name());
                }
                for fetched in response.partitions {
                    if partitions.contains(&fetched.partition) {
                        self.take(fetched, partitions.first(), now)?;
                    }
                }
                Ok(())
            }
        }
    }

    fn throttle(&mut self, node: Node, milliseconds: i32, now: Instant) {
        match u64::try_from(milliseconds) {
            Ok(milliseconds) if milliseconds > 0 => {
                self.throttled.insert(node, now + Duration::from_millis(milliseconds));
            }
            _ => {
                self.throttled.remove(&node);
            }
        }
    }

    /// Takes what came of a partition; `first` is the one that the request named first.
    fn take(&mut self, fetched: Fetched, first: Option<&i32>, now: Instant) -> Result<(), GiveUp> {
        let partition = fetched.partition;
        let Some(log) = self.logs.get_mut(&partition) else { return Ok(()) };
        if fetched.code.passes() {
            return self.worry(format!("partition {partition}: {}", fetched.code.name()), now);
        }
        if fetched.code != Code::NONE {
            return Err(format!(
                "partition {partition}, offset {}: {}",
                log.fetch_offset(),
                fetched.code.name()
            ));
        }
        if fetched.diverges {
            return Err(format!(
                "partition {partition}, offset {}: the log before it is another one",
                log.fetch_offset()
            ));
        }
        self.log_ends.insert(partition, fetched.high_watermark);
        match log.push(fetched.records, fetched.aborted).map_err(|unusual| unusual.to_string())? {
            Pushed::Whole => {
                self.order.retain(|other| *other != partition);
                self.order.push_back(partition);
            }
            // Of the partition that is named first a broker gives one whole batch, however large.
            Pushed::Cut { .. } if first == Some(&partition) => {
                return Err(format!(
                    "partition {partition}, offset {}: a batch is cut off",
                    log.fetch_offset()
                ));
            }
            Pushed::Cut { .. } | Pushed::Nothing => {}
        }
        self.trouble = None;
        Ok(())
    }

    fn know(&mut self, cluster: Cluster, now: Instant) -> Result<(), GiveUp> {
        if cluster.code.passes() {
            return self.worry(cluster.code.name(), now);
        }
        if cluster.code != Code::NONE {
            return Err(cluster.code.name());
        }
        match self.topic_id {
            Some(known) if known != cluster.topic_id => return Err("the topic has another id now".to_owned()),
            None if cluster.topic_id == [0; 16] => return Err("the broker gives topics no id".to_owned()),
            _ => self.topic_id = Some(cluster.topic_id),
        }
        self.addresses =
            cluster.brokers.into_iter().map(|broker| (broker.id, (broker.host, broker.port))).collect();
        self.metadata = Need::No;
        for partition in cluster.partitions {
            if partition.leader >= 0 && self.addresses.contains_key(&partition.leader) {
                let leader = Leader { broker: partition.leader, epoch: partition.leader_epoch };
                self.leaders.insert(partition.index, leader);
            } else {
                self.leaders.remove(&partition.index);
            }
        }
        match self.logs.keys().find(|partition| !self.leaders.contains_key(partition)) {
            Some(partition) => self.worry(format!("partition {partition} has no leader"), now),
            None => Ok(()),
        }
    }

    /// A connection is lost, or did not come about.
    ///
    /// # Errors
    /// Why this reader gives up.
    pub(crate) fn lose(&mut self, node: Node, why: &str, now: Instant) -> Result<(), GiveUp> {
        if let Some((_, Asked::Metadata)) = self.open.remove(&node) {
            self.metadata = Need::From(Some(now + PAUSE));
        }
        self.worry(why.to_owned(), now)
    }

    /// Asks for the leaders again in a moment; gives up if that has gone on for too long.
    fn worry(&mut self, why: String, now: Instant) -> Result<(), GiveUp> {
        let (since, _) = self.trouble.get_or_insert_with(|| (now, why.clone()));
        if now.duration_since(*since) > PATIENCE {
            return Err(why);
        }
        if self.metadata != Need::Asked {
            self.metadata = Need::From(Some(now + PAUSE));
        }
        Ok(())
    }

    /// Delivers what is there, as far as there is room. After an error what is in `into` is still to be delivered.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub(crate) fn deliver(&mut self, room: &mut Room, into: &mut Messages) -> Result<(), Unusual> {
        for log in self.logs.values_mut() {
            if room.messages == 0 || room.bytes == 0 {
                break;
            }
            log.read(room, &mut self.unpacker, into)?;
        }
        Ok(())
    }

    /// Of each partition the first offset that is not delivered, and the leader epoch of what lies before it.
    pub(crate) fn places(&self) -> impl Iterator<Item = (i32, i64, Option<i32>)> {
        self.logs.values().map(|log| (log.partition(), log.next(), log.leader_epoch()))
    }

    /// Whether all is delivered up to the ends.
    pub(crate) fn ended(&self) -> bool {
        self.logs.values().all(PartitionLog::ended)
    }
}

fn clamped(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}

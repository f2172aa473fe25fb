//! Read, the cluster: the partitions that are read, who leads each, and whose turn it is.

use super::Node;
use super::limits::{Limits, clamped};
use crate::codec::Unpacker;
use crate::log::{Options, PartitionLog, Room, Span};
use crate::messages::Messages;
use crate::protocol::fetch::Wanted;
use crate::unusual::Unusual;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Debug)]
pub(super) struct Partition {
    pub(super) log: PartitionLog,
    /// Who is to be asked; `None`: that must be found out.
    pub(super) leader: Option<i32>,
    /// The newest leader epoch that was heard of; -1 before.
    pub(super) epoch: i32,
    /// Those with the lowest are named first in a request: of the first a broker gives one whole batch, however large.
    turn: u64,
    /// Whether it is in line to be delivered.
    in_line: bool,
}

#[derive(Debug)]
pub(super) struct Partitions {
    all: BTreeMap<i32, Partition>,
    turns: u64,
    /// Those of which there is something to deliver. Each goes to the end of the line when it had its turn: none waits
    /// for ever, and responses are let go in the order in which they came.
    line: VecDeque<i32>,
    unpacker: Unpacker,
}

/// What a broker may be asked for.
#[derive(Debug, Default)]
struct Share {
    undelivered: usize,
    wanted: Vec<(u64, Wanted)>,
    /// Whether a partition is left out only until some of it is delivered.
    full: bool,
}

/// What a broker is to be asked for.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) node: Node,
    pub(super) wanted: Vec<Wanted>,
    /// Whether it may wait for messages before it responds. Not while there may be some of a partition that is not asked
    /// for: that one would wait too, since a broker is asked one thing at a time.
    pub(super) may_wait: bool,
}

impl Partitions {
    pub(super) fn new(spans: &[Span], options: Options) -> Self {
        let partition = |span: &Span| Partition {
            log: PartitionLog::new(*span, options),
            leader: None,
            epoch: -1,
            turn: 0,
            in_line: false,
        };
        Self {
            all: spans.iter().map(|span| (span.partition, partition(span))).collect(),
            turns: 0,
            line: VecDeque::new(),
            unpacker: Unpacker::default(),
        }
    }

    pub(super) fn get_mut(&mut self, partition: i32) -> Option<&mut Partition> {
        self.all.get_mut(&partition)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (i32, &Partition)> {
        self.all.iter().map(|(index, partition)| (*index, partition))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (i32, &mut Partition)> {
        self.all.iter_mut().map(|(index, partition)| (*index, partition))
    }

    pub(super) fn leaders(&self) -> usize {
        self.all.values().filter_map(|partition| partition.leader).collect::<BTreeSet<_>>().len()
    }

    /// Something has come of a partition.
    pub(super) fn received(&mut self, index: i32) {
        let Some(partition) = self.all.get_mut(&index) else { return };
        self.turns += 1;
        partition.turn = self.turns;
        if !partition.in_line && partition.log.buffered() > 0 {
            partition.in_line = true;
            self.line.push_back(index);
        }
    }

    /// By leader, what it is to be asked for: not those partitions of which as much as a response holds is still to be
    /// delivered, and nothing of a leader of which that is so for all together.
    pub(super) fn wanted(&self, limits: &Limits, brokers: usize) -> Vec<Ask> {
        let most = limits.partition_bytes(brokers);
        let mut shares: BTreeMap<i32, Share> = BTreeMap::new();
        for (index, partition) in &self.all {
            let (Some(leader), log) = (partition.leader, &partition.log) else { continue };
            let share = shares.entry(leader).or_default();
            let buffered = log.buffered();
            share.undelivered = share.undelivered.saturating_add(buffered);
            if log.fetched() {
                continue;
            }
            if buffered >= most.max(1) {
                share.full = true;
            } else {
                share.wanted.push((
                    partition.turn,
                    Wanted {
                        partition: *index,
                        leader_epoch: partition.epoch,
                        offset: log.fetch_offset(),
                        fetched_epoch: log.fetched_epoch().unwrap_or(-1),
                        max_bytes: clamped(most),
                    },
                ));
            }
        }
        shares.retain(|_, share| {
            !share.wanted.is_empty() && share.undelivered <= limits.undelivered_bytes(brokers)
        });
        let in_turn = |(leader, mut share): (i32, Share)| {
            share.wanted.sort_by_key(|(turn, _)| *turn);
            let wanted = share.wanted.into_iter().map(|(_, wanted)| wanted).collect();
            Ask { node: Node::Broker(leader), wanted, may_wait: !share.full }
        };
        shares.into_iter().map(in_turn).collect()
    }

    /// Delivers what is there, as far as there is room. A batch that was begun is delivered to its end before another
    /// partition has its turn: unpacked batches are large, and of all partitions one is held.
    pub(super) fn deliver(&mut self, room: &mut Room, into: &mut Messages) -> Result<(), Unusual> {
        for _ in 0..self.line.len() {
            if room.messages == 0 || room.bytes == 0 {
                break;
            }
            let Some(index) = self.line.pop_front() else { break };
            let Some(partition) = self.all.get_mut(&index) else { continue };
            if partition.log.within_batch() {
                partition.log.finish(room, into)?;
            } else {
                partition.log.read(room, &mut self.unpacker, into)?;
            }
            partition.in_line = partition.log.buffered() > 0;
            if partition.log.within_batch() {
                self.line.push_front(index);
            } else if partition.in_line {
                self.line.push_back(index);
            }
        }
        Ok(())
    }
}

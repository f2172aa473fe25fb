//! Read, the cluster: which broker leads which partition.

use super::limits::PAUSE;
use super::trouble::Of;
use super::{Fetcher, GiveUp, Need, Node};
use crate::protocol::Code;
use crate::protocol::metadata::{self, Cluster};
use std::time::Instant;

impl Fetcher {
    /// Who is asked for the leaders: one after another, first those that the settings name.
    pub(super) fn who_knows(&self, now: Instant) -> Option<Node> {
        let servers = (0..self.servers.len()).map(Node::Server);
        let all: Vec<_> = servers.chain(self.addresses.keys().copied().map(Node::Broker)).collect();
        let from = self.questions.checked_rem(all.len())?;
        let (before, after) = all.split_at(from);
        after.iter().chain(before).find(|node| self.nodes.free(**node, now)).copied()
    }

    /// The broker that was taken for the leader of a partition refuses: what is not delivered is asked for anew, of
    /// whoever leads then.
    pub(super) fn mislead(&mut self, index: i32, code: Code, now: Instant) -> Result<(), GiveUp> {
        if let Some(partition) = self.partitions.get_mut(index) {
            partition.leader = None;
            partition.log.reset();
        }
        self.ask_leaders(now);
        let why = format!("{}: {}", self.topics.told(index), code.name());
        self.trouble.worry(Of::Partition(index), &why, now, now)
    }

    /// The leaders must be asked for, in a moment.
    pub(super) fn ask_leaders(&mut self, now: Instant) {
        if self.metadata == Need::No {
            self.metadata = Need::From(Some(now + PAUSE));
        }
    }

    /// Notes what the cluster says.
    pub(super) fn know(&mut self, cluster: &Cluster, now: Instant) -> Result<(), GiveUp> {
        self.metadata = Need::No;
        self.answered = self.questions;
        self.closing.extend(self.nodes.remove_servers());
        let mut untold = None;
        for topic in &cluster.topics {
            if topic.code.passes() {
                untold = Some(topic.code);
            } else if topic.code != Code::NONE {
                return Err(topic.code.name());
            }
        }
        if let Some(code) = untold {
            self.ask_leaders(now);
            self.trouble.worry(Of::Cluster, &code.name(), now, now)?;
        } else {
            self.trouble.well(Of::Cluster);
        }
        // A broker that has just started may know of no topic yet, and of no other broker.
        if cluster.topics.iter().all(|topic| topic.code != Code::NONE) {
            return Ok(());
        }
        self.topics.identify(&cluster.topics)?;
        self.move_brokers(cluster);
        self.follow(cluster, now)
    }

    /// Brokers have come, gone, or are elsewhere.
    fn move_brokers(&mut self, cluster: &Cluster) {
        let now_at = |broker: &metadata::Broker| (broker.id, (broker.host.clone(), broker.port));
        let addresses = cluster.brokers.iter().map(now_at).collect();
        let before = std::mem::replace(&mut self.addresses, addresses);
        for (id, address) in before {
            if self.addresses.get(&id) != Some(&address) {
                self.nodes.remove(Node::Broker(id));
                self.closing.push(Node::Broker(id));
            }
        }
    }

    /// Notes who leads the partitions now.
    fn follow(&mut self, cluster: &Cluster, now: Instant) -> Result<(), GiveUp> {
        let found = self.topics.numbered(&cluster.topics);
        let untold = self.topics.untold(&cluster.topics);
        let mut leaderless = Vec::new();
        for (index, partition) in self.partitions.iter_mut().filter(|(index, _)| !untold.contains(index)) {
            // Who tells of an older leader than is known has not heard of the newer one yet.
            let leader = found.get(&index).filter(|found| {
                self.addresses.contains_key(&found.leader) && found.leader_epoch >= partition.epoch
            });
            let Some(leader) = leader else {
                partition.leader = None;
                leaderless.push(index);
                continue;
            };
            if partition.epoch >= 0 && leader.leader_epoch > partition.epoch {
                partition.log.reset();
            }
            (partition.leader, partition.epoch) = (Some(leader.leader), leader.leader_epoch);
        }
        self.leaders = self.partitions.leaders();
        if !leaderless.is_empty() {
            self.ask_leaders(now);
        }
        leaderless.into_iter().try_for_each(|index| {
            let why = format!("{} has no leader", self.topics.told(index));
            self.trouble.worry(Of::Partition(index), &why, now, now)
        })
    }
}

//! Read, the cluster: what the responses of brokers mean.

use super::nodes::Asked;
use super::trouble::Of;
use super::{Fetcher, GiveUp, Node};
use crate::log::Pushed;
use crate::protocol::fetch::{self, Fetched};
use crate::protocol::{Api, Code, Malformed, metadata};
use bytes::Bytes;
use std::time::Instant;

impl Fetcher {
    /// A node has responded; the frame is without its length.
    ///
    /// # Errors
    /// Why this reader gives up.
    pub fn respond(&mut self, node: Node, frame: Bytes, now: Instant) -> Result<(), GiveUp> {
        let Some((correlation, asked)) = self.nodes.close(node) else { return Ok(()) };
        let unread = |what: Malformed| format!("a response cannot be read: {}", what.0);
        match asked {
            Asked::Metadata { question } => {
                let body = Api::METADATA.response(correlation, frame).map_err(unread)?;
                let cluster = metadata::read(body).map_err(unread)?;
                self.nodes.well(node, cluster.throttle_ms, now);
                // What another node said after it was asked is newer.
                if question > self.answered { self.know(&cluster, now) } else { Ok(()) }
            }
            Asked::Fetch { first, places } => {
                let body = Api::FETCH.response(correlation, frame).map_err(unread)?;
                let response = fetch::read(body).map_err(unread)?;
                self.nodes.well(node, response.throttle_ms, now);
                if response.code.passes() {
                    return places.keys().try_for_each(|at| self.mislead(*at, response.code, now));
                }
                if response.code != Code::NONE {
                    return Err(response.code.name());
                }
                let mut places = places;
                for topic in response.topics {
                    let Some(numbers) = self.topics.numbers(topic.id) else {
                        return Err(unread(Malformed("it is about another topic")));
                    };
                    let number = |fetched: Fetched| Some((*numbers.get(&fetched.partition)?, fetched));
                    let found: Vec<_> = topic.partitions.into_iter().filter_map(number).collect();
                    for (index, fetched) in found {
                        // What was asked for before the log was begun anew would leave a gap.
                        if let Some(place) = places.remove(&index)
                            && self.place(index) == Some(place)
                        {
                            self.take(index, fetched, first, now)?;
                        }
                    }
                }
                Ok(())
            }
        }
    }

    /// Where a partition is to be asked for next: leader epoch and offset.
    fn place(&mut self, partition: i32) -> Option<(i32, i64)> {
        self.partitions.get_mut(partition).map(|found| (found.epoch, found.log.fetch_offset()))
    }

    /// Takes what came of the partition of this number; `first` is the one that the request named first.
    fn take(&mut self, index: i32, fetched: Fetched, first: i32, now: Instant) -> Result<(), GiveUp> {
        if fetched.code.passes() {
            return self.mislead(index, fetched.code, now);
        }
        let Some(partition) = self.partitions.get_mut(index) else { return Ok(()) };
        let offset = partition.log.fetch_offset();
        let give_up = |why: &str| Err(format!("{}, offset {offset}: {why}", self.topics.told(index)));
        if fetched.code != Code::NONE {
            return give_up(&fetched.code.name());
        }
        if fetched.diverges {
            return give_up("the log before it is another one");
        }
        self.log_ends.insert(index, fetched.high_watermark);
        let readable = fetched.readable(self.limits.read_committed);
        let pushed = partition.log.push(fetched.records, fetched.aborted);
        match pushed.map_err(|unusual| unusual.to_string())? {
            Pushed::Whole => self.partitions.received(index),
            // Of the partition that is named first a broker gives one whole batch, however large.
            Pushed::Cut { .. } if first == index => return give_up("a batch is cut off"),
            Pushed::Nothing if first == index && offset < readable => {
                let place = self.topics.told(index);
                let why = format!("{place}, offset {offset}: nothing comes, though there is more");
                return self.trouble.worry(Of::Partition(index), &why, now, now);
            }
            Pushed::Cut { .. } | Pushed::Nothing => {}
        }
        self.trouble.well(Of::Partition(index));
        Ok(())
    }
}

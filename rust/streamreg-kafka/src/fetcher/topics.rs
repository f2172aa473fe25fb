//! Read, the cluster: the topics that are read, and by which number each of their partitions is called.

use super::GiveUp;
use crate::log::Span;
use crate::protocol::{Code, fetch, metadata};
use std::collections::{BTreeMap, BTreeSet};

/// Topics whose partitions share one row of numbers: a partition is called by its number everywhere but in requests and
/// responses.
#[derive(Clone, Debug)]
pub struct Topics {
    all: Vec<Topic>,
    /// By number: which topic, and which of its partitions.
    places: BTreeMap<i32, (usize, i32)>,
}

#[derive(Clone, Debug)]
struct Topic {
    name: String,
    id: Option<[u8; 16]>,
    /// The numbers of its partitions.
    numbers: BTreeMap<i32, i32>,
}

impl Topics {
    /// One topic, whose partitions have their own numbers. `id` is that of the topic; `None`: of the one that has the
    /// name.
    #[must_use]
    pub fn alone(name: &str, id: Option<[u8; 16]>, spans: &[Span]) -> Self {
        let own = spans.iter().map(|span| (span.partition, span.partition));
        Self::of([(name.to_owned(), id, own.collect())])
    }

    /// Topics, each with its name, its id as in [`Topics::alone`], and the numbers of its partitions.
    #[must_use]
    pub fn of(topics: impl IntoIterator<Item = (String, Option<[u8; 16]>, BTreeMap<i32, i32>)>) -> Self {
        let all: Vec<_> = topics.into_iter().map(|(name, id, numbers)| Topic { name, id, numbers }).collect();
        let places = all.iter().enumerate().flat_map(|(index, topic)| {
            topic.numbers.iter().map(move |(partition, number)| (*number, (index, *partition)))
        });
        Self { places: places.collect(), all }
    }

    pub(super) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.all.iter().map(|topic| topic.name.as_str())
    }

    /// Whether the ids of all are known.
    pub(super) fn identified(&self) -> bool {
        self.all.iter().all(|topic| topic.id.is_some())
    }

    /// Takes the ids of topics that had none, of which the cluster says something.
    ///
    /// # Errors
    /// If one is missing, has another id, or none.
    pub(super) fn identify(&mut self, found: &[metadata::Topic]) -> Result<(), GiveUp> {
        let alone = self.all.len() == 1;
        for topic in &mut self.all {
            let named = || if alone { "the topic".to_owned() } else { format!("the topic {}", topic.name) };
            let Some(found) = found.iter().find(|found| found.name == topic.name) else {
                return Err(format!("the brokers do not tell of {}", named()));
            };
            match topic.id {
                _ if found.code != Code::NONE => {}
                Some(known) if known != found.id => return Err(format!("{} has another id now", named())),
                None if found.id == [0; 16] => return Err("the broker gives topics no id".to_owned()),
                _ => topic.id = Some(found.id),
            }
        }
        Ok(())
    }

    /// What the cluster says of the partitions that are read, by number.
    pub(super) fn numbered<'a>(
        &self,
        found: &'a [metadata::Topic],
    ) -> BTreeMap<i32, &'a metadata::Partition> {
        let of = |topic: &'a metadata::Topic| {
            let own = self.all.iter().find(|own| own.name == topic.name);
            topic.partitions.iter().filter_map(move |found| Some((*own?.numbers.get(&found.index)?, found)))
        };
        found.iter().flat_map(of).collect()
    }

    /// The numbers of the partitions of topics of which the cluster says nothing now.
    pub(super) fn untold(&self, found: &[metadata::Topic]) -> BTreeSet<i32> {
        let untold = found.iter().filter(|topic| topic.code != Code::NONE);
        let own = untold.filter_map(|topic| self.all.iter().find(|own| own.name == topic.name));
        own.flat_map(|topic| topic.numbers.values().copied()).collect()
    }

    /// What is asked for, by topic: that of the first one stays the first.
    pub(super) fn asked(&self, wanted: Vec<fetch::Wanted>) -> Vec<fetch::Topic<fetch::Wanted>> {
        let mut order = Vec::new();
        let mut asked: BTreeMap<usize, Vec<fetch::Wanted>> = BTreeMap::new();
        for each in wanted {
            let Some((topic, partition)) = self.places.get(&each.partition).copied() else { continue };
            let known = asked.entry(topic).or_insert_with(|| {
                order.push(topic);
                Vec::new()
            });
            known.push(fetch::Wanted { partition, ..each });
        }
        let of = |index: usize| {
            let id = self.all.get(index)?.id?;
            Some(fetch::Topic { id, partitions: asked.remove(&index)? })
        };
        order.into_iter().filter_map(of).collect()
    }

    /// The numbers of the partitions of the topic with this id; `None` if it is another's.
    pub(super) fn numbers(&self, id: [u8; 16]) -> Option<&BTreeMap<i32, i32>> {
        self.all.iter().find(|topic| topic.id == Some(id)).map(|topic| &topic.numbers)
    }

    /// How people call a partition.
    pub(super) fn told(&self, number: i32) -> String {
        match (self.all.len(), self.places.get(&number)) {
            (2.., Some((topic, partition))) => {
                let name = self.all.get(*topic).map_or("", |topic| &topic.name);
                format!("topic {name}, partition {partition}")
            }
            _ => format!("partition {number}"),
        }
    }
}

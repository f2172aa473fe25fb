//! A plain model of a partition: what producers, transactions and compaction leave in it, and what a client reads of it.

use super::*;
use proptest::prelude::*;
use write::{APPEND_TIME, TRANSACTIONAL};

/// What happens to a partition.
#[derive(Clone, Debug)]
pub enum Event {
    Produce {
        /// Of a producer with transactions; `None`: without.
        producer: Option<u8>,
        records: Vec<Record>,
        packing: Packing,
        append_time: bool,
        /// Of each record whether compaction has removed it.
        removed: Vec<bool>,
        /// Whether a batch of which nothing is left is gone, too.
        dropped: bool,
    },
    End {
        producer: u8,
        committed: bool,
    },
    /// So many offsets are gone.
    Gap(i64),
    Election,
}

/// A partition.
#[derive(Debug, Default)]
pub struct Partition {
    pub batches: Vec<Batch>,
    /// Aborted transactions with the offsets of their markers.
    aborted: Vec<(Aborted, i64)>,
    /// All messages, and the producer if they were part of a transaction.
    messages: Vec<(Message, Option<i64>)>,
    /// The offset after the last one.
    pub end: i64,
    epoch: i32,
    /// First offsets of the transactions that are open.
    open: [Option<i64>; 3],
}

impl Partition {
    pub fn new(start: i64, events: Vec<Event>) -> Self {
        let mut partition = Self { end: start, ..Self::default() };
        for event in events {
            partition.happens(event);
        }
        for producer in 0..3 {
            partition.happens(Event::End { producer, committed: producer == 1 });
        }
        partition
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Produce { producer, records, packing, append_time, removed, dropped } => {
                let records: Vec<_> = (0..)
                    .zip(records)
                    .map(|(offset_delta, record)| Record { offset_delta, ..record })
                    .collect();
                let last_delta = records.len() - 1;
                let mut removed = removed.into_iter();
                let left: Vec<_> = records.into_iter().filter(|_| !removed.next().unwrap_or(false)).collect();
                let mut batch = Batch {
                    packing,
                    last_delta: i32::try_from(last_delta).ok(),
                    ..Batch::new(self.end, left)
                };
                if append_time {
                    batch.attributes |= APPEND_TIME;
                }
                if let Some(producer) = producer {
                    batch.attributes |= TRANSACTIONAL;
                    batch.producer_id = 100 + i64::from(producer);
                    self.open[usize::from(producer)].get_or_insert(self.end);
                }
                self.append(batch, dropped);
            }
            Event::End { producer, committed } => {
                let producer_id = 100 + i64::from(producer);
                if let Some(first_offset) = self.open[usize::from(producer)].take()
                    && !committed
                {
                    self.aborted.push((Aborted { producer_id, first_offset }, self.end));
                }
                self.append(Batch::marker(self.end, producer_id, committed), false);
            }
            Event::Gap(offsets) => self.end += offsets,
            Event::Election => self.epoch += 1,
        }
    }

    fn append(&mut self, batch: Batch, dropped: bool) {
        let batch = Batch { leader_epoch: self.epoch, ..batch };
        self.end = batch.last_offset() + 1;
        let producer = (batch.attributes & TRANSACTIONAL != 0).then_some(batch.producer_id);
        if batch.attributes & write::CONTROL == 0 {
            self.messages.extend(batch.records.iter().map(|record| (message(&batch, record), producer)));
        }
        if !(dropped && batch.records.is_empty()) {
            self.batches.push(batch);
        }
    }

    /// The messages from `start` on, before `end`.
    pub fn messages(&self, start: i64, end: i64, isolation: Isolation) -> Vec<Message> {
        let taken_back = |offset: i64, producer: Option<i64>| {
            self.aborted.iter().any(|(aborted, marker)| {
                producer == Some(aborted.producer_id) && (aborted.first_offset..*marker).contains(&offset)
            })
        };
        self.messages
            .iter()
            .filter(|(message, producer)| {
                (start..end).contains(&message.offset)
                    && !(isolation == Isolation::ReadCommitted && taken_back(message.offset, *producer))
            })
            .map(|(message, _)| message.clone())
            .collect()
    }

    /// What a broker answers who is asked for the messages from an offset on: so many bytes, and the aborted
    /// transactions that they may be of.
    pub fn response(&self, from: i64, size: usize) -> (Vec<u8>, Vec<Aborted>) {
        let mut records = Vec::new();
        let mut up_to = from;
        for batch in self.batches.iter().filter(|batch| batch.last_offset() >= from) {
            if records.len() >= size {
                break;
            }
            records.extend(batch.bytes());
            up_to = batch.last_offset();
        }
        records.truncate(size);
        let concerned =
            self.aborted.iter().filter(|(aborted, marker)| *marker >= from && aborted.first_offset <= up_to);
        (records, concerned.map(|(aborted, _)| *aborted).collect())
    }
}

fn message(batch: &Batch, record: &Record) -> Message {
    let timestamp = if batch.attributes & APPEND_TIME != 0 || record.attributes & APPEND_TIME != 0 {
        batch.max_timestamp
    } else {
        batch.base_timestamp.wrapping_add(record.timestamp_delta)
    };
    Message {
        partition: 3,
        offset: batch.base_offset + record.offset_delta,
        timestamp: (timestamp >= 0).then_some(timestamp),
        key: record.key.clone(),
        value: record.value.clone(),
        headers: record.headers.clone(),
    }
}

pub fn partition() -> impl Strategy<Value = Partition> {
    let start = prop_oneof![Just(0), 1..1000i64, Just(i64::from(u32::MAX) - 3), Just(i64::MAX / 2)];
    (start, prop::collection::vec(event(), 0..14)).prop_map(|(start, events)| Partition::new(start, events))
}

fn event() -> impl Strategy<Value = Event> {
    let produced = (
        prop::option::of(0..3u8),
        prop::collection::vec(record(), 1..8),
        prop::sample::select(pack::ALL.to_vec()),
        prop::bool::weighted(0.2),
        prop_oneof![
            2 => Just(Vec::new()),
            1 => prop::collection::vec(any::<bool>(), 8),
            1 => Just(vec![true; 8]),
        ],
        any::<bool>(),
    );
    prop_oneof![
        6 => produced.prop_map(|(producer, records, packing, append_time, removed, dropped)| {
            Event::Produce { producer, records, packing, append_time, removed, dropped }
        }),
        3 => (0..3u8, any::<bool>()).prop_map(|(producer, committed)| Event::End { producer, committed }),
        1 => (1..50i64).prop_map(Event::Gap),
        1 => Just(Event::Election),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let bytes = || {
        prop_oneof![
            8 => prop::collection::vec(any::<u8>(), 0..20),
            1 => (any::<u8>(), 60..400usize).prop_map(|(byte, length)| vec![byte; length]),
        ]
    };
    let delta = prop_oneof![
        4 => 0..500i64,
        1 => -2000..0i64,
        1 => any::<i64>(),
    ];
    let name = prop::collection::vec(1..=255u8, 0..6);
    (
        prop::option::weighted(0.5, bytes()),
        prop::option::weighted(0.9, bytes()),
        delta,
        prop::collection::vec((name, prop::option::of(bytes())), 0..3),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(key, value, timestamp_delta, headers, append_time)| Record {
            attributes: if append_time { APPEND_TIME } else { 0 },
            timestamp_delta,
            offset_delta: 0,
            key,
            value,
            headers,
        })
}

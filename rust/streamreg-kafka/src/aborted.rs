//! Read, transactions: which batches belong to one that was aborted.
//!
//! A response lists the aborted transactions that it may hold messages of, by producer and first offset; the marker at
//! the end of each says where it is over. As librdkafka does it (`rd_kafka_aborted_txns_t`).

use std::collections::HashMap;

/// A transaction that was aborted, as a response lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Aborted {
    /// Whose transaction it was.
    pub producer_id: i64,
    /// The offset of its first message in the partition.
    pub first_offset: i64,
}

/// The aborted transactions of one response that are not over yet.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// First offsets by producer, the earliest last.
    first_offsets: HashMap<i64, Vec<i64>>,
}

impl Pending {
    pub(crate) fn new(mut aborted: Vec<Aborted>) -> Self {
        aborted.sort_unstable_by(|one, other| other.cmp(one));
        let mut first_offsets: HashMap<i64, Vec<i64>> = HashMap::new();
        for Aborted { producer_id, first_offset } in aborted {
            first_offsets.entry(producer_id).or_default().push(first_offset);
        }
        Self { first_offsets }
    }

    /// Whether the transaction of this producer at this offset was aborted.
    pub(crate) fn holds(&self, producer_id: i64, offset: i64) -> bool {
        let first = self.first_offsets.get(&producer_id).and_then(|firsts| firsts.last());
        first.is_some_and(|&first| first <= offset)
    }

    /// Told of the marker that ends an aborted transaction. One without messages is not listed.
    pub(crate) fn end(&mut self, producer_id: i64, offset: i64) {
        if self.holds(producer_id, offset)
            && let Some(firsts) = self.first_offsets.get_mut(&producer_id)
        {
            firsts.pop();
        }
    }
}

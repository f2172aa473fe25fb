//! Read, transactions: which batches belong to one that was aborted.
//!
//! A response lists the aborted transactions that it may hold messages of, by producer and first offset; the marker at
//! the end of each says where it is over. As librdkafka does it (`rd_kafka_aborted_txns_t`).

use std::collections::HashMap;

use crate::batch::Header;
use crate::record;

/// The type of the control record that ends an aborted transaction.
const ABORT: [u8; 2] = [0, 0];

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

    /// Goes past a batch of control records: an abort marker ends the transaction of its producer.
    pub(crate) fn pass_markers(&mut self, header: &Header, records: &[u8]) -> Result<(), String> {
        let mut at = 0;
        for _ in 0..header.records {
            let (entry, end) = record::read(records, at).ok_or("a control record is damaged")?;
            if is_abort(record::key(records, entry.record).unwrap_or_default())? {
                self.end(header.producer_id, header.base_offset.saturating_add(entry.offset_delta.into()));
            }
            at = end;
        }
        Ok(())
    }

    /// An aborted transaction without messages is not listed, though it has its marker.
    fn end(&mut self, producer_id: i64, offset: i64) {
        if self.holds(producer_id, offset)
            && let Some(firsts) = self.first_offsets.get_mut(&producer_id)
        {
            firsts.pop();
        }
    }
}

/// Whether a control record is an abort marker, by its key: a version and a type.
fn is_abort(key: &[u8]) -> Result<bool, String> {
    match key {
        [0, 0, kind @ ..] if kind.len() >= 2 => Ok(kind.starts_with(&ABORT)),
        _ => Err(format!("a control record has the key {key:02x?}")),
    }
}

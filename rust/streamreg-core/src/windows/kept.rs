//! Windows: what is kept of one windowed reduction, in one map, so that a checkpoint stores what has changed of it.
//!
//! The first byte of a stored key says what the entry is: a part of the open windows, which is the store's own, the last
//! closed window of an instance, or what is counted over all windows, the closed ones too.

use crate::error::Error;
use crate::reduce::KeyCell;
use crate::reduce::key::{self, Key, Keys};
use crate::reduce::keyed::before_epoch::BeforeEpoch;
use crate::tracked_map::TrackedMap;
use crate::wire::{Reader, Writer, corrupt};

use super::moment::TimeKind;
use super::states::States;

/// What belongs to open windows.
pub(super) const OPEN: u8 = 0;
/// The last closed window of an instance: the cells of the instance, to the window's order and its states.
pub(super) const CLOSED: u8 = 1;
/// Excluded rows by aggregate.
const TOTALS: &[u8] = &[2];

/// What all stores share: the entries, and the states that are unpacked from them.
#[derive(Debug)]
pub(super) struct Kept {
    /// The columns of the cells of an instance.
    pub(super) keys: Vec<Key>,
    /// What times are.
    pub(super) time: TimeKind,
    pub(super) states: States,
    /// Keys begin with [`OPEN`] or one of the other marks. Stores touch the open ones only.
    pub(super) map: TrackedMap,
    keep_closed: bool,
    /// Whether excluded rows are counted in the map too.
    pub(super) totals: bool,
    before: BeforeEpoch,
    excluded: Vec<i128>,
}

impl Kept {
    pub(super) fn new(keys: Vec<Key>, time: TimeKind, states: States, keep_closed: bool) -> Self {
        let excluded = vec![0; states.len()];
        let (map, before) = (TrackedMap::default(), BeforeEpoch::default());
        Self { keys, time, states, map, keep_closed, totals: true, before, excluded }
    }

    /// For each aggregate the rows of all windows, also closed ones, that it could not take.
    pub(super) fn excluded(&self) -> &[i128] {
        &self.excluded
    }

    /// Adds to these rows, each counted once, in however many windows it is.
    pub(super) fn exclude(&mut self, more: &[i128]) {
        if more.iter().all(|&rows| rows == 0) {
            return;
        }
        let mut writer = Writer::payload();
        for (total, more) in self.excluded.iter_mut().zip(more) {
            *total += more;
            writer.append(&total.to_le_bytes());
        }
        if self.totals {
            self.map.put(TOTALS, Some(&writer.into_payload()));
        }
    }

    /// Keeps these states as the last closed window of an instance, unless a later one is there: `order` is that of the
    /// window among those of its instance, as the bytes of keys are in order.
    pub(super) fn close(&mut self, instance: &[u8], order: &[u8], states: &[u8]) {
        if !self.keep_closed {
            return;
        }
        let key = closed_key(instance);
        let mut writer = Writer::payload();
        writer.bytes(order);
        let known = self.map.get(&key).and_then(|kept| Reader::payload(kept).bytes().ok());
        if known.is_none_or(|known| known <= order) {
            writer.append(states);
            self.before.keep(&key, &self.map);
            self.map.put(&key, Some(&writer.into_payload()));
        }
    }

    /// Takes an open window of this stored key, which has an entry of its own, out: it is closed. Its states are kept as
    /// [`Kept::close`] says. Gives the keys that results have for it.
    ///
    /// # Errors
    /// None but for states that are damaged in memory.
    pub(super) fn close_entry(
        &mut self,
        stored: &[u8],
        instance: &[u8],
        order: &[u8],
    ) -> Result<Vec<Vec<u8>>, Error> {
        let mut keys = vec![stored[1..].to_vec()];
        if (self.keep_closed || self.states.label().is_some())
            && let Some(states) = self.map.get(stored).map(<[u8]>::to_vec)
        {
            self.close(instance, order, &states);
            keys = self.states.keys(&stored[1..], &states)?;
        }
        self.map.put(stored, None);
        Ok(keys)
    }

    /// How many cells a row of results has before the bounds of its window.
    pub(super) fn cells(&self) -> usize {
        self.keys.len() + usize::from(self.states.label().is_some())
    }

    /// Whether closed windows are kept for scoring.
    pub(super) fn keeps_closed(&self) -> bool {
        self.keep_closed
    }

    /// Rows are scored by the last closed windows of this moment, until this is called again.
    pub(super) fn freeze(&mut self) {
        self.before.begin();
    }

    /// The states of the last closed window that an instance had then.
    pub(super) fn closed<'a>(
        map: &'a TrackedMap,
        before: &'a BeforeEpoch,
        instance: &[u8],
    ) -> Option<&'a [u8]> {
        let mut reader = Reader::payload(before.get(&closed_key(instance), map)?);
        reader.bytes().ok()?;
        Some(reader.rest())
    }

    /// The last closed window of an instance: its order among those of the instance, and its states.
    pub(super) fn last_closed(&self, instance: &[u8]) -> Option<(&[u8], &[u8])> {
        let mut reader = Reader::payload(self.map.get(&closed_key(instance))?);
        let order = reader.bytes().ok()?;
        Some((order, reader.rest()))
    }

    /// What [`Kept::closed`] looks at, beside the states that are unpacked.
    pub(super) fn parts(&mut self) -> (&Keys, &mut States, &TrackedMap, &BeforeEpoch) {
        (&self.keys, &mut self.states, &self.map, &self.before)
    }

    /// Takes in an entry that is not of open windows; whether it was one.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is none that is written here.
    pub(super) fn load(
        &mut self,
        stored: &[u8],
        bytes: &[u8],
        excluded: &mut Vec<i128>,
    ) -> Result<bool, Error> {
        match stored.split_first() {
            Some((&OPEN, _)) => Ok(false),
            Some((&CLOSED, instance)) => {
                key::decode(&self.keys, instance)?;
                let mut reader = Reader::payload(bytes);
                reader.bytes()?;
                self.states.unpack(reader.rest())?;
                Ok(true)
            }
            _ if stored == TOTALS && bytes.len() == 16 * excluded.len() => {
                let (halves, _) = bytes.as_chunks::<16>();
                *excluded = halves.iter().map(|bytes| i128::from_le_bytes(*bytes)).collect();
                Ok(true)
            }
            _ => Err(corrupt("a stored key is of no window")),
        }
    }

    /// Takes in entries that were checked.
    pub(super) fn extend(&mut self, loaded: TrackedMap, excluded: Vec<i128>) -> Result<(), Error> {
        self.map.extend(loaded)?;
        self.excluded = excluded;
        Ok(())
    }

    /// The bytes of the instance of a stored key; `None` of one that is of none.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is no stored key.
    pub(super) fn instance_of<'a>(&self, stored: &'a [u8]) -> Result<Option<&'a [u8]>, Error> {
        match stored.split_first() {
            Some((&(OPEN | CLOSED), mut key)) => Ok(Some(self.skip_instance(&mut key)?)),
            _ if stored == TOTALS => Ok(None),
            _ => Err(corrupt("a stored key is of no window")),
        }
    }

    /// The bytes of an instance at the beginning of a key, which moves behind them.
    pub(super) fn skip_instance<'a>(&self, key: &mut &'a [u8]) -> Result<&'a [u8], Error> {
        key::skip_first(&self.keys, key)
    }

    /// The same, with its cells.
    pub(super) fn instance<'a>(&self, key: &mut &'a [u8]) -> Result<(&'a [u8], Vec<KeyCell>), Error> {
        let all = *key;
        let cells = key::decode_first(&self.keys, key)?;
        Ok((&all[..all.len() - key.len()], cells))
    }
}

fn closed_key(instance: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + instance.len());
    key.push(CLOSED);
    key.extend_from_slice(instance);
    key
}

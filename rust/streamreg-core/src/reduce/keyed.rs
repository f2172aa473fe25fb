//! Reduce: the aggregates of one `reduce` for each key: exact states that merge in any order.
//!
//! A worker makes of each batch a [partial](KeyedReduction::partial), which depends on the batch alone. The parent
//! [merges](KeyedReduction::merge) partials, and gives the results of the keys that have changed. A key's
//! state is kept as its bytes: compact, and what a checkpoint stores. It is unpacked where rows are added to it.

mod answers;
pub(crate) mod before_epoch;
mod partial;
mod single;
pub(crate) mod split;

pub use answers::KeyedAnswers;

use super::key::{self, Key, KeyCell, KeyColumn};
use super::shape::Inputs;
use super::unpacked::Unpacked;
use super::{Aggregate, shape};
use crate::accumulate::Sign;
use crate::column::NumberType;
use crate::error::Error;
use crate::tracked_map::TrackedMap;
use crate::wire::{Reader, Writer, corrupt, kind};
use before_epoch::BeforeEpoch;

/// The type of a column of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// Booleans.
    Bool,
    /// 64-bit signed integers.
    Int,
    /// Strings.
    Text,
    /// Datetimes.
    Datetime,
    /// Timedeltas.
    Timedelta,
}

/// For each key the states of several aggregates over the same rows; the first one counts them.
///
/// A key without any row is no key: where everything that was added was taken away again, it is gone.
#[derive(Debug)]
pub struct KeyedReduction {
    keys: Vec<Key>,
    unpacked: Unpacked,
    /// The shape in bytes, as every partial carries it.
    shape: Vec<u8>,
    states: TrackedMap,
    before_epoch: BeforeEpoch,
    excluded: Vec<i128>,
}

impl KeyedReduction {
    /// No key; each will have these aggregates over columns of these types.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a column of keys, unless the first aggregate is the count, and as
    /// [`Reduction::new`].
    pub fn new(keys: &[KeyType], inputs: &[NumberType], aggregates: Vec<Aggregate>) -> Result<Self, Error> {
        Self::with_missing(keys, &[], inputs, &[], aggregates)
    }

    /// The same, where some keys and values of some inputs can be missing. Rows that lack a key have one of their own, as
    /// in SQL, but no class; those that lack a value are in no aggregate that reads it.
    ///
    /// # Errors
    /// As [`KeyedReduction::new`] and [`Reduction::with_missing`].
    pub fn with_missing(
        keys: &[KeyType],
        optional_keys: &[usize],
        inputs: &[NumberType],
        optional: &[usize],
        aggregates: Vec<Aggregate>,
    ) -> Result<Self, Error> {
        if keys.is_empty() {
            return Err(Error::Invalid("a reduction by keys needs a column of them".to_owned()));
        }
        let keys = key::keys_of(keys, optional_keys);
        let mut inputs = Inputs::new(inputs, optional)?;
        inputs.optional_label = matches!(keys.as_slice(), [Key { optional: true, .. }]);
        let shape = shape::keyed_to_bytes(&keys, &inputs, &aggregates);
        let unpacked = Unpacked::new(inputs, aggregates)?;
        let excluded = vec![0; unpacked.len()];
        Ok(Self {
            keys,
            unpacked,
            shape,
            states: TrackedMap::default(),
            before_epoch: BeforeEpoch::default(),
            excluded,
        })
    }

    /// Adds a partial, or all of another reduction.
    ///
    /// # Errors
    /// As [`Reduction::merge`]; nothing is added then.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.combine(bytes, Sign::Added)
    }

    /// Removes all rows of a partial or of another reduction, whether they were added before or will be later.
    ///
    /// # Errors
    /// As [`Reduction::subtract`]; nothing is removed then.
    pub fn subtract(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.combine(bytes, Sign::Removed)
    }

    fn combine(&mut self, bytes: &[u8], sign: Sign) -> Result<(), Error> {
        self.unpacked.check_sign(sign)?;
        let mut reader = Reader::open(kind::KEYED_REDUCTION, bytes)?;
        if reader.bytes()? != self.shape {
            return Err(Error::Mismatch(
                "the state belongs to a reduction of other keys, columns or aggregates".to_owned(),
            ));
        }
        // A key and its count take at least three bytes.
        let count = reader.count(3)?;
        let (mut merged, mut ends) = (Writer::payload(), Vec::with_capacity(count));
        let mut excluded = self.excluded.clone();
        let mut last: Option<&[u8]> = None;
        for _ in 0..count {
            let key = reader.bytes()?;
            if last.is_some_and(|last| last >= key) {
                return Err(corrupt("keys are not in order"));
            }
            last = Some(key);
            key::decode(&self.keys, key)?;
            self.unpacked.read(&mut reader)?;
            self.unpacked.count_excluded(sign, &mut excluded);
            self.unpacked.write_combined(self.states.get(key), sign, &mut merged)?;
            ends.push((key, merged.len()));
        }
        reader.finish()?;

        let (merged, mut start) = (merged.into_payload(), 0);
        for (key, end) in ends {
            let bytes = &merged[start..end];
            self.before_epoch.keep(key, &self.states);
            self.states.put(key, self.unpacked.some(bytes));
            start = end;
        }
        self.excluded = excluded;
        Ok(())
    }

    /// All keys with their states as versioned bytes: equal multisets of rows give equal bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = self.begin(self.states.len());
        for (key, state) in self.states.in_order() {
            writer.bytes(key);
            writer.append(state);
        }
        writer.finish()
    }

    /// Takes in what was stored of some keys, in the form that [`TrackedMap::load`] tells; there may be more to come.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is not what this reduction stores, or of a key that is here already; nothing is changed
    /// then.
    pub fn load(&mut self, rows: &[u8]) -> Result<(), Error> {
        let states = TrackedMap::load(rows)?;
        let mut excluded = self.excluded.clone();
        for (key, state) in states.in_order() {
            key::decode(&self.keys, key)?;
            self.unpacked.unpack(state)?;
            self.unpacked.count_excluded(Sign::Added, &mut excluded);
        }
        self.states.extend(states)?;
        self.excluded = excluded;
        Ok(())
    }

    /// The cells that a key is made of.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is no key of this reduction.
    pub fn cells(&self, key: &[u8]) -> Result<Vec<KeyCell>, Error> {
        key::decode(&self.keys, key)
    }

    /// The keys, and which have changed since they were last marked clean.
    #[must_use]
    pub fn tracked(&self) -> &TrackedMap {
        &self.states
    }

    /// Marks all keys clean: their changes have been stored.
    pub fn mark_clean(&mut self) {
        self.states.mark_clean();
    }

    /// The same, to be put in order or marked clean.
    pub fn tracked_mut(&mut self) -> &mut TrackedMap {
        &mut self.states
    }

    /// For each aggregate the rows of all keys that it could not take: a missing value, NaN or an infinity in an input.
    #[must_use]
    pub fn excluded(&self) -> &[i128] {
        &self.excluded
    }

    /// For each aggregate the 64-bit limbs that its exact sums take, those of all keys together.
    ///
    /// # Errors
    /// None but for states that are damaged in memory.
    pub fn limbs(&mut self) -> Result<Vec<usize>, Error> {
        let mut total = vec![0; self.unpacked.len()];
        for (_, state) in self.states.in_order() {
            self.unpacked.unpack(state)?;
            self.unpacked.count_limbs(&mut total);
        }
        Ok(total)
    }

    /// The beginning of the bytes of so many keys.
    fn begin(&self, keys: usize) -> Writer {
        let mut writer = Writer::new(kind::KEYED_REDUCTION);
        writer.bytes(&self.shape);
        writer.unsigned(keys as u64);
        writer
    }
}

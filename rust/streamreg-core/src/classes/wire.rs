//! Stage: classes. The state as versioned bytes:
//! features, number of classes, then label and moments of each, in the order of the labels.

use std::collections::BTreeMap;

use super::{Classes, Label, MOST_CLASSES};
use crate::error::Error;
use crate::moments::Moments;
use crate::wire::{Reader, Writer, corrupt};

/// What classes are marked with in their bytes.
const KIND: u8 = b'C';

impl Classes {
    /// The state as versioned bytes: equal multisets of rows give equal bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(KIND);
        writer.unsigned(self.features as u64);
        writer.unsigned(self.classes.len() as u64);
        for (label, moments) in &self.classes {
            label.write(&mut writer);
            moments.write_sums(&mut writer);
        }
        writer.seal()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`Error::Corrupt`] or [`Error::Version`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::open(KIND, bytes)?;
        let features = usize::try_from(reader.unsigned()?).unwrap_or(usize::MAX);
        let empty =
            Self::new(features).map_err(|_| corrupt("classes of an impossible number of features"))?;
        // Two counts, and at least a byte for each sum: no count can ask for much memory.
        let least = Label::LEAST_BYTES + 2 + features + features * (features + 1) / 2;
        let count = reader.count(least)?;
        if count > MOST_CLASSES {
            return Err(corrupt("more classes than there can be"));
        }
        let none = Moments::of_variables(features);
        let mut classes = BTreeMap::new();
        for _ in 0..count {
            let label = Label::read(&mut reader)?;
            if classes.last_key_value().is_some_and(|(last, _)| *last >= label) {
                return Err(corrupt("classes are not in order"));
            }
            let mut moments = Moments::of_variables(features);
            moments.read_sums(&mut reader)?;
            if moments == none {
                return Err(corrupt("a class without rows"));
            }
            classes.insert(label, moments);
        }
        reader.finish()?;
        Ok(Self { classes, ..empty })
    }
}

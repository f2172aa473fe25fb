//! Classes: the state as versioned bytes:
//! features, number of classes, then label and moments of each, in the order of the labels.

use std::collections::BTreeMap;

use super::{Classes, Label, MOST_CLASSES};
use crate::error::Error;
use crate::moments::Moments;
use crate::wire::{Reader, Versioned, Writer, corrupt, kind};

impl Versioned for Classes {
    const KIND: u8 = kind::CLASSES;

    fn write_whole(&self, writer: &mut Writer) {
        writer.unsigned(self.features as u64);
        writer.unsigned(self.classes.len() as u64);
        for (label, moments) in &self.classes {
            label.write(writer);
            moments.write_sums(writer);
        }
    }

    fn read_whole(reader: &mut Reader<'_>) -> Result<Self, Error> {
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
            let label = Label::read(reader)?;
            if classes.last_key_value().is_some_and(|(last, _)| *last >= label) {
                return Err(corrupt("classes are not in order"));
            }
            let mut moments = Moments::of_variables(features);
            moments.read_sums(reader)?;
            if moments == none {
                return Err(corrupt("a class without rows"));
            }
            classes.insert(label, moments);
        }
        Ok(Self { classes, ..empty })
    }
}

//! Stage: classes. The sums of classes as versioned bytes: features, whether weighted, whether squares alone, the number
//! of classes, then label and sums of each, in the order of the labels.

use std::sync::Arc;

use super::{ClassSums, Kept, Label};
use crate::classes::MOST_CLASSES;
use crate::error::Error;
use crate::monomials::Monomials;
use crate::wire::{Reader, Writer, corrupt};

/// What sums of classes are marked with in their bytes.
const KIND: u8 = b'D';

impl ClassSums {
    /// The state as versioned bytes: equal multisets of rows give equal bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(KIND);
        writer.unsigned(self.kept.features as u64);
        writer.byte(u8::from(self.kept.weighted));
        writer.byte(u8::from(self.kept.squares));
        writer.unsigned(self.classes.len() as u64);
        for (label, sums) in &self.classes {
            label.write(&mut writer);
            for part in sums {
                part.write(&mut writer);
            }
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
        let kept = Kept { features, weighted: flag(&mut reader)?, squares: flag(&mut reader)? };
        let mut made = Self::new(kept).map_err(|_| corrupt("classes of an impossible number of features"))?;
        // Two counts and at least a byte for each sum, of each of the parts: no count can ask for much memory.
        let parts = if kept.squares { features } else { 1 };
        let count = reader.count(Label::LEAST_BYTES + parts * (2 + made.terms.sums()))?;
        if count > MOST_CLASSES {
            return Err(corrupt("more classes than there can be"));
        }
        let empty = made.empty();
        let none = Monomials::new(Arc::clone(&made.terms));
        for _ in 0..count {
            let label = Label::read(&mut reader)?;
            if made.classes.last_key_value().is_some_and(|(last, _)| *last >= label) {
                return Err(corrupt("classes are not in order"));
            }
            let sums = empty.iter().map(|_| none.read(&mut reader)).collect::<Result<Vec<_>, _>>()?;
            let first = &sums[0];
            if sums == empty
                || sums.iter().any(|own| (own.n(), own.left_out()) != (first.n(), first.left_out()))
            {
                return Err(corrupt("a class without rows, or of which features have other rows"));
            }
            made.classes.insert(label, sums);
        }
        reader.finish()?;
        Ok(made)
    }
}

fn flag(reader: &mut Reader<'_>) -> Result<bool, Error> {
    match reader.byte()? {
        value @ (0 | 1) => Ok(value == 1),
        _ => Err(corrupt("a flag is neither true nor false")),
    }
}

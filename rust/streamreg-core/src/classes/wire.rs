//! Classes: the state as versioned bytes: what it is of, the number of classes, then label and sums of each, in the
//! order of the labels.

use super::{ByLabel, ClassSums, Classes, Kept, Label, MOST_CLASSES, Sums};
use crate::accumulate::Accumulator;
use crate::error::Error;
use crate::moments::Moments;
use crate::wire::{Reader, Versioned, Writer, corrupt, kind};

/// The number of features comes first.
impl Versioned for Classes {
    const KIND: u8 = kind::CLASSES;

    fn write_whole(&self, writer: &mut Writer) {
        writer.unsigned(self.features() as u64);
        self.write_classes(writer, Moments::write_sums);
    }

    fn read_whole(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let features = usize::try_from(reader.unsigned()?).unwrap_or(usize::MAX);
        let mut made = Self::new(features).map_err(|_| of_no_features())?;
        // Two counts, and at least a byte for each sum.
        let least = 2 + features + features * (features + 1) / 2;
        made.read_classes(reader, least, Moments::read_sums)?;
        Ok(made)
    }
}

/// First come the number of features, whether rows have weights, and whether there are squares alone.
impl Versioned for ClassSums {
    const KIND: u8 = kind::CLASS_SUMS;

    fn write_whole(&self, writer: &mut Writer) {
        let kept = self.kept();
        writer.unsigned(kept.features as u64);
        writer.byte(u8::from(kept.weighted));
        writer.byte(u8::from(kept.squares));
        self.write_classes(writer, Accumulator::write);
    }

    fn read_whole(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let features = usize::try_from(reader.unsigned()?).unwrap_or(usize::MAX);
        let kept = Kept { features, weighted: flag(reader)?, squares: flag(reader)? };
        let mut made = Self::new(kept).map_err(|_| of_no_features())?;
        let least = made.empty.least_bytes();
        made.read_classes(reader, least, Accumulator::read_into)?;
        Ok(made)
    }
}

impl<S: Sums> ByLabel<S> {
    fn write_classes(&self, writer: &mut Writer, write: impl Fn(&S, &mut Writer)) {
        writer.unsigned(self.classes.len() as u64);
        for (label, sums) in &self.classes {
            label.write(writer);
            write(sums, writer);
        }
    }

    /// Reads what was written, sums of so many bytes at least: no count can ask for much memory.
    fn read_classes(
        &mut self,
        reader: &mut Reader<'_>,
        least: usize,
        read: impl Fn(&mut S, &mut Reader<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let count = reader.count(Label::LEAST_BYTES + least)?;
        if count > MOST_CLASSES {
            return Err(corrupt("more classes than there can be"));
        }
        for _ in 0..count {
            let label = Label::read(reader)?;
            if self.classes.last_key_value().is_some_and(|(last, _)| *last >= label) {
                return Err(corrupt("classes are not in order"));
            }
            let mut sums = self.empty.clone();
            read(&mut sums, reader)?;
            if sums == self.empty {
                return Err(corrupt("a class without rows"));
            }
            self.classes.insert(label, sums);
        }
        Ok(())
    }
}

fn of_no_features() -> Error {
    corrupt("classes of an impossible number of features")
}

fn flag(reader: &mut Reader<'_>) -> Result<bool, Error> {
    match reader.byte()? {
        value @ (0 | 1) => Ok(value == 1),
        _ => Err(corrupt("a flag is neither true nor false")),
    }
}

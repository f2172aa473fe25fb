//! Stage: classes. The sums of classes as versioned bytes: features, whether weighted, whether squares alone, the number
//! of classes, then label and sums of each, in the order of the labels.

use super::{ClassSums, Kept, Label};
use crate::accumulate::Accumulator;
use crate::classes::MOST_CLASSES;
use crate::error::Error;
use crate::monomials::Monomials;
use crate::wire::{Reader, Versioned, Writer, corrupt, kind};

impl Versioned for ClassSums {
    const KIND: u8 = kind::CLASS_SUMS;

    fn write_whole(&self, writer: &mut Writer) {
        writer.unsigned(self.kept.features as u64);
        writer.byte(u8::from(self.kept.weighted));
        writer.byte(u8::from(self.kept.squares));
        writer.unsigned(self.classes.len() as u64);
        for (label, sums) in &self.classes {
            label.write(writer);
            for part in sums {
                part.write(writer);
            }
        }
    }

    fn read_whole(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let features = usize::try_from(reader.unsigned()?).unwrap_or(usize::MAX);
        let kept = Kept { features, weighted: flag(reader)?, squares: flag(reader)? };
        let mut made = Self::new(kept).map_err(|_| corrupt("classes of an impossible number of features"))?;
        // Two counts and at least a byte for each sum, of each of the parts: no count can ask for much memory.
        let parts = if kept.squares { features } else { 1 };
        let count = reader.count(Label::LEAST_BYTES + parts * (2 + made.terms.sums()))?;
        if count > MOST_CLASSES {
            return Err(corrupt("more classes than there can be"));
        }
        let empty = made.empty();
        for _ in 0..count {
            let label = Label::read(reader)?;
            if made.classes.last_key_value().is_some_and(|(last, _)| *last >= label) {
                return Err(corrupt("classes are not in order"));
            }
            let sums = read_parts(&empty, reader)?;
            let first = &sums[0];
            if sums == empty
                || sums.iter().any(|own| (own.n(), own.excluded()) != (first.n(), first.excluded()))
            {
                return Err(corrupt("a class without rows, or of which features have other rows"));
            }
            made.classes.insert(label, sums);
        }
        Ok(made)
    }
}

fn read_parts(empty: &[Monomials], reader: &mut Reader<'_>) -> Result<Vec<Monomials>, Error> {
    let read = |part: &Monomials| {
        let mut part = part.clone();
        part.read_into(reader)?;
        Ok(part)
    };
    empty.iter().map(read).collect()
}

fn flag(reader: &mut Reader<'_>) -> Result<bool, Error> {
    match reader.byte()? {
        value @ (0 | 1) => Ok(value == 1),
        _ => Err(corrupt("a flag is neither true nor false")),
    }
}

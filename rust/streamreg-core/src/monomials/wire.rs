//! Stage: monomials. The state as versioned bytes: the terms (types of the columns, features with their powers, target,
//! weight), n, left out, the sums.

use std::sync::Arc;

use super::{Monomials, Power, Terms};
use crate::column::NumberType;
use crate::error::Error;
use crate::exact::Mixed;
use crate::moments::MOST_FEATURES;
use crate::wire::{Reader, Writer, corrupt};

/// What sums of monomials are marked with in their bytes.
const KIND: u8 = b'P';

impl Monomials {
    /// The state as versioned bytes: equal multisets of rows give equal bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(KIND);
        self.terms.write(&mut writer);
        self.write(&mut writer);
        writer.seal()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`Error::Corrupt`] or [`Error::Version`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::open(KIND, bytes)?;
        let terms = Terms::read(&mut reader)?;
        let monomials = Self::new(Arc::new(terms)).read(&mut reader)?;
        reader.finish()?;
        Ok(monomials)
    }

    /// Writes all but the terms.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.signed(self.n);
        writer.signed(self.left_out);
        for sum in &self.sums {
            sum.write(writer);
        }
    }

    /// Reads sums of the same terms.
    pub(crate) fn read(&self, reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (n, left_out) = (reader.signed()?, reader.signed()?);
        let sums = self
            .terms
            .limits()
            .iter()
            .map(|limits| Mixed::read(reader, *limits))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { terms: Arc::clone(&self.terms), n, left_out, sums })
    }
}

impl Terms {
    fn write(&self, writer: &mut Writer) {
        writer.unsigned(self.columns().len() as u64);
        for column in self.columns() {
            writer.byte(column.code());
        }
        writer.unsigned(self.features().len() as u64);
        for feature in self.features() {
            writer.unsigned(feature.column as u64);
            writer.unsigned(feature.power.into());
        }
        writer.unsigned(self.target() as u64);
        // 0 for none.
        writer.unsigned(self.weight().map_or(0, |weight| weight as u64 + 1));
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let columns = (0..reader.count(1)?)
            .map(|_| NumberType::of_code(reader.byte()?).ok_or_else(|| corrupt("columns of an unknown type")))
            .collect::<Result<Vec<_>, _>>()?;
        let count = reader.count(2)?;
        if count > MOST_FEATURES {
            return Err(corrupt("an impossible number of features"));
        }
        let features = (0..count)
            .map(|_| {
                let column = index(reader)?;
                let power = u32::try_from(reader.unsigned()?).map_err(|_| corrupt("an impossible power"))?;
                Ok(Power { column, power })
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let target = index(reader)?;
        let weight = index(reader)?.checked_sub(1);
        Self::new(columns, features, target, weight).map_err(|error| corrupt(&error.to_string()))
    }
}

fn index(reader: &mut Reader<'_>) -> Result<usize, Error> {
    usize::try_from(reader.unsigned()?).map_err(|_| corrupt("the index of a column is too large"))
}

//! Monomials: the state as versioned bytes: the terms (types of the columns, features with their powers, target,
//! weight), n, excluded, the sums.

use std::sync::Arc;

use super::{Monomials, Power, Terms};
use crate::accumulate::Accumulator;
use crate::column::{MOST_FEATURES, NumberType};
use crate::error::Error;
use crate::wire::{Reader, Versioned, Writer, corrupt, kind};

impl Versioned for Monomials {
    const KIND: u8 = kind::MONOMIALS;

    fn write_whole(&self, writer: &mut Writer) {
        self.terms.write(writer);
        self.write(writer);
    }

    fn read_whole(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut monomials = Self::new(Arc::new(Terms::read(reader)?));
        monomials.read_into(reader)?;
        Ok(monomials)
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

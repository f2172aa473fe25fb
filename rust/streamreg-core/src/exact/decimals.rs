//! Stage: exact. The sum of a column of decimals, without any rounding.

use super::mixed::Limits;
use super::sum::{combine_counts, signed_add, too_large};
use super::{Mixed, ONES, limbs};
use crate::column::Decimals;
use crate::decimal::MOST_EXPONENT;
use crate::error::Error;
use crate::wire::{Reader, Writer};

const LIMITS: Limits = Limits { limbs: limbs(1), five: MOST_EXPONENT };

/// The exact sum of decimals: equal multisets have equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecimalSum {
    n: i64,
    total: Mixed,
}

impl DecimalSum {
    /// How many decimals were added.
    #[must_use]
    pub fn n(&self) -> i64 {
        self.n
    }

    /// The sum, in units of 2^-1074.
    #[must_use]
    pub fn total(&self) -> &Mixed {
        &self.total
    }

    /// Adds a column.
    ///
    /// # Errors
    /// [`Error::Overflow`] if the count or the sum would leave its range; nothing is added then.
    pub fn add(&mut self, column: Decimals<'_>) -> Result<(), Error> {
        self.check_rows(column.len())?;
        self.n = signed_add(self.n, column.len(), false)?;
        for decimal in column.iter() {
            // m · 10^e = m · 2^e · 5^e, and exponents are within ±400.
            let position = ONES.saturating_add_signed(decimal.exponent() as isize);
            self.total.add_at(decimal.exponent(), position, decimal.mantissa());
        }
        Ok(())
    }

    /// Whether so many rows can be added without leaving any range.
    pub(crate) fn check_rows(&self, rows: usize) -> Result<(), Error> {
        signed_add(self.n, rows, false)?;
        self.check_room()
    }

    /// Whether this can be merged with `other`.
    pub(crate) fn check_merge(&self, other: &Self) -> Result<(), Error> {
        combine_counts(self.n, other.n, false)?;
        self.check_room()?;
        other.check_room()
    }

    /// Adds all of another sum.
    ///
    /// # Errors
    /// As [`DecimalSum::add`].
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.check_merge(other)?;
        self.n = combine_counts(self.n, other.n, false)?;
        self.total.add(&other.total, false);
        Ok(())
    }

    /// The limbs that it takes.
    pub(crate) fn limbs(&self) -> usize {
        self.total.limbs()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.signed(self.n);
        self.total.write(writer);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self { n: reader.signed()?, total: Mixed::read(reader, LIMITS)? })
    }

    fn check_room(&self) -> Result<(), Error> {
        if self.total.has_room(LIMITS) { Ok(()) } else { Err(too_large()) }
    }
}

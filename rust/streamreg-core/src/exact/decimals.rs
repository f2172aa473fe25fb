//! Exact: the sum of a column of decimals, without any rounding.

use super::mixed::Limits;
use super::sum::{combine_counts, signed_add, too_large};
use super::{Mixed, ONES, limbs};
use crate::accumulate::{Accumulator, Sign};
use crate::column::Decimals;
use crate::decimal::MOST_EXPONENT;
use crate::error::Error;
use crate::wire::{Reader, Writer};

const LIMITS: Limits = Limits { limbs: limbs(1), five: MOST_EXPONENT };

/// The exact sum of the decimals that were added less those that were removed: equal multisets have equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecimalSum {
    n: i64,
    total: Mixed,
}

impl DecimalSum {
    /// Decimals added less those removed.
    #[must_use]
    pub fn n(&self) -> i64 {
        self.n
    }

    /// The sum, in units of 2^-1074.
    #[must_use]
    pub fn total(&self) -> &Mixed {
        &self.total
    }

    fn check_room(&self) -> Result<(), Error> {
        if self.total.has_room(LIMITS) { Ok(()) } else { Err(too_large()) }
    }
}

impl Accumulator for DecimalSum {
    type Batch<'a> = Decimals<'a>;
    type Workspace = ();
    type Direction = Sign;

    fn check_batch(&self, batch: Decimals<'_>, sign: Sign) -> Result<(), Error> {
        self.check_rows(batch.len(), sign)
    }

    fn check_rows(&self, rows: usize, sign: Sign) -> Result<(), Error> {
        signed_add(self.n, rows, sign)?;
        self.check_room()
    }

    fn check_other(&self, other: &Self, sign: Sign) -> Result<(), Error> {
        combine_counts(self.n, other.n, sign)?;
        self.check_room()?;
        other.check_room()
    }

    fn put_checked(&mut self, (): &mut (), batch: Decimals<'_>, sign: Sign) {
        self.n = sign.count(self.n, i64::try_from(batch.len()).unwrap_or(i64::MAX));
        for decimal in batch.iter() {
            // m · 10^e = m · 2^e · 5^e, and exponents are within ±400.
            let position = ONES.saturating_add_signed(decimal.exponent() as isize);
            // A mantissa has at most 34 digits.
            let mantissa = if sign.negates() { -decimal.mantissa() } else { decimal.mantissa() };
            self.total.add_at(decimal.exponent(), position, mantissa);
        }
    }

    fn combine_checked(&mut self, other: &Self, sign: Sign) {
        self.n = sign.count(self.n, other.n);
        self.total.add(&other.total, sign.negates());
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn excluded(&self) -> i128 {
        0
    }

    fn limbs(&self) -> usize {
        self.total.limbs()
    }

    fn write(&self, writer: &mut Writer) {
        writer.signed(self.n);
        self.total.write(writer);
    }

    fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        self.n = reader.signed()?;
        self.total = Mixed::read(reader, LIMITS)?;
        Ok(())
    }
}

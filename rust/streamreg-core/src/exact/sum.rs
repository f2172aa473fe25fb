//! Exact: the sum of a column, without any rounding.

use super::bins::{MOST_ADDS, Span, fold};
use super::{EXPONENTS, FEW_ROWS, Number, SUM_LIMBS, Window};
use crate::accumulate::{Accumulator, Sign};
use crate::column::Numbers;
use crate::error::Error;
use crate::wire::{Reader, Versioned, Writer, corrupt, kind};

/// Bins for the sum of one column: made when first needed, empty between two batches.
#[derive(Debug, Default)]
pub struct SumBins(Vec<i128>);

/// The exact sum of numbers that were added less those that were removed: an abelian group under
/// [`merge`](Accumulator::merge), in which equal multisets of numbers have equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExactSum {
    n: i64,
    excluded: i64,
    total: Window,
}

impl ExactSum {
    /// The sum of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Finite numbers added less those removed.
    #[must_use]
    pub fn n(&self) -> i64 {
        self.n
    }

    /// The sum, in units of 2^-1074.
    #[must_use]
    pub fn total(&self) -> &Window {
        &self.total
    }

    fn check_room(&self) -> Result<(), Error> {
        if self.total.has_room(SUM_LIMBS) { Ok(()) } else { Err(too_large()) }
    }

    fn accumulate(&mut self, bins: &mut SumBins, column: Numbers<'_>, sign: Sign) {
        let negate = sign.negates();
        let mut excluded = 0;
        match column {
            Numbers::Float(values) if values.len() >= FEW_ROWS => {
                bins.0.resize(EXPONENTS, 0);
                for chunk in values.chunks(MOST_ADDS) {
                    excluded += self.pass(bins, chunk, negate);
                }
            }
            Numbers::Float(values) => {
                for value in values {
                    match value.part() {
                        Some(part) => self.total.add_at(part.exponent, part.mantissa.into(), negate),
                        None => excluded += 1,
                    }
                }
            }
            Numbers::Int(values) => {
                // 2^64 integers fit in 128 bits, and no slice is longer.
                let total = values.iter().map(|&value| i128::from(value)).sum();
                self.total.add_at(super::ONES, total, negate);
            }
            Numbers::Decimal(_) | Numbers::Time(..) => {
                excluded = i64::try_from(column.len()).unwrap_or(i64::MAX);
            }
        }
        let finite = i64::try_from(column.len()).unwrap_or(i64::MAX) - excluded;
        self.n = sign.count(self.n, finite);
        self.excluded = sign.count(self.excluded, excluded);
    }

    /// Takes doubles through the bins; gives the number of those excluded.
    fn pass(&mut self, bins: &mut SumBins, values: &[f64], negate: bool) -> i64 {
        let (mut span, mut excluded) = (Span::EMPTY, 0);
        if let Some(bins) = bins.0.first_chunk_mut::<EXPONENTS>() {
            for value in values {
                let Some(part) = value.narrow() else {
                    excluded += 1;
                    continue;
                };
                span.touch(part);
                let bin = &mut bins[part.exponent % EXPONENTS];
                *bin = bin.wrapping_add(part.mantissa.into());
            }
        }
        fold::<1>(span, |exponent| std::mem::take(&mut bins.0[exponent]), &mut self.total, negate);
        excluded
    }

    /// That this can be the sum of a column of integers.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it cannot.
    pub(crate) fn check_integer(&self) -> Result<(), Error> {
        if self.excluded != 0 || self.total.trailing_zeros().is_some_and(|zeros| zeros < super::ONES) {
            return Err(corrupt("a sum of integers is no integer"));
        }
        Ok(())
    }
}

impl Accumulator for ExactSum {
    /// A column of doubles or integers.
    type Batch<'a> = Numbers<'a>;
    type Workspace = SumBins;
    type Direction = Sign;

    fn check_batch(&self, batch: Numbers<'_>, sign: Sign) -> Result<(), Error> {
        if !batch.number_type().is_binary() {
            return Err(Error::Columns("only doubles and integers have such a sum".to_owned()));
        }
        self.check_rows(batch.len(), sign)
    }

    fn check_rows(&self, rows: usize, sign: Sign) -> Result<(), Error> {
        signed_add(self.n, rows, sign)?;
        signed_add(self.excluded, rows, sign)?;
        self.check_room()
    }

    fn check_other(&self, other: &Self, sign: Sign) -> Result<(), Error> {
        combine_counts(self.n, other.n, sign)?;
        combine_counts(self.excluded, other.excluded, sign)?;
        self.check_room()?;
        other.check_room()
    }

    fn put_checked(&mut self, bins: &mut SumBins, batch: Numbers<'_>, sign: Sign) {
        self.accumulate(bins, batch, sign);
    }

    fn combine_checked(&mut self, other: &Self, sign: Sign) {
        self.n = sign.count(self.n, other.n);
        self.excluded = sign.count(self.excluded, other.excluded);
        self.total.add(&other.total, sign.negates());
    }

    fn clear(&mut self) {
        (self.n, self.excluded) = (0, 0);
        self.total.clear();
    }

    fn excluded(&self) -> i128 {
        self.excluded.into()
    }

    fn limbs(&self) -> usize {
        self.total.limbs().len()
    }

    fn write(&self, writer: &mut Writer) {
        writer.signed(self.n);
        writer.signed(self.excluded);
        self.total.write(writer);
    }

    fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        (self.n, self.excluded) = (reader.signed()?, reader.signed()?);
        self.total.read_into(reader, SUM_LIMBS)
    }
}

impl Versioned for ExactSum {
    const KIND: u8 = kind::SUM;

    fn write_whole(&self, writer: &mut Writer) {
        self.write(writer);
    }

    fn read_whole(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut sum = Self::new();
        sum.read_into(reader)?;
        Ok(sum)
    }
}

/// A count after so many more rows, or so many fewer.
pub(crate) fn signed_add(count: i64, rows: usize, sign: Sign) -> Result<i64, Error> {
    let rows = i64::try_from(rows).map_err(|_| too_large())?;
    combine_counts(count, rows, sign)
}

/// The sum or the difference of two counts.
pub(crate) fn combine_counts(count: i64, other: i64, sign: Sign) -> Result<i64, Error> {
    let combined = if sign.negates() { count.checked_sub(other) } else { count.checked_add(other) };
    combined.ok_or_else(|| Error::Overflow("a count of rows leaves 64 bits".to_owned()))
}

pub(crate) fn too_large() -> Error {
    Error::Overflow("a sum leaves the range that 2^63 rows can reach".to_owned())
}

//! Stage: exact. The sum of a column, without any rounding.

use super::bins::{MOST_ADDS, Span, fold};
use super::{EXPONENTS, FEW_ROWS, Number, SUM_LIMBS, Window};
use crate::column::{NumberType, Numbers};
use crate::error::Error;
use crate::wire::{Reader, Writer, corrupt};

/// What a sum of this library is marked with in its bytes.
const KIND: u8 = b'S';

/// Bins for the sum of one column, kept from batch to batch.
#[derive(Debug)]
pub struct SumBins(Vec<i128>);

impl Default for SumBins {
    fn default() -> Self {
        Self(vec![0; EXPONENTS])
    }
}

/// The exact sum of numbers that were added less those that were removed: an abelian group under
/// [`merge`](Self::merge), in which equal multisets of numbers have equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExactSum {
    n: i64,
    left_out: i64,
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

    /// NaN and infinities added less those removed; they are in no sum.
    #[must_use]
    pub fn left_out(&self) -> i64 {
        self.left_out
    }

    /// The sum, in units of 2^-1074.
    #[must_use]
    pub fn total(&self) -> &Window {
        &self.total
    }

    /// Adds a column.
    ///
    /// # Errors
    /// [`Error::Overflow`] if a count or the sum would leave its range, [`Error::Mismatch`] for decimals; nothing is
    /// added then.
    pub fn add(&mut self, column: Numbers<'_>) -> Result<(), Error> {
        self.add_with(&mut None, column)
    }

    /// Removes a column, whether it was added before or will be later.
    ///
    /// # Errors
    /// As [`ExactSum::add`].
    pub fn remove(&mut self, column: Numbers<'_>) -> Result<(), Error> {
        self.check_column(column, true)?;
        self.accumulate(&mut None, column, true);
        Ok(())
    }

    /// Adds a column by way of bins that the caller keeps; they are made when first needed.
    ///
    /// # Errors
    /// As [`ExactSum::add`].
    pub fn add_with(&mut self, bins: &mut Option<SumBins>, column: Numbers<'_>) -> Result<(), Error> {
        self.check_column(column, false)?;
        self.accumulate(bins, column, false);
        Ok(())
    }

    fn check_column(&self, column: Numbers<'_>, negate: bool) -> Result<(), Error> {
        if column.number_type() == NumberType::Decimal {
            return Err(Error::Mismatch("the sum of decimals is a decimal sum".to_owned()));
        }
        self.check_rows(column.len(), negate)
    }

    /// Whether so many rows can be added or removed without leaving any range.
    pub(crate) fn check_rows(&self, rows: usize, negate: bool) -> Result<(), Error> {
        signed_add(self.n, rows, negate)?;
        signed_add(self.left_out, rows, negate)?;
        self.check_room()
    }

    /// Adds all of another sum.
    ///
    /// # Errors
    /// As [`ExactSum::add`].
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.combine(other, false)
    }

    /// Removes all of another sum.
    ///
    /// # Errors
    /// As [`ExactSum::add`].
    pub fn subtract(&mut self, other: &Self) -> Result<(), Error> {
        self.combine(other, true)
    }

    /// Forgets every number.
    pub(crate) fn clear(&mut self) {
        (self.n, self.left_out) = (0, 0);
        self.total.clear();
    }

    fn combine(&mut self, other: &Self, negate: bool) -> Result<(), Error> {
        self.check_room()?;
        other.check_room()?;
        let n = combine_counts(self.n, other.n, negate)?;
        self.left_out = combine_counts(self.left_out, other.left_out, negate)?;
        self.n = n;
        self.total.add(&other.total, negate);
        Ok(())
    }

    /// Whether this can be merged with `other`.
    pub(crate) fn check_merge(&self, other: &Self) -> Result<(), Error> {
        combine_counts(self.n, other.n, false)?;
        combine_counts(self.left_out, other.left_out, false)?;
        self.check_room()?;
        other.check_room()
    }

    fn check_room(&self) -> Result<(), Error> {
        if self.total.has_room(SUM_LIMBS) { Ok(()) } else { Err(too_large()) }
    }

    fn accumulate(&mut self, bins: &mut Option<SumBins>, column: Numbers<'_>, negate: bool) {
        let direction = if negate { -1 } else { 1 };
        let mut left_out = 0;
        match column {
            Numbers::Float(values) if values.len() >= FEW_ROWS => {
                let bins = bins.get_or_insert_default();
                for chunk in values.chunks(MOST_ADDS) {
                    left_out += self.pass(bins, chunk, negate);
                }
            }
            Numbers::Float(values) => {
                for value in values {
                    match value.part() {
                        Some(part) => self.total.add_at(part.exponent, part.mantissa.into(), negate),
                        None => left_out += 1,
                    }
                }
            }
            Numbers::Int(values) => {
                // 2^64 integers fit in 128 bits, and no slice is longer.
                let total = values.iter().map(|&value| i128::from(value)).sum();
                self.total.add_at(super::ONES, total, negate);
            }
            Numbers::Decimal(values) => left_out = i64::try_from(values.len()).unwrap_or(i64::MAX),
        }
        let finite = i64::try_from(column.len()).unwrap_or(i64::MAX) - left_out;
        self.n += direction * finite;
        self.left_out += direction * left_out;
    }

    /// Takes doubles through the bins; gives the number of those left out.
    fn pass(&mut self, bins: &mut SumBins, values: &[f64], negate: bool) -> i64 {
        let (mut span, mut left_out) = (Span::EMPTY, 0);
        if let Some(bins) = bins.0.first_chunk_mut::<EXPONENTS>() {
            for value in values {
                let Some(part) = value.narrow() else {
                    left_out += 1;
                    continue;
                };
                span.touch(part);
                let bin = &mut bins[part.exponent % EXPONENTS];
                *bin = bin.wrapping_add(part.mantissa.into());
            }
        }
        fold::<1>(span, |exponent| std::mem::take(&mut bins.0[exponent]), &mut self.total, negate);
        left_out
    }

    /// The state as versioned bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(KIND);
        self.write(&mut writer);
        writer.seal()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`Error::Corrupt`] or [`Error::Version`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::open(KIND, bytes)?;
        let mut sum = Self::new();
        sum.read_into(&mut reader)?;
        reader.finish()?;
        Ok(sum)
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.signed(self.n);
        writer.signed(self.left_out);
        self.total.write(writer);
    }

    /// Reads a sum in the place of this one; after an error that is of no use.
    pub(crate) fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        (self.n, self.left_out) = (reader.signed()?, reader.signed()?);
        self.total.read_into(reader, SUM_LIMBS)
    }

    /// As [`ExactSum::read_into`], of a column of integers.
    pub(crate) fn read_integers_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        self.read_into(reader)?;
        if self.left_out != 0 || self.total.trailing_zeros().is_some_and(|zeros| zeros < super::ONES) {
            return Err(corrupt("a sum of integers is no integer"));
        }
        Ok(())
    }
}

/// A count after so many more rows, or so many fewer.
pub(crate) fn signed_add(count: i64, rows: usize, negate: bool) -> Result<i64, Error> {
    let rows = i64::try_from(rows).map_err(|_| too_large())?;
    combine_counts(count, rows, negate)
}

/// The sum or the difference of two counts.
pub(crate) fn combine_counts(count: i64, other: i64, negate: bool) -> Result<i64, Error> {
    let combined = if negate { count.checked_sub(other) } else { count.checked_add(other) };
    combined.ok_or_else(|| Error::Overflow("a count of rows leaves 64 bits".to_owned()))
}

pub(crate) fn too_large() -> Error {
    Error::Overflow("a sum leaves the range that 2^63 rows can reach".to_owned())
}

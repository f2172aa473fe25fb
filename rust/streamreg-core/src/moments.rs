//! Stage: moments. Count, sums and sums of products of (features, target), exact: an abelian group.

mod hot;
mod line;
mod wire;

pub use hot::Scratch;

use crate::column::{NumberType, Numbers};
use crate::error::Error;
use crate::exact::sum::{combine_counts, signed_add, too_large};
use crate::exact::{PRODUCT_LIMBS, SUM_LIMBS, Window};

/// Most features of one regression.
pub const MOST_FEATURES: usize = 64;

/// The exact moments of the rows that were added less those that were removed.
///
/// A row is z = (features…, target). A row that holds NaN or an infinity is in no sum; it is counted in
/// [`left_out`](Self::left_out). Equal multisets of rows have equal bytes, in whatever order and pieces they
/// came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moments {
    features: usize,
    n: i64,
    left_out: i64,
    /// Σz, in units of 2^-1074.
    sums: Vec<Window>,
    /// The upper triangle of Σzzᵀ, row by row, in units of 2^-2148.
    products: Vec<Window>,
}

impl Moments {
    /// The moments of nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless there are 1 to [`MOST_FEATURES`] features.
    pub fn new(features: usize) -> Result<Self, Error> {
        if features == 0 || features > MOST_FEATURES {
            return Err(Error::Invalid(format!(
                "a regression takes 1 to {MOST_FEATURES} features, not {features}"
            )));
        }
        Ok(Self::of_variables(features + 1))
    }

    /// The moments of nothing, of variables of which none is a target; there is at least one.
    pub(crate) fn of_variables(variables: usize) -> Self {
        Self {
            features: variables - 1,
            n: 0,
            left_out: 0,
            sums: vec![Window::default(); variables],
            products: vec![Window::default(); variables * (variables + 1) / 2],
        }
    }

    /// The number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// Rows added less rows removed.
    #[must_use]
    pub fn n(&self) -> i64 {
        self.n
    }

    /// Rows added less rows removed that held NaN or an infinity.
    #[must_use]
    pub fn left_out(&self) -> i64 {
        self.left_out
    }

    /// The sum of a variable (the target comes after the features), in units of 2^-1074.
    ///
    /// # Panics
    /// If there is no such variable.
    #[must_use]
    pub fn sum(&self, variable: usize) -> &Window {
        &self.sums[variable]
    }

    /// The sum of the products of two variables, in units of 2^-2148.
    ///
    /// # Panics
    /// If there is no such variable.
    #[must_use]
    pub fn product(&self, one: usize, other: usize) -> &Window {
        &self.products[self.index(one.min(other), one.max(other))]
    }

    /// The 64-bit limbs that all sums take together.
    #[must_use]
    pub fn limbs(&self) -> usize {
        self.sums.iter().chain(&self.products).map(|window| window.limbs().len()).sum()
    }

    /// Adds rows: the features, then the target, a column each.
    ///
    /// # Errors
    /// [`Error::Mismatch`] unless there are p + 1 columns of equal length, none of decimals, [`Error::Overflow`] if a count or a sum
    /// would leave its range; nothing is added then.
    pub fn add(&mut self, columns: &[Numbers<'_>]) -> Result<(), Error> {
        self.add_with(&mut Scratch::default(), columns)
    }

    /// Removes rows, whether they were added before or will be later.
    ///
    /// # Errors
    /// As [`Moments::add`].
    pub fn remove(&mut self, columns: &[Numbers<'_>]) -> Result<(), Error> {
        self.put_with(&mut Scratch::default(), columns, true)
    }

    /// Adds rows by way of bins that the caller keeps from batch to batch.
    ///
    /// # Errors
    /// As [`Moments::add`].
    pub fn add_with(&mut self, scratch: &mut Scratch, columns: &[Numbers<'_>]) -> Result<(), Error> {
        self.put_with(scratch, columns, false)
    }

    /// Adds or removes rows.
    pub(crate) fn put_with(
        &mut self,
        scratch: &mut Scratch,
        columns: &[Numbers<'_>],
        negate: bool,
    ) -> Result<(), Error> {
        let rows = self.check_columns(columns)?;
        self.check_rows(rows, negate)?;
        self.accumulate(scratch, columns, negate);
        Ok(())
    }

    /// Adds all rows of other moments.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if they have another number of features, [`Error::Overflow`] as for
    /// [`Moments::add`]; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.combine(other, false)
    }

    /// Removes all rows of other moments.
    ///
    /// # Errors
    /// As [`Moments::merge`].
    pub fn subtract(&mut self, other: &Self) -> Result<(), Error> {
        self.combine(other, true)
    }

    /// Forgets every row.
    pub fn clear(&mut self) {
        (self.n, self.left_out) = (0, 0);
        self.sums.iter_mut().chain(&mut self.products).for_each(Window::clear);
    }

    /// Adds or removes all rows of other moments.
    pub(crate) fn combine(&mut self, other: &Self, negate: bool) -> Result<(), Error> {
        (self.n, self.left_out) = self.combined_counts(other, negate)?;
        for (window, term) in self.sums.iter_mut().zip(&other.sums) {
            window.add(term, negate);
        }
        for (window, term) in self.products.iter_mut().zip(&other.products) {
            window.add(term, negate);
        }
        Ok(())
    }

    /// The counts of both together, if they can be put together.
    fn combined_counts(&self, other: &Self, negate: bool) -> Result<(i64, i64), Error> {
        if self.features != other.features {
            return Err(Error::Mismatch(format!(
                "moments of {} features and of {} cannot be put together",
                self.features, other.features
            )));
        }
        self.check_room()?;
        other.check_room()?;
        let n = combine_counts(self.n, other.n, negate)?;
        Ok((n, combine_counts(self.left_out, other.left_out, negate)?))
    }

    /// Whether `other` can be merged.
    pub(crate) fn check_merge(&self, other: &Self) -> Result<(), Error> {
        self.combined_counts(other, false).map(|_| ())
    }

    /// The number of rows, if these are the columns of one batch.
    fn check_columns(&self, columns: &[Numbers<'_>]) -> Result<usize, Error> {
        if columns.len() != self.features + 1 {
            return Err(Error::Mismatch(format!(
                "{} features and a target are {} columns, not {}",
                self.features,
                self.features + 1,
                columns.len()
            )));
        }
        if let Some(at) = columns.iter().position(|column| column.number_type() == NumberType::Decimal) {
            return Err(Error::Mismatch(format!("column {at} holds decimals, which take monomials")));
        }
        let rows = columns[0].len();
        match columns.iter().position(|column| column.len() != rows) {
            None => Ok(rows),
            Some(at) => Err(Error::Mismatch(format!(
                "column {at} has {} rows where column 0 has {rows}",
                columns[at].len()
            ))),
        }
    }

    /// Whether so many rows can be added or removed without leaving any range.
    pub(crate) fn check_rows(&self, rows: usize, negate: bool) -> Result<(), Error> {
        signed_add(self.n, rows, negate)?;
        signed_add(self.left_out, rows, negate)?;
        self.check_room()
    }

    fn check_room(&self) -> Result<(), Error> {
        let fits = self.sums.iter().all(|window| window.has_room(SUM_LIMBS))
            && self.products.iter().all(|window| window.has_room(PRODUCT_LIMBS));
        if fits { Ok(()) } else { Err(too_large()) }
    }

    /// Where the product of variables i ≤ j lies in the upper triangle.
    fn index(&self, i: usize, j: usize) -> usize {
        i * (2 * self.features + 3 - i) / 2 + j - i
    }
}

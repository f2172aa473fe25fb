//! Moments: count, sums and sums of products of (features, target), exact: an abelian group.

mod hot;
mod line;
mod wire;

pub use hot::Workspace;

use crate::accumulate::{Accumulator, Sign};
use crate::column::{MOST_FEATURES, Numbers};
use crate::error::Error;
use crate::exact::sum::{combine_counts, signed_add, too_large};
use crate::exact::{PRODUCT_LIMBS, SUM_LIMBS, Window};
use crate::plural::plural;
use crate::wire::{Reader, Writer, corrupt};

/// The exact moments of the rows that were added less those that were removed.
///
/// A row is z = (features…, target). A row that holds NaN or an infinity is in no sum; it is counted in
/// [`excluded`](Accumulator::excluded). Equal multisets of rows have equal bytes, in whatever order and pieces they
/// came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moments {
    features: usize,
    n: i64,
    excluded: i64,
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
            excluded: 0,
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

    /// The number of rows, if these are the columns of one batch.
    fn check_columns(&self, columns: &[Numbers<'_>]) -> Result<usize, Error> {
        if columns.len() != self.features + 1 {
            return Err(Error::Columns(format!(
                "{} and a target are {} columns, not {}",
                plural(self.features, "feature", "features"),
                self.features + 1,
                columns.len()
            )));
        }
        if let Some(at) = columns.iter().position(|column| !column.number_type().is_binary()) {
            return Err(Error::Columns(format!("column {at} holds decimals or times, which take monomials")));
        }
        let rows = columns[0].len();
        match columns.iter().position(|column| column.len() != rows) {
            None => Ok(rows),
            Some(at) => Err(Error::Columns(format!(
                "column {at} has {} where column 0 has {rows}",
                plural(columns[at].len(), "row", "rows")
            ))),
        }
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

impl Accumulator for Moments {
    /// The features, then the target, a column each; none of decimals.
    type Batch<'a> = &'a [Numbers<'a>];
    type Workspace = Workspace;
    type Direction = Sign;

    fn check_batch(&self, batch: &[Numbers<'_>], sign: Sign) -> Result<(), Error> {
        self.check_rows(self.check_columns(batch)?, sign)
    }

    fn check_rows(&self, rows: usize, sign: Sign) -> Result<(), Error> {
        signed_add(self.n, rows, sign)?;
        signed_add(self.excluded, rows, sign)?;
        self.check_room()
    }

    fn check_other(&self, other: &Self, sign: Sign) -> Result<(), Error> {
        if self.features != other.features {
            return Err(Error::Mismatch(format!(
                "moments of {} and of {} cannot be put together",
                plural(self.features, "feature", "features"),
                other.features
            )));
        }
        combine_counts(self.n, other.n, sign)?;
        combine_counts(self.excluded, other.excluded, sign)?;
        self.check_room()?;
        other.check_room()
    }

    fn put_checked(&mut self, workspace: &mut Workspace, batch: &[Numbers<'_>], sign: Sign) {
        self.accumulate(workspace, batch, sign.negates());
    }

    fn combine_checked(&mut self, other: &Self, sign: Sign) {
        self.n = sign.count(self.n, other.n);
        self.excluded = sign.count(self.excluded, other.excluded);
        for (window, term) in self.sums.iter_mut().zip(&other.sums) {
            window.add(term, sign.negates());
        }
        for (window, term) in self.products.iter_mut().zip(&other.products) {
            window.add(term, sign.negates());
        }
    }

    fn clear(&mut self) {
        (self.n, self.excluded) = (0, 0);
        self.sums.iter_mut().chain(&mut self.products).for_each(Window::clear);
    }

    fn excluded(&self) -> i128 {
        self.excluded.into()
    }

    fn limbs(&self) -> usize {
        self.sums.iter().chain(&self.products).map(|window| window.limbs().len()).sum()
    }

    fn write(&self, writer: &mut Writer) {
        writer.unsigned(self.features as u64);
        self.write_sums(writer);
    }

    fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        if reader.unsigned()? != self.features as u64 {
            return Err(corrupt("moments of another number of features"));
        }
        self.read_sums(reader)
    }
}

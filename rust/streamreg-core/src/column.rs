//! Columns of numbers as the accumulating stages read them: borrowed, of one batch.

use std::ops::Range;

/// A column of one batch: finite or not, the accumulators decide what to do with a value that is no number.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// Doubles.
    Float(&'a [f64]),
    /// 64-bit integers, taken exactly (not through a double).
    Int(&'a [i64]),
}

impl Numbers<'_> {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Float(values) => values.len(),
            Self::Int(values) => values.len(),
        }
    }

    /// Whether the column has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of its numbers.
    #[must_use]
    pub fn number_type(&self) -> NumberType {
        match self {
            Self::Float(_) => NumberType::Float,
            Self::Int(_) => NumberType::Int,
        }
    }

    /// Some of its rows.
    ///
    /// # Panics
    /// If the range ends beyond the column.
    #[must_use]
    pub fn rows(&self, range: Range<usize>) -> Self {
        match self {
            Self::Float(values) => Self::Float(&values[range]),
            Self::Int(values) => Self::Int(&values[range]),
        }
    }
}

/// The type of a column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberType {
    /// 64-bit IEEE 754 doubles.
    Float,
    /// 64-bit signed integers.
    Int,
}

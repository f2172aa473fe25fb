//! Columns of numbers as the accumulating stages read them: borrowed, of one batch.

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
}

/// The type of a column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberType {
    /// 64-bit IEEE 754 doubles.
    Float,
    /// 64-bit signed integers.
    Int,
}

//! Rolling: where the window of each row begins.

use crate::error::Error;
use crate::infer::ball::sum;

/// How long a window is.
#[derive(Clone, Copy, Debug)]
pub enum Width<'a> {
    /// So many rows, its last one included.
    Rows(usize),
    /// (t − width, t] on a column of integers, t being that of its last row.
    Ints(&'a [i64], u64),
    /// (t − width, t] on a column of doubles; exactly, not as a difference rounds.
    Floats(&'a [f64], f64),
}

impl Width<'_> {
    /// Checks that it is one for so many rows.
    pub(super) fn check(&self, rows: usize) -> Result<(), Error> {
        let (positive, length) = match self {
            Self::Rows(width) => (*width > 0, rows),
            Self::Ints(on, width) => (*width > 0, on.len()),
            Self::Floats(on, width) => (*width > 0.0 && width.is_finite(), on.len()),
        };
        if !positive {
            return Err(Error::Invalid("a window is longer than nothing".to_owned()));
        }
        if length != rows {
            return Err(Error::Columns(format!("windows lie on a column of {length} rows, of {rows}")));
        }
        Ok(())
    }

    /// Whether an earlier row belongs to the window of a row.
    #[inline]
    #[allow(clippy::float_cmp, reason = "the very difference decides, with what it was rounded by")]
    fn holds(&self, earlier: usize, row: usize) -> bool {
        match self {
            Self::Rows(width) => row - earlier < *width,
            Self::Ints(on, width) => i128::from(on[row]) - i128::from(on[earlier]) < i128::from(*width),
            Self::Floats(on, width) => {
                let (difference, rest) = sum(on[row], -on[earlier]);
                difference < *width || (difference == *width && rest < 0.0)
            }
        }
    }

    /// The first row of each row's window; groups end at these rows, and no window reaches out of one.
    pub(super) fn firsts(&self, ends: &[usize]) -> Vec<usize> {
        let mut firsts = Vec::with_capacity(ends.last().copied().unwrap_or(0));
        for end in ends {
            let mut first = firsts.len();
            for row in firsts.len()..*end {
                while first < row && !self.holds(first, row) {
                    first += 1;
                }
                firsts.push(first);
            }
        }
        firsts
    }
}

//! Stage: discriminant. Rows in doubles: scores of the classes, and what follows from them.
//!
//! The parameters are exact ones rounded once, and count features from a point near the rows. What is done with them
//! here rounds as doubles do. The answer for a row depends on that row alone.

use num_bigint::BigInt;

use crate::column::Numbers;
use crate::error::Error;
use crate::solve::round::ratio;

/// What rows are scored by.
#[derive(Clone, Debug)]
pub struct Scorer {
    /// Where each class counts the features from.
    origins: Vec<Vec<f64>>,
    classes: Vec<Scoring>,
}

/// The score of a class for x counted from its origin: the logarithm of what its probability is proportional to.
#[derive(Clone, Debug)]
pub enum Scoring {
    /// The constant and Σ coefficient·x.
    Linear {
        /// The constant.
        constant: f64,
        /// The coefficients.
        coefficients: Vec<f64>,
    },
    /// The constant less half of the sum of squares.
    Quadratic {
        /// The constant.
        constant: f64,
        /// The squares.
        squares: Vec<Square>,
    },
}

/// weight · (Σ coefficient·x − offset)², of the first features.
#[derive(Clone, Debug)]
pub struct Square {
    weight: f64,
    offset: f64,
    /// Without leading zeros; the first is that of the feature `first`.
    coefficients: Vec<f64>,
    first: usize,
}

impl Square {
    /// A square of `row` over `divisor`, in powers of two, less `offset`, over a variance.
    ///
    /// `variance` is the reciprocal of a variance as numerator and denominator, in a unit of which it is the square;
    /// `offset` is a quotient in that unit.
    pub(super) fn new<'a>(
        variance: (&BigInt, &BigInt, i64),
        offset: (&BigInt, &BigInt),
        row: impl Iterator<Item = (&'a BigInt, i64)>,
        divisor: &BigInt,
    ) -> Self {
        let (numerator, denominator, unit) = variance;
        // Moved by a power of two, so that the weight is near 1: then neither it nor the square leaves the range of
        // doubles where the distance that they make up does not.
        let bits = |value: &BigInt| i64::try_from(value.bits()).unwrap_or(i64::MAX);
        let shift = (bits(numerator) - bits(denominator)) / 2 - unit;
        let coefficients: Vec<_> = row.map(|(entry, unit)| ratio(entry, divisor, unit + shift)).collect();
        let first = coefficients.iter().position(|&entry| entry != 0.0).unwrap_or(0);
        Self {
            weight: ratio(numerator, denominator, -2 * (unit + shift)),
            offset: ratio(offset.0, offset.1, unit + shift),
            coefficients: coefficients[first..].to_vec(),
            first,
        }
    }

    fn of(&self, x: &[f64]) -> f64 {
        let terms = self.coefficients.iter().zip(&x[self.first..]);
        let distance = terms.map(|(coefficient, x)| coefficient * x).sum::<f64>() - self.offset;
        self.weight * distance * distance
    }
}

impl Scoring {
    fn of(&self, x: &[f64]) -> f64 {
        match self {
            Self::Linear { constant, coefficients } => {
                constant + coefficients.iter().zip(x).map(|(coefficient, x)| coefficient * x).sum::<f64>()
            }
            Self::Quadratic { constant, squares } => {
                constant - 0.5 * squares.iter().map(|square| square.of(x)).sum::<f64>()
            }
        }
    }
}

/// What is asked of rows, for each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scores {
    /// Logarithms of what the probabilities are proportional to.
    Scores,
    /// Probabilities.
    Posteriors,
    /// Logarithms of the probabilities.
    LogPosteriors,
}

impl Scorer {
    /// Those of other classes come after these.
    pub(super) fn extend(&mut self, other: Self) {
        self.origins.extend(other.origins);
        self.classes.extend(other.classes);
    }

    /// Those of the classes for which this holds.
    pub(super) fn retain(&mut self, kept: &[bool]) {
        let mut at = kept.iter();
        self.origins.retain(|_| at.next() == Some(&true));
        let mut at = kept.iter();
        self.classes.retain(|_| at.next() == Some(&true));
    }

    /// Of classes, each of which counts from its origin.
    pub(super) fn new(origins: Vec<Vec<f64>>, classes: Vec<Scoring>) -> Self {
        Self { origins, classes }
    }

    /// The scores of a row, each class's pushed; `x` has room for the features.
    pub(super) fn row(&self, columns: &[Numbers<'_>], row: usize, x: &mut [f64], found: &mut Vec<f64>) {
        for (origin, class) in self.origins.iter().zip(&self.classes) {
            for ((x, column), origin) in x.iter_mut().zip(columns).zip(origin) {
                *x = difference(column, row, *origin);
            }
            found.push(class.of(x));
        }
    }

    /// What is asked of each row, row by row.
    ///
    /// # Errors
    /// [`Error::Columns`] unless there is a column of doubles or integers for each feature, of equal lengths; [`Error::Overflow`] if a
    /// row is so far from the classes that its scores leave the range of doubles.
    pub fn rows(&self, columns: &[Numbers<'_>], asked: Scores) -> Result<Vec<f64>, Error> {
        let features = self.origins.first().map_or(0, Vec::len);
        let rows = rows_of(columns, features)?;
        let mut found = Vec::with_capacity(rows * self.classes.len());
        let mut x = vec![0.0; features];
        for row in 0..rows {
            let start = found.len();
            self.row(columns, row, &mut x, &mut found);
            finish(&mut found[start..], asked).ok_or_else(|| {
                Error::Overflow(format!(
                    "row {row} is so far from the classes that its scores leave the range of doubles: look for an \
                     outlier, or scale the features"
                ))
            })?;
        }
        Ok(found)
    }
}

/// The number of rows, if there is a column of doubles or integers for each feature.
pub(super) fn rows_of(columns: &[Numbers<'_>], features: usize) -> Result<usize, Error> {
    let rows = columns.first().map_or(0, Numbers::len);
    let misfit = |column: &Numbers<'_>| column.len() != rows || matches!(column, Numbers::Decimal(_));
    if columns.len() == features && !columns.iter().any(misfit) {
        return Ok(rows);
    }
    Err(Error::Columns(format!(
        "{features} features are as many columns of doubles or integers of equal lengths, not {}",
        columns.len()
    )))
}

/// A number counted from an origin, rounded once.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the origin is an integer below 2^63; the difference is rounded here"
)]
fn difference(column: &Numbers<'_>, row: usize, origin: f64) -> f64 {
    match column {
        Numbers::Float(values) => values[row] - origin,
        Numbers::Int(values) if origin.fract() == 0.0 && origin.abs() < i64::MAX as f64 => {
            (i128::from(values[row]) - origin as i128) as f64
        }
        Numbers::Int(values) => values[row] as f64 - origin,
        Numbers::Decimal(_) => f64::NAN, // refused before
    }
}

/// Scores to what is asked; `None` if they are not numbers.
pub(super) fn finish(scores: &mut [f64], asked: Scores) -> Option<()> {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() || scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    let total = || scores.iter().map(|score| (score - most).exp()).sum::<f64>();
    match asked {
        Scores::Scores => {}
        Scores::Posteriors => {
            let total = total();
            for score in scores {
                *score = (*score - most).exp() / total;
            }
        }
        Scores::LogPosteriors => {
            let total = total().ln();
            for score in scores {
                *score = (*score - most) - total;
            }
        }
    }
    Some(())
}

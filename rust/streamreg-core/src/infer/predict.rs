//! Stage: infer. What the fit says of rows whose target is not known.

use num_bigint::BigInt;

use super::Fit;
use crate::column::Numbers;
use crate::error::Error;
use crate::exact::{ONES, Part};
use crate::gram::Unit;
use crate::solve::rational::Rational;
use crate::solve::round::signed;

/// A prediction for each row; NaN for a row that holds NaN or an infinity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// The fitted values.
    pub values: Vec<f64>,
    /// Their standard errors, where these are asked for and defined.
    pub errors: Option<Errors>,
}

/// The standard errors of predictions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Errors {
    /// Those of the mean of all observations at such a row.
    pub mean: Vec<f64>,
    /// Those of one new observation of weight 1.
    pub observation: Vec<f64>,
}

/// A row in the units of the variables and another one, the same for all.
struct Scaled {
    row: Vec<BigInt>,
    unit: Unit,
}

impl Fit {
    /// Predicts the targets of rows of features, each number rounded once; `None` if the rows that were fitted do not
    /// determine the coefficients.
    ///
    /// # Errors
    /// [`Error::Mismatch`] unless there is a column for each feature, all of one length.
    pub fn predict(&self, columns: &[Numbers<'_>], errors: bool) -> Result<Option<Predictions>, Error> {
        let features = self.normal.gram().features();
        let rows = columns.first().map_or(0, Numbers::len);
        if columns.len() != features || columns.iter().any(|column| column.len() != rows) {
            return Err(Error::Mismatch(format!("a prediction takes {features} columns of one length")));
        }
        let Some(numerators) = self.normal.numerators() else { return Ok(None) };
        let mut predictions = Predictions { values: Vec::with_capacity(rows), errors: None };
        if errors && self.positive_freedom().is_some() {
            predictions.errors = Some(Errors::default());
        }
        for row in 0..rows {
            let parts: Option<Vec<_>> = columns.iter().map(|column| column.part(row)).collect();
            let scaled = parts.map(|parts| self.scaled(&parts));
            let value = scaled.as_ref().map_or(f64::NAN, |scaled| self.value(numerators, scaled));
            predictions.values.push(value);
            if let Some(errors) = &mut predictions.errors {
                let [mean, observation] =
                    scaled.as_ref().and_then(|scaled| self.errors(scaled)).unwrap_or([f64::NAN; 2]);
                errors.mean.push(mean);
                errors.observation.push(observation);
            }
        }
        Ok(Some(predictions))
    }

    fn scaled(&self, parts: &[Part]) -> Scaled {
        let gram = self.normal.gram();
        let one = (BigInt::from(1), Unit::ONE);
        let features = parts.iter().enumerate().map(|(feature, part)| {
            let unit = Unit::two(signed(part.exponent) - signed(ONES)) / gram.unit(feature + 1);
            (BigInt::from(part.mantissa), unit)
        });
        let row: Vec<_> = self.model().intercept.then_some(one).into_iter().chain(features).collect();
        let least = |power: fn(&Unit) -> i64| row.iter().map(|(_, unit)| power(unit)).min().unwrap_or(0);
        let unit = Unit { two: least(|unit| unit.two), five: least(|unit| unit.five) };
        let row = row.into_iter().map(|(mantissa, own)| mantissa * (own / unit).to_integer()).collect();
        Scaled { row, unit }
    }

    fn value(&self, numerators: &[BigInt], scaled: &Scaled) -> f64 {
        let gram = self.normal.gram();
        let unit = scaled.unit * gram.unit(gram.target());
        Rational::new(product(numerators, &scaled.row), self.determinant().clone(), unit).nearest()
    }

    /// The standard errors √(σ²·h) and √(σ²·(1 + h)), where h = xᵀ(XᵀWX)⁻¹x.
    fn errors(&self, scaled: &Scaled) -> Option<[f64; 2]> {
        let (gram, determinant) = (self.normal.gram(), self.determinant());
        let freedom = self.positive_freedom()?;
        let (rest, of_rest) = self.rss.as_ref()?;
        // h is quadratic/determinant, in this unit.
        let quadratic: BigInt = (self.inverse().iter().zip(&scaled.row))
            .map(|(column, value)| product(column, &scaled.row) * value)
            .sum();
        let unit = scaled.unit.power(2) / gram.weight();
        let below = of_rest * determinant * freedom;
        let mean = Rational::new(rest * &quadratic, below.clone(), unit * self.square_unit());
        let down = (Unit::ONE / unit).to_integer();
        let total = determinant * &down + quadratic * unit.to_integer();
        let observation = Rational::new(rest * total, below * down, self.square_unit());
        Some([mean.root()?, observation.root()?])
    }
}

fn product(one: &[BigInt], other: &[BigInt]) -> BigInt {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

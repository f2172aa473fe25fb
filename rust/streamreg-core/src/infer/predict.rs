//! Stage: infer. What the fit says of rows whose target is not known.

use num_bigint::BigInt;

use super::Fit;
use crate::column::Numbers;
use crate::error::Error;
use crate::exact::ONES;
use crate::gram::Unit;
use crate::solve::rational::Rational;
use crate::solve::round::signed;

/// Predictions of rows; NaN where a row holds NaN or an infinity, or where a number is not defined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// The fitted values.
    pub values: Vec<f64>,
    /// The standard errors of the means of all observations at such rows.
    pub mean_errors: Vec<f64>,
    /// Those of one new observation of weight 1.
    pub observation_errors: Vec<f64>,
}

/// What rows whose target is known differ from their predictions by; NaN as [`Predictions`] has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Residuals {
    /// The fitted values.
    pub values: Vec<f64>,
    /// Targets less the exact fitted values.
    pub residuals: Vec<f64>,
    /// The same over the standard errors of new observations of weight 1; NaN if these are zero, too.
    pub standardized: Vec<f64>,
}

/// A row in the units of the variables and another one, the same for all.
struct Scaled {
    row: Vec<BigInt>,
    unit: Unit,
}

impl Fit {
    /// The fitted values of rows of features, each rounded once; NaN as [`Predictions`] has it.
    ///
    /// # Errors
    /// [`Error::Mismatch`] unless there is a column for each feature, all of one length.
    pub fn values(&self, columns: &[Numbers<'_>]) -> Result<Vec<f64>, Error> {
        let value = |scaled: Scaled| Some(self.value(&scaled)?.nearest());
        Ok(self.scaled_rows(columns)?.map(|row| row.and_then(value).unwrap_or(f64::NAN)).collect())
    }

    /// The fitted values of rows of features and their standard errors, each rounded once.
    ///
    /// # Errors
    /// As [`Fit::values`].
    pub fn predict(&self, columns: &[Numbers<'_>]) -> Result<Predictions, Error> {
        let mut predictions = Predictions::default();
        for row in self.scaled_rows(columns)? {
            let value = row.as_ref().and_then(|row| self.value(row));
            let variances = row.and_then(|row| self.variances(&row));
            let root = |variance: Rational| variance.root().unwrap_or(f64::NAN);
            let [mean, observation] = variances.map_or([f64::NAN; 2], |variances| variances.map(root));
            predictions.values.push(value.map_or(f64::NAN, |value| value.nearest()));
            predictions.mean_errors.push(mean);
            predictions.observation_errors.push(observation);
        }
        Ok(predictions)
    }

    /// The fitted values of rows of features, and what their targets differ from them by, each rounded once.
    ///
    /// # Errors
    /// As [`Fit::values`]; the target is as long.
    pub fn residuals(&self, columns: &[Numbers<'_>], target: &Numbers<'_>) -> Result<Residuals, Error> {
        let rows = self.scaled_rows(columns)?;
        if columns.iter().any(|column| column.len() != target.len()) {
            return Err(Error::Mismatch("residuals take a target as long as the features".to_owned()));
        }
        let mut found = Residuals::default();
        for (row, at) in rows.zip(0..) {
            let value = row.as_ref().and_then(|row| self.value(row));
            let residual = (value.as_ref().zip(number(target, at)))
                .map(|(value, (integer, unit))| Rational::new(integer, BigInt::from(1), unit).less(value));
            let variance = row.and_then(|row| self.variances(&row)).map(|[_, observation]| observation);
            let standardized = (residual.as_ref().zip(variance))
                .and_then(|(residual, variance)| residual.over_root(&variance));
            found.values.push(value.map_or(f64::NAN, |value| value.nearest()));
            found.residuals.push(residual.map_or(f64::NAN, |residual| residual.nearest()));
            found.standardized.push(standardized.unwrap_or(f64::NAN));
        }
        Ok(found)
    }

    /// The rows, where they are finite.
    fn scaled_rows(&self, columns: &[Numbers<'_>]) -> Result<impl Iterator<Item = Option<Scaled>>, Error> {
        let features = self.normal.gram().features();
        let rows = columns.first().map_or(0, Numbers::len);
        if columns.len() != features || columns.iter().any(|column| column.len() != rows) {
            return Err(Error::Mismatch(format!("a prediction takes {features} columns of one length")));
        }
        let numbers = move |row| columns.iter().map(|column| number(column, row)).collect::<Option<Vec<_>>>();
        Ok((0..rows).map(move |row| numbers(row).map(|numbers| self.scaled(numbers))))
    }

    fn scaled(&self, numbers: Vec<(BigInt, Unit)>) -> Scaled {
        let gram = self.normal.gram();
        let one = (BigInt::from(1), Unit::ONE);
        let features = numbers.into_iter().enumerate().map(|(feature, (integer, unit))| {
            let power = self.powers.as_ref().and_then(|powers| powers.get(feature)).map_or(1, |power| *power);
            (integer.pow(power), unit.power(power.into()) / gram.unit(feature + 1))
        });
        let row: Vec<_> = self.model().intercept.then_some(one).into_iter().chain(features).collect();
        let least = |power: fn(&Unit) -> i64| row.iter().map(|(_, unit)| power(unit)).min().unwrap_or(0);
        let unit = Unit { two: least(|unit| unit.two), five: least(|unit| unit.five) };
        let row = row.into_iter().map(|(mantissa, own)| mantissa * (own / unit).to_integer()).collect();
        Scaled { row, unit }
    }

    fn value(&self, scaled: &Scaled) -> Option<Rational> {
        let (gram, numerators) = (self.normal.gram(), self.normal.numerators()?);
        let unit = scaled.unit * gram.unit(gram.target());
        Some(Rational::new(product(numerators, &scaled.row), self.determinant().clone(), unit))
    }

    /// σ²·h and σ²·(1 + h), where h = xᵀ(XᵀWX)⁻¹x: the squares of the standard errors.
    fn variances(&self, scaled: &Scaled) -> Option<[Rational; 2]> {
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
        Some([mean, observation])
    }
}

/// A number as an integer in some unit, if it is finite.
fn number(column: &Numbers<'_>, row: usize) -> Option<(BigInt, Unit)> {
    if let Numbers::Decimal(decimals) = column {
        let decimal = decimals.get(row);
        let exponent = i64::from(decimal.exponent());
        return Some((decimal.mantissa().into(), Unit { two: exponent, five: exponent }));
    }
    let part = column.part(row)?;
    Some((part.mantissa.into(), Unit::two(signed(part.exponent) - signed(ONES))))
}

fn product(one: &[BigInt], other: &[BigInt]) -> BigInt {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

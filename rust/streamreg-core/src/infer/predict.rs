//! Stage: infer. What the fit says of rows: their expected targets, how sure that is, and how far off known ones are.

use super::Fit;
use super::interval::{Interval, check_level};
use super::row::rational;
use crate::column::Numbers;
use crate::error::Error;
use crate::solve::rational::Rational;

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

/// Predictions of rows, and intervals about them; NaN as [`Predictions`] has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intervals {
    /// The fitted values.
    pub values: Vec<f64>,
    /// The lower ends.
    pub low: Vec<f64>,
    /// The upper ends.
    pub high: Vec<f64>,
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

impl Fit {
    /// The fitted values of rows of features, each rounded once; NaN as [`Predictions`] has it.
    ///
    /// # Errors
    /// [`Error::Mismatch`] unless there is a column for each feature, all of one length.
    pub fn values(&self, columns: &[Numbers<'_>]) -> Result<Vec<f64>, Error> {
        let value = |at| self.value(&self.row(columns, at)?);
        Ok((0..self.rows_of(columns)?).map(|at| rounded(value(at).as_ref())).collect())
    }

    /// The fitted values of rows of features and their standard errors, each rounded once.
    ///
    /// # Errors
    /// As [`Fit::values`].
    pub fn predict(&self, columns: &[Numbers<'_>]) -> Result<Predictions, Error> {
        let mut found = Predictions::default();
        for at in 0..self.rows_of(columns)? {
            let row = self.row(columns, at);
            let value = row.as_ref().and_then(|row| self.value(row));
            let variances = row.and_then(|row| self.variances(&row));
            let root = |variance: Rational| variance.root().unwrap_or(f64::NAN);
            let [mean, observation] = variances.map_or([f64::NAN; 2], |variances| variances.map(root));
            found.values.push(rounded(value.as_ref()));
            found.mean_errors.push(mean);
            found.observation_errors.push(observation);
        }
        Ok(found)
    }

    /// The fitted values of rows of features, rounded once, and intervals about them at some level, whose ends are
    /// within one unit in the last place.
    ///
    /// # Errors
    /// As [`Fit::values`]; [`Error::Invalid`] if the level does not lie between 0 and 1.
    pub fn intervals(
        &self,
        columns: &[Numbers<'_>],
        interval: Interval,
        level: f64,
    ) -> Result<Intervals, Error> {
        check_level(level)?;
        let ends = self.ends(level);
        let mut found = Intervals::default();
        for at in 0..self.rows_of(columns)? {
            let row = self.row(columns, at);
            let value = row.as_ref().and_then(|row| self.value(row));
            let variance = row.and_then(|row| self.variances(&row)).map(|both| interval.of(both));
            let both = value.as_ref().zip(variance).and_then(|(value, variance)| {
                let ends = ends.as_ref()?;
                Some([ends.low(value, &variance)?, ends.high(value, &variance)?])
            });
            let [low, high] = both.unwrap_or([f64::NAN; 2]);
            found.values.push(rounded(value.as_ref()));
            found.low.push(low);
            found.high.push(high);
        }
        Ok(found)
    }

    /// The fitted values of rows of features, and what their targets differ from them by, each rounded once.
    ///
    /// # Errors
    /// As [`Fit::values`]; the target is as long.
    pub fn residuals(&self, columns: &[Numbers<'_>], target: &Numbers<'_>) -> Result<Residuals, Error> {
        let rows = self.rows_of(columns)?;
        if target.len() != rows {
            return Err(Error::Mismatch("residuals take a target as long as the features".to_owned()));
        }
        let mut found = Residuals::default();
        for at in 0..rows {
            let row = self.row(columns, at);
            let value = row.as_ref().and_then(|row| self.value(row));
            let residual =
                (value.as_ref().zip(rational(target, at))).map(|(value, target)| target.less(value));
            let variance = row.and_then(|row| self.variances(&row)).map(|[_, observation]| observation);
            let standardized = (residual.as_ref().zip(variance))
                .and_then(|(residual, variance)| residual.over_root(&variance));
            found.values.push(rounded(value.as_ref()));
            found.residuals.push(rounded(residual.as_ref()));
            found.standardized.push(standardized.unwrap_or(f64::NAN));
        }
        Ok(found)
    }
}

/// The nearest double; NaN if there is no number.
fn rounded(number: Option<&Rational>) -> f64 {
    number.map_or(f64::NAN, Rational::nearest)
}

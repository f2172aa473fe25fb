//! Infer: predictions of rows: expected targets, their standard errors and intervals, and residuals.

use std::cell::LazyCell;

use super::Fit;
use super::ball::Ball;
use super::exact_rows::{Exact, rational};
use super::fast_rows::FastRow;
use super::interval::{Interval, check_level};
use crate::column::Numbers;
use crate::error::Error;

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
    /// [`Error::Columns`] unless there is a column for each feature, all of one length.
    pub fn values(&self, columns: &[Numbers<'_>]) -> Result<Vec<f64>, Error> {
        let rows = self.rows_of(columns)?;
        let columns = &*self.own(columns);
        let mut near = self.near(columns);
        let value = |at| {
            near.go(at);
            value(&near, &Exact::new(self, columns, at))
        };
        Ok((0..rows).map(value).collect())
    }

    /// The fitted values of rows of features and their standard errors, each rounded once.
    ///
    /// # Errors
    /// As [`Fit::values`].
    pub fn predict(&self, columns: &[Numbers<'_>]) -> Result<Predictions, Error> {
        let rows = self.rows_of(columns)?;
        let columns = &*self.own(columns);
        let mut near = self.near(columns);
        let mut found = Predictions::default();
        for at in 0..rows {
            near.go(at);
            let (exact, variances) = (Exact::new(self, columns, at), near.variances());
            let error = |interval: Interval| {
                let near = variances.and_then(|both| interval.of(both).root());
                settled(near, || interval.of(exact.variances()?.each_ref()).root())
            };
            found.values.push(value(&near, &exact));
            found.mean_errors.push(error(Interval::Confidence));
            found.observation_errors.push(error(Interval::Prediction));
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
        let rows = self.rows_of(columns)?;
        let columns = &*self.own(columns);
        let mut near = self.near(columns);
        let ends = self.ends(level);
        let quantile = ends.as_ref().map(|ends| Ball::of_wide(ends.quantile()));
        let mut found = Intervals::default();
        for at in 0..rows {
            near.go(at);
            let exact = Exact::new(self, columns, at);
            let error = near.variances().and_then(|both| interval.of(both).root());
            let reach = quantile.zip(error).map(|(quantile, error)| quantile * error);
            let near_ends = near.value().zip(reach);
            let low = settled(near_ends.map(|(value, reach)| value - reach), || {
                ends.as_ref()?.low(exact.value()?, interval.of(exact.variances()?.each_ref()))
            });
            let high = settled(near_ends.map(|(value, reach)| value + reach), || {
                ends.as_ref()?.high(exact.value()?, interval.of(exact.variances()?.each_ref()))
            });
            found.values.push(value(&near, &exact));
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
        self.residuals_of(columns, target, None)
    }

    pub(super) fn residuals_of(
        &self,
        columns: &[Numbers<'_>],
        target: &Numbers<'_>,
        weights: Option<&Numbers<'_>>,
    ) -> Result<Residuals, Error> {
        let rows = self.rows_of(columns)?;
        let columns = &*self.own(columns);
        if target.len() != rows {
            return Err(Error::Columns("residuals take a target as long as the features".to_owned()));
        }
        if weights.is_some_and(|weights| weights.len() != rows) {
            return Err(Error::Columns("residuals take weights as long as the features".to_owned()));
        }
        let mut near = self.near(columns);
        let mut found = Residuals::default();
        for at in 0..rows {
            near.go(at);
            let exact = Exact::new(self, columns, at);
            let exact_residual = LazyCell::new(|| Some(rational(target, at)?.less(exact.value()?)));
            let residual = Ball::of_number(target, at).zip(near.value()).map(|(y, value)| y - value);
            let standardized =
                residual.and_then(|residual| residual.divide(near.observation(weights, at)?.root()?));
            found.values.push(value(&near, &exact));
            found.residuals.push(settled(residual, || Some(exact_residual.as_ref()?.nearest())));
            found.standardized.push(settled(standardized, || {
                exact_residual.as_ref()?.over_root(&exact.observation(weights, at)?)
            }));
        }
        Ok(found)
    }
}

fn value(near: &FastRow<'_>, exact: &Exact<'_>) -> f64 {
    settled(near.value(), || Some(exact.value()?.nearest()))
}

/// The double nearest to a number that is known closely, and asked for exactly if that is not close enough; NaN if
/// there is none.
fn settled(near: Option<Ball>, exact: impl FnOnce() -> Option<f64>) -> f64 {
    near.and_then(Ball::rounded).or_else(exact).unwrap_or(f64::NAN)
}

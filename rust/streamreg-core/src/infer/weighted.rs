//! Infer: residuals of rows with weights: the error of a row of weight w has the variance σ²/w.

use super::ball::Ball;
use super::exact_rows::{Exact, rational};
use super::fast_rows::FastRow;
use super::{Fit, Residuals};
use crate::column::Numbers;
use crate::error::Error;
use crate::solve::rational::Rational;

impl Fit {
    /// As [`Fit::residuals`], of rows with weights: the variance of a residual is σ²·(1/w + h). It is not defined unless
    /// the weight is above 0.
    ///
    /// # Errors
    /// As there; the weights are as long as the target.
    pub fn weighted_residuals(
        &self,
        columns: &[Numbers<'_>],
        target: &Numbers<'_>,
        weights: &Numbers<'_>,
    ) -> Result<Residuals, Error> {
        self.residuals_of(columns, target, Some(weights))
    }
}

impl FastRow<'_> {
    /// The variance of a new observation of the weight in this row.
    pub(super) fn observation(&self, weights: Option<&Numbers<'_>>, at: usize) -> Option<Ball> {
        let [mean, observation] = self.variances()?;
        match weights {
            None => Some(observation),
            Some(weights) => Some(mean + self.variance()?.divide(Ball::of_number(weights, at)?)?),
        }
    }
}

impl Exact<'_> {
    /// As [`FastRow::observation`].
    pub(super) fn observation(&self, weights: Option<&Numbers<'_>>, at: usize) -> Option<Rational> {
        let [mean, observation] = self.variances()?;
        let Some(weights) = weights else { return Some(observation.clone()) };
        let weight = rational(weights, at).filter(Rational::is_positive)?;
        Some(mean.plus(&self.variance()?.over(&weight)))
    }
}

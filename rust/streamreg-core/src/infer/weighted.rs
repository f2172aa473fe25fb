//! Stage: infer. How far rows are off that count more or less than one of weight 1.

use num_traits::Signed;

use super::row::rational;
use super::{Fit, Residuals};
use crate::column::Numbers;
use crate::error::Error;
use crate::gram::Unit;
use crate::solve::rational::Rational;

impl Fit {
    /// As [`Fit::residuals`], where the error of a row of weight w has the variance σ²/w: so the standard error of its
    /// residual is √(σ²·(1/w + h)). Not defined unless the weight is above 0.
    ///
    /// # Errors
    /// As there; the weights are as long as the target.
    pub fn weighted_residuals(
        &self,
        columns: &[Numbers<'_>],
        target: &Numbers<'_>,
        weights: &Numbers<'_>,
    ) -> Result<Residuals, Error> {
        let mut found = self.residuals(columns, target)?;
        if weights.len() != target.len() {
            return Err(Error::Mismatch("residuals take weights as long as the target".to_owned()));
        }
        for (at, standardized) in found.standardized.iter_mut().enumerate() {
            let row = [target, weights].map(|column| rational(column, at));
            *standardized = self.standardized(columns, at, row).unwrap_or(f64::NAN);
        }
        Ok(found)
    }

    fn standardized(
        &self,
        columns: &[Numbers<'_>],
        at: usize,
        [target, weight]: [Option<Rational>; 2],
    ) -> Option<f64> {
        let row = self.row(columns, at)?;
        let residual = target?.less(&self.value(&row)?);
        let [of_mean, _] = self.variances(&row)?;
        let (weight, of_error) = (weight?, self.variance()?);
        let ((one, of_one, two), (all, of_all, other_two)) = (of_error.parts(), weight.parts());
        // What is taken away is −σ²/w.
        let less = || Rational::new(-(one * of_all), of_one * all, Unit::two(two - other_two));
        all.is_positive().then(|| of_mean.less(&less())).and_then(|variance| residual.over_root(&variance))
    }
}

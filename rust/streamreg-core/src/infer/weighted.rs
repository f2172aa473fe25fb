//! Stage: infer. How far rows are off that count more or less than one of weight 1.

use num_traits::Signed;

use super::ball::Ball;
use super::predict::settled;
use super::row::{Exact, rational};
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
        let of_error = self.variance();
        let near_error = of_error.as_ref().map(Ball::of_rational);
        let mut near = self.near(columns);
        for (at, standardized) in found.standardized.iter_mut().enumerate() {
            near.go(at);
            let near_standardized = || {
                let [of_mean, _] = near.variances()?;
                let error = (of_mean + near_error?.divide(Ball::of_number(weights, at)?)?).root()?;
                (Ball::of_number(target, at)? - near.value()?).divide(error)
            };
            *standardized = settled(near_standardized(), || {
                let exact = Exact::new(self, columns, at);
                let residual = rational(target, at)?.less(exact.value()?);
                let [of_mean, _] = exact.variances()?;
                residual.over_root(&of_mean.less(&less_share(of_error.as_ref()?, &rational(weights, at)?)?))
            });
        }
        Ok(found)
    }
}

/// −σ²/w, unless the weight is not above 0.
fn less_share(of_error: &Rational, weight: &Rational) -> Option<Rational> {
    let ((one, of_one, two), (all, of_all, other_two)) = (of_error.parts(), weight.parts());
    all.is_positive().then(|| Rational::new(-(one * of_all), of_one * all, Unit::two(two - other_two)))
}

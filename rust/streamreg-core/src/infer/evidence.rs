//! Infer: the t statistic of one coefficient, and its p-value.

use num_bigint::BigInt;
use num_traits::Signed;

use super::Fit;
use super::beta::{Shares, tail};
use super::bigfloat::PRECISION;
use crate::gram::Unit;
use crate::solve::rational::Rational;

impl Fit {
    /// Two integers whose quotient, second over first, is t²/df.
    fn squares_of_t(&self, at: usize) -> Option<(BigInt, BigInt)> {
        // With rss = R/|D|, (XᵀWX)⁻¹ = C/D and β = N/D it is N²/D² over R·C/(D·|D|).
        let (rest, _) = self.rss.as_ref()?;
        let estimate = self.normal.numerators()?.get(at)?;
        let error = rest * self.inverse().get(at)?.get(at)?;
        let error = if self.determinant().is_negative() { -error } else { error };
        error.is_positive().then(|| (error, estimate * estimate))
    }

    pub(super) fn t(&self, at: usize) -> Option<f64> {
        let freedom = self.positive_freedom()?;
        let (error, estimate) = self.squares_of_t(at)?;
        let size = Rational::new(estimate * freedom, error, Unit::ONE).root()?;
        let negative = self.coefficient(at)?.is_negative() && size > 0.0;
        Some(if negative { -size } else { size })
    }

    pub(super) fn p_value(&self, at: usize) -> Option<f64> {
        let freedom = u64::try_from(self.positive_freedom()?).ok()?;
        // x = df/(df + t²).
        let (x, y) = self.squares_of_t(at)?;
        Some(tail(PRECISION, 1, freedom, &Shares { x, y }).nearest())
    }
}

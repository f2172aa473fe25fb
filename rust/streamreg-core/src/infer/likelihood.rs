//! Infer: the normal likelihood at its greatest, and the criteria made of it.
//!
//! ln L = −(n/2)·(ln(2π·rss/n) + 1); AIC = 2k − 2·ln L and BIC = k·ln n − 2·ln L for k coefficients, the variance not
//! counted (H. Akaike, IEEE Trans. Autom. Control 19, 1974; G. Schwarz, Ann. Statist. 6, 1978).

use num_bigint::BigInt;

use super::bigfloat::{Precision, Wide, settled};
use super::{Fit, counted};

impl Fit {
    pub(super) fn log_likelihood(&self) -> Option<f64> {
        self.likelihood(|_, double| double.map(|term| term.negated().scaled(-1)).to_vec())
    }

    pub(super) fn aic(&self) -> Option<f64> {
        let penalty = Wide::of(2 * counted(self.size()));
        self.likelihood(|_, double| double.into_iter().chain([penalty.clone()]).collect())
    }

    pub(super) fn bic(&self) -> Option<f64> {
        let (size, rows) = (Wide::of(counted(self.size())), Wide::of(self.rows()));
        self.likelihood(|precision, double| {
            let penalty = precision.multiply(&size, &precision.ln(&rows));
            double.into_iter().chain([penalty]).collect()
        })
    }

    /// A sum of terms made from those of −2·ln L, n·ln(2π·rss/n) and n. The likelihood has no greatest value if the
    /// fit leaves no residual; of weighted rows it takes the product of the weights, which no sum of squares holds.
    fn likelihood(&self, terms: impl Fn(Precision, [Wide; 2]) -> Vec<Wide>) -> Option<f64> {
        self.positive_freedom()?;
        let gram = self.normal.gram();
        let (numerator, denominator) = self.rss.clone()?;
        if gram.weighted() || numerator <= BigInt::ZERO {
            return None;
        }
        let mean = self.sum_of_squares((numerator, denominator * gram.rows()));
        let rows = Wide::of(gram.rows());
        Some(settled(|precision| {
            let circle = precision.multiply(&precision.pi(), &precision.rational(&mean)).scaled(1);
            let logarithm = precision.multiply(&rows, &precision.ln(&circle));
            terms(precision, [logarithm, rows.clone()])
        }))
    }
}

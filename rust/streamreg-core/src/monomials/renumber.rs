//! Monomials: the same sums, of columns that are numbered otherwise.
//!
//! A job sums equal columns once and numbers them in the order of their first use; an estimator has the features in order, then the
//! target, then the weights. Which sums there are follows from the powers of the features alone, but for columns that
//! are the same: their sums are one, and become several.

use std::sync::Arc;

use super::{Monomials, Terms};
use crate::error::Error;
use crate::exact::Mixed;
use crate::exact::mixed::Limits;

impl Monomials {
    /// The same rows, as if they had come in the columns that `terms` speak of.
    ///
    /// # Errors
    /// [`Error::Mismatch`] unless both are of as many features of the same powers, with weights or without, and of
    /// decimals in the same places, or of decimals in those of times; or if columns are to be one that are not the same.
    pub fn renumbered(&self, terms: Arc<Terms>) -> Result<Self, Error> {
        let powers = |terms: &Terms| terms.features().iter().map(|one| one.power).collect::<Vec<_>>();
        if powers(&self.terms) != powers(&terms) || self.terms.weight().is_some() != terms.weight().is_some()
        {
            return Err(other_terms());
        }
        let variables = terms.features().len() + 2;
        let mut sums: Vec<Option<&Mixed>> = vec![None; terms.sums()];
        for one in 0..variables {
            for other in one..variables {
                let (Some(from), Some(to)) = (self.terms.sum_of(one, other), terms.sum_of(one, other)) else {
                    continue;
                };
                let sum = &self.sums[from];
                let same = sums[to].is_none_or(|known| known == sum);
                if !same || !fits(self.terms.limits()[from], terms.limits()[to]) {
                    return Err(other_terms());
                }
                sums[to] = Some(sum);
            }
        }
        let sums = sums.into_iter().map(|sum| sum.cloned().unwrap_or_default()).collect();
        Ok(Self { terms, n: self.n, excluded: self.excluded, sums })
    }
}

/// Whether what is summed within some limits is so within others: the same ones, or those of decimals for times, which
/// are decimals.
fn fits(own: Limits, other: Limits) -> bool {
    own == other || (own.limbs == other.limbs && 0 < own.five && own.five < other.five)
}

fn other_terms() -> Error {
    Error::Mismatch("these sums are not those of such a regression".to_owned())
}

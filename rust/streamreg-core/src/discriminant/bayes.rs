//! Stage: discriminant. Gaussian naive Bayes: each class has a variance of its own for each feature.
//!
//! The score of a class is −½ Σ (x − μ)²/σ² − ½ Σ ln σ² + ln π, with σ² divided by n. What is added to all variances,
//! if anything is, is a share of the greatest variance of a feature over all rows, as scikit-learn's `var_smoothing`.
//! Where one is zero even so, there is no answer.

use num_bigint::BigInt;
use num_traits::{One, Zero};

use super::group::{Group, rows};
use super::log::{Argument, plus_half_log};
use super::score::{Scorer, Scoring, Square};
use super::{Reason, Undefined, rational};
use crate::error::Error;
use crate::solve::round::ratio;

/// What rows are scored by.
#[derive(Clone, Debug)]
pub struct Bayes {
    origins: Vec<Vec<f64>>,
    classes: Vec<Scoring>,
}

/// What is added to every variance, `numerator / denominator · 2^two`.
#[derive(Clone, Debug)]
pub struct Added {
    numerator: BigInt,
    denominator: BigInt,
    two: i64,
}

/// The variance of a feature, in the square of its unit.
#[derive(Clone, Debug)]
pub struct Variance {
    numerator: BigInt,
    denominator: BigInt,
    unit: i64,
}

impl Added {
    /// This share of the greatest variance over the rows of all groups.
    pub(super) fn of(groups: &mut [Group], smoothing: f64) -> Result<Self, Error> {
        let refused = || {
            Error::Invalid(format!(
                "what is added to variances is a finite share from 0 up, not {smoothing} of the greatest"
            ))
        };
        let (share, two) = rational(smoothing).ok_or_else(refused)?;
        let all = rows(groups);
        let mut found = Self { numerator: BigInt::ZERO, denominator: &all * &all, two };
        if share.is_zero() {
            return Ok(found);
        }
        let mut greatest = (BigInt::ZERO, 0);
        for at in 0..groups.first().map_or(0, Group::variables) {
            let unit = groups.iter().map(|group| group.unit(at)).min().unwrap_or(0);
            for group in &mut *groups {
                group.refine(at, unit);
            }
            let sum: BigInt = groups.iter().map(|group| group.sum(at)).sum();
            let squares: BigInt = groups.iter().map(|group| group.squares(at)).sum();
            let own = (&all * squares - &sum * &sum, 2 * unit);
            if exceeds(&own, &greatest) {
                greatest = own;
            }
        }
        (found.numerator, found.two) = (greatest.0 * share, two + greatest.1);
        Ok(found)
    }
}

/// Whether one number is greater than another, each in a power of two.
fn exceeds((one, unit): &(BigInt, i64), (other, others): &(BigInt, i64)) -> bool {
    if unit < others { *one > (other << (others - unit)) } else { (one << (unit - others)) > *other }
}

impl Variance {
    /// Those of a class.
    pub(super) fn of(group: &Group, added: &Added) -> Vec<Self> {
        let square = group.n() * group.n();
        let own = |at| {
            let (deviation, unit) = (group.deviation(at, at), group.unit(at));
            let (own, more) = (deviation * &added.denominator, &added.numerator * &square);
            let denominator = &square * &added.denominator;
            let shift = added.two - 2 * unit;
            if shift < 0 {
                Self { numerator: (own << -shift) + more, denominator: denominator << -shift, unit }
            } else {
                Self { numerator: own + (more << shift), denominator, unit }
            }
        };
        (0..group.variables()).map(own).collect()
    }

    /// The nearest double.
    pub(super) fn nearest(&self) -> f64 {
        ratio(&self.numerator, &self.denominator, 2 * self.unit)
    }
}

impl Bayes {
    pub(super) fn of(groups: &[Group], priors: &[Argument], added: &Added) -> Result<Self, Undefined> {
        let mut bayes = Self { origins: Vec::new(), classes: Vec::new() };
        for (group, prior) in groups.iter().zip(priors) {
            let (origin, sums) = group.centre()?;
            let variances = Variance::of(group, added);
            let zero = |at: &usize| variances[*at].numerator.is_zero();
            let features: Vec<_> = (0..variances.len()).filter(zero).collect();
            if !features.is_empty() {
                return Err(group.undefined(Reason::Singular { features }));
            }
            let one = BigInt::one();
            let mut odds = prior.squared();
            let mut squares = Vec::new();
            for (at, (sum, variance)) in sums.iter().zip(&variances).enumerate() {
                let Variance { numerator, denominator, unit } = variance;
                let before = std::iter::repeat_n((&BigInt::ZERO, 0), at);
                let row = before.chain(std::iter::once((&one, 0)));
                squares.push(Square::new((denominator, numerator, *unit), (sum, group.n()), row, &one));
                odds = odds.over(&Argument::new(numerator.clone(), denominator.clone(), 2 * unit));
            }
            let constant = plus_half_log(&BigInt::ZERO, &one, &odds);
            bayes.origins.push(origin.doubles);
            bayes.classes.push(Scoring::Quadratic { constant, squares });
        }
        Ok(bayes)
    }

    pub(super) fn scorer(self) -> Scorer {
        Scorer::new(self.origins, self.classes)
    }
}

//! Stage: discriminant. Gaussian naive Bayes: each class has a variance of its own for each feature.
//!
//! The score of a class is −½ Σ (x − μ)²/σ² − ½ Σ ln σ² + ln π, with σ² divided by n. Nothing is added to the
//! variances: where one is zero, there is no answer.

use num_bigint::BigInt;
use num_traits::{One, Zero};

use super::group::Group;
use super::log::{Argument, plus_half_log};
use super::score::{Scorer, Scoring, Square};
use super::{Reason, Undefined};
use crate::solve::round::ratio;

/// What rows are scored by.
#[derive(Clone, Debug)]
pub struct Bayes {
    origins: Vec<Vec<f64>>,
    classes: Vec<Scoring>,
}

/// The variances of a class.
pub(super) fn variances(group: &Group) -> Vec<f64> {
    let square = group.n() * group.n();
    (0..group.variables()).map(|at| ratio(&group.deviation(at, at), &square, 2 * group.unit(at))).collect()
}

/// The features that do not vary in a class.
fn constant(group: &Group) -> Vec<usize> {
    (0..group.variables()).filter(|&at| group.deviation(at, at).is_zero()).collect()
}

impl Bayes {
    pub(super) fn of(groups: &[Group], priors: &[Argument]) -> Result<Self, Undefined> {
        let mut bayes = Self { origins: Vec::new(), classes: Vec::new() };
        for (group, prior) in groups.iter().zip(priors) {
            let (origin, sums) = group.centre()?;
            let (one, square) = (BigInt::one(), group.n() * group.n());
            let mut odds = prior.squared();
            let mut squares = Vec::new();
            for (at, sum) in sums.iter().enumerate() {
                let (deviation, unit) = (group.deviation(at, at), group.unit(at));
                if deviation.is_zero() {
                    return Err(group.undefined(Reason::Singular { features: constant(group) }));
                }
                let before = std::iter::repeat_n((&BigInt::ZERO, 0), at);
                let row = before.chain(std::iter::once((&one, 0)));
                squares.push(Square::new((&square, &deviation, unit), (sum, group.n()), row, &one));
                odds = odds.over(&Argument::new(deviation, square.clone(), 2 * unit));
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

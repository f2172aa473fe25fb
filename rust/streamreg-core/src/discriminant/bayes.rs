//! Stage: discriminant. Gaussian naive Bayes: each class has a variance of its own for each feature.
//!
//! The score of a class is −½ Σ (x − μ)²/σ² − ½ Σ ln σ² + ln π, with σ² divided by n. What is added to all variances,
//! if anything is, is a share of the greatest variance of a feature over all rows, as scikit-learn's `var_smoothing`.
//! Where one is zero even so, there is no result.

use num_bigint::BigInt;
use num_traits::{One, Zero};

use super::exact_score::{ExactScore, Form};
use super::fast_score::{self, FastScore, FastSquare, View};
use super::group::{Group, rows};
use super::log::Argument;
use super::quadratic::union;
use super::score::Scorer;
use super::{Reason, Undefined, rational};
use crate::error::Error;
use crate::gram::Unit;
use crate::infer::condition::is_near;
use crate::solve::rational::Rational;
use crate::solve::round::ratio;

/// What rows are scored by.
#[derive(Clone, Debug)]
pub struct Bayes {
    scorer: Scorer,
    near: Vec<Vec<usize>>,
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

    /// Whether the feature of a class varies by no more than roundings do.
    fn is_near_nothing(&self, group: &Group, feature: usize) -> bool {
        is_near(&(&self.numerator * group.n()), &(group.squares(feature) * &self.denominator))
    }

    /// (x − sum/n)² over this, x being a feature.
    fn square(&self, view: &View, feature: usize, sum: &BigInt, n: &BigInt) -> FastSquare {
        let weight = Rational::new(self.denominator.clone(), self.numerator.clone(), Unit::ONE);
        let offset = Rational::new(sum.clone(), n.clone(), Unit::ONE);
        let one = Rational::new(BigInt::one(), BigInt::one(), Unit::two(-self.unit));
        FastSquare::new(view, &weight, &offset, feature, std::iter::once(one))
    }

    /// The nearest double.
    pub(super) fn nearest(&self) -> f64 {
        ratio(&self.numerator, &self.denominator, 2 * self.unit)
    }
}

/// The product of variances, by halves: so most products are of small numbers.
fn product(variances: &[Variance]) -> Argument {
    match variances {
        [] => Argument::one(),
        [Variance { numerator, denominator, unit }] => {
            Argument::new(numerator.clone(), denominator.clone(), 2 * unit)
        }
        _ => {
            let (one, other) = variances.split_at(variances.len() / 2);
            product(one).times(&product(other))
        }
    }
}

impl Bayes {
    pub(super) fn of(groups: &[Group], priors: &[Argument], added: &Added) -> Result<Self, Undefined> {
        let (mut scorer, mut near) = (Scorer::default(), Vec::new());
        for (group, prior) in groups.iter().zip(priors) {
            let (origin, sums) = group.centre()?;
            let variances = Variance::of(group, added);
            let zero = |at: &usize| variances[*at].numerator.is_zero();
            let features: Vec<_> = (0..variances.len()).filter(zero).collect();
            if !features.is_empty() {
                return Err(group.undefined(Reason::Singular { features }));
            }
            near.push((0..variances.len()).filter(|&at| variances[at].is_near_nothing(group, at)).collect());
            let odds = prior.squared().over(&product(&variances));
            let own = |variance: &Variance| {
                (variance.numerator.clone(), variance.denominator.clone(), variance.unit)
            };
            let view = View::new(&origin.doubles, variances.iter().map(own));
            let squares = sums.iter().zip(&variances).enumerate();
            let squares = squares.map(|(at, (sum, variance))| variance.square(&view, at, sum, group.n()));
            let squares = squares.collect();
            let constant = fast_score::constant(BigInt::ZERO, BigInt::one(), &odds);
            let form = Form::Squares {
                sums: (0..group.variables()).map(|at| group.sum(at).clone()).collect(),
                n: group.n().clone(),
                variances: variances
                    .iter()
                    .map(|own| (own.numerator.clone(), own.denominator.clone()))
                    .collect(),
            };
            let units = variances.iter().map(|variance| variance.unit).collect();
            scorer.push(view, FastScore::Quadratic { constant, squares }, ExactScore::new(units, form, odds));
        }
        Ok(Self { scorer, near })
    }

    /// The features that do not vary in a class but for roundings.
    pub(super) fn nearly_constant(&self) -> Vec<usize> {
        union(self.near.iter().cloned())
    }

    pub(super) fn scorer(self) -> Scorer {
        self.scorer
    }
}

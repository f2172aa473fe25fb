//! Stage: discriminant. One class in integers.

use num_bigint::BigInt;
use num_traits::{Signed, Zero};

use super::{Reason, Undefined};
use crate::accumulate::Accumulator;
use crate::classes::{ClassSums, Classes, Label, Sums};
use crate::exact::{Number, ONES, signed};
use crate::gram::{Gram, Unit};
use crate::moments::Moments;
use crate::solve::round::ratio;

/// The rows of a class. A feature is counted in a power of two of its own, its [unit](Group::unit).
#[derive(Clone, Debug)]
pub struct Group {
    label: Label,
    n: BigInt,
    /// A row, in the unit of the weights.
    one: BigInt,
    variables: usize,
    /// Of the constant 1, then of the features.
    gram: Gram,
}

/// The classes that have rows.
pub(super) fn present(classes: &Classes) -> impl Iterator<Item = (&Label, &Moments)> {
    classes.iter().filter(|(_, moments)| moments.n() != 0 || moments.limbs() != 0)
}

/// The classes that have rows, in integers.
///
/// # Errors
/// That there is none, or that one cannot be what is left of the rows of a class.
pub(super) fn groups(classes: &Classes) -> Result<Vec<Group>, Undefined> {
    let groups = present(classes)
        .map(|(label, moments)| Group::of(label, moments, classes.features()))
        .collect::<Result<Vec<_>, _>>()?;
    if groups.is_empty() {
        return Err(Undefined { reason: Reason::NoRows, label: None });
    }
    Ok(groups)
}

/// The rows of all groups.
pub(super) fn rows(groups: &[Group]) -> BigInt {
    groups.iter().map(Group::n).sum()
}

/// Classes of which the groups are known.
pub trait Grouped {
    /// The number of features.
    fn features(&self) -> usize;

    /// Whether of the products of features only the squares are known.
    fn squares_only(&self) -> bool {
        false
    }

    /// As [`groups`].
    ///
    /// # Errors
    /// That there is no class, or that one cannot be what is left of the rows of a class.
    fn groups(&self) -> Result<Vec<Group>, Undefined>;
}

impl Grouped for Classes {
    fn features(&self) -> usize {
        self.features()
    }

    fn groups(&self) -> Result<Vec<Group>, Undefined> {
        groups(self)
    }
}

impl Grouped for ClassSums {
    fn features(&self) -> usize {
        self.kept().features
    }

    fn squares_only(&self) -> bool {
        self.kept().squares
    }

    fn groups(&self) -> Result<Vec<Group>, Undefined> {
        let inconsistent = |_| Undefined { reason: Reason::Inconsistent, label: None };
        let found = self.grams().map_err(inconsistent)?;
        if found.is_empty() {
            return Err(Undefined { reason: Reason::NoRows, label: None });
        }
        let group = |(label, rows, gram): (&Label, i64, Gram)| {
            let (n, one) = (gram.entry(0, 0).clone(), (Unit::ONE / gram.weight()).to_integer());
            let variables = self.features();
            let group = Group { label: label.clone(), n, one, variables, gram };
            let there = rows > 0 && group.n.is_positive();
            let spread = |at| !group.deviation(at, at).is_negative();
            if there && (0..variables).all(spread) {
                Ok(group)
            } else {
                Err(group.undefined(Reason::Inconsistent))
            }
        };
        found.into_iter().map(group).collect()
    }
}

/// The classes that have sums of weighted rows, in order, the rows of each and the sum of their weights.
///
/// # Errors
/// As [`counts`](super::counts). A class of which all weights are 0 counts as one without rows.
pub fn weighted_counts(classes: &ClassSums) -> Result<Vec<(Label, i64, f64)>, Undefined> {
    let inconsistent = |_| Undefined { reason: Reason::Inconsistent, label: None };
    classes.groups()?;
    let weights = classes.weights().map_err(inconsistent)?;
    let all = classes.iter().zip(weights).map(|((label, sums), weight)| (label.clone(), sums.n(), weight));
    Ok(all.filter(|(_, _, weight)| *weight != 0.0).collect())
}

impl Group {
    fn of(label: &Label, moments: &Moments, variables: usize) -> Result<Self, Undefined> {
        let group = Self {
            label: label.clone(),
            n: moments.n().into(),
            one: BigInt::from(1),
            variables,
            gram: Gram::of(moments),
        };
        let spread = |at| moments.n() > 0 && !group.deviation(at, at).is_negative();
        if (0..variables).all(spread) {
            return Ok(group);
        }
        Err(group.undefined(Reason::Inconsistent))
    }

    /// The number of rows that have the weight 1, in the unit of [`n`](Self::n).
    pub fn one(&self) -> &BigInt {
        &self.one
    }

    /// The number of rows, or what they weigh; above zero.
    pub fn n(&self) -> &BigInt {
        &self.n
    }

    /// The number of features.
    pub fn variables(&self) -> usize {
        self.variables
    }

    /// The power of two that a feature is counted in.
    pub fn unit(&self, feature: usize) -> i64 {
        self.gram.unit(feature + 1).two
    }

    /// Counts a feature in a smaller power of two.
    pub fn refine(&mut self, feature: usize, unit: i64) {
        self.gram.refine(feature + 1, Unit::two(self.unit(feature) - unit));
    }

    /// The sum of a feature, in its unit.
    pub fn sum(&self, feature: usize) -> &BigInt {
        self.gram.entry(0, feature + 1)
    }

    /// The sum of the squares of a feature, in the square of its unit.
    pub fn squares(&self, feature: usize) -> &BigInt {
        self.gram.entry(feature + 1, feature + 1)
    }

    /// n·Σab − Σa·Σb: n times the sum of the products of the deviations from the means.
    pub fn deviation(&self, a: usize, b: usize) -> BigInt {
        &self.n * self.gram.entry(a + 1, b + 1) - self.sum(a) * self.sum(b)
    }

    /// The matrix of the [deviations](Group::deviation).
    pub fn deviations(&self) -> Vec<Vec<BigInt>> {
        let row = |a| (0..self.variables).map(|b| self.deviation(a, b)).collect();
        (0..self.variables).map(row).collect()
    }

    /// The mean of a feature.
    pub fn mean(&self, feature: usize) -> f64 {
        ratio(self.sum(feature), &self.n, self.unit(feature))
    }

    /// A point near the means, and the sums of the features counted from there.
    pub fn centre(&self) -> Result<(Origin, Vec<BigInt>), Undefined> {
        let sums: Vec<_> = (0..self.variables).map(|at| self.sum(at).clone()).collect();
        let units: Vec<_> = (0..self.variables).map(|at| self.unit(at)).collect();
        let origin =
            Origin::near(&sums, &self.n, &units).ok_or_else(|| self.undefined(Reason::Inconsistent))?;
        let from = origin.sums(self);
        Ok((origin, from))
    }

    /// That there is no result for this class.
    pub fn undefined(&self, reason: Reason) -> Undefined {
        Undefined { reason, label: Some(self.label.clone()) }
    }
}

/// Where the features are counted from when rows are scored: without it, the differences between rows would be lost
/// in the roundings of numbers that are far from zero. It is in whole units, so that it is exact.
#[derive(Clone, Debug)]
pub struct Origin {
    /// As doubles.
    pub doubles: Vec<f64>,
    /// In the units of the features.
    pub integers: Vec<BigInt>,
}

impl Origin {
    /// Near sums over n, in these units; `None` if that is beyond the largest double, as no mean is.
    pub fn near(sums: &[BigInt], n: &BigInt, units: &[i64]) -> Option<Self> {
        let mut origin = Self { doubles: Vec::new(), integers: Vec::new() };
        for (sum, &unit) in sums.iter().zip(units) {
            // An integer of more than 53 bits loses low ones, and is an integer still.
            let double = ratio(&(sum / n), &BigInt::from(1), unit);
            let part = double.part()?;
            let places = signed(part.exponent) - signed(ONES) - unit;
            let mantissa = BigInt::from(part.mantissa);
            origin.doubles.push(double);
            origin.integers.push(if places < 0 { mantissa >> -places } else { mantissa << places });
        }
        Some(origin)
    }

    /// The sums of a group's features, counted from here.
    pub fn sums(&self, group: &Group) -> Vec<BigInt> {
        let from = |(at, origin)| group.sum(at) - origin * group.n();
        self.integers.iter().enumerate().map(from).collect()
    }
}

/// A vector that is zero but for one entry.
pub(super) fn unit_vector(length: usize, at: usize, entry: &BigInt) -> Vec<BigInt> {
    let mut found = vec![BigInt::ZERO; length];
    found[at].clone_from(entry);
    found
}

/// Σ a·b.
pub(super) fn dot(a: &[BigInt], b: &[BigInt]) -> BigInt {
    a.iter().zip(b).filter(|(a, b)| !a.is_zero() && !b.is_zero()).map(|(a, b)| a * b).sum()
}

//! Stage: discriminant. Quadratic: each class has a covariance of its own.
//!
//! The score of a class is −½(x − μ)ᵀΣ⁻¹(x − μ) − ½ ln|Σ| + ln π. With Σ = C / (n·d) in integers, d being n or n − 1, and Bareiss'
//! elimination of C as LᵀD⁻¹L, the square is a sum of squares, one for each pivot: scored like that, it cannot be
//! lost in roundings, and is never below zero.

use std::collections::BTreeSet;

use num_bigint::BigInt;
use num_traits::{One, Signed};

use super::exact_score::{ExactScore, Form};
use super::fast_score::{self, FastScore, FastSquare, View};
use super::group::{Group, Origin, dot, unit_vector};
use super::inverse::{eliminate, nearly_dependent};
use super::log::{Argument, plus_half_log};
use super::score::Scorer;
use super::{Divisor, Reason, Undefined};
use crate::gram::Unit;
use crate::solve::eliminate::Elimination;
use crate::solve::rational::Rational;
use crate::solve::round::ratio;

/// The solved classes.
#[derive(Clone, Debug)]
pub struct Quadratic(Vec<Class>);

/// A solved class.
#[derive(Clone, Debug)]
pub struct Class {
    group: Group,
    prior: Argument,
    divisor: BigInt,
    elimination: Elimination,
    origin: Origin,
    /// The sums of the features, counted from the origin.
    sums: Vec<BigInt>,
}

/// Each of some numbers once, in order.
pub(super) fn union(all: impl Iterator<Item = Vec<usize>>) -> Vec<usize> {
    all.flatten().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The covariance matrix of a class, row by row.
pub(super) fn covariance(group: &Group, divisor: Divisor) -> Result<Vec<f64>, Undefined> {
    let divisor = divisor_of(group, divisor)? * group.n();
    let pairs = (0..group.variables()).flat_map(|a| (0..group.variables()).map(move |b| (a, b)));
    Ok(pairs.map(|(a, b)| ratio(&group.deviation(a, b), &divisor, group.unit(a) + group.unit(b))).collect())
}

/// n or n − 1.
fn divisor_of(group: &Group, divisor: Divisor) -> Result<BigInt, Undefined> {
    let divisor = match divisor {
        Divisor::Rows => group.n().clone(),
        Divisor::Freedom => group.n() - group.one(),
    };
    if divisor.is_positive() { Ok(divisor) } else { Err(group.undefined(Reason::TooFewRows)) }
}

impl Quadratic {
    pub(super) fn of(groups: Vec<Group>, priors: Vec<Argument>, divisor: Divisor) -> Result<Self, Undefined> {
        let class = |(group, prior)| Class::of(group, prior, divisor);
        groups.into_iter().zip(priors).map(class).collect::<Result<_, _>>().map(Self)
    }

    /// Scores counted from points near the means.
    pub fn scorer(&self) -> Scorer {
        let mut scorer = Scorer::default();
        for class in &self.0 {
            scorer.extend(class.scorer());
        }
        scorer
    }

    /// The features that follow in a class from those before them but for roundings.
    pub fn nearly_dependent(&self) -> Vec<usize> {
        union(self.0.iter().map(Class::nearly_dependent))
    }

    /// Σ⁻¹μ of each class.
    pub fn coefficients(&self) -> Vec<f64> {
        self.0.iter().flat_map(Class::coefficients).collect()
    }

    /// −½μᵀΣ⁻¹μ − ½ ln|Σ| + ln π of each class.
    pub fn intercepts(&self) -> Vec<f64> {
        self.0.iter().map(Class::intercept).collect()
    }

    /// Σ⁻¹ of each class, row by row.
    pub fn precisions(&self) -> Vec<f64> {
        self.0.iter().flat_map(Class::precision).collect()
    }
}

impl Class {
    pub(super) fn of(group: Group, prior: Argument, divisor: Divisor) -> Result<Self, Undefined> {
        let divisor = divisor_of(&group, divisor)?;
        let elimination = eliminate(group.deviations()).map_err(|reason| group.undefined(reason))?;
        let (origin, sums) = group.centre()?;
        Ok(Self { group, prior, divisor, elimination, origin, sums })
    }

    /// The score of this class alone.
    pub fn scorer(&self) -> Scorer {
        let mut scorer = Scorer::default();
        let group = &self.group;
        let variance = |at| (group.deviation(at, at), group.n() * &self.divisor, group.unit(at));
        let view = View::new(&self.origin.doubles, (0..group.variables()).map(variance));
        let fast = self.fast(&view);
        scorer.push(view, fast, self.exact());
        scorer
    }

    fn nearly_dependent(&self) -> Vec<usize> {
        let squares = (0..self.group.variables()).map(|at| self.group.squares(at) * self.group.n());
        nearly_dependent(&self.elimination, &squares.collect::<Vec<_>>())
    }

    fn exact(&self) -> ExactScore {
        let form = Form::Quadratic {
            sums: self.sums_from_zero(),
            n: self.group.n().clone(),
            divisor: self.divisor.clone(),
            elimination: self.elimination.clone(),
        };
        let units = (0..self.group.variables()).map(|at| self.group.unit(at)).collect();
        ExactScore::new(units, form, self.odds())
    }

    fn fast(&self, view: &View) -> FastScore {
        let group = &self.group;
        let variables = group.variables();
        let one = BigInt::one();
        let column = |at| self.elimination.forward(&unit_vector(variables, at, &one));
        let columns: Vec<_> = (0..variables).map(column).collect();
        let offsets = self.elimination.forward(&self.sums);
        let scale = group.n() * &self.divisor;
        let squares = (0..variables).map(|at| {
            // Row `at` of L⁻¹ is that of the eliminated identity over the pivot before.
            let previous = if at == 0 { &one } else { self.elimination.pivot(at - 1) };
            let weight = Rational::new(&scale * previous, self.elimination.pivot(at).clone(), Unit::ONE);
            let offset = Rational::new(offsets[at].clone(), previous * group.n(), Unit::ONE);
            let row = (0..=at).map(|column| {
                let unit = Unit::two(-group.unit(column));
                Rational::new(columns[column][at].clone(), previous.clone(), unit)
            });
            FastSquare::new(view, &weight, &offset, 0, row)
        });
        let constant = fast_score::constant(BigInt::ZERO, one.clone(), &self.odds());
        FastScore::Quadratic { constant, squares: squares.collect() }
    }

    /// π² / |Σ|.
    fn odds(&self) -> Argument {
        let group = &self.group;
        let variables = group.variables();
        let power = u32::try_from(variables).unwrap_or(0);
        let scale = (group.n() * &self.divisor).pow(power);
        let units: i64 = (0..variables).map(|at| group.unit(at)).sum();
        self.prior.squared().over(&Argument::new(self.elimination.determinant().clone(), scale, 2 * units))
    }

    fn solve(&self, right: &[BigInt]) -> Vec<BigInt> {
        self.elimination.solve(right).unwrap_or_default()
    }

    fn sums_from_zero(&self) -> Vec<BigInt> {
        (0..self.group.variables()).map(|at| self.group.sum(at).clone()).collect()
    }

    /// Σ⁻¹μ.
    pub fn coefficients(&self) -> Vec<f64> {
        let solution = self.solve(&self.sums_from_zero());
        let rounded = |(at, entry): (usize, &BigInt)| {
            ratio(&(entry * &self.divisor), self.elimination.determinant(), -self.group.unit(at))
        };
        solution.iter().enumerate().map(rounded).collect()
    }

    /// −½μᵀΣ⁻¹μ − ½ ln|Σ| + ln π.
    pub fn intercept(&self) -> f64 {
        let sums = self.sums_from_zero();
        let length = dot(&sums, &self.solve(&sums)) * &self.divisor;
        plus_half_log(&-length, &(self.elimination.determinant() * self.group.n() * 2), &self.odds())
    }

    /// What the products of two features are multiplied by in the score, row by row of the upper triangle: by minus
    /// Σ⁻¹, on the diagonal by half of it.
    pub fn products(&self) -> Vec<f64> {
        let variables = self.group.variables();
        let pairs = (0..variables).flat_map(|a| (a..variables).map(move |b| (a, b)));
        let inverse: Vec<_> = (0..variables).map(|at| self.inverse(at)).collect();
        // Zero less the entry: of a zero that is no negative one.
        pairs.map(|(a, b)| 0.0 - self.entry(&inverse[a], a, b, if a == b { -1 } else { 0 })).collect()
    }

    fn precision(&self) -> Vec<f64> {
        let variables = self.group.variables();
        let row = |a: usize| {
            let inverse = self.inverse(a);
            (0..variables).map(move |b| self.entry(&inverse, a, b, 0)).collect::<Vec<_>>()
        };
        (0..variables).flat_map(row).collect()
    }

    /// A row of C⁻¹, times the determinant.
    fn inverse(&self, row: usize) -> Vec<BigInt> {
        self.solve(&unit_vector(self.group.variables(), row, &BigInt::one()))
    }

    /// An entry of Σ⁻¹ from this row of C⁻¹, times a power of two.
    fn entry(&self, row: &[BigInt], a: usize, b: usize, power: i64) -> f64 {
        let group = &self.group;
        let numerator = &row[b] * group.n() * &self.divisor;
        ratio(&numerator, self.elimination.determinant(), power - group.unit(a) - group.unit(b))
    }
}

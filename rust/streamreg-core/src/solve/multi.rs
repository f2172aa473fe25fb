//! Solve: least squares in any number of features: the normal equations, solved without fractions.

use num_bigint::BigInt;

use super::eliminate::Elimination;
use super::rational::Rational;
use crate::exact::{Number, ONES, signed};
use crate::gram::{Gram, Unit};
use crate::moments::Moments;

/// What is fitted: target ≈ intercept + Σ coefficient·feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    /// Whether there is an intercept; without one the fit goes through the origin.
    pub intercept: bool,
    /// The weight λ ≥ 0 of the squares of the coefficients (not of the intercept's) beside those of the residuals.
    pub ridge: f64,
}

impl Default for Model {
    fn default() -> Self {
        Self { intercept: true, ridge: 0.0 }
    }
}

/// The least squares solution, as [`solve`](super::solve) gives it.
#[must_use]
pub fn solve(moments: &Moments) -> Option<Vec<f64>> {
    Normal::new(Gram::of(moments), Model::default()).coefficients()
}

/// The normal equations of a model, solved. Unknown 0 is the intercept, if there is one, then come the features.
#[derive(Clone, Debug)]
pub struct Normal {
    gram: Gram,
    model: Model,
    /// λ in the units of each unknown.
    penalties: Vec<BigInt>,
    elimination: Elimination,
    numerators: Option<Vec<BigInt>>,
}

impl Normal {
    /// Those of the model, whose ridge is finite and not negative.
    #[must_use]
    pub fn new(mut gram: Gram, model: Model) -> Self {
        let unknowns: Vec<_> = (usize::from(!model.intercept)..gram.target()).collect();
        let penalties: Vec<_> = unknowns.iter().map(|&at| penalty(&mut gram, at, model.ridge)).collect();
        let row = |(at, penalty): (usize, &BigInt)| {
            let mut row: Vec<_> =
                unknowns.iter().map(|&other| gram.entry(unknowns[at], other).clone()).collect();
            row[at] += penalty;
            row
        };
        let right = unknowns.iter().map(|&unknown| gram.entry(unknown, gram.target()).clone());
        let right: Vec<_> = right.collect();
        let (elimination, solution) =
            Elimination::solving(penalties.iter().enumerate().map(row).collect(), &right);
        let numerators = solution.filter(|_| gram.rows() > 0);
        Self { gram, model, penalties, elimination, numerators }
    }

    /// The cross-products; a ridge has refined their units.
    #[must_use]
    pub fn gram(&self) -> &Gram {
        &self.gram
    }

    /// What is fitted.
    #[must_use]
    pub fn model(&self) -> Model {
        self.model
    }

    /// The eliminated matrix of the equations.
    #[must_use]
    pub fn elimination(&self) -> &Elimination {
        &self.elimination
    }

    /// λ in the units of each unknown.
    #[must_use]
    pub fn penalties(&self) -> &[BigInt] {
        &self.penalties
    }

    /// The variable that an unknown is the coefficient of.
    #[must_use]
    pub fn variable(&self, unknown: usize) -> usize {
        unknown + usize::from(!self.model.intercept)
    }

    /// The solution times the determinant, in the unit of the target over those of the unknowns; `None` if there is
    /// no row, or if the equations are singular.
    #[must_use]
    pub fn numerators(&self) -> Option<&[BigInt]> {
        self.numerators.as_deref()
    }

    /// The solution, rounded.
    #[must_use]
    pub fn coefficients(&self) -> Option<Vec<f64>> {
        let target = self.gram.unit(self.gram.target());
        let coefficient = |(unknown, numerator): (usize, &BigInt)| {
            let unit = target / self.gram.unit(self.variable(unknown));
            Rational::new(numerator.clone(), self.elimination.determinant().clone(), unit).nearest()
        };
        Some(self.numerators()?.iter().enumerate().map(coefficient).collect())
    }
}

/// λ in the unit of the equation of a variable, which is refined until that is an integer; 0 for the intercept.
fn penalty(gram: &mut Gram, variable: usize, ridge: f64) -> BigInt {
    let Some(part) = ridge.part().filter(|part| part.mantissa > 0 && variable > 0) else {
        return BigInt::ZERO;
    };
    let even = i64::from(part.mantissa.trailing_zeros());
    let units = Unit::two(signed(part.exponent) - signed(ONES) + even);
    let count = units / gram.weight() / gram.unit(variable).power(2);
    let half = |power: i64| ((-power).max(0) + 1) / 2;
    let factor = Unit { two: half(count.two), five: half(count.five) };
    gram.refine(variable, factor);
    (BigInt::from(part.mantissa) >> even) * (count * factor.power(2)).to_integer()
}

//! Gram: the exact cross-products of (1, features…, target), whatever accumulated them.
//!
//! This is all that a linear model needs to know of its rows: integers, and for each variable the unit in which it
//! was counted. It stands between the states that accumulate and the stages that solve.

mod possible;

use crate::plural::plural;
use std::ops::{Div, Mul};

use num_bigint::BigInt;

use crate::column::MOST_FEATURES;
use crate::error::Error;
use crate::exact::{ONES, signed};
use crate::moments::Moments;

/// Largest powers of a unit: the 64th power of any double, and of any decimal, stays far below.
const MOST_TWO: i64 = 1 << 18;
const MOST_FIVE: i64 = 1 << 16;

/// A unit of measurement, `2^two · 5^five`: doubles need the one, decimals both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// The power of two.
    pub two: i64,
    /// The power of five.
    pub five: i64,
}

impl Unit {
    /// 1.
    pub const ONE: Self = Self { two: 0, five: 0 };

    /// A power of two.
    #[must_use]
    pub const fn two(two: i64) -> Self {
        Self { two, five: 0 }
    }

    /// The unit to some power.
    #[must_use]
    pub const fn power(self, power: i64) -> Self {
        Self { two: self.two * power, five: self.five * power }
    }

    /// The unit as an integer; a negative power of either counts as 0.
    #[must_use]
    pub(crate) fn to_integer(self) -> BigInt {
        let fives =
            u32::try_from(self.five).map_or_else(|_| BigInt::from(1), |five| BigInt::from(5).pow(five));
        fives << u64::try_from(self.two).unwrap_or(0)
    }

    fn is_in_range(self) -> bool {
        self.two.abs() <= MOST_TWO && self.five.abs() <= MOST_FIVE
    }
}

impl Mul for Unit {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self { two: self.two + other.two, five: self.five + other.five }
    }
}

impl Div for Unit {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        Self { two: self.two - other.two, five: self.five - other.five }
    }
}

/// The exact cross-products of rows: variable 0 is the constant 1, then come the features, last the target.
///
/// The true value of entry (i, j), Σ w·zᵢ·zⱼ, is `entry(i, j) · weight · unit(i) · unit(j)`; without weights w is 1.
/// The common powers of two are in the units, so that equal rows give equal, small integers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gram {
    rows: i64,
    features: usize,
    weighted: bool,
    weight: Unit,
    units: Vec<Unit>,
    /// The upper triangle, row by row; with `squares` its first row, then the rest of its diagonal.
    entries: Vec<BigInt>,
    /// Whether the products of different features are not known.
    squares: bool,
}

impl Gram {
    /// The cross-products of `rows` rows; `entries` is the upper triangle, row by row, (0, 0) being Σw, or the
    /// number of rows if they are not weighted.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless there are 1 to [`MOST_FEATURES`] features, as many units as variables, as many
    /// entries as pairs of them, units within range, and Σ1 is the number of rows.
    pub fn new(
        rows: i64,
        features: usize,
        entries: Vec<BigInt>,
        units: Vec<Unit>,
        weight: Unit,
        weighted: bool,
    ) -> Result<Self, Error> {
        let variables = features.saturating_add(2);
        let sound = (1..=MOST_FEATURES).contains(&features)
            && units.len() == variables
            && entries.len() == variables * (variables + 1) / 2
            && units.iter().chain([&weight]).all(|unit| unit.is_in_range())
            && (weighted || (weight == Unit::ONE && units[0] == Unit::ONE && entries[0] == rows.into()));
        if !sound {
            return Err(Error::Invalid(format!(
                "{} in {} are no cross-products of {} over {}",
                plural(entries.len(), "entry", "entries"),
                plural(units.len(), "unit", "units"),
                plural(features, "feature", "features"),
                plural(rows, "row", "rows")
            )));
        }
        let mut gram = Self { rows, features, weighted, weight, units, entries, squares: false };
        gram.trim();
        Ok(gram)
    }

    /// The cross-products of moments.
    #[must_use]
    pub fn of(moments: &Moments) -> Self {
        let features = moments.features();
        let variables = features + 2;
        let mut entries = Vec::with_capacity(variables * (variables + 1) / 2);
        for one in 0..variables {
            entries.extend((one..variables).map(|other| {
                let (integer, shift) = match (one, other) {
                    (0, 0) => return BigInt::from(moments.n()),
                    (0, variable) => moments.sum(variable - 1).to_integer(),
                    (one, other) => moments.product(one - 1, other - 1).to_integer(),
                };
                integer << shift
            }));
        }
        let grid = Unit::two(-signed(ONES));
        let units = (0..variables).map(|variable| if variable == 0 { Unit::ONE } else { grid }).collect();
        let mut gram = Self {
            rows: moments.n(),
            features,
            weighted: false,
            weight: Unit::ONE,
            units,
            entries,
            squares: false,
        };
        gram.trim();
        gram
    }

    /// Of these variables alone, beside the constant and the target.
    pub(crate) fn of_variables(&self, kept: &[usize]) -> Self {
        let variables: Vec<_> = [0].into_iter().chain(kept.iter().copied()).chain([self.target()]).collect();
        let pairs = variables
            .iter()
            .enumerate()
            .flat_map(|(at, &one)| variables[at..].iter().map(move |&other| self.entry(one, other).clone()));
        Self {
            features: kept.len(),
            units: variables.iter().map(|&variable| self.unit(variable)).collect(),
            entries: pairs.collect(),
            ..self.clone()
        }
    }

    /// Features side by side of which the cross-products of each are given, over the same rows; their own squares
    /// alone are known then. The last feature stands in the place of the target. `None` of none.
    #[must_use]
    pub(crate) fn of_squares(mut grams: Vec<Self>) -> Option<Self> {
        let least = grams.iter().map(|gram| gram.weight.two).min()?;
        let (mut entries, mut units) = (Vec::new(), vec![Unit::ONE]);
        for gram in &mut grams {
            gram.weigh(Unit { two: least, ..gram.weight });
            units.push(gram.unit(1));
        }
        let first = grams.first()?;
        entries.push(first.entry(0, 0).clone());
        entries.extend(grams.iter().map(|gram| gram.entry(0, 1).clone()));
        entries.extend(grams.iter().map(|gram| gram.entry(1, 1).clone()));
        let (rows, weighted, weight) = (first.rows, first.weighted, first.weight);
        Some(Self { rows, features: grams.len() - 1, weighted, weight, units, entries, squares: true })
    }

    /// Counts the weights in a unit that is smaller by a power of two, or the same.
    pub(crate) fn weigh(&mut self, unit: Unit) {
        let times = (self.weight / unit).to_integer();
        self.entries.iter_mut().for_each(|entry| *entry *= &times);
        self.weight = unit;
    }

    /// Rows added less rows removed, whatever their weights.
    #[must_use]
    pub fn rows(&self) -> i64 {
        self.rows
    }

    /// The number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// The target's number among the variables.
    #[must_use]
    pub fn target(&self) -> usize {
        self.features + 1
    }

    /// Whether the rows have weights.
    #[must_use]
    pub fn weighted(&self) -> bool {
        self.weighted
    }

    /// The unit of the weights.
    #[must_use]
    pub fn weight(&self) -> Unit {
        self.weight
    }

    /// The unit of a variable.
    ///
    /// # Panics
    /// If there is no such variable.
    #[must_use]
    pub fn unit(&self, variable: usize) -> Unit {
        self.units[variable]
    }

    /// Counts a variable in a unit that is smaller by `factor`, a positive power of two and of five.
    pub(crate) fn refine(&mut self, variable: usize, factor: Unit) {
        let times = factor.to_integer();
        self.units[variable] = self.units[variable] / factor;
        for other in (0..self.units.len()).filter(|&other| !self.squares || [0, variable].contains(&other)) {
            let at = self.index(variable, other);
            self.entries[at] *= &times;
        }
        let own = self.index(variable, variable);
        self.entries[own] *= times;
    }

    /// Σ w·zᵢ·zⱼ in its units.
    ///
    /// # Panics
    /// If there is no such variable, or if the product is not known.
    #[must_use]
    pub fn entry(&self, one: usize, other: usize) -> &BigInt {
        &self.entries[self.index(one, other)]
    }

    fn index(&self, one: usize, other: usize) -> usize {
        let (low, high) = (one.min(other), one.max(other));
        if self.squares {
            assert!(low == 0 || low == high, "the products of different features are not known");
            return if low == 0 { high } else { self.features + 1 + high };
        }
        low * (2 * self.features + 3 - low) / 2 + high
    }

    /// Takes the common powers of two out of the entries and into the units.
    fn trim(&mut self) {
        if self.weighted {
            let common = self.entries.iter().filter_map(zeros).min().unwrap_or(0);
            self.entries.iter_mut().for_each(|entry| *entry >>= common);
            self.weight.two += common;
        }
        // A variable whose values are multiples of 2^k makes its own entry one of 4^k, those with others of 2^k.
        // What one variable takes of a common entry is not there for the next.
        let mut shifts: Vec<i64> = vec![0];
        for variable in 1..self.units.len() {
            let own = zeros(self.entry(variable, variable)).map(|zeros| zeros / 2);
            let shared = (0..variable)
                .filter_map(|other| zeros(self.entry(other, variable)).map(|zeros| zeros - shifts[other]));
            shifts.push(shared.chain(own).min().unwrap_or(0));
        }
        for one in 0..self.units.len() {
            self.units[one].two += shifts[one];
            for other in one..self.units.len() {
                let at = self.index(one, other);
                match shifts[one] + shifts[other] {
                    down @ 0.. => self.entries[at] >>= down,
                    // A variable may have to give back what an earlier one took by chance.
                    up => self.entries[at] <<= up.unsigned_abs(),
                }
            }
        }
    }
}

/// The power of two in an integer; `None` for zero, which has any.
fn zeros(entry: &BigInt) -> Option<i64> {
    entry.trailing_zeros().map(|zeros| i64::try_from(zeros).unwrap_or(i64::MAX))
}

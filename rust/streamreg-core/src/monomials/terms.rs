//! Monomials: which products a regression needs, and in which order they are made.

use crate::plural::plural;
use std::collections::BTreeMap;

use super::bound;
use crate::column::{MOST_FEATURES, NumberType, Numbers};
use crate::decimal::MOST_EXPONENT;
use crate::error::Error;
use crate::exact::limbs;
use crate::exact::mixed::Limits;

/// Highest power of a column.
pub const MOST_POWER: u32 = 64;

/// A microsecond is 10^-6 seconds.
const MICRO: i32 = 6;

/// Most products of one row; powers that have all lower ones beside them need far fewer.
const MOST_STEPS: usize = 1 << 14;

/// A feature: a column to a power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Power {
    /// The index of the column.
    pub column: usize,
    /// From 1 to [`MOST_POWER`].
    pub power: u32,
}

/// A product of columns: their indexes, ascending, and their powers.
pub(super) type Monomial = BTreeMap<usize, u32>;

/// A product that each row makes: an earlier one, or one, times a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The earlier product, if it is not one.
    pub(super) left: Option<usize>,
    /// The column.
    pub(super) right: usize,
    /// Where its limbs lie among those of all.
    pub(super) at: usize,
    /// Which sum it is added to, if to one.
    pub(super) sum: Option<usize>,
}

/// A regression over columns of numbers: features, target, perhaps weights, and what is summed for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    columns: Vec<NumberType>,
    features: Vec<Power>,
    target: usize,
    weight: Option<usize>,
    steps: Vec<Step>,
    /// Limbs that all products take together.
    size: usize,
    limits: Vec<Limits>,
    /// The upper triangle of the sums of products of variables, row by row, as indexes of sums.
    triangle: Vec<Option<usize>>,
}

impl Terms {
    /// The least squares of column `target` by these features, each row counting as its `weight` says if there is one.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless there are 1 to 64 features, of powers from 1 to 64 of columns that exist; or if so many
    /// different products would be needed that no row could be taken in reasonable time.
    pub fn new(
        columns: Vec<NumberType>,
        features: Vec<Power>,
        target: usize,
        weight: Option<usize>,
    ) -> Result<Self, Error> {
        if features.is_empty() || features.len() > MOST_FEATURES {
            return Err(Error::Invalid(format!(
                "a regression takes 1 to {MOST_FEATURES} features, not {}",
                features.len()
            )));
        }
        let used = features.iter().map(|feature| feature.column).chain([target]).chain(weight);
        if let Some(column) = used.into_iter().find(|column| *column >= columns.len()) {
            return Err(Error::Invalid(format!(
                "a regression reads column {column}, but there are {}",
                columns.len()
            )));
        }
        if let Some(feature) = features.iter().find(|feature| !(1..=MOST_POWER).contains(&feature.power)) {
            let power = feature.power;
            return Err(Error::Invalid(format!("a power is from 1 to {MOST_POWER}, not {power}")));
        }
        let mut terms = Self {
            columns,
            features,
            target,
            weight,
            steps: Vec::new(),
            size: 0,
            limits: Vec::new(),
            triangle: Vec::new(),
        };
        terms.plan()?;
        Ok(terms)
    }

    /// The types of the columns.
    #[must_use]
    pub fn columns(&self) -> &[NumberType] {
        &self.columns
    }

    /// The features.
    #[must_use]
    pub fn features(&self) -> &[Power] {
        &self.features
    }

    /// The column of the target.
    #[must_use]
    pub fn target(&self) -> usize {
        self.target
    }

    /// The column of the weights.
    #[must_use]
    pub fn weight(&self) -> Option<usize> {
        self.weight
    }

    /// The number of different sums.
    #[must_use]
    pub fn sums(&self) -> usize {
        self.limits.len()
    }

    pub(super) fn limits(&self) -> &[Limits] {
        &self.limits
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Limbs that the products of one row take together.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The index of the sum of the products of two variables.
    pub(super) fn sum_of(&self, one: usize, other: usize) -> Option<usize> {
        let (i, j) = (one.min(other), one.max(other));
        // Rows of the triangle: one variable less in each.
        self.triangle[i * (2 * self.features.len() + 5 - i) / 2 + j - i]
    }

    /// The number of rows, if these are the columns of one batch.
    pub(super) fn check_columns(&self, columns: &[Numbers<'_>]) -> Result<usize, Error> {
        if columns.len() != self.columns.len() {
            let (wanted, found) = (plural(self.columns.len(), "column", "columns"), columns.len());
            return Err(Error::Columns(format!("the regression takes {wanted}, not {found}")));
        }
        let rows = columns.first().map_or(0, Numbers::len);
        for (at, (column, wanted)) in columns.iter().zip(&self.columns).enumerate() {
            let (found, length) = (column.number_type(), column.len());
            // An integer is a number on the grid of doubles as well.
            if found != *wanted && (found, *wanted) != (NumberType::Int, NumberType::Float) {
                return Err(Error::Columns(format!("column {at} holds {found:?}, not {wanted:?}")));
            }
            if length != rows {
                return Err(Error::Columns(format!(
                    "column {at} has {} where column 0 has {rows}",
                    plural(length, "row", "rows")
                )));
            }
        }
        Ok(rows)
    }

    /// Finds the different monomials, and a way to make each from one of lower degree.
    fn plan(&mut self) -> Result<(), Error> {
        let variables: Vec<Monomial> = std::iter::once(Monomial::new())
            .chain(self.features.iter().map(|feature| Monomial::from([(feature.column, feature.power)])))
            .chain([Monomial::from([(self.target, 1)])])
            .collect();
        let mut sums: BTreeMap<Monomial, usize> = BTreeMap::new();
        for (i, one) in variables.iter().enumerate() {
            for other in &variables[i..] {
                let mut monomial = one.clone();
                for (&column, &power) in other {
                    *monomial.entry(column).or_default() += power;
                }
                if let Some(weight) = self.weight {
                    *monomial.entry(weight).or_default() += 1;
                }
                // Without weights the sum of ones is the number of rows.
                let sum = (!monomial.is_empty()).then(|| {
                    let next = sums.len();
                    *sums.entry(monomial).or_insert(next)
                });
                self.triangle.push(sum);
            }
        }
        let mut ascending: Vec<(&Monomial, usize)> =
            sums.iter().map(|(monomial, &sum)| (monomial, sum)).collect();
        ascending.sort_by_key(|(monomial, _)| degree(monomial));
        let mut known = BTreeMap::new();
        self.limits = vec![Limits { limbs: 0, five: 0 }; sums.len()];
        let mut bytes = 0_usize;
        for (monomial, sum) in ascending {
            let step = self.step(monomial, &mut known)?;
            self.steps[step].sum = Some(sum);
            let fives = |(&column, &power): (&usize, &u32)| match self.columns[column] {
                NumberType::Decimal => MOST_EXPONENT * power.cast_signed(),
                NumberType::Time(_) => MICRO * power.cast_signed(),
                NumberType::Float | NumberType::Int => 0,
            };
            let five = monomial.iter().map(fives).sum();
            self.limits[sum] = Limits { limbs: limbs(degree(monomial)), five };
            bytes = bytes.saturating_add(bound::most_bytes(monomial, &self.columns));
        }
        if self.features.iter().any(|feature| feature.power > 1) {
            bound::check(bytes)?;
        }
        Ok(())
    }

    /// The step that makes a monomial, and before it those that it needs.
    fn step(&mut self, monomial: &Monomial, known: &mut BTreeMap<Monomial, usize>) -> Result<usize, Error> {
        let mut wanted = vec![monomial.clone()];
        let mut last = 0;
        while let Some(next) = wanted.pop() {
            if let Some(&step) = known.get(&next) {
                last = step;
                continue;
            }
            let divided = || next.keys().map(|&column| (column, without(&next, column)));
            let found = divided().find(|(_, left)| left.is_empty() || known.contains_key(left));
            let Some((right, left)) = found else {
                let lower = divided().next_back().map(|(_, left)| left);
                wanted.push(next);
                wanted.extend(lower);
                continue;
            };
            if self.steps.len() == MOST_STEPS {
                return Err(Error::Invalid(format!(
                    "the regression needs more than {MOST_STEPS} different products: take fewer powers, or those below \
                     them too"
                )));
            }
            last = self.steps.len();
            self.steps.push(Step { left: known.get(&left).copied(), right, at: self.size, sum: None });
            self.size +=
                next.iter().map(|(&column, &power)| self.width(column) * power as usize).sum::<usize>();
            known.insert(next, last);
        }
        Ok(last)
    }

    /// Limbs of a number of a column.
    fn width(&self, column: usize) -> usize {
        match self.columns[column] {
            NumberType::Float | NumberType::Int | NumberType::Time(_) => 1,
            NumberType::Decimal => 2,
        }
    }
}

fn degree(monomial: &Monomial) -> usize {
    monomial.values().map(|&power| power as usize).sum()
}

/// A monomial divided by one of its columns.
fn without(monomial: &Monomial, column: usize) -> Monomial {
    let mut divided = monomial.clone();
    if let Some(power) = divided.get_mut(&column) {
        *power -= 1;
        if *power == 0 {
            divided.remove(&column);
        }
    }
    divided
}

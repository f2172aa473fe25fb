//! Fading: the exact sums of a regression in which rows lose half of their weight in every half-life.
//!
//! Coefficients do not change when all weights are scaled. So no row's weight has to change as time goes on: each is
//! weighed once, by 2^(t/h) at its time t, which only grows (forward decay: G. Cormode, V. Shkapenyuk, D. Srivastava,
//! B. Xu, *Forward decay: a practical time decay model for streaming systems*, ICDE 2009). The whole half-lives in that
//! power are kept apart, as the number of a generation of rows; within one the weights are doubles from 1 to 2, the
//! nearest to the power each. What follows from them is exact.
//!
//! A generation that is more than [`MOST_AGE`] half-lives older than the newest is dropped: its rows weigh less than
//! 2^−100 of the newest ones. Which rows are left depends on the rows alone, not on their order: the states are a
//! commutative monoid, though no group.

mod weight;
mod wire;

pub use weight::weight;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::accumulate::{Accumulator, OnlyAdded, Sign};
use crate::column::{Numbers, Picked};
use crate::error::Error;
use crate::gram::Gram;
use crate::monomials::{Monomials, Terms, Workspace};
use crate::wire::{Reader, Writer};

/// Generations that are so many half-lives older than the newest one are the last that are kept.
pub const MOST_AGE: u64 = 100;

/// The exact sums of the rows of the newest generations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fading {
    /// Of the columns and, behind them, the weight.
    terms: Arc<Terms>,
    /// The column of the times.
    time: usize,
    half_life: i64,
    /// By number, each with rows, or with excluded ones.
    generations: BTreeMap<i64, Monomials>,
}

impl Fading {
    /// The sums of nothing; `terms` speak of the columns and, behind them, of one more for the weights.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the half-life is not above zero.
    pub fn new(terms: Arc<Terms>, time: usize, half_life: i64) -> Result<Self, Error> {
        if half_life <= 0 {
            return Err(Error::Invalid(format!("a half-life is above zero, not {half_life}")));
        }
        Ok(Self { terms, time, half_life, generations: BTreeMap::new() })
    }

    /// What is summed.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The exact cross-products; rows of the newest generation weigh 1 to 2.
    ///
    /// # Errors
    /// [`Error::Invalid`] never for the sums of rows, perhaps for a state that somebody made up.
    pub fn gram(&self) -> Result<Gram, Error> {
        let newest = self.generations.keys().next_back().copied().unwrap_or(0);
        let aged: Vec<_> =
            self.generations.iter().map(|(number, sums)| (newest.abs_diff(*number), sums)).collect();
        if aged.is_empty() {
            return Monomials::new(Arc::clone(&self.terms)).gram();
        }
        Monomials::gram_of_aged(&aged)
    }

    /// Drops what is too old beside the newest generation.
    fn drop_old(&mut self) {
        let Some(&newest) = self.generations.keys().next_back() else { return };
        while let Some(oldest) = self.generations.first_entry()
            && newest.abs_diff(*oldest.key()) > MOST_AGE
        {
            oldest.remove();
        }
    }

    fn times<'a>(&self, batch: &[Numbers<'a>]) -> Result<&'a [i64], Error> {
        match batch.get(self.time) {
            Some(Numbers::Int(times) | Numbers::Time(_, times)) => Ok(times),
            _ => Err(Error::Columns("the times of rows that fade are integers or microseconds".to_owned())),
        }
    }

    /// Adds rows of one generation.
    fn put(&mut self, workspace: &mut Workspace, number: i64, batch: &[Numbers<'_>], weights: &[f64]) {
        let columns: Vec<_> = batch.iter().copied().chain([Numbers::Float(weights)]).collect();
        let terms = &self.terms;
        let sums = self.generations.entry(number).or_insert_with(|| Monomials::new(Arc::clone(terms)));
        sums.put_checked(workspace, &columns, Sign::Added);
    }
}

impl Accumulator for Fading {
    /// The columns that the terms speak of, but for the weights.
    type Batch<'a> = &'a [Numbers<'a>];
    type Workspace = Workspace;
    type Direction = OnlyAdded;

    fn check_batch(&self, batch: &[Numbers<'_>], direction: OnlyAdded) -> Result<(), Error> {
        let weights = vec![1.0; self.times(batch)?.len()];
        let columns: Vec<_> = batch.iter().copied().chain([Numbers::Float(&weights)]).collect();
        Monomials::new(Arc::clone(&self.terms)).check_batch(&columns, Sign::Added)?;
        self.check_rows(weights.len(), direction)
    }

    fn check_rows(&self, rows: usize, _: OnlyAdded) -> Result<(), Error> {
        self.generations.values().try_for_each(|sums| sums.check_rows(rows, Sign::Added))
    }

    fn check_other(&self, other: &Self, _: OnlyAdded) -> Result<(), Error> {
        if (&self.terms, self.time, self.half_life) != (&other.terms, other.time, other.half_life) {
            return Err(Error::Mismatch("sums of different regressions cannot be put together".to_owned()));
        }
        other.generations.iter().try_for_each(|(number, sums)| match self.generations.get(number) {
            Some(own) => own.check_other(sums, Sign::Added),
            None => Ok(()),
        })
    }

    fn put_checked(&mut self, workspace: &mut Workspace, batch: &[Numbers<'_>], _: OnlyAdded) {
        let Ok(times) = self.times(batch) else { return };
        let mut rows: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (row, time) in (0..).zip(times) {
            rows.entry(time.div_euclid(self.half_life)).or_default().push(row);
        }
        let newest =
            [rows.keys().next_back(), self.generations.keys().next_back()].into_iter().flatten().max();
        let Some(&newest) = newest else { return };
        let weight = |row: &u32| weight(times[*row as usize].rem_euclid(self.half_life), self.half_life);
        let whole = rows.len() == 1;
        let kept = rows.into_iter().filter(|(number, _)| newest.abs_diff(*number) <= MOST_AGE);
        let weighed: Vec<_> =
            kept.map(|(number, rows)| (number, rows.iter().map(weight).collect::<Vec<_>>(), rows)).collect();
        for (number, weights, rows) in weighed {
            if whole {
                self.put(workspace, number, batch, &weights);
            } else {
                let picked: Vec<_> = batch.iter().map(|column| Picked::of(column, &rows)).collect();
                let columns: Vec<_> = picked.iter().map(Picked::numbers).collect();
                self.put(workspace, number, &columns, &weights);
            }
        }
        self.drop_old();
    }

    fn combine_checked(&mut self, other: &Self, _: OnlyAdded) {
        for (number, sums) in &other.generations {
            match self.generations.get_mut(number) {
                Some(own) => own.combine_checked(sums, Sign::Added),
                None => {
                    self.generations.insert(*number, sums.clone());
                }
            }
        }
        self.drop_old();
    }

    fn clear(&mut self) {
        self.generations.clear();
    }

    fn excluded(&self) -> i128 {
        self.generations.values().map(Accumulator::excluded).sum()
    }

    fn limbs(&self) -> usize {
        self.generations.values().map(Accumulator::limbs).sum()
    }

    fn write(&self, writer: &mut Writer) {
        wire::write(self, writer);
    }

    fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        wire::read_into(self, reader)
    }
}

//! Rolling: a regression for each row of a frame, over the window that ends with it.
//!
//! The sums of a window are exact: the row that enters is added, the row that leaves is taken away, and nothing is left
//! of it. Rows are worked through in stretches. Where the numbers of one are not far apart, its sums are held to
//! [some 100 places](narrow), or where they are farther in [fixed point](fixed), and its windows are solved in twice the
//! digits of a double: [a line](line), [several features](plane) and [their equations](equations) prove which double is
//! the nearest. What they leave open, all statistics, and stretches of wilder numbers, weights or decimals are fitted
//! exactly, as everywhere.

mod bounds;
mod equations;
mod fade;
mod fixed;
mod floating;
mod frame;
mod integer;
mod inverse;
mod line;
mod narrow;
mod plane;
mod sums;

use std::sync::Arc;

pub use bounds::Width;
pub use fade::{HalfLife, MOST_HALVINGS};
pub use frame::{Frame, Wanted};

use crate::column::{NumberType, Numbers};
use crate::error::Error;
use crate::gram::Gram;
use crate::infer::{Statistic, Value};
use crate::monomials::Terms;
use fade::Weight;
use fixed::{Extent, Fixed};
use narrow::Narrow;
use sums::{Outcome, Spread, Sums};

/// A stretch has so many rows at least, so that its beginning, where a window is added up anew, is cheap.
const STRETCH: usize = 8192;

/// And so many times those of its first window.
const WINDOWS: usize = 4;

/// If one in so many windows had to be added up anew, sums that are exact are cheaper for the stretches that follow. For the
/// same reason windows longer than a quarter of the shortest stretch are given them from the first.
const OFTEN: usize = 64;

/// The weights of a stretch lie within so many powers of two, all of which are doubles of full length then.
const MOST_SPREAD: i64 = 900;

/// The work on a frame, stretch by stretch.
#[derive(Debug)]
pub struct Rolling<'a> {
    frame: Frame<'a>,
    wanted: Wanted<'a>,
    /// Whether the statistics are the coefficients of the plain model, each in its place.
    plain: bool,
    /// Whether sums may be in fixed point: without decimals and weights.
    narrow: bool,
    /// The rows whose numbers are all there and finite.
    whole: Vec<bool>,
    /// The rows whose window is to be fitted.
    asked: Vec<bool>,
    /// Where the window of each row begins.
    firsts: Vec<usize>,
    weights: Option<Vec<Weight>>,
    group: usize,
    at: usize,
    extents: Vec<Extent>,
    fixed: Fixed,
    sharp: Narrow,
    /// The windows of the last stretch that had to be added up anew, and whether they were few.
    anew: usize,
    settles: bool,
    terms: Arc<Terms>,
    solved: Vec<f64>,
    results: Vec<Vec<f64>>,
}

impl<'a> Rolling<'a> {
    /// Makes ready.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless there are 1 to [`MOST_FEATURES`] features, groups end in order with the last row,
    /// windows and half-lives are longer than nothing, and `min_rows` is at least 1; [`Error::Columns`] unless all columns
    /// are as long.
    pub fn new(frame: Frame<'a>, wanted: Wanted<'a>) -> Result<Self, Error> {
        let rows = frame::check(&frame, &wanted)?;
        let features = frame.columns.len() - 1;
        let whole = frame.whole(rows);
        let mut firsts = frame.width.firsts(frame.ends);
        let asked = frame::asked(&whole, &firsts, &wanted);
        let weights = frame.half_life.map(|half_life| fade::weights(half_life, frame.width, frame.ends));
        let weights = weights.transpose()?;
        if let Some(weights) = &weights {
            frame::forget(&mut firsts, weights);
        }
        let terms = Arc::new(frame::terms(frame.columns, weights.is_some())?);
        let coefficients = (0..=features).map(Statistic::Coefficient);
        let model = wanted.regression.model;
        let plain =
            model.intercept && model.ridge == 0.0 && coefficients.eq(wanted.statistics.iter().copied());
        let decimal = frame.columns.iter().any(|column| column.number_type() == NumberType::Decimal);
        let results = vec![vec![f64::NAN; rows]; wanted.statistics.len()];
        Ok(Self {
            plain,
            narrow: weights.is_none() && !decimal,
            whole,
            asked,
            firsts,
            weights,
            group: 0,
            at: 0,
            extents: Vec::new(),
            fixed: Fixed::default(),
            sharp: Narrow::default(),
            anew: 0,
            settles: true,
            terms,
            solved: vec![0.0; features + 1],
            results,
            frame,
            wanted,
        })
    }

    /// Works some more rows through; says whether any are left.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such statistic, or the level is none.
    pub fn advance(&mut self) -> Result<bool, Error> {
        let goal = self.at + STRETCH;
        while self.at < goal && self.at < self.whole.len() {
            self.stretch()?;
        }
        Ok(self.at < self.whole.len())
    }

    /// What was found: a column for each statistic, NaN where there is none.
    #[must_use]
    pub fn results(self) -> Vec<Vec<f64>> {
        self.results
    }

    /// The rows of the next stretch, from the first of its first window on.
    fn stretch(&mut self) -> Result<(), Error> {
        while self.frame.ends[self.group] <= self.at {
            self.group += 1;
        }
        let (begin, first) = (self.at, self.firsts[self.at]);
        let length = STRETCH.max((begin - first + 1).saturating_mul(WINDOWS));
        let mut end = self.frame.ends[self.group].min(begin.saturating_add(length));
        if let Some(weights) = &self.weights {
            while weights[end - 1].two - weights[first].two > MOST_SPREAD {
                end -= 1;
            }
        }
        if !self.narrow {
            self.slide(&mut self.spread(first, end), first, end)?;
        } else if !self.slide_narrow(first, end)? {
            let mut fixed = std::mem::take(&mut self.fixed);
            if fixed.start(&self.extents, end - first) {
                self.slide(&mut fixed, first, end)?;
            } else {
                self.slide(&mut self.spread(first, end), first, end)?;
            }
            self.fixed = fixed;
        }
        self.at = end;
        Ok(())
    }

    /// Slides over some rows with sums that are not exact, if that will do.
    fn slide_narrow(&mut self, first: usize, end: usize) -> Result<bool, Error> {
        self.extents(first, end);
        let short = end - first <= STRETCH + STRETCH / 4;
        if !(self.plain && self.settles && short) {
            return Ok(false);
        }
        let rows: Vec<_> = (first..end).filter(|row| self.whole[*row]).collect();
        let window = (self.at..end).map(|row| row - self.firsts[row] + 1).max().unwrap_or(0);
        let mut sharp = std::mem::take(&mut self.sharp);
        let fits = sharp.start(self.frame.columns, &self.extents, &rows, window);
        if fits {
            self.anew = 0;
            self.slide(&mut sharp, first, end)?;
            self.settles = self.anew * OFTEN <= end - self.at;
        }
        self.sharp = sharp;
        Ok(fits)
    }

    /// Finds the extents of the numbers of some rows.
    fn extents(&mut self, first: usize, end: usize) {
        let (whole, columns) = (&self.whole[first..end], self.frame.columns);
        let of = |column: &Numbers<'_>| match column {
            Numbers::Float(values) => Extent::of(&values[first..end], whole),
            Numbers::Int(values) => Extent::of(&values[first..end], whole),
            Numbers::Decimal(_) | Numbers::Time(..) => Extent::EMPTY,
        };
        self.extents.clear();
        self.extents.extend(columns.iter().map(of));
    }

    /// The sums of nothing, for rows of any numbers.
    fn spread(&self, first: usize, end: usize) -> Spread {
        let weights = self.weights.as_ref().map(|weights| {
            let last = weights[end - 1].two;
            let weight = |weight: &Weight| weight.mantissa * floating::power(weight.two - last);
            (first, weights[first..end].iter().map(weight).collect())
        });
        Spread::new(Arc::clone(&self.terms), weights)
    }

    /// Adds and removes rows, and fits the window of each from the next row on.
    fn slide<S: Sums>(&mut self, sums: &mut S, first: usize, end: usize) -> Result<(), Error> {
        let columns = self.frame.columns;
        let mut left = first;
        for row in first..end {
            let mut enters = self.whole[row].then_some(row);
            while row >= self.at && left < self.firsts[row] {
                if self.whole[left] {
                    sums.put(columns, enters.take(), Some(left))?;
                }
                left += 1;
            }
            sums.put(columns, enters, None)?;
            if row < self.at {
                continue;
            }
            if self.asked[row] {
                self.fit(sums, row)?;
            }
        }
        Ok(())
    }

    /// Fits the window of a row.
    fn fit<S: Sums>(&mut self, sums: &S, row: usize) -> Result<(), Error> {
        let outcome = if self.plain { sums.solve(self.firsts[row], &mut self.solved) } else { Outcome::Open };
        match outcome {
            Outcome::Solved => {
                for (result, value) in self.results.iter_mut().zip(&self.solved) {
                    result[row] = *value;
                }
                Ok(())
            }
            Outcome::Singular if !self.wanted.regression.drop => {
                let value = if self.wanted.regression.zeros { 0.0 } else { f64::NAN };
                self.results.iter_mut().for_each(|result| result[row] = value);
                Ok(())
            }
            _ => match sums.gram()? {
                Some(gram) => self.fit_exactly(gram, row),
                None => self.fit_anew(row),
            },
        }
    }

    /// Fits the window of a row, of which the numbers are not far apart, by sums that are made anew and are exact.
    fn fit_anew(&mut self, row: usize) -> Result<(), Error> {
        let mut fixed = std::mem::take(&mut self.fixed);
        let rows = self.firsts[row]..row + 1;
        self.anew += 1;
        if !fixed.start(&self.extents, rows.len()) {
            return Err(Error::Invalid(format!(
                "the window of row {row} has numbers that are too far apart"
            )));
        }
        for at in rows.filter(|at| self.whole[*at]) {
            fixed.put(self.frame.columns, Some(at), None);
        }
        self.fit(&fixed, row)?;
        self.fixed = fixed;
        Ok(())
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
    fn fit_exactly(&mut self, gram: Gram, row: usize) -> Result<(), Error> {
        let regression = self.wanted.regression;
        let fit = regression.fit(gram)?;
        let zeros = regression.zeros && !fit.is_determined();
        for (result, statistic) in self.results.iter_mut().zip(&self.wanted.statistics) {
            result[row] = match fit.statistic(*statistic, regression.level)? {
                Some(Value::Float(value)) => value,
                Some(Value::Int(value)) => value as f64,
                None if zeros && matches!(statistic, Statistic::Coefficient(_)) => 0.0,
                None => f64::NAN,
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! Rolling: what is asked for: the rows, which of them make a window, and what is to be found.

use super::bounds::Width;
use super::fade::{HalfLife, MOST_HALVINGS, Weight};
use crate::column::{MOST_FEATURES, NumberType, Numbers};
use crate::error::Error;
use crate::infer::Statistic;
use crate::monomials::{Power, Terms};
use crate::reduce::Regression;

/// The rows, and which of them make a window.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The features, then the target. Rows with a number that is not finite are in no sum.
    pub columns: &'a [Numbers<'a>],
    /// Which rows have all of their numbers; nothing if all do.
    pub present: Option<&'a [bool]>,
    /// Where each group of rows ends, ascending, the last with the last row: windows do not reach out of a group.
    pub ends: &'a [usize],
    /// How long windows are.
    pub width: Width<'a>,
    /// In which time a row loses half of its weight; nothing if all weigh the same.
    pub half_life: Option<HalfLife>,
}

/// What is to be found.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// A column for each: coefficients or other statistics.
    pub statistics: Vec<Statistic>,
    /// How windows are fitted.
    pub regression: Regression,
    /// A window with fewer rows has no results.
    pub min_rows: usize,
    /// Which rows are to have results; nothing for all.
    pub rows: Option<&'a [bool]>,
}

impl Frame<'_> {
    /// The rows whose numbers are all there and finite.
    pub(super) fn whole(&self, rows: usize) -> Vec<bool> {
        let mut whole = self.present.map_or_else(|| vec![true; rows], <[bool]>::to_vec);
        for column in self.columns {
            if let Numbers::Float(values) = column {
                whole.iter_mut().zip(*values).for_each(|(whole, value)| *whole &= value.is_finite());
            }
        }
        whole
    }
}

/// The number of rows, if everything fits.
pub(super) fn check(frame: &Frame<'_>, wanted: &Wanted<'_>) -> Result<usize, Error> {
    let features = frame.columns.len().saturating_sub(1);
    if features == 0 || features > MOST_FEATURES {
        return Err(Error::Invalid(format!(
            "a regression takes 1 to {MOST_FEATURES} features, not {features}"
        )));
    }
    let rows = frame.columns[0].len();
    let lengths = frame.columns.iter().map(Numbers::len);
    let masks = [frame.present, wanted.rows].into_iter().flatten().map(<[bool]>::len);
    if let Some(other) = lengths.chain(masks).find(|&length| length != rows) {
        return Err(Error::Columns(format!("a column has {other} rows where the first has {rows}")));
    }
    frame.width.check(rows)?;
    let mut before = 0;
    for end in frame.ends {
        if *end < before || *end > rows {
            return Err(Error::Invalid(format!("a group of rows ends at {end}, after {before} of {rows}")));
        }
        before = *end;
    }
    if before != rows {
        return Err(Error::Invalid(format!("groups end at {before}, of {rows} rows")));
    }
    if wanted.min_rows == 0 {
        return Err(Error::Invalid("a fit takes one row at least".to_owned()));
    }
    Ok(rows)
}

/// Which rows have results: those that are wanted, and have enough whole rows in their windows.
pub(super) fn asked(whole: &[bool], firsts: &[usize], wanted: &Wanted<'_>) -> Vec<bool> {
    let (mut count, mut left) = (0, 0);
    let mut enough = |row: usize, first: usize| {
        count += usize::from(whole[row]);
        while left < first {
            count -= usize::from(whole[left]);
            left += 1;
        }
        count >= wanted.min_rows && wanted.rows.is_none_or(|rows| rows[row])
    };
    firsts.iter().enumerate().map(|(row, first)| enough(row, *first)).collect()
}

/// Lets windows begin later, where rows have all but faded.
pub(super) fn forget(firsts: &mut [usize], weights: &[Weight]) {
    for (row, first) in firsts.iter_mut().enumerate() {
        let gone = |weight: &Weight| weights[row].two - weight.two >= MOST_HALVINGS;
        // Rows are in the order of their weights.
        *first += weights[*first..row].partition_point(gone);
    }
}

pub(super) fn terms(columns: &[Numbers<'_>], weighted: bool) -> Result<Terms, Error> {
    let mut types: Vec<_> = columns.iter().map(Numbers::number_type).collect();
    let target = types.len() - 1;
    if weighted {
        types.push(NumberType::Float);
    }
    let features = (0..target).map(|column| Power { column, power: 1 }).collect();
    Terms::new(types, features, target, weighted.then_some(target + 1))
}

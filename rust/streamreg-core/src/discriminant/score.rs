//! Stage: discriminant. Rows: scores of the classes, and what follows from them.
//!
//! Each class's score is known in [twice the digits of doubles](super::fast_score) with a bound of its error. What that
//! leaves open, the [exact score](super::exact_score) decides: so the class of a row is that of the exact rule on the
//! exact parameters, of equal scores the first, and every number is the double nearest to its exact value. The result
//! for a row depends on that row alone.

use crate::plural::plural;
use std::cell::{LazyCell, OnceCell};
use std::cmp::Ordering;

use super::exact_score::{ExactScore, Point, Value};
use super::fast_score::{FastScore, View};
use super::posterior::{self, Kind, Steps};
use crate::column::Numbers;
use crate::error::Error;
use crate::infer::ball::Ball;

/// What rows are scored by.
#[derive(Clone, Debug, Default)]
pub struct Scorer {
    views: Vec<View>,
    classes: Vec<Scored>,
}

/// The score of a class, which takes the features as one of the views has them.
#[derive(Clone, Debug)]
struct Scored {
    view: usize,
    fast: FastScore,
    exact: ExactScore,
}

/// What is asked of rows, for each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scores {
    /// Logarithms of what the probabilities are proportional to.
    Scores,
    /// Probabilities.
    Posteriors,
    /// Logarithms of the probabilities.
    LogPosteriors,
}

impl Scorer {
    /// One more class.
    pub(super) fn push(&mut self, view: View, fast: FastScore, exact: ExactScore) {
        if self.views.last() != Some(&view) {
            self.views.push(view);
        }
        self.classes.push(Scored { view: self.views.len() - 1, fast, exact });
    }

    /// Those of other classes come after these.
    pub(super) fn extend(&mut self, other: Self) {
        let before = self.views.len();
        self.views.extend(other.views);
        let moved = |class: Scored| Scored { view: class.view + before, ..class };
        self.classes.extend(other.classes.into_iter().map(moved));
    }

    /// Those of the classes for which this holds.
    pub(super) fn retain(&mut self, kept: &[bool]) {
        let mut at = kept.iter();
        self.classes.retain(|_| at.next() == Some(&true));
    }

    /// What is asked of each row, row by row, each number the double nearest to its exact value.
    ///
    /// # Errors
    /// [`Error::Columns`] unless there is a column of doubles or integers for each feature, of equal lengths;
    /// [`Error::Invalid`] if a number is not finite; [`Error::Overflow`] if a score, or a logarithm, is
    /// beyond the largest double.
    pub fn rows(&self, columns: &[Numbers<'_>], asked: Scores) -> Result<Vec<f64>, Error> {
        let mut found = Vec::new();
        let mut rows = Rows::new(self, columns);
        for row in 0..self.rows_of(columns)? {
            let start = found.len();
            rows.go(row)?;
            match asked {
                Scores::Scores => rows.scores(&mut found),
                Scores::Posteriors => rows.posteriors(Kind::Plain, &mut found),
                Scores::LogPosteriors => rows.posteriors(Kind::Log, &mut found),
            }
            check_range(&found[start..], row)?;
        }
        Ok(found)
    }

    /// The class of each row by its place among these: the one of the greatest score, of equal ones the first.
    ///
    /// # Errors
    /// As [`Scorer::rows`], but for the range.
    pub fn classes(&self, columns: &[Numbers<'_>]) -> Result<Vec<i64>, Error> {
        let mut rows = Rows::new(self, columns);
        let class = |row| {
            rows.go(row)?;
            Ok(rows.best().and_then(|best| i64::try_from(best).ok()).unwrap_or(-1))
        };
        (0..self.rows_of(columns)?).map(class).collect()
    }

    /// Of two classes the second's score less the first's, the nearest double.
    ///
    /// # Errors
    /// As [`Scorer::rows`]; [`Error::Invalid`] unless there are two classes.
    pub fn contrasts(&self, columns: &[Numbers<'_>]) -> Result<Vec<f64>, Error> {
        if self.classes.len() != 2 {
            return Err(Error::Invalid(format!("a contrast is of two classes, not {}", self.classes.len())));
        }
        let mut rows = Rows::new(self, columns);
        let contrast = |row| {
            rows.go(row)?;
            let found = rows.contrast();
            check_range(&[found], row).map(|()| found)
        };
        (0..self.rows_of(columns)?).map(contrast).collect()
    }

    fn rows_of(&self, columns: &[Numbers<'_>]) -> Result<usize, Error> {
        rows_of(columns, self.views.first().map_or(0, View::len))
    }
}

/// The number of rows, if there is a column of doubles or integers for each feature.
pub(super) fn rows_of(columns: &[Numbers<'_>], features: usize) -> Result<usize, Error> {
    let rows = columns.first().map_or(0, Numbers::len);
    let misfit = |column: &Numbers<'_>| column.len() != rows || !column.number_type().is_binary();
    if columns.len() == features && !columns.iter().any(misfit) {
        return Ok(rows);
    }
    Err(Error::Columns(format!(
        "expected {} of doubles or integers of equal lengths, one for each feature, not {}",
        plural(features, "column", "columns"),
        columns.len()
    )))
}

fn check_range(found: &[f64], row: usize) -> Result<(), Error> {
    if found.iter().all(|number| number.is_finite()) {
        return Ok(());
    }
    Err(Error::Overflow(format!(
        "row {row} is so far from the classes that its scores leave the range of doubles: look for an outlier, or scale \
         the features"
    )))
}

/// Rows beside the classes, one after another.
pub(super) struct Rows<'a> {
    scorer: &'a Scorer,
    columns: &'a [Numbers<'a>],
    row: usize,
    offsets: Vec<Ball>,
    scores: Vec<Ball>,
    steps: Steps,
}

impl<'a> Rows<'a> {
    /// Of these columns, of which there is one for each feature.
    pub(super) fn new(scorer: &'a Scorer, columns: &'a [Numbers<'a>]) -> Self {
        Self { scorer, columns, row: 0, offsets: Vec::new(), scores: Vec::new(), steps: Steps::default() }
    }

    /// Goes to a row.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a number of it is not finite.
    pub(super) fn go(&mut self, row: usize) -> Result<(), Error> {
        if self.columns.iter().any(|column| column.nearest(row).is_none()) {
            return Err(Error::Invalid(format!("row {row} holds a number that is not finite")));
        }
        self.row = row;
        self.scores.clear();
        let mut view = usize::MAX;
        for class in &self.scorer.classes {
            if class.view != view {
                view = class.view;
                self.scorer.views[view].go(self.columns, row, &mut self.offsets);
            }
            self.scores.push(class.fast.of(&self.offsets));
        }
        Ok(())
    }

    /// The class of the greatest score, of equal ones the first; `None` if there is no class.
    pub(super) fn best(&self) -> Option<usize> {
        let high = |at: usize| self.scores[at].parts()[0];
        let best = (0..self.scores.len()).reduce(|best, at| if high(at) > high(best) { at } else { best })?;
        let open = |&at: &usize| {
            at == best || (self.scores[best] - self.scores[at]).sign() != Some(Ordering::Greater)
        };
        let mut open = (0..self.scores.len()).filter(open);
        let first = open.next()?;
        let mut greatest = (first, OnceCell::new());
        for at in open {
            let exact = self.exact(at)?;
            if greatest.1.get().is_none() {
                greatest.1 = OnceCell::from(self.exact(greatest.0)?);
            }
            let is_greater =
                greatest.1.get().is_none_or(|greatest| exact.compare(greatest) == Ordering::Greater);
            if is_greater {
                greatest = (at, OnceCell::from(exact));
            }
        }
        Some(greatest.0)
    }

    fn exact(&self, class: usize) -> Option<Value<'a>> {
        Some(self.scorer.classes[class].exact.at(&Point::of(self.columns, self.row)?))
    }

    fn scores(&self, found: &mut Vec<f64>) {
        let score = |(at, score): (usize, &Ball)| {
            score.rounded().or_else(|| Some(self.exact(at)?.nearest())).unwrap_or(f64::NAN)
        };
        found.extend(self.scores.iter().enumerate().map(score));
    }

    fn contrast(&self) -> f64 {
        let exact = || Some(self.exact(1)?.less(&self.exact(0)?));
        (self.scores[1] - self.scores[0]).rounded().or_else(exact).unwrap_or(f64::NAN)
    }

    /// Probabilities of the classes, or their logarithms.
    pub(super) fn posteriors(&mut self, kind: Kind, found: &mut Vec<f64>) {
        let start = found.len();
        self.steps.fast(&self.scores, kind, found);
        let values = LazyCell::new(|| {
            (0..self.scores.len()).map(|at| self.exact(at)).collect::<Option<Vec<_>>>().unwrap_or_default()
        });
        for at in 0..self.scores.len() {
            if found[start + at].is_nan() {
                found[start + at] = posterior::exact(&values, at, kind);
            }
        }
    }
}

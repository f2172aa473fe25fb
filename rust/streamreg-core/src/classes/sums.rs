//! Stage: classes. The exact sums of classes whose rows have weights, or so many features that only their squares are
//! kept: an abelian group.
//!
//! For each class n and, of its features z with the weights w, Σw, Σwz and Σwzzᵀ: the sums of
//! [`monomials`](crate::monomials). Naive Bayes takes of the products the squares alone, and then any number of features.

mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use num_bigint::BigInt;

use super::{Gathered, Label, check_classes, check_features, rows_by_label};
use crate::column::{NumberType, Numbers};
use crate::error::Error;
use crate::gram::{Gram, Unit};
use crate::monomials::{Monomials, Power, Terms};
use crate::solve::round::ratio;

/// Most features of classes of which the squares alone are kept.
pub const MOST_SQUARES: usize = 1 << 14;

/// What is kept of each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The features.
    pub features: usize,
    /// Whether rows have weights.
    pub weighted: bool,
    /// Whether of the products of features only the squares are kept.
    pub squares: bool,
}

/// The exact sums of each class, of the rows that were added less those that were removed.
///
/// A row that holds NaN or an infinity, or whose weight is negative, is in no sum. A class of which nothing is left is
/// none. Equal multisets of rows have equal bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassSums {
    kept: Kept,
    terms: Arc<Terms>,
    /// Of all features together, or of one feature each.
    classes: BTreeMap<Label, Vec<Monomials>>,
}

impl ClassSums {
    /// No class.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless there are 1 to 64 features, or 1 to [`MOST_SQUARES`] if only squares are kept.
    pub fn new(kept: Kept) -> Result<Self, Error> {
        if !kept.squares {
            check_features(kept.features)?;
        } else if !(1..=MOST_SQUARES).contains(&kept.features) {
            return Err(Error::Invalid(format!(
                "naive Bayes takes 1 to {MOST_SQUARES} features, not {}",
                kept.features
            )));
        }
        let columns = if kept.squares { 1 } else { kept.features };
        let features = (0..columns).map(|column| Power { column, power: 1 }).collect();
        let types = vec![NumberType::Float; columns + usize::from(kept.weighted)];
        // There is no target: that of the sums is the first feature once more.
        let terms = Terms::new(types, features, 0, kept.weighted.then_some(columns))?;
        Ok(Self { kept, terms: Arc::new(terms), classes: BTreeMap::new() })
    }

    /// What is kept of each class.
    #[must_use]
    pub fn kept(&self) -> Kept {
        self.kept
    }

    /// Rows added less rows removed, of all classes.
    #[must_use]
    pub fn n(&self) -> i128 {
        self.rows().map(|(_, n)| i128::from(n)).sum()
    }

    /// The classes of which a row or a sum is left, in the order of their labels, and the rows of each.
    pub fn rows(&self) -> impl Iterator<Item = (&Label, i64)> {
        self.classes.iter().map(|(label, sums)| (label, sums.first().map_or(0, Monomials::n)))
    }

    /// Adds rows: `codes` tells for each which of the `labels` it has, `columns` are the features, and the weights if
    /// rows have weights.
    ///
    /// # Errors
    /// As [`Classes::add`](super::Classes::add); nothing is added then.
    pub fn add(&mut self, labels: &[Label], codes: &[i64], columns: &[Numbers<'_>]) -> Result<(), Error> {
        self.put(labels, codes, columns, false)
    }

    /// Removes rows, whether they were added before or will be later.
    ///
    /// # Errors
    /// As [`ClassSums::add`].
    pub fn remove(&mut self, labels: &[Label], codes: &[i64], columns: &[Numbers<'_>]) -> Result<(), Error> {
        self.put(labels, codes, columns, true)
    }

    /// Adds all rows of another state.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if it keeps something else, else as [`ClassSums::add`]; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.combine(other, false)
    }

    /// Removes all rows of another state.
    ///
    /// # Errors
    /// As [`ClassSums::merge`].
    pub fn subtract(&mut self, other: &Self) -> Result<(), Error> {
        self.combine(other, true)
    }

    fn put(
        &mut self,
        labels: &[Label],
        codes: &[i64],
        columns: &[Numbers<'_>],
        negate: bool,
    ) -> Result<(), Error> {
        self.check_columns(codes.len(), columns)?;
        let rows = rows_by_label(labels, codes)?;
        let fresh = rows.keys().filter(|label| !self.classes.contains_key(label)).count();
        check_classes(self.classes.len() + fresh)?;
        let mut changed = Vec::with_capacity(rows.len());
        for (label, rows) in rows {
            let own: Vec<_> = columns.iter().filter_map(|column| Gathered::of(column, &rows)).collect();
            let own: Vec<_> = own.iter().map(Gathered::numbers).collect();
            let mut sums = self.classes.get(label).cloned().unwrap_or_else(|| self.empty());
            for (at, sums) in sums.iter_mut().enumerate() {
                let block = self.block(&own, at);
                if negate { sums.remove(&block) } else { sums.add(&block) }?;
            }
            changed.push((label.clone(), sums));
        }
        self.classes.extend(changed);
        self.drop_empty();
        Ok(())
    }

    /// The columns of one of the sums of a class.
    fn block<'a>(&self, columns: &[Numbers<'a>], at: usize) -> Vec<Numbers<'a>> {
        if self.kept.squares {
            let weights = columns.get(self.kept.features..).unwrap_or_default();
            std::iter::once(&columns[at]).chain(weights).copied().collect()
        } else {
            columns.to_vec()
        }
    }

    fn empty(&self) -> Vec<Monomials> {
        let blocks = if self.kept.squares { self.kept.features } else { 1 };
        vec![Monomials::new(Arc::clone(&self.terms)); blocks]
    }

    fn drop_empty(&mut self) {
        let empty = self.empty();
        self.classes.retain(|_, sums| *sums != empty);
    }

    fn combine(&mut self, other: &Self, negate: bool) -> Result<(), Error> {
        if self.kept != other.kept {
            return Err(Error::Mismatch(
                "classes of other features, or with weights and without, cannot be put together".to_owned(),
            ));
        }
        let mut combined = self.classes.clone();
        for (label, theirs) in &other.classes {
            let own = combined.entry(label.clone()).or_insert_with(|| self.empty());
            for (sums, theirs) in own.iter_mut().zip(theirs) {
                if negate { sums.subtract(theirs) } else { sums.merge(theirs) }?;
            }
        }
        let empty = self.empty();
        combined.retain(|_, sums| *sums != empty);
        check_classes(combined.len())?;
        self.classes = combined;
        Ok(())
    }

    fn check_columns(&self, rows: usize, columns: &[Numbers<'_>]) -> Result<(), Error> {
        let wanted = self.kept.features + usize::from(self.kept.weighted);
        if columns.len() != wanted {
            return Err(Error::Mismatch(format!(
                "these classes take {wanted} columns, not {}",
                columns.len()
            )));
        }
        if let Some(at) = columns.iter().position(|column| matches!(column, Numbers::Decimal(_))) {
            return Err(Error::Mismatch(format!("column {at} holds decimals: make them doubles first")));
        }
        match columns.iter().position(|column| column.len() != rows) {
            None => Ok(()),
            Some(at) => Err(Error::Mismatch(format!(
                "column {at} has {} rows where there are {rows} labels",
                columns[at].len()
            ))),
        }
    }

    /// The sums of the weights of the classes of which a row or a sum is left, each rounded once.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a state that somebody made up.
    pub fn weights(&self) -> Result<Vec<f64>, Error> {
        let weight = |sums: &Vec<Monomials>| {
            let gram = sums[0].gram()?;
            Ok(ratio(gram.entry(0, 0), &BigInt::from(1), gram.weight().two))
        };
        self.classes.values().map(weight).collect()
    }

    /// The classes that have a row of a weight above 0 or a sum, with their cross-products, all of them in one unit of
    /// the weights.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a state that somebody made up.
    pub(crate) fn grams(&self) -> Result<Vec<(&Label, i64, Gram)>, Error> {
        let counts = |sums: &[Monomials]| {
            sums.iter().any(|sums| sums.limbs() != 0) || (!self.kept.weighted && sums[0].n() != 0)
        };
        let mut found = Vec::new();
        for (label, sums) in self.classes.iter().filter(|(_, sums)| counts(sums)) {
            let grams = sums.iter().map(Monomials::gram).collect::<Result<Vec<_>, _>>()?;
            let gram = if self.kept.squares { Gram::of_squares(grams) } else { grams.into_iter().next() };
            let gram = gram.ok_or_else(|| Error::Invalid("a class without features".to_owned()))?;
            found.push((label, sums[0].n(), gram));
        }
        // One of which a whole number is 1, so that rows can be counted in it.
        let least = found.iter().map(|(_, _, gram)| gram.weight().two).fold(0, i64::min);
        for (_, _, gram) in &mut found {
            gram.weigh(Unit::two(least));
        }
        Ok(found)
    }
}

//! Stage: classes. The exact sums of classes whose rows have weights, or so many features that only their squares are
//! kept: an abelian group.
//!
//! For each class n and, of its features z with the weights w, Σw, Σwz and Σwzzᵀ: the sums of
//! [`monomials`](crate::monomials). Naive Bayes takes of the products the squares alone, and then any number of features.

mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use num_bigint::BigInt;

use super::{
    Gathered, Label, Labelled, MOST_CLASSES, check_classes, check_features, counts_by_label, rows_by_label,
};
use crate::accumulate::{Accumulator, Sign};
use crate::column::{NumberType, Numbers};
use crate::error::Error;
use crate::gram::{Gram, Unit};
use crate::monomials::{Monomials, Power, Terms, Workspace};
use crate::solve::round::ratio;
use crate::wire::{Reader, Versioned, Writer, corrupt};

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

    /// The columns of one of the sums of a class.
    fn block<'a>(kept: Kept, columns: &[Numbers<'a>], at: usize) -> Vec<Numbers<'a>> {
        if kept.squares {
            let weights = columns.get(kept.features..).unwrap_or_default();
            columns.get(at).into_iter().chain(weights).copied().collect()
        } else {
            columns.to_vec()
        }
    }

    fn empty(&self) -> Vec<Monomials> {
        let blocks = if self.kept.squares { self.kept.features } else { 1 };
        vec![Monomials::new(Arc::clone(&self.terms)); blocks]
    }

    /// That the classes of both together, less those of which nothing is left, are not too many.
    fn check_count(&self, other: &Self, sign: Sign) -> Result<(), Error> {
        let fresh = other.classes.keys().filter(|label| !self.classes.contains_key(label)).count();
        let all = self.classes.len() + fresh;
        if all <= MOST_CLASSES {
            return Ok(());
        }
        let empty = self.empty();
        let gone = other.classes.iter().filter(|(label, theirs)| {
            self.classes.get(label).is_some_and(|own| {
                let mut both = own.clone();
                combine(&mut both, theirs, sign);
                both == empty
            })
        });
        check_classes(all - gone.count())
    }

    /// Changes the sums of a class, which is none if nothing is left of it.
    fn change(&mut self, label: &Label, change: impl FnOnce(&mut [Monomials])) {
        let empty = self.empty();
        let sums = self.classes.entry(label.clone()).or_insert_with(|| empty.clone());
        change(sums);
        if *sums == empty {
            self.classes.remove(label);
        }
    }

    fn check_columns(&self, rows: usize, columns: &[Numbers<'_>]) -> Result<(), Error> {
        let wanted = self.kept.features + usize::from(self.kept.weighted);
        if columns.len() != wanted {
            return Err(Error::Columns(format!(
                "these classes take {wanted} columns, not {}",
                columns.len()
            )));
        }
        if let Some(at) = columns.iter().position(|column| !column.number_type().is_binary()) {
            return Err(Error::Columns(format!(
                "column {at} holds decimals or times: make them doubles first"
            )));
        }
        match columns.iter().position(|column| column.len() != rows) {
            None => Ok(()),
            Some(at) => Err(Error::Columns(format!(
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

/// A row has its features, and its weight after them if rows have weights.
impl Accumulator for ClassSums {
    type Batch<'a> = Labelled<'a>;
    type Workspace = Workspace;
    type Direction = Sign;

    /// [`Error::Invalid`] too if there would be more than [`MOST_CLASSES`] classes.
    fn check_batch(&self, batch: Labelled<'_>, sign: Sign) -> Result<(), Error> {
        self.check_columns(batch.codes.len(), batch.columns)?;
        let counts = counts_by_label(batch)?;
        let fresh = counts.keys().filter(|label| !self.classes.contains_key(label)).count();
        check_classes(self.classes.len() + fresh)?;
        counts.iter().try_for_each(|(label, &rows)| {
            self.classes.get(label).into_iter().flatten().try_for_each(|sums| sums.check_rows(rows, sign))
        })
    }

    fn check_rows(&self, rows: usize, sign: Sign) -> Result<(), Error> {
        self.classes.values().flatten().try_for_each(|sums| sums.check_rows(rows, sign))
    }

    fn check_other(&self, other: &Self, sign: Sign) -> Result<(), Error> {
        if self.kept != other.kept {
            return Err(Error::Mismatch(
                "classes of other features, or with weights and without, cannot be put together".to_owned(),
            ));
        }
        let empty = self.empty();
        for (label, theirs) in &other.classes {
            let own = self.classes.get(label).unwrap_or(&empty);
            own.iter().zip(theirs).try_for_each(|(sums, theirs)| sums.check_other(theirs, sign))?;
        }
        self.check_count(other, sign)
    }

    fn put_checked(&mut self, workspace: &mut Workspace, batch: Labelled<'_>, sign: Sign) {
        let kept = self.kept;
        for (label, rows) in rows_by_label(batch) {
            let own: Vec<_> = batch.columns.iter().filter_map(|column| Gathered::of(column, &rows)).collect();
            let own: Vec<_> = own.iter().map(Gathered::numbers).collect();
            self.change(label, |parts| {
                for (at, sums) in parts.iter_mut().enumerate() {
                    sums.put_checked(workspace, &Self::block(kept, &own, at), sign);
                }
            });
        }
    }

    fn combine_checked(&mut self, other: &Self, sign: Sign) {
        for (label, theirs) in &other.classes {
            self.change(label, |own| combine(own, theirs, sign));
        }
    }

    fn clear(&mut self) {
        self.classes.clear();
    }

    fn excluded(&self) -> i128 {
        self.classes.values().filter_map(|sums| sums.first()).map(Monomials::excluded).sum()
    }

    fn limbs(&self) -> usize {
        self.classes.values().flatten().map(Monomials::limbs).sum()
    }

    fn write(&self, writer: &mut Writer) {
        self.write_whole(writer);
    }

    fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        let read = Self::read_whole(reader)?;
        if read.kept != self.kept {
            return Err(corrupt("sums of classes of another form"));
        }
        *self = read;
        Ok(())
    }
}

/// Puts the sums of a class together, which were checked.
fn combine(own: &mut [Monomials], theirs: &[Monomials], sign: Sign) {
    for (sums, theirs) in own.iter_mut().zip(theirs) {
        sums.combine_checked(theirs, sign);
    }
}

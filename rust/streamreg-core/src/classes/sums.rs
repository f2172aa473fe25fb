//! Stage: classes. The exact sums of classes whose rows have weights, or so many features that only their squares are
//! kept.
//!
//! For each class n and, of its features z with the weights w, Σw, Σwz and Σwzzᵀ: the sums of
//! [`monomials`](crate::monomials). Naive Bayes takes of the products the squares alone, and then any number of features.

use std::collections::BTreeMap;
use std::sync::Arc;

use num_bigint::BigInt;

use super::{ByLabel, Label, Sums, check_features};
use crate::accumulate::{Accumulator, Sign};
use crate::column::{NumberType, Numbers};
use crate::error::Error;
use crate::gram::{Gram, Unit};
use crate::monomials::{Monomials, Power, Terms, Workspace};
use crate::solve::round::ratio;
use crate::wire::{Reader, Writer, corrupt};

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

/// The exact sums of each class; a row whose weight is negative is in none.
pub type ClassSums = ByLabel<Parts>;

/// The exact sums of one class. A row has its features, and its weight after them if rows have weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    kept: Kept,
    /// Of all features together, or of one feature each.
    parts: Vec<Monomials>,
}

impl Parts {
    /// Of no row.
    pub(super) fn new(kept: Kept) -> Result<Self, Error> {
        if !kept.squares {
            check_features(kept.features)?;
        } else if !(1..=MOST_SQUARES).contains(&kept.features) {
            return Err(Error::Invalid(format!(
                "naive Bayes takes 1 to {MOST_SQUARES} features, not {}",
                kept.features
            )));
        }
        let (columns, parts) = if kept.squares { (1, kept.features) } else { (kept.features, 1) };
        let features = (0..columns).map(|column| Power { column, power: 1 }).collect();
        let types = vec![NumberType::Float; columns + usize::from(kept.weighted)];
        // There is no target: that of the sums is the first feature once more.
        let terms = Terms::new(types, features, 0, kept.weighted.then_some(columns))?;
        Ok(Self { kept, parts: vec![Monomials::new(Arc::new(terms)); parts] })
    }

    /// The least bytes that these take.
    pub(super) fn least_bytes(&self) -> usize {
        self.parts.iter().map(|part| 2 + part.terms().sums()).sum()
    }

    /// Whether there is a row, of a weight above 0, or a sum.
    fn counts(&self) -> bool {
        self.limbs() != 0 || (!self.kept.weighted && self.n() != 0)
    }

    /// The columns of one of the parts.
    fn block<'a>(&self, columns: &[Numbers<'a>], at: usize) -> Vec<Numbers<'a>> {
        if self.kept.squares {
            let weights = columns.get(self.kept.features..).unwrap_or_default();
            columns.get(at).into_iter().chain(weights).copied().collect()
        } else {
            columns.to_vec()
        }
    }

    /// The cross-products of the features, and of the first once more in the place of a target unless squares alone are
    /// kept.
    fn whole_gram(&self) -> Result<Gram, Error> {
        let grams = self.parts.iter().map(Monomials::gram).collect::<Result<Vec<_>, _>>()?;
        let gram = if self.kept.squares { Gram::of_squares(grams) } else { grams.into_iter().next() };
        gram.ok_or_else(|| Error::Invalid("a class without features".to_owned()))
    }
}

impl Sums for Parts {
    fn columns(&self) -> usize {
        self.kept.features + usize::from(self.kept.weighted)
    }

    fn n(&self) -> i64 {
        self.parts.first().map_or(0, Monomials::n)
    }

    fn gram(&self) -> Result<Gram, Error> {
        let gram = self.whole_gram()?;
        if self.kept.squares {
            return Ok(gram);
        }
        // The first feature is the target.
        Ok(gram.of_variables(&(2..=self.kept.features).collect::<Vec<_>>()))
    }

    fn check_form(&self, other: &Self) -> Result<(), Error> {
        if self.kept == other.kept {
            return Ok(());
        }
        Err(Error::Mismatch(
            "classes of other features, or with weights and without, cannot be put together".to_owned(),
        ))
    }
}

impl Accumulator for Parts {
    type Batch<'a> = &'a [Numbers<'a>];
    type Workspace = Workspace;
    type Direction = Sign;

    fn check_batch(&self, batch: &[Numbers<'_>], sign: Sign) -> Result<(), Error> {
        let check = |(at, part): (usize, &Monomials)| part.check_batch(&self.block(batch, at), sign);
        self.parts.iter().enumerate().try_for_each(check)
    }

    fn check_rows(&self, rows: usize, sign: Sign) -> Result<(), Error> {
        self.parts.iter().try_for_each(|part| part.check_rows(rows, sign))
    }

    fn check_other(&self, other: &Self, sign: Sign) -> Result<(), Error> {
        self.check_form(other)?;
        self.parts.iter().zip(&other.parts).try_for_each(|(part, theirs)| part.check_other(theirs, sign))
    }

    fn put_checked(&mut self, workspace: &mut Workspace, batch: &[Numbers<'_>], sign: Sign) {
        for at in 0..self.parts.len() {
            let own = self.block(batch, at);
            self.parts[at].put_checked(workspace, &own, sign);
        }
    }

    fn combine_checked(&mut self, other: &Self, sign: Sign) {
        for (part, theirs) in self.parts.iter_mut().zip(&other.parts) {
            part.combine_checked(theirs, sign);
        }
    }

    fn clear(&mut self) {
        self.parts.iter_mut().for_each(Monomials::clear);
    }

    fn excluded(&self) -> i128 {
        self.parts.first().map_or(0, Monomials::excluded)
    }

    fn limbs(&self) -> usize {
        self.parts.iter().map(Monomials::limbs).sum()
    }

    fn write(&self, writer: &mut Writer) {
        self.parts.iter().for_each(|part| part.write(writer));
    }

    fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        for part in &mut self.parts {
            part.read_into(reader)?;
        }
        let rows = |part: &Monomials| (part.n(), part.excluded());
        let first = self.parts.first().map(rows);
        if self.parts.iter().any(|part| Some(rows(part)) != first) {
            return Err(corrupt("a class of which features have other rows"));
        }
        Ok(())
    }
}

impl ClassSums {
    /// No class.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless there are 1 to 64 features, or 1 to [`MOST_SQUARES`] if only squares are kept.
    pub fn new(kept: Kept) -> Result<Self, Error> {
        Ok(Self { empty: Parts::new(kept)?, classes: BTreeMap::new() })
    }

    /// What is kept of each class.
    #[must_use]
    pub fn kept(&self) -> Kept {
        self.empty.kept
    }

    /// The sums of the weights of the classes of which a row or a sum is left, each rounded once.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a state that somebody made up.
    pub fn weights(&self) -> Result<Vec<f64>, Error> {
        let weight = |sums: &Parts| {
            let gram = sums.parts[0].gram()?;
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
        let mut found = Vec::new();
        for (label, sums) in self.classes.iter().filter(|(_, sums)| sums.counts()) {
            found.push((label, sums.n(), sums.whole_gram()?));
        }
        // One of which a whole number is 1, so that rows can be counted in it.
        let least = found.iter().map(|(_, _, gram)| gram.weight().two).fold(0, i64::min);
        for (_, _, gram) in &mut found {
            gram.weigh(Unit::two(least));
        }
        Ok(found)
    }
}

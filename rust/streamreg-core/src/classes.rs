//! Classes: exact sums of the features, class by class: an abelian group.
//!
//! All that discriminant analysis and naive Bayes need to know of their rows: for each class n, Σz and Σzzᵀ of
//! its features z, as [moments](Classes), or with weights, or the squares alone, as [`ClassSums`].

mod label;
mod plain;
mod sums;
mod wire;

use crate::plural::plural;
use std::collections::BTreeMap;

pub use label::Label;
pub use plain::Classes;
pub use sums::{ClassSums, Kept, MOST_SQUARES, Parts};

use crate::accumulate::{Accumulator, Sign};
use crate::column::{MOST_FEATURES, Numbers};
use crate::error::Error;
use crate::gram::Gram;
use crate::wire::{Reader, Versioned, Writer, corrupt};

/// Most classes of one state.
pub const MOST_CLASSES: usize = 1000;

/// The exact sums of each class, of the rows that were added less those that were removed.
///
/// A row that holds NaN or an infinity is in no sum, and is counted in [`excluded`](Accumulator::excluded). A class of
/// which nothing is left is none. Equal multisets of rows have equal bytes, in whatever order and pieces they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByLabel<S> {
    /// Those of a class without rows.
    empty: S,
    classes: BTreeMap<Label, S>,
}

/// The exact sums of one class.
pub trait Sums: for<'a> Accumulator<Batch<'a> = &'a [Numbers<'a>], Direction = Sign> + PartialEq {
    /// The columns of a row.
    fn columns(&self) -> usize;

    /// Rows added less rows removed.
    fn n(&self) -> i64;

    /// The cross-products of the features.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a state that somebody made up.
    fn gram(&self) -> Result<Gram, Error>;

    /// That other sums are of the same features.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if they are not.
    fn check_form(&self, other: &Self) -> Result<(), Error>;
}

impl<S: Sums> ByLabel<S> {
    /// The classes of which a row or a sum is left, in the order of their labels.
    pub fn iter(&self) -> impl Iterator<Item = (&Label, &S)> {
        self.classes.iter()
    }

    /// Rows added less rows removed, of all classes.
    #[must_use]
    pub fn n(&self) -> i128 {
        self.classes.values().map(|sums| i128::from(sums.n())).sum()
    }

    /// Checks that rows can have left such sums, class by class.
    ///
    /// # Errors
    /// [`Error::Invalid`] if none can; it says of which class, and why.
    pub fn check_possible(&self) -> Result<(), Error> {
        let check = |(label, sums): (&Label, &S)| {
            sums.gram()
                .and_then(|gram| gram.check_possible())
                .map_err(|error| Error::Invalid(format!("class {label}: {error}")))
        };
        self.classes.iter().try_for_each(check)
    }

    /// That the classes of both together, less those of which nothing is left, are not too many.
    fn check_count(&self, other: &Self, sign: Sign) -> Result<(), Error> {
        let fresh = other.classes.keys().filter(|label| !self.classes.contains_key(label)).count();
        let all = self.classes.len() + fresh;
        if all <= MOST_CLASSES {
            return Ok(());
        }
        let gone = other.classes.iter().filter(|(label, theirs)| {
            self.classes.get(label).is_some_and(|own| {
                let mut both = own.clone();
                both.combine_checked(theirs, sign);
                both == self.empty
            })
        });
        check_classes(all - gone.count())
    }

    /// Changes the sums of a class, which is none if nothing is left of it.
    fn change(&mut self, label: &Label, change: impl FnOnce(&mut S)) {
        let sums = self.classes.entry(label.clone()).or_insert_with(|| self.empty.clone());
        change(sums);
        if *sums == self.empty {
            self.classes.remove(label);
        }
    }

    fn check_columns(&self, rows: usize, columns: &[Numbers<'_>]) -> Result<(), Error> {
        let wanted = self.empty.columns();
        if columns.len() != wanted {
            return Err(Error::Columns(format!(
                "these classes take {}, not {}",
                plural(wanted, "column", "columns"),
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
                "column {at} has {} where there are {}",
                plural(columns[at].len(), "row", "rows"),
                plural(rows, "label", "labels")
            ))),
        }
    }
}

/// Rows with their labels.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    /// The labels that there are.
    pub labels: &'a [Label],
    /// Of each row which of the labels it has.
    pub codes: &'a [i64],
    /// The features: a column of doubles or integers each.
    pub columns: &'a [Numbers<'a>],
}

impl<S: Sums> Accumulator for ByLabel<S>
where
    Self: Versioned,
{
    type Batch<'a> = Labelled<'a>;
    type Workspace = S::Workspace;
    type Direction = Sign;

    /// [`Error::Invalid`] too if there would be more than [`MOST_CLASSES`] classes.
    fn check_batch(&self, batch: Labelled<'_>, sign: Sign) -> Result<(), Error> {
        self.check_columns(batch.codes.len(), batch.columns)?;
        let counts = counts_by_label(batch)?;
        let fresh = counts.keys().filter(|label| !self.classes.contains_key(label)).count();
        check_classes(self.classes.len() + fresh)?;
        counts.iter().try_for_each(|(label, &rows)| {
            self.classes.get(label).map_or(Ok(()), |sums| sums.check_rows(rows, sign))
        })
    }

    fn check_rows(&self, rows: usize, sign: Sign) -> Result<(), Error> {
        self.classes.values().try_for_each(|sums| sums.check_rows(rows, sign))
    }

    fn check_other(&self, other: &Self, sign: Sign) -> Result<(), Error> {
        self.empty.check_form(&other.empty)?;
        for (label, theirs) in &other.classes {
            self.classes.get(label).unwrap_or(&self.empty).check_other(theirs, sign)?;
        }
        self.check_count(other, sign)
    }

    fn put_checked(&mut self, workspace: &mut S::Workspace, batch: Labelled<'_>, sign: Sign) {
        for (label, rows) in rows_by_label(batch) {
            let own: Vec<_> = batch.columns.iter().filter_map(|column| Gathered::of(column, &rows)).collect();
            let own: Vec<_> = own.iter().map(Gathered::numbers).collect();
            self.change(label, |sums| sums.put_checked(workspace, &own, sign));
        }
    }

    fn combine_checked(&mut self, other: &Self, sign: Sign) {
        for (label, theirs) in &other.classes {
            self.change(label, |own| own.combine_checked(theirs, sign));
        }
    }

    fn clear(&mut self) {
        self.classes.clear();
    }

    fn excluded(&self) -> i128 {
        self.classes.values().map(S::excluded).sum()
    }

    fn limbs(&self) -> usize {
        self.classes.values().map(S::limbs).sum()
    }

    fn write(&self, writer: &mut Writer) {
        self.write_whole(writer);
    }

    fn read_into(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        let read = Self::read_whole(reader)?;
        self.empty.check_form(&read.empty).map_err(|_| corrupt("classes of another form"))?;
        *self = read;
        Ok(())
    }
}

/// Rows of one column, side by side.
enum Gathered {
    Float(Vec<f64>),
    Int(Vec<i64>),
}

impl Gathered {
    fn of(column: &Numbers<'_>, rows: &[usize]) -> Option<Self> {
        match column {
            Numbers::Float(values) => Some(Self::Float(rows.iter().map(|&row| values[row]).collect())),
            Numbers::Int(values) => Some(Self::Int(rows.iter().map(|&row| values[row]).collect())),
            Numbers::Decimal(_) | Numbers::Time(..) => None,
        }
    }

    fn numbers(&self) -> Numbers<'_> {
        match self {
            Self::Float(values) => Numbers::Float(values),
            Self::Int(values) => Numbers::Int(values),
        }
    }
}

/// Of each label that has rows, how many.
fn counts_by_label(batch: Labelled<'_>) -> Result<BTreeMap<&Label, usize>, Error> {
    let Labelled { labels, codes, .. } = batch;
    let mut counts = vec![0; labels.len()];
    for (row, &code) in codes.iter().enumerate() {
        let own = usize::try_from(code).ok().and_then(|code| counts.get_mut(code));
        *own.ok_or_else(|| Error::Columns(format!("row {row} has label {code} of {}", labels.len())))? += 1;
    }
    let mut by_label = BTreeMap::new();
    for (label, count) in labels.iter().zip(counts).filter(|&(_, count)| count > 0) {
        *by_label.entry(label).or_default() += count;
    }
    Ok(by_label)
}

/// Of each label that has rows, which those are; that the codes are those of labels was checked before.
fn rows_by_label(batch: Labelled<'_>) -> BTreeMap<&Label, Vec<usize>> {
    let Labelled { labels, codes, .. } = batch;
    let mut rows = vec![Vec::new(); labels.len()];
    for (row, &code) in codes.iter().enumerate() {
        if let Some(own) = usize::try_from(code).ok().and_then(|code| rows.get_mut(code)) {
            own.push(row);
        }
    }
    let mut by_label = BTreeMap::<_, Vec<_>>::new();
    for (label, rows) in labels.iter().zip(rows).filter(|(_, rows)| !rows.is_empty()) {
        by_label.entry(label).or_default().extend(rows);
    }
    by_label
}

/// That a classification takes so many features.
pub(crate) fn check_features(features: usize) -> Result<(), Error> {
    if (1..=MOST_FEATURES).contains(&features) {
        return Ok(());
    }
    Err(Error::Invalid(format!("a classification takes 1 to {MOST_FEATURES} features, not {features}")))
}

fn check_classes(count: usize) -> Result<(), Error> {
    if count <= MOST_CLASSES {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "a classification takes at most {MOST_CLASSES} classes, and these would be {count}: is the label the right \
         column?"
    )))
}

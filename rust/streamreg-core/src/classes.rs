//! Stage: classes. The exact moments of the features, class by class: an abelian group.
//!
//! All that discriminant analysis and naive Bayes need to know of their rows: for each class n, Σz and Σzzᵀ of
//! its features z. The sums are those of [`moments`](crate::moments), without a target.

mod label;
mod wire;

use std::collections::BTreeMap;

pub use label::Label;

use crate::column::Numbers;
use crate::error::Error;
use crate::gram::Gram;
use crate::moments::{MOST_FEATURES, Moments, Scratch};

/// Most classes of one state.
pub const MOST_CLASSES: usize = 1000;

/// The exact moments of each class, of the rows that were added less those that were removed.
///
/// A row that holds NaN or an infinity is in no sum, and is counted in [`left_out`](Self::left_out). A class of
/// which nothing is left is none. Equal multisets of rows have equal bytes, in whatever order and pieces they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classes {
    features: usize,
    classes: BTreeMap<Label, Moments>,
}

impl Classes {
    /// No class.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless there are 1 to [`MOST_FEATURES`] features.
    pub fn new(features: usize) -> Result<Self, Error> {
        check_features(features)?;
        Ok(Self { features, classes: BTreeMap::new() })
    }

    /// Classes with these moments, each of `features` variables.
    pub(crate) fn of(features: usize, classes: BTreeMap<Label, Moments>) -> Result<Self, Error> {
        check_features(features)?;
        check_classes(classes.len())?;
        Ok(Self { features, classes })
    }

    /// The number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// The classes of which a row or a sum is left, in the order of their labels.
    pub fn iter(&self) -> impl Iterator<Item = (&Label, &Moments)> {
        self.classes.iter()
    }

    /// Rows added less rows removed, of all classes.
    #[must_use]
    pub fn n(&self) -> i128 {
        self.classes.values().map(|moments| i128::from(moments.n())).sum()
    }

    /// Rows added less rows removed that held NaN or an infinity, of all classes.
    #[must_use]
    pub fn left_out(&self) -> i128 {
        self.classes.values().map(|moments| i128::from(moments.left_out())).sum()
    }

    /// Adds rows: `codes` tells for each which of the `labels` it has, `columns` are the features.
    ///
    /// # Errors
    /// [`Error::Mismatch`] unless there is a column of doubles or integers for each feature, all are as long as
    /// `codes`, and every code is that of a label; [`Error::Overflow`] if a count or a sum would leave its range; [`Error::Invalid`] if there
    /// would be more than [`MOST_CLASSES`] classes. Nothing is added then.
    pub fn add(&mut self, labels: &[Label], codes: &[i64], columns: &[Numbers<'_>]) -> Result<(), Error> {
        self.put(labels, codes, columns, false)
    }

    /// Removes rows, whether they were added before or will be later.
    ///
    /// # Errors
    /// As [`Classes::add`].
    pub fn remove(&mut self, labels: &[Label], codes: &[i64], columns: &[Numbers<'_>]) -> Result<(), Error> {
        self.put(labels, codes, columns, true)
    }

    /// Adds all rows of another state.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if it has another number of features, else as [`Classes::add`]; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.combine(other, false)
    }

    /// Removes all rows of another state.
    ///
    /// # Errors
    /// As [`Classes::merge`].
    pub fn subtract(&mut self, other: &Self) -> Result<(), Error> {
        self.combine(other, true)
    }

    /// Checks that rows can have left such sums, class by class.
    ///
    /// # Errors
    /// [`Error::Invalid`] if none can; it says of which class, and why.
    pub fn check_possible(&self) -> Result<(), Error> {
        let check = |(label, moments): (&Label, &Moments)| {
            Gram::of(moments)
                .check_possible()
                .map_err(|error| Error::Invalid(format!("class {label}: {error}")))
        };
        self.classes.iter().try_for_each(check)
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
        for (label, rows) in &rows {
            if let Some(moments) = self.classes.get(label) {
                moments.check_rows(rows.len(), negate)?;
            }
        }
        let mut scratch = Scratch::default();
        for (label, rows) in rows {
            let own: Vec<_> = columns.iter().filter_map(|column| Gathered::of(column, &rows)).collect();
            let own: Vec<_> = own.iter().map(Gathered::numbers).collect();
            let empty = || Moments::of_variables(self.features);
            let moments = self.classes.entry(label.clone()).or_insert_with(empty);
            moments.put_with(&mut scratch, &own, negate)?;
            if *moments == empty() {
                self.classes.remove(label);
            }
        }
        Ok(())
    }

    fn combine(&mut self, other: &Self, negate: bool) -> Result<(), Error> {
        if self.features != other.features {
            return Err(Error::Mismatch(format!(
                "classes of {} features and of {} cannot be put together",
                self.features, other.features
            )));
        }
        let mut combined = self.classes.clone();
        let empty = Moments::of_variables(self.features);
        for (label, moments) in &other.classes {
            combined.entry(label.clone()).or_insert_with(|| empty.clone()).combine(moments, negate)?;
        }
        combined.retain(|_, moments| *moments != empty);
        check_classes(combined.len())?;
        self.classes = combined;
        Ok(())
    }

    fn check_columns(&self, rows: usize, columns: &[Numbers<'_>]) -> Result<(), Error> {
        if columns.len() != self.features {
            return Err(Error::Mismatch(format!(
                "{} features are as many columns, not {}",
                self.features,
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
            Numbers::Decimal(_) => None,
        }
    }

    fn numbers(&self) -> Numbers<'_> {
        match self {
            Self::Float(values) => Numbers::Float(values),
            Self::Int(values) => Numbers::Int(values),
        }
    }
}

fn rows_by_label<'a>(labels: &'a [Label], codes: &[i64]) -> Result<BTreeMap<&'a Label, Vec<usize>>, Error> {
    let mut rows = vec![Vec::new(); labels.len()];
    for (row, &code) in codes.iter().enumerate() {
        let own = usize::try_from(code).ok().and_then(|code| rows.get_mut(code));
        own.ok_or_else(|| Error::Mismatch(format!("row {row} has label {code} of {}", labels.len())))?
            .push(row);
    }
    let mut by_label = BTreeMap::<_, Vec<_>>::new();
    for (label, rows) in labels.iter().zip(rows).filter(|(_, rows)| !rows.is_empty()) {
        by_label.entry(label).or_default().extend(rows);
    }
    Ok(by_label)
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

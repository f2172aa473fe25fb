//! Stage: classes. The exact moments of each class: rows without weights, and few features.
//!
//! The sums are those of [`moments`](crate::moments), without a target.

use std::collections::BTreeMap;

use super::{ByLabel, Label, Sums, check_classes, check_features};
use crate::error::Error;
use crate::gram::Gram;
use crate::moments::Moments;
use crate::plural::plural;

/// The exact moments of each class.
pub type Classes = ByLabel<Moments>;

impl Classes {
    /// No class.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless there are 1 to [`MOST_FEATURES`](crate::column::MOST_FEATURES) features.
    pub fn new(features: usize) -> Result<Self, Error> {
        Self::of(features, BTreeMap::new())
    }

    /// Classes with these moments, each of `features` variables.
    pub(crate) fn of(features: usize, classes: BTreeMap<Label, Moments>) -> Result<Self, Error> {
        check_features(features)?;
        check_classes(classes.len())?;
        Ok(Self { empty: Moments::of_variables(features), classes })
    }

    /// The number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.empty.columns()
    }
}

impl Sums for Moments {
    fn columns(&self) -> usize {
        self.features() + 1
    }

    fn n(&self) -> i64 {
        self.n()
    }

    fn gram(&self) -> Result<Gram, Error> {
        Ok(Gram::of(self))
    }

    fn check_form(&self, other: &Self) -> Result<(), Error> {
        if self.columns() == other.columns() {
            return Ok(());
        }
        Err(Error::Mismatch(format!(
            "classes of {} and of {} cannot be put together",
            plural(self.columns(), "feature", "features"),
            other.columns()
        )))
    }
}

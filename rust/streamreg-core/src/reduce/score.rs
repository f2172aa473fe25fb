//! Score: rows by models that were fitted before they came.
//!
//! The difference of a row from its prediction, over the standard error of that difference, is the recursive residual of
//! R. L. Brown, J. Durbin and J. M. Evans, *Techniques for Testing the Constancy of Regression Relationships over
//! Time*, Journal of the Royal Statistical Society B 37 (1975), standardised by the fit's own estimate.

use super::aggregate_state::AggregateState;
use super::fits::{self, Regression};
use super::group::Groups;
use super::key::{Keys, check_keys};
use super::{KeyColumn, Reduction};
use crate::column::Numbers;
use crate::error::Error;
use crate::infer::{Fit, Residuals};
use crate::plural::plural;

/// A fit, and the predictions while the rows do not determine it.
#[derive(Debug)]
pub struct Scorer {
    fit: Fit,
    zeros: bool,
}

/// The rows that are to be scored, in columns of one length.
#[derive(Clone, Copy, Debug)]
pub struct Observations<'a> {
    /// For each feature its column, or that which it is a power of.
    pub features: &'a [Numbers<'a>],
    /// What is predicted.
    pub target: Numbers<'a>,
    /// How much each row counts, if that is not 1.
    pub weights: Option<Numbers<'a>>,
}

impl Scorer {
    pub(super) fn of(
        states: &[AggregateState],
        aggregate: usize,
        regression: &Regression,
    ) -> Result<Self, Error> {
        let fit =
            states.get(aggregate).map(|each| fits::fit(each.state(), regression)).transpose()?.flatten();
        let none =
            || Error::Invalid(format!("aggregate {aggregate} is no regression, whose fit could score rows"));
        Ok(Self { fit: fit.ok_or_else(none)?, zeros: regression.zeros })
    }

    /// Predictions and residuals. While the rows that there are do not determine the coefficients, and these are zeros
    /// then, so are the predictions.
    ///
    /// # Errors
    /// [`Error::Columns`] unless there is a column for each feature, these and the weights as long as the target.
    pub fn scores(&self, rows: Observations<'_>) -> Result<Residuals, Error> {
        let mut found = match &rows.weights {
            Some(weights) => self.fit.weighted_residuals(rows.features, &rows.target, weights)?,
            None => self.fit.residuals(rows.features, &rows.target)?,
        };
        if self.zeros && self.fit.rows() > 0 && !self.fit.is_determined() {
            for (row, value) in found.values.iter_mut().enumerate() {
                if rows.features.iter().all(|column| column.nearest(row).is_some()) {
                    *value = 0.0;
                    found.residuals[row] = rows.target.nearest(row).unwrap_or(f64::NAN);
                }
            }
        }
        Ok(found)
    }
}

impl Reduction {
    /// What scores rows by a regression of the rows that there are now; more of them do not change it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the aggregate is no regression.
    pub fn scorer(&self, aggregate: usize, regression: &Regression) -> Result<Scorer, Error> {
        Scorer::of(&self.states, aggregate, regression)
    }
}

/// Scores rows, each by the fit of its key; all NaN for a key that has none.
///
/// # Errors
/// As [`Scorer::scores`], and [`Error::Columns`] unless all columns are of one length, and the keys of these types.
pub(crate) fn by_key(
    types: &Keys,
    keys: &[KeyColumn<'_>],
    rows: Observations<'_>,
    mut fit_of: impl FnMut(&[u8]) -> Result<Option<Scorer>, Error>,
) -> Result<Residuals, Error> {
    let count = rows.target.len();
    check_keys(types, keys, count)?;
    if rows.features.iter().chain(&rows.weights).any(|column| column.len() != count) {
        return Err(Error::Columns(format!(
            "the target has {}, another column has not",
            plural(count, "row", "rows")
        )));
    }
    let groups = Groups::new(keys, count)?;
    let features: Vec<_> = rows.features.iter().map(|column| groups.sorted(*column)).collect();
    let target = groups.sorted(rows.target);
    let weights = rows.weights.map(|column| groups.sorted(column));
    let nothing = vec![f64::NAN; count];
    let mut found = Residuals { values: nothing.clone(), residuals: nothing.clone(), standardized: nothing };
    for (key, places) in groups.iter() {
        let Some(scorer) = fit_of(key)? else { continue };
        let own: Vec<_> = features.iter().map(|column| column.numbers().rows(places.clone())).collect();
        let target = target.numbers().rows(places.clone());
        let weights = weights.as_ref().map(|column| column.numbers().rows(places.clone()));
        let own = scorer.scores(Observations { features: &own, target, weights })?;
        for (at, &row) in groups.rows(places).iter().enumerate() {
            let row = row as usize;
            found.values[row] = own.values[at];
            found.residuals[row] = own.residuals[at];
            found.standardized[row] = own.standardized[at];
        }
    }
    Ok(found)
}

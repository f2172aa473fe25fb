//! Score: the states that keys had at one moment, while rows are added to them; and rows scored by those.
//!
//! Only those of keys that have changed since are kept here: the others still have them.

use crate::plural::plural;
use std::collections::HashMap;

use super::{KeyColumn, KeyedReduction, unpack};
use crate::error::Error;
use crate::infer::Residuals;
use crate::reduce::Regression;
use crate::reduce::aggregate_state::AggregateState;
use crate::reduce::group::Groups;
use crate::reduce::keyed::has_rows;
use crate::reduce::score::{Observations, Scorer};
use crate::tracked_map::TrackedMap;

type Bytes = Box<[u8]>;

/// What has changed of some keys since a moment, as it was then.
#[derive(Debug, Default)]
pub(super) struct BeforeEpoch {
    /// For each key that has changed its state then, `None` if it had none. Nothing without such a moment.
    before: Option<HashMap<Bytes, Option<Bytes>>>,
}

impl BeforeEpoch {
    /// From now on the states of this moment are held.
    pub(super) fn begin(&mut self) {
        self.before = Some(HashMap::new());
    }

    /// A key is about to change.
    pub(super) fn keep(&mut self, key: &[u8], states: &TrackedMap) {
        if let Some(before) = &mut self.before
            && !before.contains_key(key)
        {
            before.insert(key.into(), states.get(key).map(Into::into));
        }
    }

    /// The state that a key had then; without such a moment the one that it has.
    pub(super) fn get<'a>(&'a self, key: &[u8], states: &'a TrackedMap) -> Option<&'a [u8]> {
        match self.before.as_ref().and_then(|before| before.get(key)) {
            Some(state) => state.as_deref(),
            None => states.get(key),
        }
    }
}

impl KeyedReduction {
    /// Rows are scored by what there is now, whatever is merged, until this is called again.
    pub fn freeze(&mut self) {
        self.before_epoch.begin();
    }

    /// Scores rows, each by the regression of those rows of its key that there were at the last
    /// [hold](KeyedReduction::freeze); all NaN for a key that had none.
    ///
    /// # Errors
    /// As [`Scorer::scores`] and [`Reduction::scorer`](crate::reduce::Reduction::scorer), and as [`KeyedReduction::partial`] for the keys.
    pub fn scores(
        &mut self,
        aggregate: usize,
        regression: &Regression,
        keys: &[KeyColumn<'_>],
        rows: Observations<'_>,
    ) -> Result<Residuals, Error> {
        let count = rows.target.len();
        self.check_keys(keys, count)?;
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
        let mut found =
            Residuals { values: nothing.clone(), residuals: nothing.clone(), standardized: nothing };
        for (key, places) in groups.iter() {
            let Some(states) = self.states_before(key)? else { continue };
            let own: Vec<_> = features.iter().map(|column| column.numbers().rows(places.clone())).collect();
            let target = target.numbers().rows(places.clone());
            let weights = weights.as_ref().map(|column| column.numbers().rows(places.clone()));
            let own = Observations { features: &own, target, weights };
            let scores = Scorer::of(states, aggregate, regression)?.scores(own)?;
            for (at, &row) in groups.rows(places).iter().enumerate() {
                let row = row as usize;
                found.values[row] = scores.values[at];
                found.residuals[row] = scores.residuals[at];
                found.standardized[row] = scores.standardized[at];
            }
        }
        Ok(found)
    }

    /// The states that a key had when they were last held; `None` if it had no row.
    fn states_before(&mut self, key: &[u8]) -> Result<Option<&[AggregateState]>, Error> {
        let Some(bytes) = self.before_epoch.get(key, &self.states) else { return Ok(None) };
        unpack(bytes, &mut self.other)?;
        Ok(has_rows(&self.other).then_some(&self.other))
    }
}

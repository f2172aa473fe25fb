//! Score: the states that keys had at one moment, while rows are added to them; and rows scored by those.
//!
//! Only those of keys that have changed since are kept here: the others still have them.

use std::collections::HashMap;

use super::{KeyColumn, KeyedReduction};
use crate::error::Error;
use crate::infer::Residuals;
use crate::reduce::Regression;
use crate::reduce::score::{self, Observations};
use crate::tracked_map::TrackedMap;

type Bytes = Box<[u8]>;

/// What has changed of some keys since a moment, as it was then.
#[derive(Debug, Default)]
pub(crate) struct BeforeEpoch {
    /// For each key that has changed its state then, `None` if it had none. Nothing without such a moment.
    before: Option<HashMap<Bytes, Option<Bytes>>>,
}

impl BeforeEpoch {
    /// From now on the states of this moment are held.
    pub(crate) fn begin(&mut self) {
        self.before = Some(HashMap::new());
    }

    /// A key is about to change.
    pub(crate) fn keep(&mut self, key: &[u8], states: &TrackedMap) {
        if let Some(before) = &mut self.before
            && !before.contains_key(key)
        {
            before.insert(key.into(), states.get(key).map(Into::into));
        }
    }

    /// The state that a key had then; without such a moment the one that it has.
    pub(crate) fn get<'a>(&'a self, key: &[u8], states: &'a TrackedMap) -> Option<&'a [u8]> {
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
        let Self { keys: types, unpacked, before_epoch, states, .. } = self;
        score::by_key(types, keys, rows, |key| {
            let Some(bytes) = before_epoch.get(key, states) else { return Ok(None) };
            unpacked.scorer(bytes, aggregate, regression)
        })
    }
}

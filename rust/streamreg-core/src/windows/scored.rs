//! Windows: rows that are scored, each by the last closed window of its instance.

use super::kept::Kept;
use super::reduction::WindowReduction;
use crate::error::Error;
use crate::infer::Residuals;
use crate::reduce::score::{self, Observations};
use crate::reduce::{KeyColumn, Regression};

impl WindowReduction {
    /// Rows are scored by the last closed windows of this moment, whatever is merged and closed, until this is called
    /// again.
    pub fn freeze(&mut self) {
        self.kept.freeze();
    }

    /// Scores rows, each by the regression of the last closed window of its instance when they were
    /// [frozen](Self::freeze), or by its last rows as they were when results were [due](Self::due) last before; all NaN
    /// for an instance that had none.
    ///
    /// # Errors
    /// [`Error::Invalid`] if closed windows are not kept, or the aggregate is no regression; [`Error::Columns`] as
    /// [`Scorer::scores`](crate::reduce::Scorer::scores).
    pub fn scores(
        &mut self,
        aggregate: usize,
        regression: &Regression,
        keys: &[KeyColumn<'_>],
        rows: Observations<'_>,
    ) -> Result<Residuals, Error> {
        self.check_closed()?;
        let (types, states, map, before) = self.kept.parts();
        score::by_key(types, keys, rows, |instance| match Kept::closed(map, before, instance) {
            Some(closed) => states.scorer(closed, aggregate, regression),
            None => Ok(None),
        })
    }

    /// That the last closed windows are kept, or an error.
    pub(super) fn check_closed(&self) -> Result<(), Error> {
        if self.kept.keeps_closed() {
            return Ok(());
        }
        Err(Error::Invalid("closed windows are not kept: no row can be scored by them".to_owned()))
    }
}

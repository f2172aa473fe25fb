//! Windows: those whose rows have labels: their results, and the classes that rows are scored by.

use std::ops::Range;

use super::kept::Kept;
use super::reduction::WindowReduction;
use super::store::Asked;
use crate::classes::Classes;
use crate::error::Error;
use crate::reduce::group::Groups;
use crate::reduce::{KeyColumn, KeyedAnswers, Statistic, key};

impl WindowReduction {
    /// The same where rows have labels: for each label a row, and of each window the classes of some aggregates.
    ///
    /// # Errors
    /// As [`WindowReduction::results`], and [`Error::Invalid`] if rows have no labels, an aggregate is not of classes, or
    /// there are more than [`MOST_CLASSES`](crate::classes::MOST_CLASSES) in a window.
    pub fn class_results(
        &mut self,
        statistics: &[Statistic],
        classes: &[usize],
        windows: Range<usize>,
    ) -> Result<KeyedAnswers, Error> {
        self.check_labelled()?;
        self.store.results(&mut self.kept, Asked { statistics, classes }, windows)
    }

    /// At least so many labels some window has had by now, where rows have labels; exactly, of those whose results or
    /// classes were asked for.
    #[must_use]
    pub fn most_labels(&self) -> usize {
        self.kept.states.most_labels()
    }

    fn check_labelled(&self) -> Result<(), Error> {
        match self.kept.states.label() {
            Some(_) => Ok(()),
            None => Err(Error::Invalid("without labels there are no classes".to_owned())),
        }
    }

    /// The columns of the instances, and that of the labels, if rows have such.
    pub(super) fn split_label<'a, 'b>(
        &self,
        keys: &'a [KeyColumn<'b>],
        rows: usize,
    ) -> Result<(&'a [KeyColumn<'b>], Option<KeyColumn<'b>>), Error> {
        let Some(label) = self.kept.states.label() else {
            key::check_keys(&self.kept.keys, keys, rows)?;
            return Ok((keys, None));
        };
        let types: Vec<_> = self.kept.keys.iter().copied().chain([label]).collect();
        key::check_keys(&types, keys, rows)?;
        Ok(keys.split_last().map_or((keys, None), |(label, keys)| (keys, Some(*label))))
    }

    /// For each row which of some instances it is of, in order, and the classes of the last closed window of each of these
    /// when they were [frozen](Self::freeze), or of its last rows as they were when results were [due](Self::due) last
    /// before; `None` for an instance that had none.
    ///
    /// # Errors
    /// [`Error::Invalid`] if closed windows are not kept, rows have no labels, or the aggregate is not of classes, or there
    /// are too many; [`Error::Columns`] unless the instances are of these types and so many.
    pub fn closed_classes(
        &mut self,
        aggregate: usize,
        instances: &[KeyColumn<'_>],
        rows: usize,
    ) -> Result<(Vec<i64>, Vec<Option<Classes>>), Error> {
        self.check_labelled()?;
        self.check_closed()?;
        key::check_keys(&self.kept.keys, instances, rows)?;
        let groups = Groups::new(instances, rows)?;
        let (_, states, map, before) = self.kept.parts();
        let (mut codes, mut found) = (vec![0; rows], Vec::with_capacity(groups.len()));
        for (code, (instance, places)) in (0i64..).zip(groups.iter()) {
            for &row in groups.rows(places) {
                codes[row as usize] = code;
            }
            let closed = Kept::closed(map, before, instance);
            found.push(closed.map(|closed| states.classes(closed, aggregate)).transpose()?);
        }
        Ok((codes, found))
    }
}

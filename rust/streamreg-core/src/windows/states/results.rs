//! Windows: what is given of states: results, classes, and what scores rows.

use super::by_label::{answers, classes_of, count, keys};
use super::{Labelled, States};
use crate::classes::Classes;
use crate::error::Error;
use crate::reduce::{Reduction, Regression, Scorer, Statistic};
use crate::windows::window_rows::WindowRows;

impl States {
    /// The results of the states that were unpacked: the statistics, and the classes of some aggregates.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a statistic does not fit its aggregate, or an aggregate is not of classes.
    pub(in crate::windows) fn answers(
        &mut self,
        statistics: &[Statistic],
        classes: &[usize],
    ) -> Result<WindowRows, Error> {
        match &mut self.labelled {
            None => Ok(WindowRows::unlabelled(self.own.answers(statistics)?)),
            Some(Labelled { key, read, most, .. }) => {
                *most = count(read).max(*most);
                answers(*key, &mut self.own, read, statistics, classes)
            }
        }
    }

    /// The same of the sum.
    ///
    /// # Errors
    /// As [`States::answers`].
    pub(in crate::windows) fn sum_answers(
        &mut self,
        statistics: &[Statistic],
        classes: &[usize],
    ) -> Result<WindowRows, Error> {
        match &mut self.labelled {
            None => Ok(WindowRows::unlabelled(self.own.sum_answers(statistics)?)),
            Some(Labelled { key, sum, most, .. }) => {
                *most = count(sum).max(*most);
                answers(*key, &mut self.own, sum, statistics, classes)
            }
        }
    }

    /// What scores rows by a regression of what is kept; `None` if that is of no row.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the aggregate is no regression, or rows have labels.
    pub(in crate::windows) fn scorer(
        &mut self,
        bytes: &[u8],
        aggregate: usize,
        regression: &Regression,
    ) -> Result<Option<Scorer>, Error> {
        if self.labelled.is_some() {
            return Err(Error::Invalid("rows with labels are scored by their classes".to_owned()));
        }
        self.own.scorer(bytes, aggregate, regression)
    }

    /// The classes of what is kept.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the aggregate is not of classes, or they are too many.
    pub(in crate::windows) fn classes(&mut self, bytes: &[u8], aggregate: usize) -> Result<Classes, Error> {
        self.unpack(bytes)?;
        let Some(Labelled { key, read, most, .. }) = &mut self.labelled else {
            return Err(Error::Invalid("rows have no labels".to_owned()));
        };
        *most = count(read).max(*most);
        classes_of(*key, &mut self.own, read, aggregate)
    }

    /// The keys that results have for a window of which this is kept, by the key of the window.
    ///
    /// # Errors
    /// None but for bytes that are damaged in memory.
    pub(in crate::windows) fn keys(&mut self, key: &[u8], bytes: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        if self.labelled.is_none() {
            return Ok(vec![key.to_vec()]);
        }
        self.unpack(bytes)?;
        Ok(self.labelled.as_ref().map_or_else(Vec::new, |labelled| keys(key, &labelled.read)))
    }

    /// The same of the sum.
    pub(in crate::windows) fn sum_keys(&self, key: &[u8]) -> Vec<Vec<u8>> {
        self.labelled.as_ref().map_or_else(|| vec![key.to_vec()], |labelled| keys(key, &labelled.sum))
    }

    /// The aggregates over rows of which this is kept.
    ///
    /// # Errors
    /// [`Error::Invalid`] if rows have labels.
    pub(in crate::windows) fn single(&self, bytes: &[u8]) -> Result<Reduction, Error> {
        match &self.labelled {
            None => self.own.single(bytes),
            Some(_) => Err(Error::Invalid("rows with labels have classes".to_owned())),
        }
    }
}

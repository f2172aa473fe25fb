//! Windows: what every store of windows does. Each keeps its entries in the map of [`Kept`], under keys that begin with
//! [`OPEN`], and beside them indexes of its own that follow from the entries.

use std::fmt::Debug;
use std::ops::Range;
use std::rc::Rc;

use super::assign::SetAside;
use super::kept::{Kept, OPEN};
use super::moment::Moment;
use super::row_times::RowTimes;
use crate::error::Error;
use crate::reduce::block::Block;
use crate::reduce::{KeyColumn, KeyedAnswers, Statistic};
use crate::wire::{Reader, Writer};

/// The rows of a batch, in columns that were checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch<'a> {
    /// The cells of the instances.
    pub(super) keys: &'a [KeyColumn<'a>],
    pub(super) times: &'a RowTimes,
    /// The numbers; where rows have labels, behind them which of the labels each has.
    pub(super) block: Block<'a>,
}

/// A window with rows that is not closed.
#[derive(Clone, Debug)]
pub(super) struct OpenWindow {
    pub(super) span: (Moment, Moment),
    pub(super) states: Rc<[u8]>,
}

/// An instance, and when something is to be done about its windows.
pub type NextDue = (Vec<u8>, Moment);

/// What is asked of windows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) statistics: &'a [Statistic],
    /// The aggregates whose classes are wanted, where rows have labels.
    pub(super) classes: &'a [usize],
}

/// How windows of one kind are kept.
pub(super) trait Store: Debug + Send {
    /// The least and the greatest time of a row that is not outside.
    fn bounds(&self) -> (Moment, Moment);

    /// Whether a row of this time would be late for any of its windows, were this the greatest time before it.
    fn late(&self, time: Moment, before: Moment) -> bool;

    /// Appends to a partial what a batch comes to.
    fn partial(&self, kept: &mut Kept, batch: Batch<'_>, writer: &mut Writer) -> Result<SetAside, Error>;

    /// Adds all that is left of a partial, and finishes reading it; nothing is changed after an error.
    fn merge(&mut self, kept: &mut Kept, reader: Reader<'_>) -> Result<(), Error>;

    /// Number of counts that stand in a partial before its pieces: of excluded rows that these do not tell.
    fn counts(&self, _: &Kept) -> usize {
        0
    }

    /// Reads one piece of a partial, of which it has a number behind these counts: rows of one instance; gives that.
    fn read_piece<'a>(&self, kept: &mut Kept, reader: &mut Reader<'a>) -> Result<&'a [u8], Error>;

    /// Checks an entry of open windows that was stored, of which the key is given without its mark.
    fn check(&self, kept: &mut Kept, key: &[u8], bytes: &[u8]) -> Result<(), Error>;

    /// Takes in the key of an entry that was checked and is in the map now.
    fn index(&mut self, kept: &Kept, key: &[u8]);

    /// The changes have been stored: from now on others count.
    fn mark_clean(&mut self);

    /// The least time at which every open window is visible and closed; `None` if none is open, or none is ever closed.
    fn horizon(&self) -> Option<Moment>;

    /// A time before which no open window is closed, and at which one may be; `None` if none is open, or none is ever
    /// closed.
    fn next_close(&self) -> Option<Moment>;

    /// For each instance, in order, the least time later than this at which one of its windows becomes visible or is closed;
    /// without those of which none ever does. What was due by then was given results, and closed.
    fn next_due(&self, kept: &mut Kept, now: Option<Moment>) -> Result<Vec<NextDue>, Error>;

    /// Puts the windows that are to be given results in order, now that the time is `now` and was `before`; gives their
    /// number.
    fn due(&mut self, kept: &mut Kept, before: Option<Moment>, now: Option<Moment>) -> Result<usize, Error>;

    /// The results of some of them: start and end of the window, then the statistics.
    fn results(
        &mut self,
        kept: &mut Kept,
        asked: Asked<'_>,
        windows: Range<usize>,
    ) -> Result<KeyedAnswers, Error>;

    /// Drops the windows that are visible and closed at this time; gives their keys, as results have them.
    fn close(&mut self, kept: &mut Kept, now: Moment) -> Result<Vec<Vec<u8>>, Error>;

    /// Number of windows with rows that are not closed.
    fn open_windows(&self, kept: &mut Kept) -> Result<usize, Error>;

    /// The windows with rows of an instance that are not closed, in order.
    ///
    /// # Errors
    /// [`Error::Overflow`] for more windows than are listed at once, and for states that are damaged in memory.
    fn open(&self, kept: &mut Kept, instance: &[u8]) -> Result<Vec<OpenWindow>, Error> {
        let mut found = Vec::new();
        for (stored, states) in kept.map.in_order() {
            if let [OPEN, key @ ..] = stored
                && let Some(rest) = key.strip_prefix(instance)
                && let Ok(Some(span)) = self.span(rest)
            {
                found.push(OpenWindow { span, states: states.into() });
            }
        }
        Ok(found)
    }

    /// Counts the limbs of each aggregate of the open windows.
    fn count_limbs(&self, kept: &mut Kept, totals: &mut [usize]) -> Result<(), Error> {
        for (key, bytes) in kept.map.in_order() {
            if key.first() == Some(&OPEN) {
                kept.states.unpack(bytes)?;
                kept.states.count_limbs(totals);
            }
        }
        Ok(())
    }

    /// How many bytes of a key tell the window, behind those of the instance.
    fn key_width(&self) -> usize;

    /// Start and end of the window of a key without its instance, where the key tells them.
    fn span(&self, key: &[u8]) -> Result<Option<(Moment, Moment)>, Error>;
}

//! Windows: the reduction that workers make partials with and the parent merges them into, whatever the windows.

use std::ops::Range;

use super::assign::SetAside;
use super::kept::Kept;
use super::moment::{Moment, TimeKind};
use super::row_times::RowTimes;
use super::spec::{Spec, Window};
use super::states::States;
use super::store::{Asked, Batch, Store};
use super::{grid, last, sessions};
use crate::column::{NumberType, Numbers};
use crate::error::Error;
use crate::reduce::block::Block;
use crate::reduce::shape::{self, Inputs};
use crate::reduce::{Aggregate, KeyColumn, KeyType, KeyedAnswers, Statistic, key};
use crate::wire::{Reader, Writer, kind};
use crate::write::Cell;

/// What a batch comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowPartial {
    /// Bytes to be [merged](WindowReduction::merge); equal batches give equal bytes.
    pub state: Vec<u8>,
    /// Its rows that are in no window.
    pub aside: SetAside,
}

/// For each instance and window the states of several aggregates over the same rows; the first one counts them.
#[derive(Debug)]
pub struct WindowReduction {
    pub(super) kept: Kept,
    pub(super) store: Box<dyn Store>,
    /// The shape in bytes, as every partial carries it.
    pub(super) shape: Vec<u8>,
    /// Whether rows can be without a time.
    pub(super) untimed: bool,
    /// The time of all partitions when the last results were given.
    pub(super) now: Option<Moment>,
}

impl WindowReduction {
    /// No window; each will have these aggregates over columns of these types. Without keys there is one instance.
    ///
    /// # Errors
    /// [`Error::Invalid`] for windows that make no sense, unless the first aggregate is the count, and as
    /// [`Reduction::new`](crate::reduce::Reduction::new).
    pub fn new(
        keys: &[KeyType],
        inputs: &[NumberType],
        aggregates: Vec<Aggregate>,
        time: TimeKind,
        spec: Spec,
    ) -> Result<Self, Error> {
        Self::with_missing((keys, &[]), (inputs, &[]), aggregates, (time, false), spec)
    }

    /// The same, where some keys and values of some inputs can be missing: of each the types, and which they are; and
    /// times, if that is said of them. Rows that lack a key have an instance of their own, as in SQL; those that lack a
    /// value are in their windows, but in no aggregate that reads it; those that lack a time are in no window. Rows that
    /// an aggregate leaves out are counted in [`excluded`](WindowReduction::excluded).
    ///
    /// # Errors
    /// As [`WindowReduction::new`], and [`Error::Invalid`] if there is no such input.
    pub fn with_missing(
        keys: (&[KeyType], &[usize]),
        inputs: (&[NumberType], &[usize]),
        aggregates: Vec<Aggregate>,
        (time, untimed): (TimeKind, bool),
        spec: Spec,
    ) -> Result<Self, Error> {
        let spec = spec.checked(time)?;
        let mut keys = key::keys_of(keys.0, keys.1);
        let mut inputs = Inputs::new(inputs.0, inputs.1)?;
        let mut writer = Writer::payload();
        shape::write_keyed(&keys, &inputs, &aggregates, &mut writer);
        writer.byte(if untimed { time.code() + shape::OPTIONAL } else { time.code() });
        spec.write(&mut writer);
        let label = if spec.labelled { keys.pop() } else { None };
        if let Some(label) = label {
            inputs = inputs.labelled(label.is_optional());
        } else if spec.labelled {
            return Err(Error::Invalid("rows with labels have a column of them".to_owned()));
        }
        let states = States::new(inputs, aggregates, label)?;
        let store = match spec.window {
            Window::Grid { .. } => grid::new(&spec, time, &states)?,
            Window::Session { .. } => sessions::new(&spec, time)?,
            Window::Last { .. } => last::new(&spec, time)?,
        };
        let kept = Kept::new(keys, time, states, spec.keep_closed);
        Ok(Self { kept, store, shape: writer.into_payload(), untimed, now: None })
    }

    /// The least and the greatest time of a row that is not outside.
    #[must_use]
    pub fn bounds(&self) -> (Moment, Moment) {
        self.store.bounds()
    }

    /// What a batch comes to. Nothing is kept of it.
    ///
    /// # Errors
    /// [`Error::Columns`] if the columns are not of the reduction's number, types and length.
    pub fn partial(
        &mut self,
        keys: &[KeyColumn<'_>],
        times: &RowTimes,
        columns: &[Numbers<'_>],
        rows: usize,
    ) -> Result<WindowPartial, Error> {
        self.partial_with_missing(keys, times, columns, &[], rows)
    }

    /// The same of rows of which some values are missing: of each column which, `None` if none is.
    ///
    /// # Errors
    /// As [`WindowReduction::partial`]; [`Error::Columns`] too if values of the column, or times, cannot be missing.
    pub fn partial_with_missing(
        &mut self,
        keys: &[KeyColumn<'_>],
        times: &RowTimes,
        columns: &[Numbers<'_>],
        missing: &[Option<&[bool]>],
        rows: usize,
    ) -> Result<WindowPartial, Error> {
        let block = Block { columns, missing, rows };
        let (keys, labels) = self.split_label(keys, rows)?;
        self.kept.states.check_rows(block)?;
        if (times.kind(), times.len()) != (self.kept.time, rows) {
            let (kind, found, time) = (times.kind(), times.len(), self.kept.time);
            return Err(Error::Columns(format!("{found} times of kind {kind:?}, not {rows} of {time:?}")));
        }
        let untimed = times.count_missing();
        if untimed > 0 && !self.untimed {
            return Err(Error::Columns("times cannot be missing".to_owned()));
        }
        let mut writer = Writer::new(kind::WINDOWS);
        writer.bytes(&self.shape);
        if self.untimed {
            writer.unsigned(untimed as u64);
        }
        let codes = self.kept.states.begin_batch(labels, rows)?;
        let mut columns = columns.to_vec();
        if labels.is_some() {
            columns.push(Numbers::Int(&codes));
        }
        let block = Block { columns: &columns, ..block };
        let aside = self.store.partial(&mut self.kept, Batch { keys, times, block }, &mut writer)?;
        Ok(WindowPartial { state: writer.finish(), aside })
    }

    /// Whether a row of this time would be late for any of its windows, were this the greatest time before it in its
    /// partition.
    ///
    /// # Errors
    /// [`Error::Invalid`] for times of another kind.
    pub fn late(&self, time: Moment, watermark: Moment) -> Result<bool, Error> {
        let (time, watermark) = (self.kept.time.checked(time)?, self.kept.time.checked(watermark)?);
        Ok(self.store.late(time, watermark))
    }

    /// Adds a partial.
    ///
    /// # Errors
    /// As [`Reduction::merge`](crate::reduce::Reduction::merge); nothing is added then.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut reader = self.open_partial(bytes)?;
        let untimed = if self.untimed { reader.unsigned()? } else { 0 };
        self.store.merge(&mut self.kept, reader)?;
        self.kept.exclude(&vec![untimed.into(); self.kept.states.len()]);
        Ok(())
    }

    /// Stands behind the shape of a partial.
    ///
    /// # Errors
    /// As [`WindowReduction::merge`].
    pub(super) fn open_partial<'a>(&self, bytes: &'a [u8]) -> Result<Reader<'a>, Error> {
        let mut reader = Reader::open(kind::WINDOWS, bytes)?;
        if reader.bytes()? != self.shape {
            return Err(Error::Mismatch(
                "the state belongs to a reduction of other windows, keys, columns or aggregates".to_owned(),
            ));
        }
        Ok(reader)
    }

    /// The least time of all partitions at which every open window is visible and closed; `None` if none is open, or none
    /// is ever closed.
    #[must_use]
    pub fn horizon(&self) -> Option<Moment> {
        self.store.horizon()
    }

    /// A time of all partitions before which no open window is closed, and at which one may be, once results were
    /// [due](Self::due) since the last change; `None` if none is open, or none is ever closed.
    #[must_use]
    pub fn next_close(&self) -> Option<Moment> {
        self.store.next_close()
    }

    /// Puts the windows that are to be given results in order, now that the time of all partitions is this; gives their
    /// number: those that have changed since they were last marked clean and are visible, those that have become
    /// visible since, and those that are gone because they are part of another one. The time never falls.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a time of another kind.
    pub fn due(&mut self, time: Option<Moment>) -> Result<usize, Error> {
        let before = self.now;
        self.resume(time)?;
        self.store.due(&mut self.kept, before, self.now)
    }

    /// The results of some of those windows, counted as [`WindowReduction::due`] has put them; each is rounded once.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a statistic does not fit its aggregate.
    pub fn results(
        &mut self,
        statistics: &[Statistic],
        windows: Range<usize>,
    ) -> Result<KeyedAnswers, Error> {
        self.store.results(&mut self.kept, Asked { statistics, classes: &[] }, windows)
    }

    /// Drops the windows that are visible and closed at this time; gives their keys, as results have them.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a time of another kind.
    pub fn close(&mut self, time: Option<Moment>) -> Result<Vec<Vec<u8>>, Error> {
        self.resume(time)?;
        match self.now {
            Some(now) => self.store.close(&mut self.kept, now),
            None => Ok(Vec::new()),
        }
    }

    /// After what was stored has been loaded: the time of all partitions when the last results were given.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a time of another kind.
    pub fn resume(&mut self, time: Option<Moment>) -> Result<(), Error> {
        if let Some(time) = time {
            let time = self.kept.time.checked(time)?;
            self.now = Some(self.now.map_or(time, |now| now.later(time)));
        }
        Ok(())
    }

    /// Number of windows with rows that are not closed.
    ///
    /// # Errors
    /// None but for states that are damaged in memory.
    pub fn open_windows(&mut self) -> Result<usize, Error> {
        self.store.open_windows(&mut self.kept)
    }

    /// The cells that a key of results is made of, the label among them if rows have such, then start and end of its window
    /// where the key tells them.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is no key of this reduction.
    pub fn cells(&self, mut key: &[u8]) -> Result<Vec<Cell>, Error> {
        let (_, mut cells) = self.kept.instance(&mut key)?;
        if let Some(kind) = self.kept.states.label() {
            let (window, label) = key.split_at(self.store.key_width().min(key.len()));
            cells.extend(key::decode(&[kind], label)?);
            key = window;
        }
        let span = self.store.span(key)?.map(|(start, end)| [start, end]).into_iter().flatten();
        let span = span.map(|moment| Cell::from(moment.answer(self.kept.time)));
        Ok(cells.into_iter().map(Cell::from).chain(span).collect())
    }

    /// For each aggregate the 64-bit limbs that the exact sums of the open windows take.
    ///
    /// # Errors
    /// None but for states that are damaged in memory.
    pub fn limbs(&mut self) -> Result<Vec<usize>, Error> {
        let mut totals = vec![0; self.kept.states.len()];
        self.store.count_limbs(&mut self.kept, &mut totals)?;
        Ok(totals)
    }

    /// For each aggregate the rows of all windows that it could not take, each counted once; those without a time are among
    /// them.
    #[must_use]
    pub fn excluded(&self) -> &[i128] {
        self.kept.excluded()
    }
}

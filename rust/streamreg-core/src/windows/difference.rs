//! Windows: a grid whose windows overlap, kept as differences: a row costs one addition and one subtraction, in however
//! many windows it is.
//!
//! For each instance there are entries D[k], and the states of window k are the sum of D[j] over j <= k. Rows in the windows
//! first..=last are added to D[first] and subtracted from D[last + 1]. When windows are closed, the entries up to them are
//! put together in the first one that is not, so that what is kept is bounded. An entry that comes to nothing stays one until
//! then: equal rows, hop after hop, take each other away, and the windows between two entries that are left would be any
//! number; with it there are never more of them than a row can be in.

use std::collections::BTreeMap;
use std::ops::Range;

use super::assign::SetAside;
use super::grid::Grid;
use super::kept::Kept;
use super::moment::Moment;
use super::panes::{self, Stage, read_index, read_key};
use super::spans::Spans;
use super::store::{Asked, Batch, NextDue, OpenWindow, Store};
use crate::accumulate::Sign;
use crate::error::Error;
use crate::reduce::{KeyedAnswers, key};
use crate::wire::{Reader, Writer, corrupt};

mod entries;
mod instance;

use entries::{Entries, Run};

#[derive(Debug)]
pub(super) struct Difference {
    grid: Grid,
    entries: Entries,
    /// The windows that rows were added to since they were marked clean.
    touched: BTreeMap<Box<[u8]>, Spans>,
    due: Vec<Due>,
}

/// Windows of one instance that are to be given results, one after another.
#[derive(Debug)]
struct Due {
    instance: Box<[u8]>,
    first: i64,
    last: i64,
    /// How many are due up to the last of these.
    end: usize,
}

impl Difference {
    pub(super) fn new(grid: Grid) -> Self {
        Self { grid, entries: Entries::default(), touched: BTreeMap::new(), due: Vec::new() }
    }
}

impl Store for Difference {
    fn bounds(&self) -> (Moment, Moment) {
        self.grid.bounds()
    }

    fn late(&self, time: Moment, before: Moment) -> bool {
        self.grid.late(time, before)
    }

    fn partial(&self, kept: &mut Kept, batch: Batch<'_>, writer: &mut Writer) -> Result<SetAside, Error> {
        panes::partial(&self.grid, kept, batch, writer)
    }

    fn merge(&mut self, kept: &mut Kept, reader: Reader<'_>) -> Result<(), Error> {
        let groups = panes::groups(&self.grid, kept, reader)?;
        let mut deltas = Vec::with_capacity(2 * groups.len());
        for group in &groups {
            deltas.push(group.delta(group.windows.0, Sign::Added));
            // The index after the last window is a 64-bit integer, as the grid says.
            deltas.push(group.delta(group.windows.1 + 1, Sign::Removed));
        }
        deltas.sort_by(|one, other| one.place().cmp(&other.place()));
        let mut stage = Stage::new(kept, true);
        for same in deltas.chunk_by(|one, other| one.place() == other.place()) {
            stage.put(kept, same)?;
        }
        stage.apply(kept, |instance, index, is| self.entries.note(instance, index, is));
        for group in &groups {
            if !self.touched.contains_key(group.instance) {
                self.touched.insert(group.instance.into(), Spans::default());
            }
            if let Some(spans) = self.touched.get_mut(group.instance) {
                spans.add(group.windows.0, group.windows.1);
            }
        }
        Ok(())
    }

    fn read_piece<'a>(&self, kept: &mut Kept, reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
        panes::read_piece(kept, reader)
    }

    fn check(&self, kept: &mut Kept, key: &[u8], bytes: &[u8]) -> Result<(), Error> {
        let (_, index) = read_key(kept, key)?;
        kept.states.unpack(bytes)?;
        // There is an entry behind the last window, of what ends there.
        let holds = self.grid.holds((index, index)) || self.grid.holds((index - 1, index - 1));
        if holds { Ok(()) } else { Err(corrupt("there is no such window")) }
    }

    fn index(&mut self, kept: &Kept, key: &[u8]) {
        if let Ok((instance, index)) = read_key(kept, key) {
            self.entries.note(instance, index, true);
        }
    }

    fn mark_clean(&mut self) {
        self.touched.clear();
        self.due.clear();
    }

    fn horizon(&self) -> Option<Moment> {
        // Behind the last window with rows there is the entry that takes them away.
        self.grid.done(self.entries.last()?.checked_sub(1)?)
    }

    fn next_close(&self) -> Option<Moment> {
        self.grid.done(self.entries.first()?)
    }

    fn next_due(&self, kept: &mut Kept, now: Option<Moment>) -> Result<Vec<NextDue>, Error> {
        let visible = self.grid.visible_to(now);
        let mut found = Vec::new();
        for (instance, indexes) in self.entries.iter() {
            let closes = indexes.first().and_then(|&first| self.grid.done(first));
            let mut appears = None;
            let mut run = Run::new(instance, indexes, i128::MAX);
            while let Some((first, last)) = run.next_with_rows(kept)? {
                if let Ok(next) = i64::try_from(visible.saturating_add(1).max(first.into()))
                    && next <= last
                {
                    appears = self.grid.next_change(next, now);
                    break;
                }
            }
            let next = closes.into_iter().chain(appears).reduce(Moment::earlier);
            found.extend(next.map(|next| (instance.to_vec(), next)));
        }
        Ok(found)
    }

    fn due(&mut self, kept: &mut Kept, before: Option<Moment>, now: Option<Moment>) -> Result<usize, Error> {
        let (was, visible) = (self.grid.visible_to(before), self.grid.visible_to(now));
        let mut due: BTreeMap<&[u8], Spans> = BTreeMap::new();
        let mut add = |instance, first: i128, last: i128| {
            // Within the indexes of the grid's windows.
            if let (Ok(first), Ok(last)) = (i64::try_from(first), i64::try_from(last.min(visible)))
                && first <= last
            {
                due.entry(instance).or_default().add(first, last);
            }
        };
        for (instance, spans) in &self.touched {
            for (first, last) in spans.iter() {
                add(instance, first.into(), last.into());
            }
        }
        if was < visible {
            for (instance, indexes) in self.entries.iter() {
                let mut run = Run::new(instance, indexes, visible);
                while let Some((first, last)) = run.next_with_rows(kept)? {
                    add(instance, was.saturating_add(1).max(first.into()), last.into());
                }
            }
        }
        let mut found = Vec::new();
        let mut end = 0;
        for (instance, spans) in due {
            for (first, last) in spans.iter() {
                end += usize::try_from(last.abs_diff(first)).unwrap_or(usize::MAX).saturating_add(1);
                found.push(Due { instance: instance.into(), first, last, end });
            }
        }
        self.due = found;
        Ok(end)
    }

    fn results(
        &mut self,
        kept: &mut Kept,
        asked: Asked<'_>,
        windows: Range<usize>,
    ) -> Result<KeyedAnswers, Error> {
        let total = self.due.last().map_or(0, |due| due.end);
        let (start, end) = (windows.start.min(total), windows.end.min(total));
        let mut found =
            KeyedAnswers::with_capacity(kept.cells(), 2 + asked.statistics.len(), end.saturating_sub(start));
        let mut at = start;
        let from = self.due.partition_point(|due| due.end <= start);
        for due in &self.due[from..] {
            if at >= end {
                break;
            }
            // The windows of this instance that are due before this one.
            let before = due.end - usize::try_from(due.last.abs_diff(due.first)).unwrap_or(usize::MAX) - 1;
            let skip = i64::try_from(at - before).unwrap_or(i64::MAX);
            let count = i64::try_from(end.min(due.end) - at).unwrap_or(i64::MAX);
            let first = due.first + skip;
            self.answer(kept, asked, &due.instance, first..=first + (count - 1), &mut found)?;
            at = end.min(due.end);
        }
        Ok(found)
    }

    fn close(&mut self, kept: &mut Kept, now: Moment) -> Result<Vec<Vec<u8>>, Error> {
        let Some(from) = self.entries.first().filter(|_| self.grid.closes()) else { return Ok(Vec::new()) };
        let below = self.grid.kept_from(now);
        if i128::from(from) >= below {
            return Ok(Vec::new());
        }
        let below = i64::try_from(below).unwrap_or(i64::MAX);
        let mut closed = Vec::new();
        for instance in self.entries.before(below) {
            self.close_instance(kept, &instance, below, &mut closed)?;
        }
        Ok(closed)
    }

    fn open_windows(&self, kept: &mut Kept) -> Result<usize, Error> {
        let mut count = 0usize;
        for (instance, indexes) in self.entries.iter() {
            let mut run = Run::new(instance, indexes, i128::MAX);
            while let Some((first, last)) = run.next_with_rows(kept)? {
                let more = usize::try_from(last.abs_diff(first)).unwrap_or(usize::MAX).saturating_add(1);
                count = count.saturating_add(more);
            }
        }
        Ok(count)
    }

    fn open(&self, kept: &mut Kept, instance: &[u8]) -> Result<Vec<OpenWindow>, Error> {
        self.open_of(kept, instance)
    }

    fn key_width(&self) -> usize {
        key::INT_WIDTH
    }

    fn span(&self, key: &[u8]) -> Result<Option<(Moment, Moment)>, Error> {
        Ok(self.grid.span(read_index(key)?))
    }
}

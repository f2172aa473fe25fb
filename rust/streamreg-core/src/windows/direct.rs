//! Windows: a grid of which every window is kept for itself: those that do not overlap, and those whose aggregates cannot
//! be subtracted.

use std::collections::BTreeMap;
use std::ops::Range;

use super::assign::SetAside;
use super::grid::Grid;
use super::kept::{Kept, OPEN};
use super::moment::Moment;
use super::panes::{self, Delta, Group, Stage, read_index, read_key, write_key};
use super::store::{Asked, Batch, NextDue, Store};
use crate::accumulate::Sign;
use crate::error::Error;
use crate::reduce::{KeyedAnswers, key};
use crate::wire::{Reader, Writer, corrupt};

#[derive(Debug)]
pub(super) struct Direct {
    grid: Grid,
    /// The instances of the windows that are still to become visible or to be closed, by the index of the window.
    waiting: BTreeMap<i64, Vec<Box<[u8]>>>,
    open: usize,
    /// The stored keys of the windows that are to be given results, in order.
    due: Vec<Box<[u8]>>,
}

impl Direct {
    pub(super) fn new(grid: Grid) -> Self {
        Self { grid, waiting: BTreeMap::new(), open: 0, due: Vec::new() }
    }

    /// A window has got its first row.
    fn opened(&mut self, instance: &[u8], index: i64) {
        self.open += 1;
        if self.grid.waits() {
            self.waiting.entry(index).or_default().push(instance.into());
        }
    }

    /// A window has no row any more, which no row's bytes do to it.
    fn emptied(&mut self, instance: &[u8], index: i64) {
        self.open -= 1;
        if let Some(instances) = self.waiting.get_mut(&index) {
            instances.retain(|waiting| **waiting != *instance);
        }
    }

    /// Takes the windows before this one out of those that wait.
    fn take_before(&mut self, index: i128) -> BTreeMap<i64, Vec<Box<[u8]>>> {
        let rest = match i64::try_from(index) {
            Ok(index) => self.waiting.split_off(&index),
            Err(_) if index > 0 => BTreeMap::new(),
            Err(_) => return BTreeMap::new(),
        };
        std::mem::replace(&mut self.waiting, rest)
    }
}

impl Store for Direct {
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
        let mut stage = Stage::new(kept, false);
        for same in groups.chunk_by(|one, other| one.instance == other.instance) {
            stage_instance(kept, same, &mut stage)?;
        }
        stage.apply(kept, |instance, index, is| {
            if is {
                self.opened(instance, index);
            } else {
                self.emptied(instance, index);
            }
        });
        Ok(())
    }

    fn read_piece<'a>(&self, kept: &mut Kept, reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
        panes::read_piece(kept, reader)
    }

    fn check(&self, kept: &mut Kept, key: &[u8], bytes: &[u8]) -> Result<(), Error> {
        let (_, index) = read_key(kept, key)?;
        kept.states.unpack(bytes)?;
        if self.grid.holds((index, index)) { Ok(()) } else { Err(corrupt("there is no such window")) }
    }

    fn index(&mut self, kept: &Kept, key: &[u8]) {
        if let Ok((instance, index)) = read_key(kept, key) {
            self.opened(instance, index);
        }
    }

    fn mark_clean(&mut self) {
        self.due.clear();
    }

    fn horizon(&self) -> Option<Moment> {
        let (&last, _) = self.waiting.last_key_value().filter(|_| self.grid.closes())?;
        self.grid.done(last)
    }

    fn next_close(&self) -> Option<Moment> {
        let (&first, _) = self.waiting.first_key_value().filter(|_| self.grid.closes())?;
        self.grid.done(first)
    }

    fn next_due(&self, kept: &mut Kept, now: Option<Moment>) -> Result<Vec<NextDue>, Error> {
        let mut found: Vec<NextDue> = Vec::new();
        for (stored, _) in kept.map.in_order() {
            let [OPEN, key @ ..] = stored else { continue };
            let (instance, index) = read_key(kept, key)?;
            // The windows of an instance are in order: the first one that waits may wait longer than one behind it.
            let Some(next) = self.grid.next_change(index, now) else { continue };
            match found.last_mut() {
                Some((last, at)) if **last == *instance => *at = at.earlier(next),
                _ => found.push((instance.to_vec(), next)),
            }
        }
        Ok(found)
    }

    fn due(&mut self, kept: &mut Kept, before: Option<Moment>, now: Option<Moment>) -> Result<usize, Error> {
        let (was, visible) = (self.grid.visible_to(before), self.grid.visible_to(now));
        let changed = kept.map.changed();
        let mut due = Vec::new();
        for change in kept.map.changes(0..changed) {
            if let [OPEN, key @ ..] = change.key
                && change.bytes.is_some()
                && i128::from(read_key(kept, key)?.1) <= visible
            {
                due.push(change.key.into());
            }
        }
        let from = i64::try_from(was.saturating_add(1)).ok().or((was < 0).then_some(i64::MIN));
        if let Some(from) = from.filter(|_| was < visible) {
            let appeared = self.waiting.range(from..).take_while(|(index, _)| i128::from(**index) <= visible);
            for (&index, instances) in appeared {
                for instance in instances {
                    let mut key = Vec::with_capacity(instance.len() + 10);
                    write_key(instance, index, &mut key);
                    due.push(key.into());
                }
            }
            due.sort_unstable();
            due.dedup();
        }
        if !self.grid.closes() {
            self.take_before(visible.saturating_add(1));
        }
        self.due = due;
        Ok(self.due.len())
    }

    fn results(
        &mut self,
        kept: &mut Kept,
        asked: Asked<'_>,
        windows: Range<usize>,
    ) -> Result<KeyedAnswers, Error> {
        let end = windows.end.min(self.due.len());
        let due = &self.due[windows.start.min(end)..end];
        let mut found = KeyedAnswers::with_capacity(kept.cells(), 2 + asked.statistics.len(), due.len());
        for stored in due {
            let mut rest = &stored[1..];
            let (_, cells) = kept.instance(&mut rest)?;
            let span = self.grid.span(read_index(rest)?);
            match (kept.map.get(stored), span) {
                (Some(bytes), Some((start, end))) => {
                    kept.states.unpack(bytes)?;
                    let span = [start, end].map(|moment| moment.answer(kept.time));
                    let rows = kept.states.answers(asked.statistics, asked.classes)?;
                    rows.push(&stored[1..], cells, &span, &mut found);
                }
                _ => found.push_gone(&stored[1..]),
            }
        }
        Ok(found)
    }

    fn close(&mut self, kept: &mut Kept, now: Moment) -> Result<Vec<Vec<u8>>, Error> {
        if !self.grid.closes() {
            return Ok(Vec::new());
        }
        let mut closed = Vec::new();
        for (index, instances) in self.take_before(self.grid.kept_from(now)) {
            for instance in instances {
                let mut stored = Vec::with_capacity(instance.len() + 10);
                write_key(&instance, index, &mut stored);
                let mut order = Vec::with_capacity(9);
                key::write_int(index, &mut order);
                closed.extend(kept.close_entry(&stored, &instance, &order)?);
                self.open -= 1;
            }
        }
        closed.sort_unstable();
        Ok(closed)
    }

    fn open_windows(&self, _: &mut Kept) -> Result<usize, Error> {
        Ok(self.open)
    }

    fn key_width(&self) -> usize {
        key::INT_WIDTH
    }

    fn span(&self, key: &[u8]) -> Result<Option<(Moment, Moment)>, Error> {
        Ok(self.grid.span(read_index(key)?))
    }
}

/// Adds the groups of one instance, which are in the order of their first windows, to all of their windows.
fn stage_instance<'a>(kept: &mut Kept, groups: &[Group<'a>], stage: &mut Stage<'a>) -> Result<(), Error> {
    let (mut here, mut deltas): (Vec<Group<'a>>, Vec<Delta<'a>>) = (Vec::new(), Vec::new());
    let mut rest = groups.iter().copied().peekable();
    while let Some(&Group { windows: (mut window, _), .. }) = rest.peek() {
        loop {
            while let Some(group) = rest.next_if(|group| group.windows.0 <= window) {
                here.push(group);
            }
            deltas.clear();
            deltas.extend(here.iter().map(|group| group.delta(window, Sign::Added)));
            stage.put(kept, &deltas)?;
            here.retain(|group| group.windows.1 > window);
            if here.is_empty() {
                break;
            }
            window += 1;
        }
    }
    Ok(())
}

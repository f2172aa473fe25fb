//! Windows: the results of the windows of one instance, and their closing: sums over its entries.

use std::ops::RangeInclusive;
use std::rc::Rc;

use super::Difference;
use super::entries::last;
use crate::accumulate::Sign;
use crate::error::Error;
use crate::reduce::{KeyedAnswers, key};
use crate::windows::kept::Kept;
use crate::windows::panes::write_key;
use crate::windows::store::{Asked, OpenWindow};
use crate::windows::window_rows::WindowRows;

/// Most windows of an instance with the same rows that can be closed at once: their keys are in memory then.
const MOST_CLOSED: u64 = 1 << 22;

impl Difference {
    /// The results of windows of one instance that follow one another.
    pub(super) fn answer(
        &self,
        kept: &mut Kept,
        asked: Asked<'_>,
        instance: &[u8],
        windows: RangeInclusive<i64>,
        found: &mut KeyedAnswers,
    ) -> Result<(), Error> {
        let (_, cells) = kept.instance(&mut { instance })?;
        let mut indexes = self.entries.of(instance).peekable();
        kept.states.begin(None)?;
        // The results of the sum as it is; the same for all windows up to the next entry.
        let mut answers: Option<WindowRows> = None;
        for window in windows {
            while let Some(index) = indexes.next_if(|&index| index <= window) {
                add(kept, instance, index)?;
                answers = None;
            }
            let key = &stored_key(instance, window)[1..];
            match self.grid.span(window).filter(|_| kept.states.sum_has_rows()) {
                Some((start, end)) => {
                    let own = match answers.take() {
                        Some(own) => own,
                        None => kept.states.sum_answers(asked.statistics, asked.classes)?,
                    };
                    let span = [start, end].map(|moment| moment.answer(kept.time));
                    own.clone().push(key, cells.clone(), &span, found);
                    answers = Some(own);
                }
                None => found.push_gone(key),
            }
        }
        Ok(())
    }

    /// Closes the windows of one instance before this one, of which there are some.
    pub(super) fn close_instance(
        &mut self,
        kept: &mut Kept,
        instance: &[u8],
        below: i64,
        closed: &mut Vec<Vec<u8>>,
    ) -> Result<(), Error> {
        let mut indexes = self.entries.of(instance).peekable();
        let (mut early, mut newest) = (Vec::new(), None);
        kept.states.begin(None)?;
        while let Some(first) = indexes.next_if(|&index| index < below) {
            add(kept, instance, first)?;
            early.push(first);
            if kept.states.sum_has_rows() {
                let end = last(indexes.peek().copied())?.min(below - 1);
                if first.abs_diff(end) >= MOST_CLOSED {
                    return Err(Error::Overflow(format!("windows {first} to {end} are closed all at once")));
                }
                for window in first..=end {
                    closed.extend(kept.states.sum_keys(&stored_key(instance, window)[1..]));
                }
                if kept.keeps_closed() {
                    newest = Some((end, kept.states.sum()));
                }
            }
        }
        drop(indexes);
        let key = stored_key(instance, below);
        let there = kept.map.get(&key).is_some();
        if there {
            add(kept, instance, below)?;
        }
        let sum = kept.states.sum();
        if let Some((window, states)) = newest {
            let mut order = Vec::with_capacity(9);
            key::write_int(window, &mut order);
            kept.close(instance, &order, &states);
        }
        for index in early {
            kept.map.put(&stored_key(instance, index), None);
            self.entries.note(instance, index, false);
        }
        let is = kept.states.some(&sum).is_some();
        kept.map.put(&key, is.then_some(&sum));
        if is != there {
            self.entries.note(instance, below, is);
        }
        Ok(())
    }
}

impl Difference {
    /// The windows of one instance that have rows.
    pub(super) fn open_of(&self, kept: &mut Kept, instance: &[u8]) -> Result<Vec<OpenWindow>, Error> {
        let mut indexes = self.entries.of(instance).peekable();
        let mut found = Vec::new();
        kept.states.begin(None)?;
        while let Some(first) = indexes.next() {
            add(kept, instance, first)?;
            if !kept.states.sum_has_rows() {
                continue;
            }
            let end = last(indexes.peek().copied())?;
            if first.abs_diff(end) >= MOST_CLOSED {
                return Err(Error::Overflow(format!("windows {first} to {end} have the same rows")));
            }
            let states: Rc<[u8]> = kept.states.sum().into();
            let spans = (first..=end).filter_map(|window| self.grid.span(window));
            found.extend(spans.map(|span| OpenWindow { span, states: Rc::clone(&states) }));
        }
        Ok(found)
    }
}

/// Adds an entry to the sum.
fn add(kept: &mut Kept, instance: &[u8], index: i64) -> Result<(), Error> {
    if let Some(bytes) = kept.map.get(&stored_key(instance, index)) {
        kept.states.unpack(bytes)?;
        kept.states.combine(Sign::Added)?;
    }
    Ok(())
}

fn stored_key(instance: &[u8], index: i64) -> Vec<u8> {
    let mut key = Vec::with_capacity(instance.len() + 10);
    write_key(instance, index, &mut key);
    key
}

//! Windows: sessions: rows of an instance, of which each is less than a gap away from the next one.
//!
//! A session is an entry of the map: its key says from when to when it is, so that one that grows has another key, and
//! takes the place of those that it was put together from. Sessions of an instance are apart, in a partial as in the
//! map, and which there are depends on the rows alone, not on their order: they are the connected components of what is
//! less than a gap apart.

mod index;
mod key;
mod merge;
mod partial;
mod rules;

use std::collections::BTreeMap;
use std::ops::Range;

use super::assign::SetAside;
use super::kept::Kept;
use super::moment::{Moment, TimeKind};
use super::spec::{Spec, Window};
use super::store::{Asked, Batch, NextDue, Store};
use crate::accumulate::Sign;
use crate::error::Error;
use crate::reduce::KeyedAnswers;
use crate::reduce::key::INT_WIDTH;
use crate::wire::{Reader, Writer, corrupt};
use index::{Index, Key};
use key::{Extent, SessionKey};
use merge::{Found, Merged, merge_instance};
use rules::Rules;

/// No session.
///
/// # Errors
/// [`Error::Invalid`] if the windows are no sessions.
pub(super) fn new(spec: &Spec, kind: TimeKind) -> Result<Box<dyn Store>, Error> {
    let Window::Session { max_gap: gap } = spec.window else {
        return Err(Error::Invalid(format!("{:?} is no session", spec.window)));
    };
    Ok(Box::new(Sessions {
        rules: Rules { kind, gap, delay: spec.delay, cutoff: spec.cutoff, bounds: kind.bounds(gap) },
        is_final: spec.is_final,
        index: Index::default(),
        new: Vec::new(),
        joined: Vec::new(),
        appeared: Vec::new(),
        gone: BTreeMap::new(),
        due: Vec::new(),
    }))
}

/// All open sessions.
#[derive(Debug)]
struct Sessions {
    rules: Rules,
    is_final: bool,
    index: Index,
    /// Those that are new since results were given last.
    new: Vec<Key>,
    /// Those that were there when results were given last, and have become part of another since.
    joined: Vec<Joined>,
    /// Those that may have results since the map was marked clean last.
    appeared: Vec<Key>,
    /// Those that have had results, and are part of another since the map was marked clean last: their stored keys, and
    /// the keys that results may have had for each.
    gone: BTreeMap<Key, Vec<Vec<u8>>>,
    /// Those that results are given of, in order.
    due: Vec<Key>,
}

/// A session that is part of another one now.
#[derive(Debug)]
struct Joined {
    key: Key,
    extent: Extent,
    /// The keys that results may have for it.
    shown: Vec<Vec<u8>>,
}

impl Sessions {
    fn read<'a>(&self, kept: &mut Kept, reader: &mut Reader<'a>) -> Result<Found<'a>, Error> {
        let (key, _) = SessionKey::read(kept, reader.bytes()?)?;
        let rest = reader.rest();
        kept.states.read(reader)?;
        self.check_key(kept, &key)?;
        Ok(Found { key, states: &rest[..rest.len() - reader.rest().len()] })
    }

    /// Checks a session whose states were read.
    fn check_key(&self, kept: &mut Kept, key: &SessionKey<'_>) -> Result<(), Error> {
        let Extent { start, last } = key.extent;
        if !kept.states.has_rows() || !self.rules.is_inside(start) || !self.rules.is_inside(last) {
            return Err(corrupt("a session has no rows, or is beyond the times that there are"));
        }
        Ok(())
    }

    /// Puts what was worked out in the place of what was there.
    fn put(&mut self, kept: &mut Kept, merged: Vec<Merged>, states: &[u8], shown: Vec<Vec<Vec<u8>>>) {
        let mut shown = shown.into_iter();
        for Merged { kept: parts, key, extent, states: range } in merged {
            for (part, shown) in parts.into_iter().zip(shown.by_ref()).filter(|(part, _)| *part != key) {
                kept.map.put(&part, None);
                if let Some(extent) = self.index.remove(&part) {
                    self.joined.push(Joined { key: part, extent, shown });
                }
            }
            kept.map.put(&key, Some(&states[range]));
            if !self.index.contains(&key) {
                self.index.insert(Key::clone(&key), extent, false);
                self.new.push(key);
            }
        }
    }

    /// The time has come from one to the other: which sessions are visible by now, and which are no more.
    fn advance(&mut self, before: Option<Moment>, now: Option<Moment>) {
        // What was loaded had its results before.
        self.index.advance(before, &self.rules);
        self.appeared.extend(self.index.advance(now, &self.rules));
        for Joined { key, extent, shown } in std::mem::take(&mut self.joined) {
            if self.rules.visible(extent.start, before) {
                self.gone.insert(key, shown);
            }
        }
        for key in std::mem::take(&mut self.new) {
            self.index.know(&key);
        }
    }

    /// Those that have changed, appeared or gone since the map was marked clean.
    fn changed(&self, kept: &mut Kept) -> Vec<Key> {
        let changed = kept.map.changed();
        let entries = kept.map.changes(0..changed);
        let mut due: Vec<_> = entries.filter_map(|entry| self.index.visible(entry.key)).collect();
        due.extend(self.appeared.iter().filter_map(|key| self.index.visible(key)));
        due.extend(self.gone.keys().cloned());
        due
    }
}

impl Store for Sessions {
    fn bounds(&self) -> (Moment, Moment) {
        self.rules.bounds
    }

    fn late(&self, time: Moment, before: Moment) -> bool {
        self.rules.late(time, before)
    }

    fn partial(&self, kept: &mut Kept, batch: Batch<'_>, writer: &mut Writer) -> Result<SetAside, Error> {
        partial::write(&self.rules, &mut kept.states, batch, writer)
    }

    fn merge(&mut self, kept: &mut Kept, mut reader: Reader<'_>) -> Result<(), Error> {
        // The length of a key and the two times in it.
        let count = reader.count(1 + 2 * 9)?;
        let mut found: Vec<Found<'_>> = Vec::with_capacity(count);
        let mut excluded = vec![0; kept.states.len()];
        for _ in 0..count {
            let next = self.read(kept, &mut reader)?;
            kept.states.count_excluded(Sign::Added, &mut excluded);
            if found.last().is_some_and(|last| !last.key.is_before(&next.key, &self.rules)) {
                return Err(corrupt("sessions are not in order, or touch each other"));
            }
            found.push(next);
        }
        reader.finish()?;

        let (mut writer, mut merged) = (Writer::payload(), Vec::with_capacity(count));
        for own in found.chunk_by(|one, other| one.key.instance == other.key.instance) {
            let open = (&self.index, &self.rules, &kept.map);
            merge_instance(own, open, &mut kept.states, &mut writer, &mut merged)?;
        }
        let shown = shown(kept, &merged)?;
        self.put(kept, merged, &writer.into_payload(), shown);
        kept.exclude(&excluded);
        Ok(())
    }

    fn read_piece<'a>(&self, kept: &mut Kept, reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
        let mut key = reader.bytes()?;
        kept.states.read(reader)?;
        kept.skip_instance(&mut key)
    }

    fn check(&self, kept: &mut Kept, key: &[u8], bytes: &[u8]) -> Result<(), Error> {
        let (key, _) = SessionKey::read(kept, key)?;
        kept.states.unpack(bytes)?;
        self.check_key(kept, &key)
    }

    fn index(&mut self, kept: &Kept, key: &[u8]) {
        if let Ok((key, _)) = SessionKey::read(kept, key) {
            self.index.insert(key.stored().into(), key.extent, true);
        }
    }

    fn mark_clean(&mut self) {
        self.appeared.clear();
        self.gone.clear();
    }

    fn horizon(&self) -> Option<Moment> {
        let Rules { kind, gap, delay, cutoff, .. } = self.rules;
        let (last, waiting) = self.index.greatest()?;
        let closed = kind.least_at(&[last, gap, gap, cutoff?]);
        let visible = waiting.zip(delay).map(|(start, delay)| kind.least_at(&[start, delay]));
        Some(visible.map_or(closed, |visible| visible.later(closed)))
    }

    fn next_close(&self) -> Option<Moment> {
        let Rules { kind, gap, delay, cutoff, .. } = self.rules;
        let (last, waiting) = self.index.least();
        let closed = last.zip(cutoff).map(|(last, cutoff)| kind.least_at(&[last, gap, gap, cutoff]));
        let visible = waiting.filter(|_| cutoff.is_some()).zip(delay);
        let visible = visible.map(|(start, delay)| kind.least_at(&[start, delay]));
        closed.into_iter().chain(visible).min_by(|one, other| one.order(*other))
    }

    fn next_due(&self, kept: &mut Kept, now: Option<Moment>) -> Result<Vec<NextDue>, Error> {
        let mut found: Vec<NextDue> = Vec::new();
        for (stored, extent) in self.index.iter() {
            let Some(next) = self.rules.next_change(extent, now, self.is_final) else { continue };
            let instance = kept.skip_instance(&mut &stored[1..])?;
            match found.last_mut() {
                Some((last, at)) if **last == *instance => *at = at.earlier(next),
                _ => found.push((instance.to_vec(), next)),
            }
        }
        Ok(found)
    }

    fn due(&mut self, kept: &mut Kept, before: Option<Moment>, now: Option<Moment>) -> Result<usize, Error> {
        self.advance(before, now);
        self.due = if self.is_final { self.index.over(now, &self.rules) } else { self.changed(kept) };
        self.due.sort_unstable();
        self.due.dedup();
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
        let mut answers = KeyedAnswers::with_capacity(kept.cells(), 2 + asked.statistics.len(), due.len());
        for stored in due {
            let key = &stored[1..];
            let Some(bytes) = kept.map.get(stored) else {
                let shown = self.gone.get(stored);
                shown.into_iter().flatten().for_each(|key| answers.push_gone(key));
                continue;
            };
            kept.states.unpack(bytes)?;
            let rows = kept.states.answers(asked.statistics, asked.classes)?;
            let (session, cells) = SessionKey::read(kept, key)?;
            let (start, end) = session.extent.span(&self.rules);
            let span = [start, end].map(|time| time.answer(kept.time));
            rows.push(key, cells, &span, &mut answers);
        }
        Ok(answers)
    }

    fn close(&mut self, kept: &mut Kept, now: Moment) -> Result<Vec<Vec<u8>>, Error> {
        let mut closed = Vec::new();
        for stored in self.index.over(Some(now), &self.rules) {
            let (key, _) = SessionKey::read(kept, &stored[1..])?;
            let mut order = Vec::new();
            key.extent.last.encode(&mut order);
            closed.extend(kept.close_entry(&stored, key.instance, &order)?);
            self.index.remove(&stored);
        }
        closed.sort_unstable();
        Ok(closed)
    }

    fn open_windows(&self, _: &mut Kept) -> Result<usize, Error> {
        Ok(self.index.len())
    }

    fn key_width(&self) -> usize {
        2 * INT_WIDTH
    }

    fn span(&self, key: &[u8]) -> Result<Option<(Moment, Moment)>, Error> {
        Ok(Some(Extent::read(self.rules.kind, key)?.span(&self.rules)))
    }
}

/// Of each open session that is part of what was worked out the keys that results may have for it.
///
/// # Errors
/// None but for states that are damaged in memory.
fn shown(kept: &mut Kept, merged: &[Merged]) -> Result<Vec<Vec<Vec<u8>>>, Error> {
    let Kept { map, states, .. } = kept;
    let labelled = states.label().is_some();
    let mut shown = Vec::new();
    for Merged { kept: parts, key, .. } in merged {
        for part in parts {
            shown.push(match map.get(part) {
                // It stays what it is.
                _ if part == key => Vec::new(),
                Some(bytes) if labelled => states.keys(&part[1..], bytes)?,
                _ => vec![part[1..].to_vec()],
            });
        }
    }
    Ok(shown)
}

//! Windows: the open sessions in order: those of an instance by time, and all of them by when something is due.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::key::{Extent, SessionKey};
use super::rules::Rules;
use crate::windows::moment::Moment;

/// The stored key of a session.
pub(super) type Key = Arc<[u8]>;

/// A time that is sorted by.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place(Moment);

impl Eq for Place {}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.order(other.0)
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Clone, Copy, Debug)]
struct Open {
    extent: Extent,
    /// Whether the time has come from which on it may have results.
    visible: bool,
    /// Whether it was there when results were given last.
    known: bool,
}

/// The open sessions.
///
/// Sessions of an instance are apart from each other, and their keys are in the order of their times. So what touches
/// rows stands beside them.
#[derive(Debug, Default)]
pub(super) struct Index {
    open: BTreeMap<Key, Open>,
    /// Those that may not have results yet, by their start.
    waiting: BTreeSet<(Place, Key)>,
    /// The others, by their last time, if they are ever closed.
    visible: BTreeSet<(Place, Key)>,
}

impl Index {
    /// Number of sessions.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// All sessions in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, Extent)> {
        self.open.iter().map(|(key, open)| (key, open.extent))
    }

    /// The sessions that rows with this key touch, in order.
    pub(super) fn touching(&self, rows: &SessionKey<'_>, rules: &Rules) -> Vec<(Key, Extent)> {
        let key = rows.stored();
        let instance = &key[..rows.prefix()];
        // Other instances may begin with the same bytes: only keys of this one are as long.
        let own = |(found, open): (&Key, &Open)| {
            let is_own = found.len() == key.len() && found.starts_with(instance);
            is_own.then(|| (Key::clone(found), open.extent))
        };
        let before = self.open.range::<[u8], _>((Bound::Unbounded, Bound::Excluded(&*key))).rev();
        let before = before.map_while(own).take_while(|(_, before)| rules.joins(*before, rows.extent));
        let mut found: Vec<_> = before.collect();
        found.reverse();
        let after = self.open.range::<[u8], _>((Bound::Included(&*key), Bound::Unbounded));
        found.extend(after.map_while(own).take_while(|(_, after)| rules.joins(rows.extent, *after)));
        found
    }

    /// Adds a session that is not here and touches none. It may not have results before [`Index::advance`] says so.
    pub(super) fn insert(&mut self, key: Key, extent: Extent, known: bool) {
        self.waiting.insert((Place(extent.start), Key::clone(&key)));
        self.open.insert(key, Open { extent, visible: false, known });
    }

    /// Removes a session; gives its extent if it was there when results were given last.
    pub(super) fn remove(&mut self, key: &[u8]) -> Option<Extent> {
        let (key, open) = self.open.remove_entry(key)?;
        if open.visible {
            self.visible.remove(&(Place(open.extent.last), key));
        } else {
            self.waiting.remove(&(Place(open.extent.start), key));
        }
        open.known.then_some(open.extent)
    }

    /// Whether there is such a session.
    pub(super) fn contains(&self, key: &[u8]) -> bool {
        self.open.contains_key(key)
    }

    /// The time of all partitions has come to this one: gives the sessions that may have results from now on, by their
    /// starts.
    pub(super) fn advance(&mut self, now: Option<Moment>, rules: &Rules) -> Vec<Key> {
        let mut found = Vec::new();
        while let Some((start, _)) = self.waiting.first()
            && rules.visible(start.0, now)
            && let Some((_, key)) = self.waiting.pop_first()
        {
            if let Some(open) = self.open.get_mut(&key) {
                open.visible = true;
                if rules.cutoff.is_some() {
                    self.visible.insert((Place(open.extent.last), Key::clone(&key)));
                }
            }
            found.push(key);
        }
        found
    }

    /// The key of a session that may have results, if there is such a one.
    pub(super) fn visible(&self, key: &[u8]) -> Option<Key> {
        self.open.get_key_value(key).filter(|(_, open)| open.visible).map(|(key, _)| Key::clone(key))
    }

    /// Notes that results are given now.
    pub(super) fn know(&mut self, key: &[u8]) {
        if let Some(open) = self.open.get_mut(key) {
            open.known = true;
        }
    }

    /// The sessions that may have results and that nothing can touch any more, by their last times.
    pub(super) fn over(&self, now: Option<Moment>, rules: &Rules) -> Vec<Key> {
        let over = self.visible.iter().take_while(|(last, _)| rules.over(last.0, now));
        over.map(|(_, key)| Key::clone(key)).collect()
    }

    /// Of sessions that are closed one day: the least last time of those that may have results, and the least start of the
    /// others.
    pub(super) fn least(&self) -> (Option<Moment>, Option<Moment>) {
        (self.visible.first().map(|(last, _)| last.0), self.waiting.first().map(|(start, _)| start.0))
    }

    /// Of sessions that are closed one day: the greatest last time of all, and the greatest start of those that may not have results yet.
    pub(super) fn greatest(&self) -> Option<(Moment, Option<Moment>)> {
        let waiting = self.waiting.iter().filter_map(|(_, key)| self.open.get(key));
        let visible = self.visible.last().map(|(last, _)| last.0);
        let last = waiting.map(|open| open.extent.last).chain(visible).reduce(Moment::later)?;
        Some((last, self.waiting.last().map(|(start, _)| start.0)))
    }
}

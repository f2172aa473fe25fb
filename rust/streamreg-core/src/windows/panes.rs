//! Windows: what a batch comes to by the windows of a grid, and how that is added to what is kept by instance and index.
//!
//! A partial has a state for each instance and range of windows: `count | (key of the group | states)…`, where the key is
//! the cells of the instance, then the first window and, where a row can be in several, the last one.

use super::assign::SetAside;
use super::grid::{Grid, Placing, Windows};
use super::kept::{Kept, OPEN};
use super::store::Batch;
use crate::accumulate::Sign;
use crate::error::Error;
use crate::reduce::block::SortedRows;
use crate::reduce::group::Groups;
use crate::reduce::key;
use crate::wire::{Reader, Writer, corrupt};

/// Appends what a batch comes to.
pub(super) fn partial(
    grid: &Grid,
    kept: &mut Kept,
    batch: Batch<'_>,
    writer: &mut Writer,
) -> Result<SetAside, Error> {
    let rows = batch.times.len();
    let mut windows = vec![(0, 0); rows];
    let mut chosen = Vec::with_capacity(rows);
    let mut placing = Placing::new(grid);
    let place = |time, before| placing.place(time, before);
    let aside = SetAside::of(batch.times, place, |row, _, found: Windows| {
        windows[row as usize] = found;
        chosen.push(row);
    });
    let mut groups = if chosen.len() == rows {
        Groups::new(batch.keys, rows)?
    } else {
        Groups::of_some(batch.keys, &chosen)
    };
    // No cell is the beginning of another: so the keys are in the order of instances, then of windows.
    let of = |row: &u32| windows[*row as usize];
    groups.sort_each(of);
    let sorted = SortedRows::by_group(batch.block, &groups);
    let (mut parts, mut states) = (sorted.parts(), Writer::payload());
    let (mut count, mut entries, mut key) = (0, Writer::payload(), Vec::new());
    for (instance, places) in groups.iter() {
        let mut start = places.start;
        for own in groups.rows(places).chunk_by(|one, other| of(one) == of(other)) {
            let (first, last) = own.first().map_or((0, 0), of);
            key.clear();
            key.extend_from_slice(instance);
            key::write_int(first, &mut key);
            if grid.panes() > 1 {
                key::write_int(last, &mut key);
            }
            entries.bytes(&key);
            states.clear();
            let end = start + own.len();
            kept.states.write_rows(sorted.part(start..end, &mut parts), &mut states)?;
            entries.bytes(states.as_payload());
            (start, count) = (end, count + 1);
        }
    }
    writer.unsigned(count);
    writer.append(entries.as_payload());
    Ok(aside)
}

/// A state that is to be added to an entry, or removed from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delta<'a> {
    instance: &'a [u8],
    index: i64,
    sign: Sign,
    states: &'a [u8],
    /// Whether rows that it could not take are counted here: each once.
    counts: bool,
}

impl<'a> Delta<'a> {
    /// Which entry it is for.
    pub(super) fn place(&self) -> (&'a [u8], i64) {
        (self.instance, self.index)
    }
}

/// A group of rows of a partial.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group<'a> {
    pub(super) instance: &'a [u8],
    pub(super) windows: Windows,
    states: &'a [u8],
}

impl<'a> Group<'a> {
    /// Its states for an entry; those of the first one are counted.
    pub(super) fn delta(&self, index: i64, sign: Sign) -> Delta<'a> {
        let counts = index == self.windows.0;
        Delta { instance: self.instance, index, sign, states: self.states, counts }
    }
}

/// The groups of a partial; that their states are some is not looked at yet.
///
/// # Errors
/// [`Error::Corrupt`] if they are not what [`partial`] writes.
pub(super) fn groups<'a>(grid: &Grid, kept: &Kept, mut reader: Reader<'a>) -> Result<Vec<Group<'a>>, Error> {
    // A key and a state take at least three bytes.
    let count = reader.count(3)?;
    let mut groups = Vec::with_capacity(count);
    let mut before: Option<&[u8]> = None;
    for _ in 0..count {
        let key = reader.bytes()?;
        if before.is_some_and(|before| before >= key) {
            return Err(corrupt("windows are not in order"));
        }
        before = Some(key);
        let mut rest = key;
        let instance = kept.skip_instance(&mut rest)?;
        let first = key::read_int(&mut rest);
        let last = if grid.panes() > 1 { key::read_int(&mut rest) } else { first };
        let windows = first.zip(last).filter(|windows| rest.is_empty() && grid.holds(*windows));
        let windows = windows.ok_or_else(|| corrupt("a row cannot be in these windows"))?;
        groups.push(Group { instance, windows, states: reader.bytes()? });
    }
    reader.finish()?;
    Ok(groups)
}

/// Reads a group of a partial; gives its instance.
///
/// # Errors
/// [`Error::Corrupt`] if there is none.
pub(super) fn read_piece<'a>(kept: &Kept, reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    let mut key = reader.bytes()?;
    reader.bytes()?;
    kept.skip_instance(&mut key)
}

/// What open entries will be once deltas are added to them: nothing changes before all of them could be.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    keys: Vec<u8>,
    states: Writer,
    /// Of each entry its key, and where the bytes of its key and of its states end.
    ends: Vec<(&'a [u8], i64, usize, usize)>,
    excluded: Vec<i128>,
    zeros: bool,
}

impl<'a> Stage<'a> {
    /// No change yet; `zeros` says whether an entry that comes to nothing stays one.
    pub(super) fn new(kept: &Kept, zeros: bool) -> Self {
        let excluded = vec![0; kept.states.len()];
        Self { keys: Vec::new(), states: Writer::payload(), ends: Vec::new(), excluded, zeros }
    }

    /// Adds all deltas of one entry, at least one; each entry comes once.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for bytes that are no states, and as [`Reduction::merge`](crate::reduce::Reduction::merge).
    pub(super) fn put(&mut self, kept: &mut Kept, deltas: &[Delta<'a>]) -> Result<(), Error> {
        let Some(&Delta { instance, index, sign, .. }) = deltas.first() else { return Ok(()) };
        let start = self.keys.len();
        write_key(instance, index, &mut self.keys);
        let own = kept.map.get(&self.keys[start..]);
        if deltas.len() > 1 {
            kept.states.begin(own)?;
        }
        for delta in deltas {
            kept.states.unpack(delta.states)?;
            if delta.counts {
                kept.states.count_excluded(Sign::Added, &mut self.excluded);
            }
            if deltas.len() > 1 {
                kept.states.combine(delta.sign)?;
            }
        }
        if deltas.len() > 1 {
            kept.states.write_sum(&mut self.states);
        } else {
            kept.states.write_combined(own, sign, &mut self.states)?;
        }
        self.ends.push((instance, index, self.keys.len(), self.states.len()));
        Ok(())
    }

    /// Changes the entries; `changed` hears of each that there is now and was not, or is no more.
    pub(super) fn apply(self, kept: &mut Kept, mut changed: impl FnMut(&[u8], i64, bool)) {
        let (mut key_start, mut start) = (0, 0);
        for (instance, index, key_end, end) in self.ends {
            let key = &self.keys[key_start..key_end];
            let states = &self.states.as_payload()[start..end];
            let bytes = if self.zeros { Some(states) } else { kept.states.some(states) };
            let (was, is) = (kept.map.get(key).is_some(), bytes.is_some());
            kept.map.put(key, bytes);
            if was != is {
                changed(instance, index, is);
            }
            (key_start, start) = (key_end, end);
        }
        kept.exclude(&self.excluded);
    }
}

/// Appends the stored key of an open entry.
pub(super) fn write_key(instance: &[u8], index: i64, out: &mut Vec<u8>) {
    out.push(OPEN);
    out.extend_from_slice(instance);
    key::write_int(index, out);
}

/// The instance and the index of a key without its mark.
///
/// # Errors
/// [`Error::Corrupt`] if it is no such key.
pub(super) fn read_key<'a>(kept: &Kept, mut key: &'a [u8]) -> Result<(&'a [u8], i64), Error> {
    let instance = kept.skip_instance(&mut key)?;
    Ok((instance, read_index(key)?))
}

/// The index of a key without its instance.
///
/// # Errors
/// As [`read_key`].
pub(super) fn read_index(mut key: &[u8]) -> Result<i64, Error> {
    let index = key::read_int(&mut key).filter(|_| key.is_empty());
    index.ok_or_else(|| corrupt("a key is of no window"))
}

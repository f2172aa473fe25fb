//! Windows: one window of what is kept, opened alone.

use super::kept::{CLOSED, Kept, OPEN};
use super::moment::Moment;
use super::reduction::WindowReduction;
use crate::classes::Classes;
use crate::error::Error;
use crate::reduce::{KeyCell, KeyColumn, Reduction, key};
use crate::tracked_map::TrackedMap;
use crate::write::Cell;

/// A window that is kept.
#[derive(Clone, Debug)]
pub struct KeptWindow {
    /// From when to when it is; unknown of a session that is closed.
    pub span: Option<(Moment, Moment)>,
    /// Whether it is the last closed one of its instance, which rows are scored by.
    pub closed: bool,
    states: Vec<u8>,
}

impl WindowReduction {
    /// The windows of an instance, whose cells are columns of one row: the last closed one first, if it is kept, then
    /// those with rows that are open, in order.
    ///
    /// # Errors
    /// [`Error::Columns`] if the cells are not of the number, types and length; [`Error::Overflow`] if there are more
    /// windows than can be listed.
    pub fn windows(&mut self, instance: &[KeyColumn<'_>]) -> Result<Vec<KeptWindow>, Error> {
        key::check_keys(&self.kept.keys, instance, 1)?;
        let mut bytes = Vec::new();
        for cell in instance {
            cell.encode(0, &mut bytes);
        }
        let mut found = Vec::new();
        // Last rows are never closed: they are kept as such for scoring.
        if self.store.key_width() > 0
            && let Some((order, states)) = self.kept.last_closed(&bytes)
        {
            let span = self.store.span(order).ok().flatten();
            found.push(KeptWindow { span, closed: true, states: states.to_vec() });
        }
        let open = self.store.open(&mut self.kept, &bytes)?.into_iter();
        found.extend(open.map(|window| {
            let states = window.states.to_vec();
            KeptWindow { span: Some(window.span), closed: false, states }
        }));
        Ok(found)
    }

    /// The cells of the first instances in their order, at most so many.
    ///
    /// # Errors
    /// None but for entries that are damaged in memory.
    pub fn instances(&self, most: usize) -> Result<Vec<Vec<KeyCell>>, Error> {
        let mut found = instances(&self.kept.map, &self.kept)?;
        found.sort_unstable();
        found.dedup();
        found.iter().take(most).map(|instance| key::decode(&self.kept.keys, instance)).collect()
    }

    /// Of an entry as it is [tracked](WindowReduction::tracked) the cells of the instance, then start and end of its window
    /// where the key tells them; nothing of an entry that is of no instance.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is no key of an entry.
    pub fn stored_cells(&self, stored: &[u8]) -> Result<Vec<Cell>, Error> {
        let [OPEN | CLOSED, key @ ..] = stored else { return Ok(Vec::new()) };
        let mut rest = key;
        let (_, cells) = self.kept.instance(&mut rest)?;
        let span = self.store.span(rest).ok().flatten().map(|(start, end)| [start, end]);
        let span = span.into_iter().flatten().map(|moment| Cell::from(moment.answer(self.kept.time)));
        Ok(cells.into_iter().map(Cell::from).chain(span).collect())
    }

    /// The aggregates over the rows of a window.
    ///
    /// # Errors
    /// [`Error::Invalid`] if rows have labels.
    pub fn single(&self, window: &KeptWindow) -> Result<Reduction, Error> {
        self.kept.states.single(&window.states)
    }

    /// The classes of a window.
    ///
    /// # Errors
    /// [`Error::Invalid`] if rows have no labels, the aggregate is not of classes, or there are too many.
    pub fn classes(&mut self, window: &KeptWindow, aggregate: usize) -> Result<Classes, Error> {
        self.kept.states.classes(&window.states, aggregate)
    }
}

fn instances<'a>(map: &'a TrackedMap, kept: &Kept) -> Result<Vec<&'a [u8]>, Error> {
    let mut found = Vec::new();
    for (stored, _) in map.in_order() {
        if let [OPEN | CLOSED, key @ ..] = stored {
            let mut rest = key;
            found.push(kept.skip_instance(&mut rest)?);
        }
    }
    Ok(found)
}

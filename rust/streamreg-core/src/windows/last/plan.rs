//! Windows: which of the rows of a partial come to an instance, which of its own go for them, and what is left then.

use super::place::{self, Place};
use super::row::{self, Columns};
use super::rows::{Rows, combined, stored, sum_of};
use crate::accumulate::Sign;
use crate::error::Error;
use crate::reduce::key;
use crate::windows::kept::Kept;
use crate::wire::corrupt;

/// What becomes of the rows of an instance.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) instance: &'a [u8],
    /// Rows with their cells.
    pub(super) come: Vec<(Place, &'a [u8])>,
    pub(super) go: Vec<Place>,
    /// What its rows come to then; `None` if that is to be added up anew.
    pub(super) states: Option<Box<[u8]>>,
}

/// Reads the rows of an instance, and works out what becomes of it; nothing has changed then.
///
/// # Errors
/// [`Error::Corrupt`] if they are no rows, not in order, or there already; [`Error::Overflow`] if a sum would leave its
/// range.
pub(super) fn of<'a>(
    instance: &'a [u8],
    bytes: &'a [u8],
    most: usize,
    rows: &Rows,
    kept: &mut Kept,
) -> Result<Plan<'a>, Error> {
    let mut found = read(instance, bytes, kept)?;
    if found.len() > most || found.iter().any(|(place, _)| rows.contains(instance, place)) {
        return Err(corrupt("there are too many rows, or one comes twice"));
    }
    let excess = (rows.count(instance) + found.len()).saturating_sub(most);
    let (mut least, mut dropped, mut go) = (rows.of(instance).peekable(), 0, Vec::new());
    for _ in 0..excess {
        let next = found.get(dropped).map(|(place, _)| place);
        match least.next_if(|least| next.is_none_or(|next| *least < next)) {
            Some(place) => go.push(*place),
            None => dropped += 1,
        }
    }
    let come = found.split_off(dropped);
    let states = states(instance, &come, &go, rows, kept)?;
    Ok(Plan { instance, come, go, states })
}

/// The rows of an instance in order, with their cells.
fn read<'a>(instance: &[u8], bytes: &'a [u8], kept: &Kept) -> Result<Vec<(Place, &'a [u8])>, Error> {
    key::decode(&kept.keys, instance)?;
    let width = place::WIDTH + row::width(kept.states.inputs());
    if bytes.is_empty() {
        return Err(corrupt("an instance has no rows"));
    }
    let mut columns = Columns::new(kept.states.inputs());
    let mut found: Vec<(Place, &[u8])> = Vec::with_capacity(bytes.len() / width);
    let mut rest = bytes;
    while !rest.is_empty() {
        let own = rest.split_at_checked(width);
        let (own, after) = own.ok_or_else(|| corrupt("an instance has no whole rows"))?;
        let label = kept.states.first_label(after)?;
        let (row, after) = rest.split_at(own.len() + label.len());
        rest = after;
        let (place, cells) = row.split_at(place::WIDTH);
        let place = place::read(kept.time, place)?;
        columns.push(cells)?;
        if found.last().is_some_and(|(last, _)| *last >= place) {
            return Err(corrupt("rows are not in order"));
        }
        found.push((place, cells));
    }
    Ok(found)
}

/// What the rows of an instance come to with these changes, if that follows from what they come to without.
fn states(
    instance: &[u8],
    come: &[(Place, &[u8])],
    go: &[Place],
    rows: &Rows,
    kept: &mut Kept,
) -> Result<Option<Box<[u8]>>, Error> {
    let known = rows.known(instance);
    let is_new = rows.count(instance) == 0;
    if come.is_empty() && go.is_empty() {
        return Ok(known.map(Into::into));
    }
    if (known.is_none() && !is_new) || kept.states.check_sign(Sign::Removed).is_err() {
        return Ok(None);
    }
    let Kept { states, map, .. } = kept;
    let more = sum_of(come.iter().map(|(_, cells)| *cells), states)?;
    let less = sum_of(go.iter().filter_map(|place| map.get(&stored(instance, place))), states)?;
    Ok(Some(combined(known, &[(&more, Sign::Added), (&less, Sign::Removed)], states)?.into()))
}

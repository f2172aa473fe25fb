//! Windows: the sessions of one batch.

use std::ops::Range;

use super::key::{Extent, SessionKey};
use super::rules::Rules;
use crate::error::Error;
use crate::reduce::block::SortedRows;
use crate::reduce::group::Groups;
use crate::windows::assign::SetAside;
use crate::windows::moment::Moment;
use crate::windows::states::States;
use crate::windows::store::Batch;
use crate::wire::Writer;

/// Appends the sessions of a batch in the order of their keys: each key, and the states of its rows.
pub(super) fn write(
    rules: &Rules,
    states: &mut States,
    batch: Batch<'_>,
    writer: &mut Writer,
) -> Result<SetAside, Error> {
    let mut chosen = Vec::new();
    let aside =
        SetAside::of(batch.times, |time, before| rules.place(time, before), |row, _, ()| chosen.push(row));
    let groups = Groups::of_some(batch.keys, &chosen);
    let mut rows: Vec<(Moment, u32)> = Vec::with_capacity(chosen.len());
    let mut sessions = Vec::new();
    for (instance, places) in groups.iter() {
        let first = rows.len();
        let own = groups.rows(places).iter();
        rows.extend(own.filter_map(|&row| Some((batch.times.time(row as usize)?, row))));
        rows[first..].sort_by(|(one, _), (other, _)| one.order(*other));
        for (extent, range) in chain(rules, &rows[first..]) {
            sessions.push((SessionKey { instance, extent }, first + range.start..first + range.end));
        }
    }
    let order: Vec<_> = rows.iter().map(|&(_, row)| row).collect();
    let sorted = SortedRows::of(batch.block, &order);
    writer.unsigned(sessions.len() as u64);
    let (mut bytes, mut parts) = (Vec::new(), sorted.parts());
    for (key, rows) in sessions {
        bytes.clear();
        key.write(&mut bytes);
        writer.bytes(&bytes);
        states.write_rows(sorted.part(rows, &mut parts), writer)?;
    }
    Ok(aside)
}

/// The sessions of rows in the order of time: which rows each has.
fn chain(rules: &Rules, rows: &[(Moment, u32)]) -> Vec<(Extent, Range<usize>)> {
    let mut found: Vec<(Extent, Range<usize>)> = Vec::new();
    for (at, &(time, _)) in rows.iter().enumerate() {
        let own = Extent { start: time, last: time };
        match found.last_mut() {
            Some((extent, range)) if rules.joins(*extent, own) => {
                extent.last = time;
                range.end = at + 1;
            }
            _ => found.push((own, at..at + 1)),
        }
    }
    found
}

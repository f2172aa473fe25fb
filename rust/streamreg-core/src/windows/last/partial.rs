//! Windows: the last rows of one batch for each instance.

use super::{place, row};
use crate::accumulate::Sign;
use crate::error::Error;
use crate::reduce::block::SortedRows;
use crate::reduce::group::Groups;
use crate::windows::assign::{Place, SetAside};
use crate::windows::moment::TimeKind;
use crate::windows::states::States;
use crate::windows::store::Batch;
use crate::wire::Writer;

/// Appends for each aggregate the rows of the batch that it cannot take, then for each instance, in order, its rows: the
/// place, the cells and the label, if it has one, of each, at most so many.
pub(super) fn write(
    most: usize,
    kind: TimeKind,
    states: &mut States,
    batch: Batch<'_>,
    writer: &mut Writer,
) -> Result<SetAside, Error> {
    let Some(offsets) = batch.times.offsets() else {
        return Err(Error::Invalid("the last rows are told by their offsets too: give them".to_owned()));
    };
    let indexes = place::indexes(batch.times, offsets);
    let mut chosen = Vec::new();
    let inside = |time| if kind.holds(time) { Place::In(()) } else { Place::Outside };
    let aside = SetAside::of(batch.times, |time, _| inside(time), |row, _, ()| chosen.push(row));
    write_excluded(states, batch, &chosen, writer)?;

    let groups = Groups::of_some(batch.keys, &chosen);
    writer.unsigned(groups.len() as u64);
    let (mut places, mut bytes) = (Vec::new(), Vec::new());
    for (instance, rows) in groups.iter() {
        places.clear();
        let mut order = Vec::with_capacity(rows.len());
        for &row in groups.rows(rows) {
            let at = row as usize;
            let Some(time) = batch.times.time(at) else { continue };
            order.push((places.len(), at));
            place::write(time, batch.times.partitions()[at], offsets[at], indexes[at], &mut places);
        }
        let place = |start: usize| &places[start..start + place::WIDTH];
        order.sort_unstable_by(|(one, _), (other, _)| place(*one).cmp(place(*other)));
        bytes.clear();
        for &(start, row) in &order[order.len().saturating_sub(most)..] {
            bytes.extend_from_slice(place(start));
            let code = row::write(states.inputs(), batch.block, row, &mut bytes);
            bytes.extend_from_slice(states.batch_label(code));
        }
        writer.bytes(instance);
        writer.bytes(&bytes);
    }
    Ok(aside)
}

fn write_excluded(
    states: &mut States,
    batch: Batch<'_>,
    rows: &[u32],
    writer: &mut Writer,
) -> Result<(), Error> {
    let picked = SortedRows::of(batch.block, rows);
    let mut summed = Writer::payload();
    states.write_rows(picked.part(0..rows.len(), &mut picked.parts()), &mut summed)?;
    states.unpack(&summed.into_payload())?;
    let mut excluded = vec![0; states.len()];
    states.count_excluded(Sign::Added, &mut excluded);
    for rows in excluded {
        writer.unsigned(u64::try_from(rows).unwrap_or(0));
    }
    Ok(())
}

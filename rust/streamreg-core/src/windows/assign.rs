//! Windows: for each row of a batch whether it is in a window, late for all of them, or outside of what there is.

use super::moment::Moment;
use super::row_times::RowTimes;

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place<T> {
    /// Here.
    In(T),
    /// Late for all of its windows.
    Late,
    /// Between two windows.
    Between,
    /// Its windows begin or end beyond the times that there are.
    Outside,
}

/// The rows of a batch that are in no window though they have a time, each once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetAside {
    /// Rows that are late for all of their windows, each with the greatest time before it in its partition.
    pub late: Vec<(u32, Moment)>,
    /// Rows whose time is NaN or infinite, or in no window that can be told.
    pub outside: Vec<u32>,
}

impl SetAside {
    /// Places the rows of a batch in its order, and takes those that are in a window to where they belong.
    pub(super) fn of<T>(
        times: &RowTimes,
        mut place: impl FnMut(Moment, Option<Moment>) -> Place<T>,
        mut take: impl FnMut(u32, Moment, T),
    ) -> Self {
        let mut aside = Self::default();
        times.each(|row| {
            let Some(time) = row.time else { return aside.outside.push(row.index) };
            match (place(time, row.before), row.before) {
                (Place::In(found), _) => take(row.index, time, found),
                (Place::Late, Some(before)) => aside.late.push((row.index, before)),
                (Place::Outside, _) => aside.outside.push(row.index),
                // Without a time before it no row is late.
                (Place::Between | Place::Late, _) => {}
            }
        });
        aside
    }
}

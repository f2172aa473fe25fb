//! Reduce: rows in columns: the numbers, and which of them are missing; as they come, and group by group.

use std::borrow::Cow;
use std::ops::Range;

use super::group::{Groups, Sorted};
use crate::column::{Numbers, Picked};

/// Of each input which of its values are missing; `None` if none is. Where no input lacks any, nothing.
pub(crate) type Missing<'a> = [Option<&'a [bool]>];

/// Some rows. In the place of a value that is missing stands anything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    pub(crate) columns: &'a [Numbers<'a>],
    pub(crate) missing: &'a Missing<'a>,
    pub(crate) rows: usize,
}

/// The same rows in another order: those of a group, or of a session, one after the other.
#[derive(Debug)]
pub(crate) struct SortedRows<'a> {
    columns: Vec<Sorted<'a>>,
    masks: Vec<Option<Cow<'a, [bool]>>>,
}

impl<'a> SortedRows<'a> {
    /// Group by group.
    pub(crate) fn by_group(block: Block<'a>, groups: &Groups) -> Self {
        let columns = block.columns.iter().map(|column| groups.sorted(*column)).collect();
        let order = groups.order();
        let mask = |mask: &'a [bool]| order.map_or(Cow::Borrowed(mask), |rows| picked(mask, rows));
        Self { columns, masks: block.missing.iter().map(|each| each.map(mask)).collect() }
    }

    /// These rows of a block.
    pub(crate) fn of(block: Block<'a>, rows: &[u32]) -> Self {
        let column = |column| Sorted::Picked(Picked::of(column, rows));
        let masks = block.missing.iter().map(|each| each.map(|mask| picked(mask, rows))).collect();
        Self { columns: block.columns.iter().map(column).collect(), masks }
    }

    /// Room for [`SortedRows::part`].
    pub(crate) fn parts<'b>(&self) -> Parts<'b> {
        Parts {
            columns: Vec::with_capacity(self.columns.len()),
            missing: Vec::with_capacity(self.masks.len()),
        }
    }

    /// The rows at these places.
    pub(crate) fn part<'b, 'c>(&'b self, places: Range<usize>, room: &'c mut Parts<'b>) -> Block<'c> {
        let Parts { columns, missing } = room;
        columns.clear();
        columns.extend(self.columns.iter().map(|column| column.numbers().rows(places.clone())));
        missing.clear();
        missing.extend(self.masks.iter().map(|mask| mask.as_ref().map(|mask| &mask[places.clone()])));
        Block { columns, missing, rows: places.len() }
    }
}

/// Working memory: the columns of one part after another.
#[derive(Debug)]
pub(crate) struct Parts<'b> {
    columns: Vec<Numbers<'b>>,
    missing: Vec<Option<&'b [bool]>>,
}

fn picked<'a>(mask: &[bool], rows: &[u32]) -> Cow<'a, [bool]> {
    Cow::Owned(rows.iter().map(|&row| mask[row as usize]).collect())
}

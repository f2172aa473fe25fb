//! Reduce: the rows of a batch by their keys: which keys there are, in order, and the rows of each.

use std::collections::HashMap;
use std::ops::Range;

use super::key::{KeyColumn, NOTHING};
use crate::column::{Numbers, Picked};
use crate::error::Error;

/// The rows of a batch by their keys.
#[derive(Debug)]
pub(crate) struct Groups {
    /// Of each group the key, as a range of the text.
    keys: Vec<Range<usize>>,
    text: Vec<u8>,
    /// Where the rows of each group end in `rows`.
    ends: Vec<usize>,
    /// All rows, group by group; in each in the order of the batch.
    rows: Vec<u32>,
    /// Whether rows of the batch may be missing, or be in another order.
    picked: bool,
}

impl Groups {
    /// The rows of a batch, groups in the order of their keys.
    ///
    /// # Errors
    /// [`Error::Overflow`] for a batch of 2^32 rows or more.
    pub(crate) fn new(columns: &[KeyColumn<'_>], rows: usize) -> Result<Self, Error> {
        let count = u32::try_from(rows)
            .map_err(|_| Error::Overflow(format!("a batch of {rows} rows; 2^32 are too many")))?;
        Ok(Self::of(columns, 0..count, false))
    }

    /// Some rows of a batch, in its order.
    pub(crate) fn of_some(columns: &[KeyColumn<'_>], rows: &[u32]) -> Self {
        Self::of(columns, rows.iter().copied(), true)
    }

    fn of(
        columns: &[KeyColumn<'_>],
        chosen: impl ExactSizeIterator<Item = u32> + Clone,
        picked: bool,
    ) -> Self {
        let rows = chosen.len();
        let (mut text, mut starts) = (Vec::with_capacity(rows * 10), Vec::with_capacity(rows + 1));
        for row in chosen.clone() {
            starts.push(text.len());
            for column in columns {
                column.encode(row as usize, &mut text);
            }
        }
        starts.push(text.len());
        let key = |row: usize| starts[row]..starts[row + 1];

        let mut found: HashMap<&[u8], u32> = HashMap::new();
        // Of each group one row that shows its key, and the number of its rows.
        let mut shown: Vec<usize> = Vec::new();
        let mut sizes: Vec<usize> = Vec::new();
        let mut group_of: Vec<u32> = Vec::with_capacity(rows);
        let mut last = 0;
        for row in 0..rows {
            // Rows of one key often come one after another.
            if shown.get(last).is_none_or(|&shown| text[key(shown)] != text[key(row)]) {
                let next = u32::try_from(shown.len()).unwrap_or(u32::MAX);
                last = *found.entry(&text[key(row)]).or_insert(next) as usize;
                if last == shown.len() {
                    shown.push(row);
                    sizes.push(0);
                }
            }
            sizes[last] += 1;
            group_of.push(u32::try_from(last).unwrap_or(u32::MAX));
        }
        drop(found);

        let mut order: Vec<(u64, usize)> =
            shown.iter().enumerate().map(|(group, &row)| (prefix(&text[key(row)]), group)).collect();
        order.sort_unstable_by(|(one, left), (other, right)| {
            one.cmp(other).then_with(|| text[key(shown[*left])].cmp(&text[key(shown[*right])]))
        });
        let mut places = vec![0; order.len()];
        let (mut ends, mut end) = (Vec::with_capacity(order.len()), 0);
        for &(_, group) in &order {
            places[group] = end;
            end += sizes[group];
            ends.push(end);
        }
        let mut sorted = vec![0; rows];
        for (row, &group) in chosen.zip(&group_of) {
            let place = &mut places[group as usize];
            sorted[*place] = row;
            *place += 1;
        }
        let keys = order.iter().map(|&(_, group)| key(shown[group])).collect();
        Self { keys, text, ends, rows: sorted, picked }
    }

    /// Puts the rows of each group in an order; equal ones stay in that of the batch.
    pub(crate) fn sort_each<K: Ord>(&mut self, by: impl Fn(&u32) -> K) {
        let mut start = 0;
        for &end in &self.ends {
            let rows = &mut self.rows[start..end];
            if !rows.is_sorted_by_key(&by) {
                rows.sort_by_key(&by);
                self.picked = true;
            }
            start = end;
        }
    }

    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key of each group, and the place of its rows in columns that [`Groups::sorted`] gives.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], Range<usize>)> {
        let mut start = 0;
        self.keys.iter().zip(&self.ends).map(move |(key, &end)| {
            let rows = start..end;
            start = end;
            (&self.text[key.clone()], rows)
        })
    }

    /// The rows at some places of such columns, as they are counted in the batch.
    pub(crate) fn rows(&self, places: Range<usize>) -> &[u32] {
        &self.rows[places]
    }

    /// All rows, group by group, as they are counted in the batch; `None` if that is the order of the batch.
    pub(super) fn order(&self) -> Option<&[u32]> {
        (self.len() > 1 || self.picked).then_some(&*self.rows)
    }

    /// A column with its rows group by group; the column itself where they are so already.
    pub(crate) fn sorted<'a>(&self, column: Numbers<'a>) -> Sorted<'a> {
        match self.order() {
            Some(rows) => Sorted::Picked(Picked::of(&column, rows)),
            None => Sorted::Same(column),
        }
    }
}

/// A column, its rows group by group.
#[derive(Debug)]
pub(crate) enum Sorted<'a> {
    Same(Numbers<'a>),
    Picked(Picked),
}

impl Sorted<'_> {
    pub(crate) fn numbers(&self) -> Numbers<'_> {
        match self {
            Self::Same(numbers) => *numbers,
            Self::Picked(picked) => picked.numbers(),
        }
    }
}

/// The bytes of a key after the first, which tells its type and is that of all: they mostly decide the order alone.
/// Where the first cell is missing, which comes before all others, they do not.
fn prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    if key.starts_with(NOTHING) {
        return 0;
    }
    let rest = &key[key.len().min(1)..];
    let length = rest.len().min(8);
    bytes[..length].copy_from_slice(&rest[..length]);
    u64::from_be_bytes(bytes)
}

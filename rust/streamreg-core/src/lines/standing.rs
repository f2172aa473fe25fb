//! Lines: what the changes of some epochs come to: for each key its row, or that it has none.

use super::{RowCells, split_line};
use crate::error::Error;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

/// A key that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Its cells, as CSV.
    pub key: Cow<'a, [u8]>,
    /// Its row, as CSV; `None` if it is gone.
    pub row: Option<&'a [u8]>,
}

/// The last row of each key that has changed in the lines of some epochs; in the order in which keys first changed.
///
/// Of each key at most one row stands, and a retraction stands before the insertion that replaces it: so the last
/// change of a key says all. `places` are those of the columns that are keys.
///
/// # Errors
/// [`Error::Invalid`] for what is no line of a changelog with these columns.
pub fn standing<'a>(
    epochs: impl IntoIterator<Item = &'a [u8]>,
    places: &[usize],
) -> Result<Vec<Standing<'a>>, Error> {
    let mut found: Vec<Standing<'a>> = Vec::new();
    let mut indices: HashTable<usize> = HashTable::new();
    let hash = RandomState::new();
    for mut lines in epochs {
        while !lines.is_empty() {
            let (line, after) = split_line(lines)?;
            lines = after;
            let (row, stands) = split_diff(line)?;
            let (key, row) = (key_of(row, places)?, stands.then_some(row));
            let entry = indices.entry(
                hash.hash_one(key.as_ref()),
                |&index| found[index].key == key,
                |&index| hash.hash_one(found[index].key.as_ref()),
            );
            match entry {
                Entry::Occupied(index) => found[*index.get()].row = row,
                Entry::Vacant(place) => {
                    place.insert(found.len());
                    found.push(Standing { key, row });
                }
            }
        }
    }
    Ok(found)
}

/// The row of a line, and whether it stands from then on.
fn split_diff(line: &[u8]) -> Result<(&[u8], bool), Error> {
    let foreign = || Error::Invalid("a line is no change: it does not end with a time and a diff".to_owned());
    let diff = memchr::memrchr(b',', line).ok_or_else(foreign)?;
    let row = memchr::memrchr(b',', &line[..diff]).ok_or_else(foreign)?;
    match &line[diff + 1..] {
        b"1" => Ok((&line[..row], true)),
        b"-1" => Ok((&line[..row], false)),
        _ => Err(foreign()),
    }
}

/// The cells of the key, as CSV.
fn key_of<'a>(row: &'a [u8], places: &[usize]) -> Result<Cow<'a, [u8]>, Error> {
    let foreign = || Error::Invalid("a row has fewer cells than columns".to_owned());
    if let [place] = *places {
        return RowCells::of(row).nth(place).map(Cow::Borrowed).ok_or_else(foreign);
    }
    let cells: Vec<&[u8]> = RowCells::of(row).collect();
    let mut key = Vec::new();
    for (index, &place) in places.iter().enumerate() {
        if index > 0 {
            key.push(b',');
        }
        key.extend_from_slice(cells.get(place).ok_or_else(foreign)?);
    }
    Ok(Cow::Owned(key))
}

//! Windows: where a row stands among those of its instance, as bytes in that order.

use crate::error::Error;
use crate::windows::moment::{Moment, TimeKind};
use crate::windows::row_times::RowTimes;
use crate::wire::corrupt;

/// The bytes of a place: the cell of a time, a partition, an offset, an index.
pub(super) const WIDTH: usize = 9 + 4 + 8 + 4;

/// Where a row stands: rows of an instance are in the order of these bytes.
pub(super) type Place = [u8; WIDTH];

/// Appends the place of a row: it is `index` rows behind the first one of its message.
pub(super) fn write(time: Moment, partition: i32, offset: i64, index: u32, out: &mut Vec<u8>) {
    time.encode(out);
    // With the sign turned around negative ones come first.
    out.extend_from_slice(&(partition.cast_unsigned() ^ 1 << 31).to_be_bytes());
    out.extend_from_slice(&(offset.cast_unsigned() ^ 1 << 63).to_be_bytes());
    out.extend_from_slice(&index.to_be_bytes());
}

/// The place at the end of a key, behind the instance.
///
/// # Errors
/// [`Error::Corrupt`] if it is none.
pub(super) fn read(kind: TimeKind, bytes: &[u8]) -> Result<Place, Error> {
    let place = Place::try_from(bytes).ok().filter(|place| time(kind, place).is_some());
    place.ok_or_else(|| corrupt("a row has no place"))
}

/// The time of a place.
pub(super) fn time(kind: TimeKind, place: &Place) -> Option<Moment> {
    kind.decode(&mut place.as_slice()).filter(|time| kind.holds(*time))
}

/// How many rows of its message each row of a batch stands behind; rows of a message follow one another.
pub(super) fn indexes(times: &RowTimes, offsets: &[i64]) -> Vec<u32> {
    let mut indexes: Vec<u32> = Vec::with_capacity(offsets.len());
    let mut before = None;
    for message in times.partitions().iter().zip(offsets) {
        let same = before.replace(message) == Some(message);
        indexes.push(indexes.last().filter(|_| same).map_or(0, |index| index + 1));
    }
    indexes
}

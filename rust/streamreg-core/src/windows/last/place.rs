//! Windows: where a row stands among those of its instance, as bytes in that order.

use crate::windows::moment::{Moment, TimeKind};
use crate::windows::row_times::RowTimes;

/// The bytes of a place: the cell of a time, a partition, an offset, an index.
pub(super) const WIDTH: usize = 9 + 4 + 8 + 4;

/// Appends the place of a row: it is `index` rows behind the first one of its message.
pub(super) fn write(time: Moment, partition: i32, offset: i64, index: u32, out: &mut Vec<u8>) {
    time.encode(out);
    // With the sign turned around negative ones come first.
    out.extend_from_slice(&(partition.cast_unsigned() ^ 1 << 31).to_be_bytes());
    out.extend_from_slice(&(offset.cast_unsigned() ^ 1 << 63).to_be_bytes());
    out.extend_from_slice(&index.to_be_bytes());
}

/// The time of a place; `None` if it is none.
pub(super) fn time(kind: TimeKind, mut place: &[u8]) -> Option<Moment> {
    let whole = place.len() == WIDTH;
    kind.decode(&mut place).filter(|time| whole && kind.holds(*time))
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

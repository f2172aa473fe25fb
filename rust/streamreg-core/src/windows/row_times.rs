//! Windows: when the rows of one batch were, where they stand, and the greatest time before each in its partition.

use std::ops::Range;

use super::moment::{Moment, TimeKind};
use crate::error::Error;

/// A column of times.
#[derive(Clone, Copy, Debug)]
pub enum Times<'a> {
    /// Integers.
    Int(&'a [i64]),
    /// Doubles, NaN and infinities among them.
    Float(&'a [f64]),
    /// Datetimes, in microseconds.
    Datetime(&'a [i64]),
}

#[derive(Debug)]
enum Owned {
    Int(Vec<i64>),
    Float(Vec<f64>),
}

/// The times of a partition that has rows here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Watermark {
    /// Which partition.
    pub partition: i32,
    /// The least time of its rows here.
    pub least: Moment,
    /// The greatest time of the partition, up to its last row here.
    pub greatest: Moment,
}

/// When the rows of one batch were, and where they stand.
///
/// The rows of a partition are in the order of the topic. Times that are NaN, infinite or out of bounds do not count.
#[derive(Debug)]
pub struct RowTimes {
    kind: TimeKind,
    times: Owned,
    partitions: Vec<i32>,
    offsets: Option<Vec<i64>>,
    /// The greatest time of each partition before its first row here, in the order of the partitions.
    before: Vec<(i32, Moment)>,
    bounds: Option<(Moment, Moment)>,
    /// Which rows have no time; `None` if all have one.
    missing: Option<Vec<bool>>,
}

/// A row that has a time, as windows look at it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its index in the batch.
    pub index: u32,
    /// When it was; `None` for NaN and infinities.
    pub time: Option<Moment>,
    /// The greatest time before it in its partition.
    pub before: Option<Moment>,
}

impl RowTimes {
    /// The times of the rows of a batch. `watermarks` says for partitions the greatest time before these rows;
    /// `offsets` are those of the messages: equal ones that follow one another are of rows of one message.
    ///
    /// # Errors
    /// [`Error::Columns`] if the columns are not of one length, [`Error::Invalid`] for a watermark or bounds of another
    /// kind than the times, [`Error::Overflow`] for a batch of 2^32 rows or more.
    pub fn new(
        times: Times<'_>,
        partitions: &[i32],
        watermarks: &[(i32, Moment)],
        offsets: Option<&[i64]>,
        bounds: Option<(Moment, Moment)>,
    ) -> Result<Self, Error> {
        let (kind, times) = match times {
            Times::Int(values) => (TimeKind::Int, Owned::Int(values.to_vec())),
            Times::Datetime(values) => (TimeKind::Datetime, Owned::Int(values.to_vec())),
            // Of -0.0 the sum makes 0.0.
            Times::Float(values) => {
                (TimeKind::Float, Owned::Float(values.iter().map(|value| value + 0.0).collect()))
            }
        };
        let rows = match &times {
            Owned::Int(values) => values.len(),
            Owned::Float(values) => values.len(),
        };
        if partitions.len() != rows || offsets.is_some_and(|offsets| offsets.len() != rows) {
            return Err(Error::Columns(format!(
                "the times have {rows} rows, partitions or offsets have not"
            )));
        }
        u32::try_from(rows)
            .map_err(|_| Error::Overflow(format!("a batch of {rows} rows; 2^32 are too many")))?;
        let mut before = watermarks
            .iter()
            .map(|&(partition, moment)| Ok((partition, kind.checked(moment)?)))
            .collect::<Result<Vec<_>, Error>>()?;
        before.sort_unstable_by_key(|&(partition, _)| partition);
        let bounds = match bounds {
            Some((least, greatest)) => Some((kind.checked(least)?, kind.checked(greatest)?)),
            None => None,
        };
        let (partitions, offsets) = (partitions.to_vec(), offsets.map(<[i64]>::to_vec));
        Ok(Self { kind, times, partitions, offsets, before, bounds, missing: None })
    }

    /// The same, where these rows have no time: they are in no window, and no partition comes further by them.
    ///
    /// # Errors
    /// [`Error::Columns`] unless it is said of each row.
    pub fn without(self, missing: &[bool]) -> Result<Self, Error> {
        if missing.len() != self.len() {
            let (found, rows) = (missing.len(), self.len());
            return Err(Error::Columns(format!(
                "what times are missing is said of {found} rows, not {rows}"
            )));
        }
        Ok(Self { missing: missing.contains(&true).then(|| missing.to_vec()), ..self })
    }

    /// Number of rows without a time.
    pub(super) fn count_missing(&self) -> usize {
        self.missing.iter().flatten().filter(|missing| **missing).count()
    }

    fn is_missing(&self, row: usize) -> bool {
        self.missing.as_ref().is_some_and(|missing| missing[row])
    }

    /// What the times are.
    #[must_use]
    pub fn kind(&self) -> TimeKind {
        self.kind
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.partitions.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    /// The time of a row; `None` for NaN and infinities, and if it has none.
    pub(super) fn time(&self, row: usize) -> Option<Moment> {
        match &self.times {
            _ if self.is_missing(row) => None,
            Owned::Int(values) => Some(Moment::Int(values[row])),
            Owned::Float(values) => Some(values[row]).filter(|value| value.is_finite()).map(Moment::Float),
        }
    }

    /// The partition of each row.
    #[allow(dead_code, reason = "windows of the last rows read it")]
    pub(super) fn partitions(&self) -> &[i32] {
        &self.partitions
    }

    /// The offset of each row, where they are known.
    #[allow(dead_code, reason = "windows of the last rows read it")]
    pub(super) fn offsets(&self) -> Option<&[i64]> {
        self.offsets.as_deref()
    }

    /// Visits the rows that have a time, in the order of the batch.
    pub fn each(&self, mut visit: impl FnMut(Row)) {
        let mut progress = Progress::new(&self.before);
        for (index, (row, &partition)) in (0u32..).zip(self.partitions.iter().enumerate()) {
            if self.is_missing(row) {
                continue;
            }
            let state = progress.of(partition);
            let time = self.time(row);
            visit(Row { index, time, before: state.greatest });
            if let Some(time) = time.filter(|&time| self.counts(time)) {
                state.see(time);
            }
        }
    }

    /// Of the partitions with a row here whose time counts: the least time of these rows, and the greatest one of the
    /// partition up to its last row here.
    #[must_use]
    pub fn watermarks(&self) -> Vec<Watermark> {
        let (mut progress, mut start) = (Progress::new(&self.before), 0);
        // Rows of one partition mostly come one after another.
        for own in self.partitions.chunk_by(|one, other| one == other) {
            let end = start + own.len();
            let state = progress.of(own[0]);
            for time in self.extremes(start..end).into_iter().flatten() {
                state.see(time);
            }
            start = end;
        }
        let mut found: Vec<_> = progress.partitions.iter().filter_map(Partition::watermark).collect();
        found.sort_unstable_by_key(|watermark| watermark.partition);
        found
    }

    /// The least and the greatest time of some rows, of those that count; nothing if none does.
    fn extremes(&self, rows: Range<usize>) -> Option<[Moment; 2]> {
        if let (Owned::Int(values), None) = (&self.times, &self.missing) {
            let within = match self.bounds {
                Some((Moment::Int(least), Moment::Int(greatest))) => least..=greatest,
                _ => i64::MIN..=i64::MAX,
            };
            let (mut least, mut greatest) = (i64::MAX, i64::MIN);
            for &value in values[rows].iter().filter(|&value| within.contains(value)) {
                (least, greatest) = (least.min(value), greatest.max(value));
            }
            return (least <= greatest).then(|| [least, greatest].map(Moment::Int));
        }
        let counted = rows.filter_map(|row| self.time(row)).filter(|&time| self.counts(time));
        counted.fold(None, |found: Option<[Moment; 2]>, time| {
            let [least, greatest] = found.unwrap_or([time, time]);
            let least = if time.order(least).is_lt() { time } else { least };
            Some([least, greatest.later(time)])
        })
    }

    fn counts(&self, time: Moment) -> bool {
        self.bounds.is_none_or(|(least, greatest)| time.order(least).is_ge() && time.order(greatest).is_le())
    }
}

/// How far the partitions have come, row by row.
struct Progress<'a> {
    before: &'a [(i32, Moment)],
    partitions: Vec<Partition>,
    /// Where the partition of the row before stands: rows of one partition mostly come one after another.
    last: usize,
}

struct Partition {
    id: i32,
    least: Option<Moment>,
    greatest: Option<Moment>,
}

impl<'a> Progress<'a> {
    fn new(before: &'a [(i32, Moment)]) -> Self {
        Self { before, partitions: Vec::new(), last: 0 }
    }

    fn of(&mut self, id: i32) -> &mut Partition {
        if self.partitions.get(self.last).is_none_or(|partition| partition.id != id) {
            // In order, found by halving: a batch may be of many partitions.
            self.last = match self.partitions.binary_search_by_key(&id, |partition| partition.id) {
                Ok(at) => at,
                Err(at) => {
                    let before = self.before.binary_search_by_key(&id, |&(partition, _)| partition);
                    let greatest = before.ok().map(|at| self.before[at].1);
                    self.partitions.insert(at, Partition { id, least: None, greatest });
                    at
                }
            };
        }
        &mut self.partitions[self.last]
    }
}

impl Partition {
    fn see(&mut self, time: Moment) {
        self.least =
            Some(self.least.map_or(time, |least| if time.order(least).is_lt() { time } else { least }));
        self.greatest = Some(self.greatest.map_or(time, |greatest| greatest.later(time)));
    }

    fn watermark(&self) -> Option<Watermark> {
        Some(Watermark { partition: self.id, least: self.least?, greatest: self.greatest? })
    }
}

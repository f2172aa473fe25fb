//! Read, one response: the batches that arrived whole, cut from the rest.

use bytes::Bytes;
use std::ops::Range;

use crate::aborted::Pending;
use crate::batch::{Begins, HEADER, Header};
use crate::codec::{Codec, Unpacker};
use crate::log::{Isolation, Options};
use crate::opened::Opened;

/// The most bytes of a buffer: what has a place in 31 bits.
#[allow(clippy::cast_sign_loss, reason = "it is positive")]
pub(crate) const LARGEST: usize = i32::MAX as usize;

/// Whole batches of one response that were not begun yet.
#[derive(Debug)]
pub(crate) struct Segment {
    pub records: Bytes,
    /// Where the next batch starts.
    pub at: usize,
    pub aborted: Pending,
}

/// What was found in the records of a response.
#[derive(Debug)]
pub(crate) struct Scan {
    /// The bytes of the whole batches that start before the end.
    pub whole: usize,
    /// The last of them.
    pub last: Option<Header>,
    /// Whether there is a batch at or past the end.
    pub past_end: bool,
    /// If a cut-off batch follows: the bytes up to where it would end, or 0 if that is not known.
    pub cut: Option<usize>,
}

impl Segment {
    pub(crate) fn len(&self) -> usize {
        self.records.len() - self.at
    }

    /// Goes past the batch that comes next. Its records come with it, if there are messages from `next` on in it.
    pub(crate) fn begin(
        &mut self,
        partition: i32,
        next: i64,
        options: &Options,
        unpacker: &mut Unpacker,
    ) -> Result<(Header, Option<Opened>), String> {
        let rest = self.records.get(self.at..).unwrap_or_default();
        let Begins::Batch(header) = Header::read(rest)? else { return Err("a batch is cut off".to_owned()) };
        // Before anything in the header is believed.
        if options.check_crcs {
            header.check(rest.get(..header.size).unwrap_or_default())?;
        }
        let records = self.at + HEADER..self.at + header.size;
        if header.records == 0 && !records.is_empty() {
            return Err("a batch says that it has no records, and has some".to_owned());
        }
        let mut opened = None;
        if header.last_offset >= next && header.records > 0 {
            opened = self.open(&header, partition, records, options, unpacker)?;
        }
        self.at += header.size;
        Ok((header, opened))
    }

    /// Opens a batch, unless it has markers only or belongs to an aborted transaction.
    fn open(
        &mut self,
        header: &Header,
        partition: i32,
        place: Range<usize>,
        options: &Options,
        unpacker: &mut Unpacker,
    ) -> Result<Option<Opened>, String> {
        let committed = options.isolation == Isolation::ReadCommitted;
        let aborted =
            committed && header.transactional() && self.aborted.holds(header.producer_id, header.base_offset);
        if if header.control() { !committed } else { aborted } {
            return Ok(None);
        }
        let (buffer, place) = match header.codec()? {
            Codec::Plain => (self.records.clone(), place),
            codec => {
                let packed = self.records.get(place).unwrap_or_default();
                let records = unpacker.unpack(codec, packed, options.most_unpacked.min(LARGEST))?;
                let place = 0..records.len();
                (Bytes::from(records), place)
            }
        };
        if header.control() {
            self.aborted.pass_markers(header, buffer.get(place).unwrap_or_default())?;
            return Ok(None);
        }
        Ok(Some(Opened::new(*header, partition, buffer, place)))
    }
}

/// Looks at the headers of all batches, up to the offset where the reading ends.
pub(crate) fn scan(records: &[u8], end: i64) -> Result<Scan, String> {
    let mut scan = Scan { whole: 0, last: None, past_end: false, cut: None };
    while let Some(rest) = records.get(scan.whole..).filter(|rest| !rest.is_empty()) {
        match Header::read(rest)? {
            Begins::Cut(size) => {
                scan.cut = Some(if size == 0 { 0 } else { scan.whole.saturating_add(size) });
                break;
            }
            Begins::Batch(header) => {
                if let Some(before) = scan.last.filter(|before| before.last_offset >= header.base_offset) {
                    let (last, base) = (before.last_offset, header.base_offset);
                    return Err(format!(
                        "a batch up to offset {last} is followed by one from offset {base} on"
                    ));
                }
                if header.base_offset >= end {
                    scan.past_end = true;
                    break;
                }
                scan.whole += header.size;
                scan.last = Some(header);
            }
        }
    }
    Ok(scan)
}

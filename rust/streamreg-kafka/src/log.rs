//! Read, one partition: its log as it arrives, from one offset to another. No I/O.

use bytes::Bytes;
use std::collections::VecDeque;

use crate::aborted::{Aborted, Pending};
use crate::batch::Header;
use crate::codec::Unpacker;
use crate::messages::Messages;
use crate::opened::{Opened, Stop};
use crate::segment::{self, LARGEST, Segment};
use crate::unusual::Unusual;

/// Which messages of transactions are delivered (the setting `isolation.level`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// All of them.
    ReadUncommitted,
    /// Those of transactions that were committed.
    #[default]
    ReadCommitted,
}

/// How logs are read.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Which messages of transactions are delivered.
    pub isolation: Isolation,
    /// Whether batches are compared with their checksums (the setting `check.crcs`).
    pub check_crcs: bool,
    /// To how many bytes a batch may unpack.
    pub most_unpacked: usize,
}

impl Default for Options {
    /// The default of `receive.message.max.bytes` for a batch; batches are checked.
    fn default() -> Self {
        Self { isolation: Isolation::default(), check_crcs: true, most_unpacked: 100_000_000 }
    }
}

/// The part of a log that is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Which partition's log, by its number.
    pub partition: i32,
    /// The first offset.
    pub start: i64,
    /// The offset after the last one; `None`: for ever.
    pub end: Option<i64>,
    /// The leader epoch of the message before `start`, where it is known.
    pub leader_epoch: Option<i32>,
}

/// How much is still to be delivered at this time. Records count with all their bytes.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Messages.
    pub messages: usize,
    /// Bytes: as long as there is one left, one more message may be delivered, whatever its size.
    pub bytes: usize,
}

/// What came of the records of one response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// There was no record.
    Nothing,
    /// The log went on: [`PartitionLog::fetch_offset`] is another one.
    Whole,
    /// There was only the beginning of a batch: at least so many bytes are to be asked for, or else it will not end.
    Cut {
        /// The bytes of the batch, or 0 if not even they could be read.
        needed: usize,
    },
}

/// The log of one partition: what was pushed and is not delivered yet.
#[derive(Debug)]
pub struct PartitionLog {
    span: Span,
    options: Options,
    next: i64,
    leader_epoch: Option<i32>,
    fetch_offset: i64,
    fetched_epoch: Option<i32>,
    segments: VecDeque<Segment>,
    /// The batch that was begun; it comes before what is in the segments.
    opened: Option<Opened>,
}

impl PartitionLog {
    /// A log of which nothing was pushed.
    #[must_use]
    pub fn new(span: Span, options: Options) -> Self {
        Self {
            span,
            options,
            next: span.start,
            leader_epoch: span.leader_epoch,
            fetch_offset: span.start,
            fetched_epoch: span.leader_epoch,
            segments: VecDeque::new(),
            opened: None,
        }
    }

    /// Which partition's log it is.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.span.partition
    }

    /// The offset to ask the broker for next: past the last whole batch that was pushed.
    #[must_use]
    pub fn fetch_offset(&self) -> i64 {
        self.fetch_offset
    }

    /// The leader epoch of the last batch that was pushed, which goes with [`PartitionLog::fetch_offset`] in a request.
    #[must_use]
    pub fn fetched_epoch(&self) -> Option<i32> {
        self.fetched_epoch
    }

    /// The first offset that was not delivered yet: what lies before it and was not delivered is no message.
    #[must_use]
    pub fn next(&self) -> i64 {
        self.next
    }

    /// The leader epoch of what lies before [`PartitionLog::next`], where it is known.
    #[must_use]
    pub fn leader_epoch(&self) -> Option<i32> {
        self.leader_epoch
    }

    /// How many bytes are held; 0 if and only if all that was pushed is delivered.
    #[must_use]
    pub fn buffered(&self) -> usize {
        // A batch that was begun counts even where only its end is to be noticed.
        let opened = self.opened.as_ref().map_or(0, |opened| opened.len().max(1));
        self.segments.iter().map(Segment::len).sum::<usize>() + opened
    }

    /// Whether all up to the end was pushed: nothing more is to be asked for.
    #[must_use]
    pub fn fetched(&self) -> bool {
        self.span.end.is_some_and(|end| self.fetch_offset >= end)
    }

    /// Whether all up to the end was delivered.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.span.end.is_some_and(|end| self.next >= end)
    }

    /// Forgets what is not delivered: then [`PartitionLog::fetch_offset`] is [`PartitionLog::next`] again.
    pub fn reset(&mut self) {
        self.segments.clear();
        self.opened = None;
        self.fetch_offset = self.next;
        self.fetched_epoch = self.leader_epoch;
    }

    /// Takes the records of one response to a request for [`PartitionLog::fetch_offset`], with the aborted transactions
    /// that it lists. Only the headers of batches are looked at; a batch that is cut off at the end is dropped.
    ///
    /// # Errors
    ///
    /// If a header is damaged or of another format, or all batches are older than what was asked for; then nothing of
    /// the response is kept.
    pub fn push(&mut self, mut records: Bytes, aborted: Vec<Aborted>) -> Result<Pushed, Unusual> {
        let from = self.fetch_offset;
        if records.is_empty() || self.fetched() {
            return Ok(Pushed::Nothing);
        }
        if records.len() > LARGEST {
            return Err(self.unusual(from, format!("a response has {} bytes", records.len())));
        }
        let end = self.end();
        let scan = segment::scan(&records, end).map_err(|why| self.unusual(from, why))?;
        if let Some(last) = scan.last.filter(|last| last.last_offset >= from) {
            self.fetch_offset = end.min(last.last_offset + 1);
            self.fetched_epoch = epoch(&last);
            records.truncate(scan.whole);
            let aborted = match self.options.isolation {
                Isolation::ReadCommitted => Pending::new(aborted),
                Isolation::ReadUncommitted => Pending::default(),
            };
            self.segments.push_back(Segment { records, at: 0, aborted });
        }
        if scan.past_end {
            self.fetch_offset = end;
        }
        self.settle();
        match scan.cut {
            _ if self.fetch_offset > from => Ok(Pushed::Whole),
            Some(needed) => Ok(Pushed::Cut { needed }),
            None => Err(self.unusual(from, "the broker sent only what comes before this offset".to_owned())),
        }
    }

    /// Delivers messages as far as there is room. It goes on where it ended, be it within a batch.
    ///
    /// # Errors
    ///
    /// If a batch is damaged or cannot be unpacked. What was delivered before it is not taken back, and
    /// [`PartitionLog::next`] is where another client can go on.
    pub fn read(
        &mut self,
        room: &mut Room,
        unpacker: &mut Unpacker,
        into: &mut Messages,
    ) -> Result<(), Unusual> {
        while room.messages > 0 && room.bytes > 0 && !self.ended() {
            if self.within_batch() {
                self.finish(room, into)?;
            } else if !self.open_next(unpacker)? {
                break;
            }
        }
        self.settle();
        Ok(())
    }

    /// Whether a batch was begun of which more is to be delivered.
    #[must_use]
    pub fn within_batch(&self) -> bool {
        self.opened.is_some()
    }

    /// Delivers messages of the batch that was begun, if one was, as far as there is room.
    ///
    /// # Errors
    ///
    /// As [`PartitionLog::read`].
    pub fn finish(&mut self, room: &mut Room, into: &mut Messages) -> Result<(), Unusual> {
        let mut wanted = self.next..self.end();
        let Some(opened) = &mut self.opened else { return Ok(()) };
        let stop = opened.walk(&mut wanted, room, into);
        let header = opened.header;
        if wanted.start > self.next {
            (self.next, self.leader_epoch) = (wanted.start, epoch(&header));
        }
        if stop.map_err(|why| self.unusual(header.base_offset, why))? == Stop::Done {
            self.opened = None;
            self.pass(&header);
        }
        self.settle();
        Ok(())
    }

    /// Begins the batch that comes next, or passes it if it holds nothing to deliver. Returns whether there was one.
    fn open_next(&mut self, unpacker: &mut Unpacker) -> Result<bool, Unusual> {
        let Some(segment) = self.segments.front_mut() else { return Ok(false) };
        let begun = segment.begin(self.span.partition, self.next, &self.options, unpacker);
        let (header, opened) = begun.map_err(|why| self.unusual(self.next, why))?;
        self.opened = opened;
        if self.opened.is_none() {
            self.pass(&header);
        }
        if self.segments.front().is_some_and(|segment| segment.len() == 0) {
            self.segments.pop_front();
        }
        Ok(true)
    }

    /// Goes on to what comes after a batch.
    fn pass(&mut self, header: &Header) {
        if header.last_offset >= self.next {
            self.next = self.end().min(header.last_offset + 1);
            self.leader_epoch = epoch(header);
        }
    }

    /// Where all is delivered that was pushed, a gap of the log may follow; past the end, nothing is wanted.
    fn settle(&mut self) {
        if self.ended() {
            self.segments.clear();
            self.opened = None;
        }
        if self.segments.is_empty() && self.opened.is_none() {
            (self.next, self.leader_epoch) = (self.fetch_offset, self.fetched_epoch);
        }
    }

    /// The offset before which all is wanted.
    fn end(&self) -> i64 {
        self.span.end.unwrap_or(i64::MAX)
    }

    fn unusual(&self, offset: i64, why: String) -> Unusual {
        Unusual { partition: self.span.partition, offset, why }
    }
}

/// The leader epoch of a batch; those of old brokers have none.
fn epoch(header: &Header) -> Option<i32> {
    Some(header.leader_epoch).filter(|&epoch| epoch >= 0)
}

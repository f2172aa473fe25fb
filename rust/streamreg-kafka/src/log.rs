//! Read, one partition: its log as it arrives, from one offset to another. No I/O.

use bytes::Bytes;

use crate::aborted::Aborted;
use crate::messages::Messages;
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
    /// Which partition's log.
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
    fetch_offset: i64,
    fetched_epoch: Option<i32>,
}

impl PartitionLog {
    /// A log of which nothing was pushed.
    #[must_use]
    pub fn new(span: Span, options: Options) -> Self {
        Self { span, options, next: span.start, fetch_offset: span.start, fetched_epoch: span.leader_epoch }
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

    /// The first offset that was not delivered yet; what lies before it and was not delivered is no message.
    #[must_use]
    pub fn next(&self) -> i64 {
        self.next
    }

    /// The leader epoch of what lies before [`PartitionLog::next`], where it is known.
    #[must_use]
    pub fn leader_epoch(&self) -> Option<i32> {
        self.span.leader_epoch
    }

    /// Takes the records of one response to a request for [`PartitionLog::fetch_offset`], with the aborted transactions
    /// that it lists. Only the headers of batches are looked at.
    ///
    /// # Errors
    ///
    /// If a header is damaged or of another format; then nothing of the response is kept.
    pub fn push(&mut self, records: Bytes, aborted: Vec<Aborted>) -> Result<Pushed, Unusual> {
        let _ = (records, aborted, self.options);
        Ok(Pushed::Nothing)
    }

    /// How many bytes are held: 0 if and only if all that was pushed is delivered.
    #[must_use]
    pub fn buffered(&self) -> usize {
        0
    }

    /// Delivers messages as far as there is room. It goes on where it ended, be it within a batch.
    ///
    /// # Errors
    ///
    /// If a batch is damaged or cannot be unpacked. What was delivered before it is not taken back, and
    /// [`PartitionLog::next`] is where another client can go on.
    pub fn read(&mut self, room: &mut Room, into: &mut Messages) -> Result<(), Unusual> {
        let _ = (room, into);
        Ok(())
    }

    /// Forgets what is not delivered: then [`PartitionLog::fetch_offset`] is [`PartitionLog::next`] again.
    pub fn reset(&mut self) {
        self.fetch_offset = self.next;
        self.fetched_epoch = self.span.leader_epoch;
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
}

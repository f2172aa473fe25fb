//! Read, its result: messages of one or several partitions, which stand where they arrived.
//!
//! No value is copied: a message is an entry that says where its record stands in a buffer that all share, the response
//! of a broker or an unpacked batch. What few ask for (keys, headers, timestamps) is read from the record when asked.

use bytes::Bytes;
use std::slice;

use crate::record;

/// Names and values, in the order of the message.
pub type Headers<'a> = Vec<(&'a [u8], Option<&'a [u8]>)>;

/// Messages in the order of their log within each partition.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    buffers: Vec<Bytes>,
    /// Messages of one batch, each run where the one before it ends.
    runs: Vec<Run>,
    entries: Vec<Entry>,
}

/// What the header of a batch says of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Common {
    pub partition: i32,
    pub base_offset: i64,
    pub base_timestamp: i64,
    pub max_timestamp: i64,
    /// Whether the broker has set the timestamps: then the last one is that of all messages.
    pub append_time: bool,
}

/// Messages of one batch.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Index of the first message.
    first: usize,
    /// Index of the message after the last one.
    end: usize,
    /// Index of the buffer that they stand in.
    buffer: usize,
    batch: Common,
}

/// One message: where its record stands in the buffer, and what is asked of every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where the record starts, with its length.
    pub record: u32,
    /// Where the value starts.
    pub value: u32,
    /// [`TOMBSTONE`] for no value.
    pub value_len: u32,
    /// From the base offset of the batch.
    pub offset_delta: u32,
}

/// The length of no value. Buffers are smaller than that.
pub(crate) const TOMBSTONE: u32 = u32::MAX;

impl Messages {
    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a message; `None` for a tombstone, and where there is no such message.
    #[must_use]
    pub fn value(&self, index: usize) -> Option<&[u8]> {
        self.at(index).and_then(|(buffer, _, entry)| entry.value_in(buffer))
    }

    /// The values of all messages; `None` for a tombstone.
    #[must_use]
    pub fn values(&self) -> impl ExactSizeIterator<Item = Option<&[u8]>> {
        self.each().map(|(buffer, _, entry)| entry.value_in(buffer))
    }

    /// The partition of a message, -1 where there is no such message.
    #[must_use]
    pub fn partition(&self, index: usize) -> i32 {
        self.at(index).map_or(-1, |(_, run, _)| run.batch.partition)
    }

    /// The partition of each message.
    #[must_use]
    pub fn partitions(&self) -> impl ExactSizeIterator<Item = i32> {
        self.each().map(|(_, run, _)| run.batch.partition)
    }

    /// The offset of a message, -1 where there is no such message.
    #[must_use]
    pub fn offset(&self, index: usize) -> i64 {
        self.at(index).map_or(-1, |(_, run, entry)| run.offset(entry))
    }

    /// The offset of each message.
    #[must_use]
    pub fn offsets(&self) -> impl ExactSizeIterator<Item = i64> {
        self.each().map(|(_, run, entry)| run.offset(entry))
    }

    /// The timestamp of a message in milliseconds since 1970-01-01 UTC; `None` where it has none (it is negative), and
    /// where there is no such message.
    ///
    /// Where it is the broker's time (`LogAppendTime`), it is that of the whole batch.
    #[must_use]
    pub fn timestamp(&self, index: usize) -> Option<i64> {
        self.at(index).and_then(|(buffer, run, entry)| run.timestamp(buffer, entry))
    }

    /// The timestamp of each message, as [`Messages::timestamp`].
    #[must_use]
    pub fn timestamps(&self) -> impl ExactSizeIterator<Item = Option<i64>> {
        self.each().map(|(buffer, run, entry)| run.timestamp(buffer, entry))
    }

    /// The key of a message; `None` where it has none, and where there is no such message.
    #[must_use]
    pub fn key(&self, index: usize) -> Option<&[u8]> {
        self.at(index).and_then(|(buffer, _, entry)| record::key(buffer, entry.record))
    }

    /// The key of each message, as [`Messages::key`].
    #[must_use]
    pub fn keys(&self) -> impl ExactSizeIterator<Item = Option<&[u8]>> {
        self.each().map(|(buffer, _, entry)| record::key(buffer, entry.record))
    }

    /// The headers of a message: names, which need not be UTF-8, and values.
    ///
    /// As librdkafka has them: a name ends at its first NUL, and headers that cannot be read, or are more than 100,000,
    /// are none at all.
    #[must_use]
    pub fn headers(&self, index: usize) -> Headers<'_> {
        let headers = self.at(index).and_then(|(buffer, _, entry)| record::headers(buffer, entry.record));
        headers.unwrap_or_default()
    }

    /// Begins the messages of a batch that stand in `buffer`. At most `room` messages follow by [`Messages::push`].
    pub(crate) fn begin(&mut self, buffer: &Bytes, batch: Common, room: usize) {
        let same = |last: &Bytes| last.as_ptr() == buffer.as_ptr() && last.len() == buffer.len();
        if !self.buffers.last().is_some_and(same) {
            self.buffers.push(buffer.clone());
        }
        let first = self.entries.len();
        self.runs.push(Run { first, end: first, buffer: self.buffers.len() - 1, batch });
        self.entries.reserve(room);
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Ends what [`Messages::begin`] began.
    pub(crate) fn end(&mut self) {
        if let Some(run) = self.runs.last_mut() {
            run.end = self.entries.len();
        }
    }

    fn at(&self, index: usize) -> Option<(&[u8], &Run, &Entry)> {
        let entry = self.entries.get(index)?;
        let run = self.runs.get(self.runs.partition_point(|run| run.end <= index))?;
        Some((self.buffer(run), run, entry))
    }

    fn buffer(&self, run: &Run) -> &[u8] {
        self.buffers.get(run.buffer).map_or(&[], |buffer| buffer)
    }

    fn each(&self) -> Each<'_> {
        Each {
            messages: self,
            left: self.entries.len(),
            runs: self.runs.iter(),
            run: &NO_RUN,
            buffer: &[],
            entries: [].iter(),
        }
    }
}

impl Run {
    fn offset(&self, entry: &Entry) -> i64 {
        // Within the offsets of its batch, which do not overflow.
        self.batch.base_offset.wrapping_add(entry.offset_delta.into())
    }

    fn timestamp(&self, buffer: &[u8], entry: &Entry) -> Option<i64> {
        let timestamp = if self.batch.append_time || record::append_time(buffer, entry.record) {
            self.batch.max_timestamp
        } else {
            // As the clients of Java and C: whatever a producer has written is no error.
            self.batch.base_timestamp.wrapping_add(record::timestamp_delta(buffer, entry.record)?)
        };
        (timestamp >= 0).then_some(timestamp)
    }
}

impl Entry {
    fn value_in<'a>(&self, buffer: &'a [u8]) -> Option<&'a [u8]> {
        if self.value_len == TOMBSTONE {
            return None;
        }
        let start = self.value as usize;
        buffer.get(start..start + self.value_len as usize)
    }
}

/// The run before the first.
static NO_RUN: Run = Run {
    first: 0,
    end: 0,
    buffer: 0,
    batch: Common {
        partition: -1,
        base_offset: -1,
        base_timestamp: -1,
        max_timestamp: -1,
        append_time: false,
    },
};

/// Each message with what is known of it: its buffer, its batch, its entry.
struct Each<'a> {
    messages: &'a Messages,
    left: usize,
    runs: slice::Iter<'a, Run>,
    run: &'a Run,
    buffer: &'a [u8],
    entries: slice::Iter<'a, Entry>,
}

impl<'a> Iterator for Each<'a> {
    type Item = (&'a [u8], &'a Run, &'a Entry);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.entries.next() {
                self.left -= 1;
                return Some((self.buffer, self.run, entry));
            }
            self.run = self.runs.next()?;
            self.buffer = self.messages.buffer(self.run);
            self.entries = self.messages.entries.get(self.run.first..self.run.end).unwrap_or_default().iter();
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Each<'_> {}

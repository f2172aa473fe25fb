//! Decode: the values of a batch, copied together, so that they can be decoded without their owner.

use crate::error::Error;

/// The message values of one batch: one buffer of bytes, the end of each value, and which have none.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Indexes of the messages without a value, ascending.
    absent: Vec<u32>,
}

impl Messages {
    /// No messages, with room for so many of so many bytes together.
    #[must_use]
    pub fn with_capacity(messages: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(messages), absent: Vec::new() }
    }

    /// Appends a message's value; `None` for a message that has none (a tombstone).
    ///
    /// # Errors
    /// [`Error::Overflow`] for more messages than 32 bits can number.
    pub fn push(&mut self, value: Option<&[u8]>) -> Result<(), Error> {
        let index = u32::try_from(self.ends.len())
            .map_err(|_| Error::Overflow("a batch holds at most 2^32 messages".to_owned()))?;
        match value {
            Some(value) => self.bytes.extend_from_slice(value),
            None => self.absent.push(index),
        }
        self.ends.push(self.bytes.len());
        Ok(())
    }

    /// Number of messages, tombstones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Number of messages that have a value.
    pub(super) fn present(&self) -> usize {
        self.ends.len() - self.absent.len()
    }

    /// The values in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let mut start = 0;
        let mut absent = self.absent.iter().map(|&index| index as usize).peekable();
        self.ends.iter().enumerate().map(move |(index, &end)| {
            let value = &self.bytes[start..end];
            start = end;
            if absent.next_if_eq(&index).is_some() { None } else { Some(value) }
        })
    }
}

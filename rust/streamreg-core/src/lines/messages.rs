//! Lines: what they come to by key, as messages: a key and a value of bytes.

use super::{JsonRows, standing};
use crate::error::Error;
use std::ops::Range;

/// Messages, one for each key that has changed; in the order in which keys first changed.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    /// Key and value of each in turn.
    text: Vec<u8>,
    /// Where the key of each ends, and where its value does.
    ends: Vec<(usize, Option<usize>)>,
}

/// A key, and its value; `None` if its row is gone.
pub type Message<'a> = (&'a [u8], Option<&'a [u8]>);

impl Messages {
    /// What the lines of some epochs come to, as [`standing`] has it. Keys and rows are JSON, or CSV where there is
    /// nothing that makes objects of them.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no line of a changelog with these columns.
    pub fn new<'a>(
        epochs: impl IntoIterator<Item = &'a [u8]>,
        places: &[usize],
        keys: Option<&JsonRows>,
        values: Option<&JsonRows>,
    ) -> Result<Self, Error> {
        let found = standing(epochs, places)?;
        let mut messages = Self { text: Vec::new(), ends: Vec::with_capacity(found.len()) };
        for each in &found {
            messages.write(&each.key, keys)?;
            let key = messages.text.len();
            let value = each.row.map(|row| messages.write(row, values)).transpose()?;
            messages.ends.push((key, value.map(|()| messages.text.len())));
        }
        Ok(messages)
    }

    fn write(&mut self, row: &[u8], json: Option<&JsonRows>) -> Result<(), Error> {
        if let Some(json) = json {
            return json.write(row, &mut self.text);
        }
        self.text.extend_from_slice(row);
        Ok(())
    }

    /// Number of messages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Some of them.
    pub fn some(&self, places: Range<usize>) -> impl Iterator<Item = Message<'_>> {
        let end = places.end.min(self.len());
        let begin = places.start.min(end);
        let mut start = begin.checked_sub(1).map_or(0, |before| self.end(before));
        (begin..end).map(move |place| {
            let (key, value) = self.ends[place];
            let message = (&self.text[start..key], value.map(|end| &self.text[key..end]));
            start = self.end(place);
            message
        })
    }

    fn end(&self, place: usize) -> usize {
        let (key, value) = self.ends[place];
        value.unwrap_or(key)
    }
}

//! Decode: a column of strings, or of bytes, in two allocations.

use crate::error::Error;
use crate::plural::plural;

/// A column of strings, or of byte strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    data: Data,
    /// Where each item ends in the data.
    ends: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Data {
    Str(String),
    Bytes(Vec<u8>),
}

/// One entry of a [`Text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// Of a column of strings.
    Str(&'a str),
    /// Of a column of bytes.
    Bytes(&'a [u8]),
}

impl Text {
    /// An empty column of strings with room for so many.
    #[must_use]
    pub fn strings(capacity: usize) -> Self {
        Self { data: Data::Str(String::new()), ends: Vec::with_capacity(capacity) }
    }

    /// An empty column of byte strings with room for so many.
    #[must_use]
    pub fn byte_strings(capacity: usize) -> Self {
        Self { data: Data::Bytes(Vec::new()), ends: Vec::with_capacity(capacity) }
    }

    /// Appends an entry; in a column of bytes a string stands for its UTF-8.
    ///
    /// # Errors
    /// [`Error::Invalid`] for bytes that are no UTF-8 in a column of strings.
    pub fn push(&mut self, item: Item<'_>) -> Result<(), Error> {
        match (&mut self.data, item) {
            (Data::Str(data), Item::Str(item)) => data.push_str(item),
            (Data::Str(data), Item::Bytes(item)) => data.push_str(
                std::str::from_utf8(item)
                    .map_err(|error| Error::Invalid(format!("a string must be UTF-8: {error}")))?,
            ),
            (Data::Bytes(data), Item::Str(item)) => data.extend_from_slice(item.as_bytes()),
            (Data::Bytes(data), Item::Bytes(item)) => data.extend_from_slice(item),
        }
        self.ends.push(self.size());
        Ok(())
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether the entries are strings; otherwise they are bytes.
    #[must_use]
    pub fn is_utf8(&self) -> bool {
        matches!(self.data, Data::Str(_))
    }

    /// The entry at this index, if there is one.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Item<'_>> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        match &self.data {
            Data::Str(data) => data.get(start..end).map(Item::Str),
            Data::Bytes(data) => data.get(start..end).map(Item::Bytes),
        }
    }

    /// The entries in their order.
    pub fn iter(&self) -> impl Iterator<Item = Item<'_>> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// The entries for which the mask holds true.
    ///
    /// # Errors
    /// [`Error::Columns`] if the mask is of another length.
    pub fn take(&self, mask: &[bool]) -> Result<Self, Error> {
        if mask.len() != self.len() {
            return Err(Error::Columns(format!(
                "a mask of {} for {}",
                mask.len(),
                plural(self.len(), "entry", "entries")
            )));
        }
        let kept = mask.iter().filter(|&&keep| keep).count();
        let mut taken = if self.is_utf8() { Self::strings(kept) } else { Self::byte_strings(kept) };
        for (item, _) in self.iter().zip(mask).filter(|&(_, &keep)| keep) {
            taken.push(item)?;
        }
        Ok(taken)
    }

    /// Drops all entries from this index on.
    pub(super) fn truncate(&mut self, len: usize) {
        self.ends.truncate(len);
        let size = self.ends.last().copied().unwrap_or(0);
        match &mut self.data {
            Data::Str(data) => data.truncate(size),
            Data::Bytes(data) => data.truncate(size),
        }
    }

    fn size(&self) -> usize {
        match &self.data {
            Data::Str(data) => data.len(),
            Data::Bytes(data) => data.len(),
        }
    }
}

impl<'a> Item<'a> {
    /// The entry's bytes.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        match self {
            Self::Str(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

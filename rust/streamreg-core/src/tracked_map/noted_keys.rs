//! Merge and changelog: the keys that have changed, noted one after the other.

use std::ops::Range;

/// Keys, all in one piece of memory: to make room for each of them and to free it would take longer than to note it.
#[derive(Debug, Default)]
pub(super) struct NotedKeys {
    text: Vec<u8>,
    /// Where in `text` each is.
    places: Vec<Range<usize>>,
}

impl NotedKeys {
    pub(super) fn push(&mut self, key: &[u8]) {
        let start = self.text.len();
        self.text.extend_from_slice(key);
        self.places.push(start..self.text.len());
    }

    /// Puts them in order, and drops those that are there twice.
    pub(super) fn sort(&mut self) {
        let key = |place: &Range<usize>| &self.text[place.clone()];
        self.places.sort_unstable_by(|a, b| key(a).cmp(key(b)));
        self.places.dedup_by(|a, b| key(a) == key(b));
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn get(&self, index: usize) -> &[u8] {
        &self.text[self.places[index].clone()]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.places.iter().map(|place| &self.text[place.clone()])
    }
}

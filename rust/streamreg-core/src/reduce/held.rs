//! Stage: score. The states that keys had at one moment, while rows are added to them.
//!
//! Only those of keys that have changed since are kept here: the others still have them.

use std::collections::HashMap;

use crate::kept::Kept;

type Bytes = Box<[u8]>;

/// What has changed of some keys since a moment, as it was then.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// For each key that has changed its state then, `None` if it had none. Nothing without such a moment.
    before: Option<HashMap<Bytes, Option<Bytes>>>,
}

impl Held {
    /// From now on the states of this moment are held.
    pub(super) fn begin(&mut self) {
        self.before = Some(HashMap::new());
    }

    /// A key is about to change.
    pub(super) fn keep(&mut self, key: &[u8], kept: &Kept) {
        if let Some(before) = &mut self.before
            && !before.contains_key(key)
        {
            before.insert(key.into(), kept.get(key).map(Into::into));
        }
    }

    /// The state that a key had then; without such a moment the one that it has.
    pub(super) fn get<'a>(&'a self, key: &[u8], kept: &'a Kept) -> Option<&'a [u8]> {
        match self.before.as_ref().and_then(|before| before.get(key)) {
            Some(state) => state.as_deref(),
            None => kept.get(key),
        }
    }
}

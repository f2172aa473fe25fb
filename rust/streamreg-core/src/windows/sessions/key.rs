//! Windows: keys of sessions: the instance, the start, the last time.

use std::cmp::Ordering;

use super::rules::Rules;
use crate::error::Error;
use crate::reduce::KeyCell;
use crate::windows::kept::{Kept, OPEN};
use crate::windows::moment::{Moment, TimeKind};
use crate::wire::corrupt;

/// From the first to the last row of a session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent {
    pub(super) start: Moment,
    pub(super) last: Moment,
}

impl Extent {
    /// Reads the end of a key.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is none.
    pub(super) fn read(kind: TimeKind, mut key: &[u8]) -> Result<Self, Error> {
        let times = kind.decode(&mut key).zip(kind.decode(&mut key));
        match times {
            Some((start, last)) if key.is_empty() && start.order(last).is_le() => Ok(Self { start, last }),
            _ => Err(corrupt("a key is of no session")),
        }
    }

    /// Start and end of the window, which are times: only such rows are in one.
    pub(super) fn span(&self, rules: &Rules) -> (Moment, Moment) {
        (self.start, rules.kind.sum(&[self.last, rules.gap]).unwrap_or(self.last))
    }
}

/// What tells a session from all others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SessionKey<'a> {
    pub(super) instance: &'a [u8],
    pub(super) extent: Extent,
}

impl<'a> SessionKey<'a> {
    /// Reads a key, as results have it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is none.
    pub(super) fn read(kept: &Kept, mut key: &'a [u8]) -> Result<(Self, Vec<KeyCell>), Error> {
        let (instance, cells) = kept.instance(&mut key)?;
        Ok((Self { instance, extent: Extent::read(kept.time, key)? }, cells))
    }

    /// The bytes, as results have them.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.instance);
        self.extent.start.encode(out);
        self.extent.last.encode(out);
    }

    /// The key that is stored.
    pub(super) fn stored(&self) -> Vec<u8> {
        let mut stored = vec![OPEN];
        self.write(&mut stored);
        stored
    }

    /// Whether another session comes later, and is none that this one touches.
    pub(super) fn is_before(&self, later: &Self, rules: &Rules) -> bool {
        match self.instance.cmp(later.instance) {
            Ordering::Equal => {
                self.extent.start.order(later.extent.start).is_lt() && !rules.joins(self.extent, later.extent)
            }
            order => order.is_lt(),
        }
    }

    /// With how many bytes the stored keys of all sessions of the instance begin alike.
    pub(super) fn prefix(&self) -> usize {
        1 + self.instance.len()
    }
}

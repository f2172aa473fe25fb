//! Windows: cut by a hash of the instances, for those who keep the windows of a part of the instances each.
//!
//! Such a one has of all windows those of some instances in memory, for as long as it works on them: those that rows have
//! come of, and those of which time has come to something that is [due](WindowReduction::next_due). What is counted over
//! all windows, the excluded rows, is no part of what it keeps.

use super::reduction::WindowReduction;
use super::store::NextDue;
use crate::error::Error;
use crate::reduce::keyed::split::Parts;
use crate::wire::{Writer, corrupt, kind};

/// A partial, taken to pieces.
struct Pieces<'a> {
    /// Excluded rows that no piece tells: those without a time, then by aggregate; as far as a partial has them.
    counts: Vec<u64>,
    /// For each the instance and the bytes, in order.
    each: Vec<(&'a [u8], &'a [u8])>,
}

impl WindowReduction {
    fn pieces<'a>(&mut self, partial: &'a [u8]) -> Result<Pieces<'a>, Error> {
        let mut reader = self.open_partial(partial)?;
        let counts = usize::from(self.untimed) + self.store.counts(&self.kept);
        let counts = (0..counts).map(|_| reader.unsigned()).collect::<Result<Vec<_>, _>>()?;
        // Each has two lengths at least.
        let count = reader.count(2)?;
        let mut each = Vec::with_capacity(count);
        for _ in 0..count {
            let bytes = reader.rest();
            let instance = self.store.read_piece(&mut self.kept, &mut reader)?;
            each.push((instance, &bytes[..bytes.len() - reader.rest().len()]));
        }
        reader.finish()?;
        Ok(Pieces { counts, each })
    }

    /// A partial in so many parts: each is one of the instances that belong there, by a hash of their bytes as that of
    /// [`KeyedReduction::split`](crate::reduce::KeyedReduction::split). Excluded rows are counted in one of them.
    ///
    /// # Errors
    /// As [`WindowReduction::merge`], and [`Error::Invalid`] of no parts, or more than 2^32 - 1.
    pub fn split(&mut self, partial: &[u8], parts: usize) -> Result<Vec<Vec<u8>>, Error> {
        let place = Parts::new(parts)?;
        let Pieces { counts, each } = self.pieces(partial)?;
        let mut cut: Vec<Vec<&[u8]>> = vec![Vec::new(); parts];
        for (instance, bytes) in each {
            cut[place.of(instance)].push(bytes);
        }
        let written = cut.iter().enumerate().map(|(part, pieces)| {
            let mut writer = Writer::new(kind::WINDOWS);
            writer.bytes(&self.shape);
            for &count in &counts {
                writer.unsigned(if part == 0 { count } else { 0 });
            }
            writer.unsigned(pieces.len() as u64);
            for piece in pieces {
                writer.append(piece);
            }
            writer.finish()
        });
        Ok(written.collect())
    }

    /// The instances that a partial has rows of, as bytes, in order.
    ///
    /// # Errors
    /// As [`WindowReduction::merge`].
    pub fn instances_in(&mut self, partial: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let mut found: Vec<_> =
            self.pieces(partial)?.each.into_iter().map(|(instance, _)| instance).collect();
        found.sort_unstable();
        found.dedup();
        Ok(found.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// The instance of an entry as it is [tracked](WindowReduction::tracked), as bytes: they follow the first byte of its
    /// key. `None` of the entry of excluded rows.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is no key of an entry.
    pub fn instance_of<'a>(&self, stored: &'a [u8]) -> Result<Option<&'a [u8]>, Error> {
        self.kept.instance_of(stored)
    }

    /// For each instance, in order, the least time of all partitions, later than the last one, at which one of its windows
    /// becomes visible or is closed; without those of which none ever does. Asked once the windows that were
    /// [due](Self::due) have been given results, and were [closed](Self::close).
    ///
    /// # Errors
    /// None but for states that are damaged in memory.
    pub fn next_due(&mut self) -> Result<Vec<NextDue>, Error> {
        self.store.next_due(&mut self.kept, self.now)
    }

    /// Excluded rows are counted from now on, and are no entry of what is stored.
    pub fn keep_no_totals(&mut self) {
        self.kept.totals = false;
    }

    /// Counts rows as excluded that others have counted, for each aggregate.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if there is not one number for each.
    pub fn exclude(&mut self, more: &[i128]) -> Result<(), Error> {
        if more.len() != self.kept.states.len() {
            return Err(corrupt("excluded rows are counted for other aggregates"));
        }
        self.kept.exclude(more);
        Ok(())
    }
}

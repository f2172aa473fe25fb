//! Windows: the sessions of a partial put together with those that are open.
//!
//! All is worked out before anything changes. The sessions of a partial are apart from each other, and so are the open
//! ones; whatever touches is chained in the order of time.

use std::ops::Range;

use super::index::{Index, Key};
use super::key::{Extent, SessionKey};
use super::rules::Rules;
use crate::accumulate::Sign;
use crate::error::Error;
use crate::tracked_map::TrackedMap;
use crate::windows::states::States;
use crate::wire::Writer;

/// A session of a partial.
pub(super) struct Found<'a> {
    pub(super) key: SessionKey<'a>,
    pub(super) states: &'a [u8],
}

/// What sessions become that touch each other.
pub(super) struct Merged {
    /// The keys of those that were open.
    pub(super) kept: Vec<Key>,
    /// The key of what they become.
    pub(super) key: Key,
    pub(super) extent: Extent,
    /// Where the states of that are.
    pub(super) states: Range<usize>,
}

/// One of several sessions that may touch each other.
struct Piece<'a> {
    extent: Extent,
    /// Its key, if it is open.
    kept: Option<Key>,
    states: &'a [u8],
}

/// What the sessions of one instance become, which are in order and apart; the states are written behind each other.
pub(super) fn merge_instance(
    found: &[Found<'_>],
    (index, rules, map): (&Index, &Rules, &TrackedMap),
    unpacked: &mut States,
    writer: &mut Writer,
    merged: &mut Vec<Merged>,
) -> Result<(), Error> {
    let Some(instance) = found.first().map(|found| found.key.instance) else { return Ok(()) };
    let pieces = pieces(found, index, rules, map);
    let mut rest = pieces.as_slice();
    while let Some(first) = rest.first() {
        let mut extent = first.extent;
        let mut length = 1;
        while let Some(next) = rest.get(length).filter(|next| rules.joins(extent, next.extent)) {
            extent.last = extent.last.later(next.extent.last);
            length += 1;
        }
        let (chain, after) = rest.split_at(length);
        rest = after;
        let start = writer.len();
        write_sum(chain, unpacked, writer)?;
        merged.push(Merged {
            kept: chain.iter().filter_map(|piece| piece.kept.clone()).collect(),
            key: SessionKey { instance, extent }.stored().into(),
            extent,
            states: start..writer.len(),
        });
    }
    Ok(())
}

/// These sessions and the open ones that they touch, in the order of time.
fn pieces<'a>(found: &[Found<'a>], index: &Index, rules: &Rules, map: &'a TrackedMap) -> Vec<Piece<'a>> {
    let mut pieces: Vec<Piece<'a>> = Vec::with_capacity(2 * found.len());
    let mut last: Option<Key> = None;
    for Found { key, states } in found {
        for (kept, extent) in index.touching(key, rules) {
            // Of two sessions that touch the same one, the later one finds it again.
            if last.as_ref().is_none_or(|last| *last < kept) {
                let states = map.get(&kept).unwrap_or_default();
                pieces.push(Piece { extent, kept: Some(Key::clone(&kept)), states });
                last = Some(kept);
            }
        }
        pieces.push(Piece { extent: key.extent, kept: None, states });
    }
    pieces.sort_by(|one, other| one.extent.start.order(other.extent.start));
    pieces
}

/// The states of sessions that become one.
fn write_sum(chain: &[Piece<'_>], unpacked: &mut States, writer: &mut Writer) -> Result<(), Error> {
    let Some((first, others)) = chain.split_first() else { return Ok(()) };
    if others.is_empty() {
        writer.append(first.states);
        return Ok(());
    }
    unpacked.begin(Some(first.states))?;
    for other in others {
        unpacked.unpack(other.states)?;
        unpacked.combine(Sign::Added)?;
    }
    unpacked.write_sum(writer);
    Ok(())
}

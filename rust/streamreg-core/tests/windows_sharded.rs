//! Windows of which those who keep some instances each have no more in memory than an epoch changes: they come to what
//! one comes to that has all of them.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use streamreg_core::checksum::crc32;
use streamreg_core::column::Numbers;
use streamreg_core::error::Error;
use streamreg_core::reduce::{KeyColumn, KeyType};
use streamreg_core::windows::{Moment, RowTimes, Spec, TimeKind, Times, Window, WindowReduction};
use support::config;
use support::events::{
    Event, Row, Watermarks, aggregates, apply, events, exact, kind, length, moment, partial, time_of, windows,
};

/// Windows of each kind that are given results and closed in any way.
fn asked() -> impl Strategy<Value = (TimeKind, Spec)> {
    let window = (0..3, 1..6i64, 1..9i64, 1..4u64);
    let some = |range: std::ops::Range<i64>| prop::option::of(range);
    (kind(), window, some(0..12), some(0..9), any::<bool>()).prop_map(
        |(kind, (which, hop, duration, rows), delay, cutoff, is_final)| {
            let window = match which {
                0 => Window::Grid {
                    origin: moment(kind, 3),
                    hop: length(kind, hop),
                    duration: length(kind, duration),
                },
                1 => Window::Session { max_gap: length(kind, hop) },
                _ => Window::Last { rows },
            };
            let closes = which < 2;
            let time = |number: Option<i64>| number.filter(|_| closes).map(|number| length(kind, number));
            let is_final = is_final && closes && cutoff.is_some();
            let spec = Spec {
                window,
                delay: time(delay),
                cutoff: time(cutoff),
                is_final,
                keep_closed: false,
                labelled: false,
            };
            (kind, spec)
        },
    )
}

/// What is stored of some instances.
#[derive(Default)]
struct Shard {
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
    due: BTreeMap<Vec<u8>, Moment>,
    excluded: Vec<i128>,
}

impl Shard {
    /// An epoch: what of it is due or has rows is loaded, and stored again. Gives the keys of closed windows.
    fn epoch(
        &mut self,
        mut state: WindowReduction,
        partials: &[Vec<u8>],
        (before, now): (Option<Moment>, Option<Moment>),
        groups: bool,
        table: &mut BTreeMap<Vec<u8>, Row>,
    ) -> Result<BTreeSet<Vec<u8>>, TestCaseError> {
        state.keep_no_totals();
        let later = |at: Moment| before.is_none_or(|before| exact(before) < exact(at));
        let is_due = |at: Moment| later(at) && now.is_some_and(|now| exact(at) <= exact(now));
        let due: BTreeSet<_> =
            self.due.iter().filter(|(_, at)| is_due(**at)).map(|(instance, _)| instance.clone()).collect();
        let mut own = due.clone();
        for bytes in partials {
            own.extend(state.instances_in(bytes).unwrap());
        }
        let mut rows = Vec::new();
        self.entries.retain(|key, bytes| {
            let instance = state.instance_of(key).unwrap().unwrap();
            let loads = own.contains(instance);
            for piece in [key, bytes].into_iter().filter(|_| loads) {
                rows.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
                rows.extend(piece.iter());
            }
            !loads
        });
        state.load(&rows).unwrap();
        state.resume(before).unwrap();
        for bytes in partials {
            state.merge(bytes).unwrap();
        }
        let mut given: BTreeSet<_> = apply(table, &mut state, now, groups)?.into_iter().collect();
        let closed: BTreeSet<_> = state.close(now).unwrap().into_iter().collect();
        given.extend(closed.iter().cloned());
        for instance in due {
            let changed = given.iter().any(|key| key.starts_with(&instance));
            prop_assert!(changed, "something is to be done about what is due");
        }
        for instance in &own {
            self.due.remove(instance);
        }
        let next = state.next_due().unwrap();
        prop_assert!(next.is_sorted_by(|one, other| one.0 < other.0), "instances come in order, each once");
        for (instance, at) in next {
            prop_assert!(now.is_none_or(|now| exact(now) < exact(at)), "what was due is done");
            self.due.insert(instance, at);
        }
        self.excluded.resize(state.excluded().len(), 0);
        self.excluded.iter_mut().zip(state.excluded()).for_each(|(sum, more)| *sum += more);
        let entries = state.tracked().in_order();
        self.entries.extend(entries.into_iter().map(|(key, bytes)| (key.to_vec(), bytes.to_vec())));
        Ok(closed)
    }
}

proptest! {
    #![proptest_config(config(300))]

    /// After every epoch the table of results, the closed windows and the entries are those of one reduction, whatever the
    /// number of shards; and what is due is loaded, and nothing else.
    #[test]
    fn law_shards_of_instances(
        ((kind, spec), rows) in asked().prop_flat_map(|asked| (Just(asked), events(asked.0, 80))),
        count in 1..4usize,
        epochs in prop::collection::vec((1..9usize, 1..12usize), 20),
        groups in any::<bool>(),
    ) {
        let mut whole = windows(kind, spec, groups);
        let mut shards: Vec<_> = (0..count).map(|_| Shard::default()).collect();
        let (mut marks, mut before) = (Watermarks::new(), None);
        let (mut table, mut tables) = (BTreeMap::new(), BTreeMap::new());
        let mut rest = &rows[..];
        for (batch, size) in epochs {
            let (own, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            let mut parts = vec![Vec::new(); count];
            for rows in own.chunks(batch) {
                let bytes = partial(&mut whole, rows, kind, &mut marks).state;
                whole.merge(&bytes).unwrap();
                for (shard, bytes) in whole.split(&bytes, count).unwrap().into_iter().enumerate() {
                    parts[shard].push(bytes);
                }
            }
            let now = time_of(&marks);
            apply(&mut table, &mut whole, now, groups)?;
            let closed: BTreeSet<_> = whole.close(now).unwrap().into_iter().collect();
            whole.mark_clean();
            let mut closed_apart = BTreeSet::new();
            for (shard, parts) in shards.iter_mut().zip(&parts) {
                let fresh = windows(kind, spec, groups);
                closed_apart.extend(shard.epoch(fresh, parts, (before, now), groups, &mut tables)?);
            }
            before = now;
            prop_assert_eq!(&table, &tables);
            prop_assert_eq!(closed, closed_apart);
            let entries: BTreeMap<_, _> = shards.iter().flat_map(|shard| shard.entries.clone()).collect();
            let kept = whole.tracked().in_order().into_iter().filter(|(key, _)| whole.instance_of(key).unwrap().is_some());
            let kept: BTreeMap<_, _> = kept.map(|(key, bytes)| (key.to_vec(), bytes.to_vec())).collect();
            prop_assert_eq!(entries, kept);
        }
        let mut excluded = vec![0; whole.excluded().len()];
        for shard in &shards {
            excluded.iter_mut().zip(&shard.excluded).for_each(|(sum, more)| *sum += more);
            for key in shard.entries.keys() {
                let place = crc32(0, whole.instance_of(key).unwrap().unwrap()) as usize % count;
                prop_assert!(std::ptr::eq(shard, &raw const shards[place]), "an instance is where its hash says");
            }
        }
        prop_assert_eq!(&excluded, whole.excluded());
        let mut told = windows(kind, spec, groups);
        told.exclude(&excluded).unwrap();
        let totals = |of: &WindowReduction| -> Vec<(Vec<u8>, Vec<u8>)> {
            let entries = of.tracked().in_order().into_iter();
            let totals = entries.filter(|(key, _)| of.instance_of(key).unwrap().is_none());
            totals.map(|(key, bytes)| (key.to_vec(), bytes.to_vec())).collect()
        };
        prop_assert_eq!(totals(&told), totals(&whole));
    }

    /// Bytes that are no partial are refused, whatever they are.
    #[test]
    fn hostile_partials((kind, spec) in asked(), rows in events(TimeKind::Int, 9), at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut state = windows(kind, spec, true);
        let rows: Vec<_> = rows.into_iter().map(|row| Event { time: moment(kind, row.offset), ..row }).collect();
        let mut bytes = partial(&mut state, &rows, kind, &mut Watermarks::new()).state;
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        prop_assert!(state.split(&bytes, 2).is_err());
        prop_assert!(state.instances_in(&bytes[..at]).is_err());
    }
}

/// Rows without a time are in no window and of no instance: one of the parts counts them.
#[test]
fn rows_without_a_time_are_counted_once() {
    let kind = TimeKind::Int;
    let grid = Window::Grid { origin: Moment::Int(0), hop: Moment::Int(5), duration: Moment::Int(5) };
    let spec = Spec {
        window: grid,
        delay: None,
        cutoff: None,
        is_final: false,
        keep_closed: false,
        labelled: false,
    };
    let inputs = [streamreg_core::column::NumberType::Float; 2];
    let new = || {
        let keys: (&[KeyType], &[usize]) = (&[KeyType::Int], &[]);
        WindowReduction::with_missing(keys, (&inputs, &[]), aggregates(true), (kind, true), spec).unwrap()
    };
    let times = RowTimes::new(Times::Int(&[1, 2, 3]), &[0, 0, 0], &[], None, None).unwrap();
    let times = times.without(&[true, false, true]).unwrap();
    let columns = [Numbers::Float(&[1.0, 2.0, 3.0]), Numbers::Float(&[1.0, 2.0, 3.0])];
    let mut state = new();
    let found = state.partial(&[KeyColumn::Int(&[7, 8, 9])], &times, &columns, 3).unwrap();
    let mut sum = vec![0; state.excluded().len()];
    for part in state.split(&found.state, 3).unwrap() {
        let mut own = new();
        own.merge(&part).unwrap();
        sum.iter_mut().zip(own.excluded()).for_each(|(sum, more)| *sum += more);
    }
    assert_eq!(sum, [2, 2, 2]);
}

/// A number of parts that there cannot be, and counts of other aggregates.
#[test]
fn what_does_not_fit_is_refused() {
    let (kind, spec) = (TimeKind::Int, Window::Session { max_gap: Moment::Int(3) });
    let spec = Spec {
        window: spec,
        delay: None,
        cutoff: None,
        is_final: false,
        keep_closed: false,
        labelled: false,
    };
    let mut state = windows(kind, spec, true);
    let bytes = partial(&mut state, &[], kind, &mut Watermarks::new()).state;
    for parts in [0, 1 << 32] {
        assert!(matches!(state.split(&bytes, parts), Err(Error::Invalid(_))), "{parts}");
    }
    assert!(matches!(state.exclude(&[1]), Err(Error::Corrupt(_))));
    assert!(matches!(state.instance_of(b"\x07"), Err(Error::Corrupt(_))));
    let mut other = windows(
        TimeKind::Float,
        Spec { window: Window::Session { max_gap: Moment::Float(3.0) }, ..spec },
        true,
    );
    assert!(matches!(other.split(&bytes, 1), Err(Error::Mismatch(_))));
}

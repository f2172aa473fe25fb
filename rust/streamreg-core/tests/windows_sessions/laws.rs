//! Random topics: the sessions are those of the oracle, and no bytes do harm.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use streamreg_core::windows::{Moment, Spec, TimeKind, Window};

use crate::oracle::{asked, cuts, merged, oracle, spec, turns};
use crate::support::events::{
    self, Event, Watermarks, apply, events, exact, moment, partial, reloaded, time_of, windows,
};
use crate::support::{config, double, nearest};

proptest! {
    #![proptest_config(config(200))]

    /// Whatever the batches, and whatever order their partials are merged in, the entries are the same bytes.
    #[test]
    fn law_order_and_split(
        ((kind, spec), rows) in asked().prop_flat_map(|asked| (Just(asked), events(asked.0, 60))),
        cuts in cuts(),
        order in prop::collection::vec(any::<u32>(), 12),
    ) {
        let mut whole = windows(kind, spec, false);
        merged(&mut whole, &rows, kind, &mut Watermarks::new());
        let (mut split, mut marks) = (windows(kind, spec, false), Watermarks::new());
        let mut partials: Vec<_> = turns(&rows, &cuts)
            .iter()
            .zip(order)
            .map(|(turn, place)| (place, partial(&mut split, turn, kind, &mut marks).state))
            .collect();
        partials.sort();
        for (_, bytes) in &partials {
            split.merge(bytes).unwrap();
        }
        prop_assert_eq!(split.tracked().in_order(), whole.tracked().in_order());
        prop_assert_eq!(split.tracked_mut().digest(), whole.tracked_mut().digest());
        prop_assert_eq!(split.excluded(), whole.excluded());
        prop_assert_eq!(split.open_windows().unwrap(), whole.open_windows().unwrap());
    }

    /// The rows of the output, the late rows and the closed sessions are those of all rows sorted and chained by gaps,
    /// whatever the batches and epochs, and whatever restarts there are between them.
    #[test]
    fn oracle_sessions(
        ((kind, spec), rows) in asked().prop_flat_map(|asked| (Just(asked), events(asked.0, 80))),
        cuts in cuts(),
        batches in prop::collection::vec(1..4usize, 10),
        restarts in prop::collection::vec(any::<bool>(), 10),
    ) {
        let (mut state, mut marks, mut table) = (windows(kind, spec, false), Watermarks::new(), BTreeMap::new());
        // One that is never restarted, and gives the same results.
        let mut steady = windows(kind, spec, false);
        let (mut late, mut closed, mut given) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for ((turn, batches), restart) in turns(&rows, &cuts).iter().zip(batches).zip(restarts) {
            // A worker of its own for each partition and piece of it; the last one is merged first.
            let mut partials = Vec::new();
            for partition in 0..events::PARTITIONS {
                let own: Vec<_> = turn.iter().filter(|row| row.partition == partition).copied().collect();
                for piece in own.chunks(own.len() / batches + 1) {
                    let found = partial(&mut state, piece, kind, &mut marks);
                    late.extend(found.aside.late.iter().map(|(row, _)| piece[*row as usize]));
                    prop_assert!(found.aside.outside.is_empty());
                    partials.push(found.state);
                }
            }
            for bytes in partials.iter().rev() {
                state.merge(bytes).unwrap();
                steady.merge(bytes).unwrap();
            }
            let time = time_of(&marks);
            let keys = apply(&mut table, &mut state, time, false)?;
            let count = steady.due(time).unwrap();
            prop_assert_eq!(&keys, &steady.results(&[], 0..count).unwrap().keys);
            if spec.is_final {
                for key in &keys {
                    prop_assert!(given.insert(key.clone()), "a final row is written once");
                }
            }
            let gone = state.close(time).unwrap();
            prop_assert_eq!(&gone, &steady.close(time).unwrap());
            steady.mark_clean();
            if spec.is_final {
                prop_assert_eq!(&gone, &keys);
            }
            for key in gone {
                prop_assert!(table.contains_key(&key), "what is closed had its results");
                prop_assert!(closed.insert(key));
            }
            state.mark_clean();
            if restart {
                state = reloaded(&state, windows(kind, spec, false), time);
            }
        }
        let (expected_late, expected) = oracle(&rows, kind, &spec);
        late.sort_by_key(|row| (row.partition, row.offset));
        let mut expected_late = expected_late;
        expected_late.sort_by_key(|row| (row.partition, row.offset));
        prop_assert_eq!(late, expected_late);

        // What is still open gets its results when the time comes for all of it.
        let horizon = state.horizon();
        prop_assert_eq!(horizon.is_some(), spec.cutoff.is_some() && state.open_windows().unwrap() > 0);
        if let Some(time) = horizon {
            let keys = apply(&mut table, &mut state, Some(time), false)?;
            prop_assert!(!spec.is_final || keys.iter().all(|key| given.insert(key.clone())));
            let gone = state.close(Some(time)).unwrap();
            prop_assert!(gone.into_iter().all(|key| closed.insert(key)));
            prop_assert_eq!(state.open_windows().unwrap(), 0);
            prop_assert_eq!(closed.len(), expected.len());
        } else if spec.delay.is_some() && state.open_windows().unwrap() > 0 {
            // Without a cutoff nothing is ever closed, but all of it is visible long after its start.
            apply(&mut table, &mut state, Some(moment(kind, 1000)), false)?;
        }
        prop_assert_eq!(table.into_values().collect::<Vec<_>>(), expected);
    }

    /// Doubles of any size are chained by their exact differences, and the end is the sum rounded once.
    #[test]
    fn oracle_doubles(
        times in prop::collection::vec(time(), 1..12),
        gap in prop_oneof![time().prop_map(f64::abs), Just(0.1), Just(f64::MAX)],
    ) {
        prop_assume!(gap > 0.0);
        let kind = TimeKind::Float;
        let spec = Spec { window: Window::Session { max_gap: Moment::Float(gap) }, ..spec(kind, 1, None, None, false) };
        let rows: Vec<_> = times.iter().zip(0..).map(|(time, offset)| {
            Event { instance: 0, partition: 0, offset, time: Moment::Float(time + 0.0), x: 1.0, y: *time }
        }).collect();
        let (mut state, mut table) = (windows(kind, spec, false), BTreeMap::new());
        let found = partial(&mut state, &rows, kind, &mut Watermarks::new());
        state.merge(&found.state).unwrap();
        apply(&mut table, &mut state, None, false)?;
        let is_outside = |row: &Event| nearest(&(exact(row.time) + exact(Moment::Float(gap)))).is_infinite();
        let outside: Vec<_> = (0u32..).zip(&rows).filter(|(_, row)| is_outside(row)).map(|(at, _)| at).collect();
        prop_assert_eq!(found.aside.outside, outside);
        let inside: Vec<_> = rows.into_iter().filter(|row| !is_outside(row)).collect();
        prop_assert_eq!(table.into_values().collect::<Vec<_>>(), oracle(&inside, kind, &spec).1);
    }

    /// Bytes that are changed anywhere behind a right checksum are an error that changes nothing, or a partial that can
    /// be merged, shown, stored and read again.
    #[test]
    fn law_forged_bytes(
        rows in events(TimeKind::Float, 12),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let kind = TimeKind::Float;
        let spec = spec(kind, 3, Some(2), Some(1), false);
        let mut state = windows(kind, spec, false);
        let whole = partial(&mut state, &rows, kind, &mut Watermarks::new()).state;
        state.merge(&whole).unwrap();
        let before: Vec<_> = state.tracked().in_order().iter().map(|(key, bytes)| (key.to_vec(), bytes.to_vec())).collect();
        let mut forged = whole[..whole.len() - 4].to_vec();
        let end = forged.len();
        forged[2 + at.index(end - 2)] = byte;
        forged.extend(crc32fast::hash(&forged).to_le_bytes());
        if state.merge(&forged).is_err() {
            let after: Vec<_> = state.tracked().in_order().iter().map(|(key, bytes)| (key.to_vec(), bytes.to_vec())).collect();
            prop_assert_eq!(after, before);
        } else {
            let time = Some(Moment::Float(1e6));
            state.due(time).unwrap();
            let _ = state.results(&events::statistics(false), 0..10);
            let mut loaded = reloaded(&state, windows(kind, spec, false), time);
            prop_assert_eq!(loaded.tracked_mut().digest(), state.tracked_mut().digest());
            state.close(time).unwrap();
        }
    }

    /// Random entries are an error, never a panic.
    #[test]
    fn law_hostile_entries(key in prop::collection::vec(any::<u8>(), 0..40), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let kind = TimeKind::Int;
        let mut state = windows(kind, spec(kind, 3, None, None, false), false);
        let mut rows = Vec::new();
        for piece in [&key, &bytes] {
            rows.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
            rows.extend(piece);
        }
        let key = [&[0, 2][..], &[128, 0, 0, 0, 0, 0, 0, 1], &key].concat();
        let mut open = u32::try_from(key.len()).unwrap().to_le_bytes().to_vec();
        open.extend(&key);
        open.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        open.extend(&bytes);
        prop_assert!(state.load(&rows).is_err());
        prop_assert!(state.load(&open).is_err());
    }
}

/// Doubles that are near to each other, near to the end of their range, or both.
fn time() -> impl Strategy<Value = f64> {
    prop_oneof![
        double(),
        prop::sample::select(vec![
            f64::MAX,
            -f64::MAX,
            f64::MAX / 2.0,
            0.1,
            0.2,
            0.1 + 0.2,
            0.3,
            1e16,
            1e16 + 2.0
        ]),
        (-20..20i32).prop_map(|number| f64::from(number) * 0.1),
        (0..40u32).prop_map(|number| 1e9 + f64::from(number) * 0.1),
    ]
}

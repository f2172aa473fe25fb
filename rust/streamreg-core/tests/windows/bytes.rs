//! Bytes of windows that nobody's rows make: refused, and nothing changes; never a panic, a hang or much memory.

use proptest::prelude::*;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::error::Error;
use streamreg_core::reduce::{Aggregate, KeyColumn, KeyType};
use streamreg_core::windows::{Moment, Spec, TimeKind, WindowReduction};

use crate::checkpoint::{in_a_row, stored};
use crate::stream::{Event, Outcome, Partials, epoch, events, grid, plain, reduction, row_times, statistics};
use crate::support::config;

fn specs() -> impl Strategy<Value = Spec> {
    let window = prop::sample::select(vec![(5, 5), (2, 7), (5, 2)]);
    (window, prop::option::of(0..9i64), prop::option::of(0..9i64), any::<bool>()).prop_map(
        |((hop, duration), delay, cutoff, keep_closed)| Spec {
            delay: delay.map(Moment::Int),
            cutoff: cutoff.map(Moment::Int),
            keep_closed,
            ..plain(grid(Moment::Int(0), Moment::Int(hop), Moment::Int(duration)))
        },
    )
}

fn partial(spec: Spec, group: bool, events: &[Event]) -> Vec<u8> {
    let mut partials = Partials::default();
    partials.add(&mut reduction(TimeKind::Int, spec, group), TimeKind::Int, events, 0);
    partials.states.pop().unwrap()
}

fn few() -> impl Strategy<Value = Vec<Event>> {
    events((-20i64..20).prop_map(Moment::Int), 7)
}

/// All that can be asked of it, after which nothing matters but that it came to an end.
fn ask(parent: &mut WindowReduction, group: bool) {
    let _ = parent.open_windows();
    let _ = parent.horizon();
    let _ = parent.limbs();
    for time in [None, Some(Moment::Int(0)), Some(Moment::Int(i64::MAX))] {
        if let Ok(due) = parent.due(time) {
            let _ = parent.results(&statistics(group), 0..due.min(1000));
            let _ = parent.close(time);
        }
    }
}

proptest! {
    #![proptest_config(config(150))]

    /// A partial changed in any byte, its checksum made to fit, merges or is refused whole.
    #[test]
    fn law_forged_partials(
        spec in specs(),
        group in any::<bool>(),
        (before, after) in (few(), few()),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = partial(spec, group, &after);
        let body = bytes.len() - 4;
        bytes[2 + at.index(body - 2)] = byte;
        let checksum = crc32fast::hash(&bytes[..body]).to_le_bytes();
        bytes[body..].copy_from_slice(&checksum);
        let mut parent = reduction(TimeKind::Int, spec, group);
        parent.merge(&partial(spec, group, &before)).unwrap();
        let (kept, excluded) = (stored(&parent), parent.excluded().to_vec());
        if parent.merge(&bytes).is_err() {
            prop_assert_eq!(stored(&parent), kept);
            prop_assert_eq!(parent.excluded(), excluded);
        }
        ask(&mut parent, group);
    }

    /// A stored entry changed in any byte loads or is refused whole.
    #[test]
    fn law_forged_entries(
        spec in specs(),
        group in any::<bool>(),
        rows in few(),
        (entry, at) in any::<(prop::sample::Index, prop::sample::Index)>(),
        byte in any::<u8>(),
    ) {
        let mut whole = reduction(TimeKind::Int, spec, group);
        whole.merge(&partial(spec, group, &rows)).unwrap();
        epoch(&mut whole, Some(Moment::Int(4)), &statistics(group), &mut Outcome::default());
        let mut entries: Vec<(Vec<u8>, Vec<u8>)> =
            whole.tracked().in_order().iter().map(|(key, bytes)| (key.to_vec(), bytes.to_vec())).collect();
        if entries.is_empty() {
            return Ok(());
        }
        let entry = entry.index(entries.len());
        let (key, bytes) = &mut entries[entry];
        let at = at.index(key.len() + bytes.len());
        if at < key.len() { key[at] = byte } else { bytes[at - key.len()] = byte }
        let forged = in_a_row(entries.iter().map(|(key, bytes)| (&key[..], &bytes[..])));
        let mut parent = reduction(TimeKind::Int, spec, group);
        if parent.load(&forged).is_err() {
            prop_assert_eq!(stored(&parent), Vec::<u8>::new());
            prop_assert_eq!(parent.open_windows().unwrap(), 0);
        }
        ask(&mut parent, group);
    }

    /// Random bytes are no partial, and no stored rows.
    #[test]
    fn law_random_bytes(spec in specs(), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut parent = reduction(TimeKind::Int, spec, true);
        prop_assert!(parent.merge(&bytes).is_err());
        prop_assert!(bytes.is_empty() || parent.load(&bytes).is_err());
    }
}

/// A partial of other windows, another cutoff, other times, keys or aggregates is refused.
#[test]
fn partials_of_others_are_refused() {
    let spec = plain(grid(Moment::Int(0), Moment::Int(5), Moment::Int(10)));
    let others = [
        plain(grid(Moment::Int(1), Moment::Int(5), Moment::Int(10))),
        plain(grid(Moment::Int(0), Moment::Int(4), Moment::Int(10))),
        plain(grid(Moment::Int(0), Moment::Int(5), Moment::Int(11))),
        Spec { cutoff: Some(Moment::Int(0)), ..spec },
    ];
    let own = partial(spec, true, &[]);
    let mut parent = reduction(TimeKind::Int, spec, true);
    parent.merge(&own).unwrap();
    for other in others {
        assert!(matches!(parent.merge(&partial(other, true, &[])), Err(Error::Mismatch(_))), "{other:?}");
    }
    assert!(matches!(parent.merge(&partial(spec, false, &[])), Err(Error::Mismatch(_))));
    let mut datetimes = reduction(TimeKind::Datetime, spec, true);
    assert!(matches!(datetimes.merge(&own), Err(Error::Mismatch(_))));
    let mut unkeyed = WindowReduction::new(&[], &[], vec![Aggregate::Count], TimeKind::Int, spec).unwrap();
    assert!(matches!(unkeyed.merge(&own), Err(Error::Mismatch(_))));
}

/// A partial that says that a row is in windows without end is refused at once.
#[test]
fn a_row_in_windows_without_end_is_refused() {
    let spec = plain(grid(Moment::Int(0), Moment::Int(5), Moment::Int(10)));
    let event = Event { partition: 0, key: 1, time: Moment::Int(7), x: 1.0, y: 1.0 };
    for group in [true, false] {
        let bytes = partial(spec, group, std::slice::from_ref(&event));
        // The last window of the only group, an integer of eight bytes whose sign is turned around.
        let windows = [2u8, 0x80, 0, 0, 0, 0, 0, 0, 0, 2, 0x80, 0, 0, 0, 0, 0, 0, 1];
        let at = bytes.windows(windows.len()).position(|found| found == windows).unwrap();
        let mut forged = bytes[..bytes.len() - 4].to_vec();
        forged[at + 10..at + windows.len()].fill(0xff);
        forged.extend(crc32fast::hash(&forged).to_le_bytes());
        let mut parent = reduction(TimeKind::Int, spec, group);
        assert!(matches!(parent.merge(&forged), Err(Error::Corrupt(_))));
        parent.merge(&bytes).unwrap();
    }
}

/// Columns that do not fit are errors.
#[test]
fn misfits_are_errors() {
    let spec = plain(grid(Moment::Int(0), Moment::Int(5), Moment::Int(10)));
    let mut own = WindowReduction::new(
        &[KeyType::Int],
        &[NumberType::Int],
        vec![Aggregate::Count],
        TimeKind::Int,
        spec,
    )
    .unwrap();
    let event = Event { partition: 0, key: 1, time: Moment::Int(7), x: 1.0, y: 1.0 };
    let times = |rows| row_times(TimeKind::Int, &vec![event.clone(); rows], &[].into(), None);
    let (keys, numbers) = ([KeyColumn::Int(&[1])], [Numbers::Int(&[1])]);
    assert!(own.partial(&keys, &times(1), &numbers, 1).is_ok());
    for found in [
        own.partial(&keys, &times(2), &numbers, 1),
        own.partial(&[], &times(1), &numbers, 1),
        own.partial(&keys, &times(1), &[], 1),
        own.partial(&keys, &times(1), &[Numbers::Float(&[1.0])], 1),
        own.partial(&[KeyColumn::Bool(&[true])], &times(1), &numbers, 1),
        own.partial(&keys, &row_times(TimeKind::Datetime, &[event.clone()], &[].into(), None), &numbers, 1),
    ] {
        assert!(matches!(found, Err(Error::Columns(_))));
    }
    assert!(matches!(own.due(Some(Moment::Float(1.0))), Err(Error::Invalid(_))));
    assert!(matches!(own.late(Moment::Int(1), Moment::Float(1.0)), Err(Error::Invalid(_))));
    assert!(own.cells(b"\x02").is_err());
}

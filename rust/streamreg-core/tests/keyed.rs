//! Keyed reductions: each key's state is that of a plain reduction of its rows, whatever the split and the order.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use streamreg_core::checksum::crc32;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::decode::{Item, Text};
use streamreg_core::error::Error;
use streamreg_core::reduce::{
    Aggregate, Answer, KeyCell, KeyColumn, KeyType, KeyedAnswers, KeyedReduction, Statistic,
};
use streamreg_core::tracked_map::TrackedMap;
use support::{bits, config, double, fit, nearest, rational, reduction, statistics};

/// A row: its key, then two doubles and an integer.
type Row = ((String, i64, bool), (f64, f64, i64));

const TYPES: [KeyType; 3] = [KeyType::Text, KeyType::Int, KeyType::Bool];

/// Few different keys, so that rows meet; among them all that an encoding may stumble over.
fn key() -> impl Strategy<Value = (String, i64, bool)> {
    let text = prop::sample::select(vec!["", "a", "a\0", "\0", "ab", "a\0\u{ff}b", "é\"\n,", "\u{10ffff}"]);
    let number = prop::sample::select(vec![0, -1, 1, i64::MIN, i64::MAX]);
    (text.prop_map(str::to_owned), number, any::<bool>())
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((key(), (double(), double(), any::<i64>())), 0..most)
}

fn keyed() -> KeyedReduction {
    let inputs = [NumberType::Float, NumberType::Float, NumberType::Int];
    KeyedReduction::new(&TYPES, &inputs, reduction().aggregates().to_vec()).unwrap()
}

fn partial(to: &mut KeyedReduction, rows: &[Row]) -> Vec<u8> {
    let mut text = Text::strings(rows.len());
    for ((key, _, _), _) in rows {
        text.push(Item::Str(key)).unwrap();
    }
    let numbers: Vec<_> = rows.iter().map(|row| row.0.1).collect();
    let flags: Vec<_> = rows.iter().map(|row| row.0.2).collect();
    let keys = [KeyColumn::Text(&text), KeyColumn::Int(&numbers), KeyColumn::Bool(&flags)];
    let x: Vec<_> = rows.iter().map(|row| row.1.0).collect();
    let y: Vec<_> = rows.iter().map(|row| row.1.1).collect();
    let k: Vec<_> = rows.iter().map(|row| row.1.2).collect();
    to.partial(&keys, &[Numbers::Float(&x), Numbers::Float(&y), Numbers::Int(&k)], rows.len()).unwrap()
}

fn merged(rows: &[Row]) -> KeyedReduction {
    let mut state = keyed();
    let bytes = partial(&mut keyed(), rows);
    state.merge(&bytes).unwrap();
    state
}

fn all_answers(state: &mut KeyedReduction, statistics: &[Statistic]) -> KeyedAnswers {
    let changed = state.tracked_mut().changed();
    state.answers(statistics, 0..changed).unwrap()
}

/// What a checkpoint would store of all that has changed, in the form that is loaded.
fn stored(kept: &mut TrackedMap) -> Vec<u8> {
    let changed = kept.changed();
    let kept: Vec<_> = kept.changes(0..changed).map(|change| (change.key, change.bytes.unwrap())).collect();
    in_a_row(&kept)
}

fn in_a_row(kept: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut rows = Vec::new();
    for (key, bytes) in kept {
        for piece in [key, bytes] {
            rows.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
            rows.extend(*piece);
        }
    }
    rows
}

proptest! {
    #![proptest_config(config(100))]

    /// Any order of the rows in any batches, by any number of workers, gives the bytes of one batch.
    #[test]
    fn law_order_and_split(
        (rows, mixed) in rows(80).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        sizes in prop::collection::vec(1usize..30, 0..6),
    ) {
        let mut workers = [keyed(), keyed()];
        let mut partials = Vec::new();
        let mut rest = mixed.as_slice();
        for (turn, size) in sizes.into_iter().chain([rest.len()]).enumerate() {
            let (piece, after) = rest.split_at(size.min(rest.len()));
            partials.push(partial(&mut workers[turn % 2], piece));
            rest = after;
        }
        let mut state = keyed();
        for bytes in partials.iter().rev() {
            state.merge(bytes).unwrap();
        }
        let whole = partial(&mut keyed(), &rows);
        prop_assert_eq!(state.to_bytes(), &whole[..]);
        prop_assert_eq!(merged(&rows).to_bytes(), whole);
    }

    /// The answers of each key are those of a plain reduction of its rows, and the keys come in order.
    #[test]
    fn differential_plain_reductions(rows in rows(60)) {
        let mut by_key: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (key, numbers) in &rows {
            by_key.entry(key.clone()).or_default().push(*numbers);
        }
        let mut state = merged(&rows);
        let found = all_answers(&mut state, &statistics());
        prop_assert_eq!(found.keys.len(), by_key.len());
        for (at, ((text, number, flag), rows)) in by_key.iter().enumerate() {
            let cells: Vec<_> = found.cells.iter().map(|column| column[at].clone()).collect();
            let expected = [KeyCell::Text(text.clone()), KeyCell::Int(*number), KeyCell::Bool(*flag)];
            prop_assert_eq!(&cells[..], &expected[..]);
            prop_assert_eq!(&state.cells(&found.keys[at]).unwrap()[..], &expected[..]);
            let (mut x, mut y, mut k) = (Vec::new(), Vec::new(), Vec::new());
            for row in rows {
                x.push(row.0);
                y.push(row.1);
                k.push(row.2);
            }
            let mut plain = reduction();
            plain.add(&[Numbers::Float(&x), Numbers::Float(&y), Numbers::Int(&k)], rows.len()).unwrap();
            let answers: Vec<_> = found.columns.iter().map(|column| column[at].clone()).collect();
            // As text, where NaN equals itself.
            prop_assert_eq!(format!("{answers:?}"), format!("{:?}", plain.answers(&statistics()).unwrap()));
        }
    }

    /// Each key's line is the rational one through its rows, rounded once.
    #[test]
    fn oracle_lines(rows in prop::collection::vec((0i64..4, double(), double()), 1..40)) {
        let aggregates = vec![Aggregate::Count, Aggregate::Moments { features: vec![0], target: 1 }];
        let mut state = KeyedReduction::new(&[KeyType::Int], &[NumberType::Float; 2], aggregates).unwrap();
        let keys: Vec<_> = rows.iter().map(|row| row.0).collect();
        let x: Vec<_> = rows.iter().map(|row| row.1).collect();
        let y: Vec<_> = rows.iter().map(|row| row.2).collect();
        let columns = [Numbers::Float(&x), Numbers::Float(&y)];
        let bytes = state.partial(&[KeyColumn::Int(&keys)], &columns, rows.len()).unwrap();
        state.merge(&bytes).unwrap();
        let line = [0, 1].map(|index| Statistic::new(1, "coefficient", index).unwrap());
        let found = all_answers(&mut state, &line);
        for (at, cell) in found.cells[0].iter().enumerate() {
            let own = rows.iter().filter(|row| KeyCell::Int(row.0) == *cell);
            let exact: Vec<_> = own.map(|row| vec![rational(row.1).unwrap(), rational(row.2).unwrap()]).collect();
            let expected: Vec<f64> =
                fit(&exact).map_or(vec![0.0, 0.0], |line| line.iter().map(nearest).collect());
            let answers: Vec<f64> = found.columns.iter().map(|column| match column[at] {
                Answer::Float(value) => value,
                _ => f64::NAN,
            }).collect();
            prop_assert_eq!(bits(&answers), bits(&expected));
        }
    }

    /// What was stored of the changes, epoch by epoch, loads as the same state with the same digest.
    #[test]
    fn law_stored_changes(epochs in prop::collection::vec(rows(20), 1..5)) {
        let mut state = keyed();
        let mut disk: BTreeMap<Vec<u8>, (Vec<u8>, u32)> = BTreeMap::new();
        for rows in &epochs {
            let bytes = partial(&mut keyed(), rows);
            state.merge(&bytes).unwrap();
            let changed = state.tracked_mut().changed();
            let keys: std::collections::BTreeSet<_> = rows.iter().map(|row| &row.0).collect();
            prop_assert_eq!(changed, keys.len());
            for change in state.tracked().changes(0..changed) {
                disk.insert(change.key.to_vec(), (change.bytes.unwrap().to_vec(), change.checksum));
            }
            let sum: u64 = disk.values().map(|(_, checksum)| u64::from(*checksum)).sum();
            let before = state.tracked_mut().digest();
            prop_assert_eq!((before.keys, before.checksum), (disk.len(), sum));
            state.tracked_mut().mark_clean();
            prop_assert_eq!(state.tracked_mut().digest(), before);
            prop_assert_eq!(state.tracked_mut().changed(), 0);
        }
        let mut loaded = keyed();
        let rows = stored(merged(&epochs.concat()).tracked_mut());
        loaded.load(&rows).unwrap();
        prop_assert_eq!(loaded.to_bytes(), state.to_bytes());
        prop_assert_eq!(loaded.tracked().stored_len(), rows.len());
        prop_assert_eq!(loaded.tracked().difference(state.tracked()), None);
        prop_assert_eq!(loaded.tracked_mut().digest(), state.tracked_mut().digest());
        prop_assert_eq!(loaded.excluded(), state.excluded());
    }

    /// Stored rows load in pieces as they do in one; a key that is there already is refused, and nothing changes.
    #[test]
    fn law_stored_pieces(rows in rows(30), at in any::<prop::sample::Index>()) {
        let mut state = merged(&rows);
        let digest = state.tracked_mut().digest();
        let kept = state.tracked().in_order();
        let cut = at.index(kept.len() + 1);
        let mut loaded = keyed();
        for piece in [&kept[..cut], &kept[cut..]] {
            loaded.load(&in_a_row(piece)).unwrap();
        }
        prop_assert_eq!(loaded.to_bytes(), state.to_bytes());
        prop_assert_eq!(loaded.tracked_mut().digest(), digest);
        prop_assert_eq!(loaded.excluded(), state.excluded());
        if let Some(again) = kept.get(cut) {
            loaded.load(&in_a_row(&[*again])).unwrap_err();
            prop_assert_eq!(loaded.tracked_mut().digest(), digest);
            prop_assert_eq!(loaded.excluded(), state.excluded());
        }
    }

    /// Cut in parts, each key is in the one of its checksum, and all parts together come to the same.
    #[test]
    fn law_split(rows in rows(30), parts in 1usize..9) {
        let whole = merged(&rows);
        let mut joined = keyed();
        let cut = whole.split(parts).unwrap();
        prop_assert_eq!(cut.len(), parts);
        for (at, part) in cut.iter().enumerate() {
            let mut own = keyed();
            own.merge(part).unwrap();
            prop_assert_eq!(&own.to_bytes(), part);
            for (key, _) in own.tracked().in_order() {
                prop_assert_eq!(crc32(0, key) as usize % parts, at);
            }
            joined.merge(part).unwrap();
        }
        prop_assert_eq!(joined.to_bytes(), whole.to_bytes());
    }

    /// The first difference of two maps is that of the sorted maps.
    #[test]
    fn oracle_difference(here in rows(8), there in rows(8)) {
        let (here, there) = (merged(&here), merged(&there));
        let [ours, theirs] = [&here, &there]
            .map(|state| state.tracked().in_order().into_iter().collect::<BTreeMap<_, _>>());
        let expected = ours.keys().chain(theirs.keys()).copied().collect::<std::collections::BTreeSet<_>>()
            .into_iter().find(|key| ours.get(key) != theirs.get(key));
        let found = here.tracked().difference(there.tracked());
        prop_assert_eq!(found.map(|found| found.key), expected);
        if let Some(found) = found {
            prop_assert_eq!(found.here, ours.get(found.key).copied());
            prop_assert_eq!(found.there, theirs.get(found.key).copied());
        }
    }

    /// A partial changed in any byte, its checksum made to fit, merges or is refused whole; nothing panics.
    #[test]
    fn law_forged_bytes(rows in rows(6), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = partial(&mut keyed(), &rows);
        let body = bytes.len() - 4;
        bytes[2 + at.index(body - 2)] = byte;
        let checksum = crc32fast::hash(&bytes[..body]).to_le_bytes();
        bytes[body..].copy_from_slice(&checksum);
        let mut state = merged(&rows);
        let before = state.to_bytes();
        if state.merge(&bytes).is_err() {
            prop_assert_eq!(state.to_bytes(), before);
        } else {
            all_answers(&mut state, &statistics());
            let again = state.to_bytes();
            prop_assert!(keyed().merge(&again).is_ok());
        }
    }

    /// Random bytes are no stored rows, or some that load; nothing panics.
    #[test]
    fn law_hostile_rows(rows in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut state = keyed();
        let _ = TrackedMap::load(&rows);
        if state.load(&rows).is_ok() {
            prop_assert!(rows.is_empty());
        }
    }
}

/// The order of the encoded keys is that of their cells: by code point, by value, false first.
#[test]
fn keys_come_in_order() {
    let texts = ["b", "", "a\0b", "a", "\u{ffff}", "a\0", "ab", "\u{10000}", "\0"];
    let rows: Vec<Row> = texts
        .iter()
        .flat_map(|text| [7, -3, i64::MAX, i64::MIN].map(|number| (*text, number)))
        .flat_map(|(text, number)| [true, false].map(|flag| ((text.to_owned(), number, flag), (1.0, 2.0, 3))))
        .collect();
    let mut state = merged(&rows);
    let found = all_answers(&mut state, &[]);
    let mut sorted: Vec<_> = rows.iter().map(|row| row.0.clone()).collect();
    sorted.sort();
    let texts: Vec<_> = sorted.iter().map(|key| KeyCell::Text(key.0.clone())).collect();
    let numbers: Vec<_> = sorted.iter().map(|key| KeyCell::Int(key.1)).collect();
    assert_eq!(found.cells[..2], [texts, numbers]);
}

/// Text "1", the integer 1 and true are different keys, and a partial of one is none of the other.
#[test]
fn keys_of_different_types_are_different() {
    let mut text = Text::strings(1);
    text.push(Item::Str("1")).unwrap();
    let columns = [KeyColumn::Text(&text), KeyColumn::Int(&[1]), KeyColumn::Bool(&[true])];
    let of = |key: KeyType| KeyedReduction::new(&[key], &[], vec![Aggregate::Count]).unwrap();
    let types = [KeyType::Text, KeyType::Int, KeyType::Bool];
    let partials: Vec<_> =
        types.iter().zip(columns).map(|(key, column)| of(*key).partial(&[column], &[], 1).unwrap()).collect();
    for (at, bytes) in partials.iter().enumerate() {
        for (other, key) in types.iter().enumerate() {
            assert_eq!(of(*key).merge(bytes).is_ok(), at == other);
        }
    }
}

/// A partial that overflows one of many keys is refused, and none of the others has changed.
#[test]
fn an_overflow_changes_no_key() {
    let mut counts = KeyedReduction::new(&[KeyType::Int], &[], vec![Aggregate::Count]).unwrap();
    let one = counts.partial(&[KeyColumn::Int(&[1, 2, 3])], &[], 3).unwrap();
    // The count of the last key, just before the checksum, becomes the largest there is.
    let mut forged = one[..one.len() - 5].to_vec();
    forged.extend([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
    forged.extend(crc32fast::hash(&forged).to_le_bytes());
    counts.merge(&forged).unwrap();
    let before = counts.to_bytes();
    assert!(matches!(counts.merge(&one), Err(Error::Overflow(_))));
    assert_eq!(counts.to_bytes(), before);
}

/// No keys can be cut, but not in no parts.
#[test]
fn keys_are_cut_in_some_parts() {
    assert!(matches!(keyed().split(0), Err(Error::Invalid(_))));
    assert_eq!(keyed().split(2).unwrap(), vec![keyed().to_bytes(), keyed().to_bytes()]);
}

/// A key whose rows were all taken away is gone, from the state, from the answers and from the digest.
#[test]
fn a_key_without_rows_is_none() {
    let mut counts = KeyedReduction::new(&[KeyType::Int], &[], vec![Aggregate::Count]).unwrap();
    let nothing = counts.tracked_mut().digest();
    let bytes = counts.partial(&[KeyColumn::Int(&[5])], &[], 1).unwrap();
    counts.merge(&bytes).unwrap();
    counts.tracked_mut().mark_clean();
    // Minus one: as of a row that is taken away.
    let mut taken = bytes[..bytes.len() - 5].to_vec();
    taken.push(1);
    taken.extend(crc32fast::hash(&taken).to_le_bytes());
    counts.merge(&taken).unwrap();
    let found = all_answers(&mut counts, &[]);
    assert_eq!((found.keys.len(), found.present), (1, vec![false]));
    assert!(counts.tracked().is_empty());
    assert_eq!(counts.tracked_mut().digest(), nothing);
}

/// Reductions that cannot be, and columns that do not fit, are errors.
#[test]
fn misfits_are_errors() {
    assert!(matches!(KeyedReduction::new(&[], &[], vec![Aggregate::Count]), Err(Error::Invalid(_))));
    let sum = vec![Aggregate::Sum(0)];
    assert!(matches!(KeyedReduction::new(&TYPES, &[NumberType::Int], sum), Err(Error::Invalid(_))));
    let mut counts = KeyedReduction::new(&[KeyType::Int], &[], vec![Aggregate::Count]).unwrap();
    for keys in [&[KeyColumn::Bool(&[true])][..], &[], &[KeyColumn::Int(&[1, 2])]] {
        assert!(matches!(counts.partial(keys, &[], 1), Err(Error::Columns(_))));
    }
    let extra = counts.partial(&[KeyColumn::Int(&[1])], &[Numbers::Int(&[1])], 1);
    assert!(matches!(extra, Err(Error::Columns(_))));
    assert!(counts.cells(b"\x02").is_err());
}

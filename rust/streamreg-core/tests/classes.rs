//! Moments class by class: the laws of their states, and what does not belong.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use proptest::prelude::*;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::classes::Labelled;
use streamreg_core::classes::{Classes, Label, MOST_CLASSES};
use streamreg_core::column::Numbers;
use streamreg_core::discriminant::{Discriminant, Method, Model, Scores, Singular, counts, parameters};
use streamreg_core::error::Error;
use streamreg_core::wire::Versioned;
use streamreg_core::wire::Writer;
use support::{Column, classes, columns, config, labels, numbers, pick};

/// Rows with the code of a label each, and an order of them cut in two.
fn shuffled() -> impl Strategy<Value = (Vec<Column>, Vec<i64>, Vec<usize>, usize)> {
    (1usize..4).prop_flat_map(|count| columns(count, 1..60)).prop_flat_map(|columns| {
        let rows = columns[0].numbers().len();
        let order = Just((0..rows).collect::<Vec<_>>()).prop_shuffle();
        (Just(columns), prop::collection::vec(0i64..5, rows), order, 0..=rows)
    })
}

fn part(columns: &[Column], codes: &[i64], rows: &[usize]) -> (Vec<Column>, Vec<i64>) {
    (pick(columns, rows), rows.iter().map(|&row| codes[row]).collect())
}

proptest! {
    #![proptest_config(config(200))]

    /// Any order of the rows in any two heaps, added or merged, gives the same bytes; one heap taken out, the other.
    #[test]
    fn law_order_split_and_removal((columns, codes, order, at) in shuffled()) {
        let whole = classes(&columns, &codes);
        let (first, first_codes) = part(&columns, &codes, &order[..at]);
        let (second, second_codes) = part(&columns, &codes, &order[at..]);
        let (one, other) = (classes(&first, &first_codes), classes(&second, &second_codes));
        let mut merged = other.clone();
        merged.merge(&one).unwrap();
        prop_assert_eq!(merged.to_bytes(), whole.to_bytes());
        merged.remove(Labelled { labels: &labels(), codes: &first_codes, columns: &numbers(&first) }).unwrap();
        prop_assert_eq!(merged.to_bytes(), other.to_bytes());
        merged.subtract(&whole).unwrap();
        merged.add(Labelled { labels: &labels(), codes: &first_codes, columns: &numbers(&first) }).unwrap();
        prop_assert_eq!(merged.to_bytes(), Classes::new(columns.len()).unwrap().to_bytes());
    }

    /// The moments of a class are those of its rows alone, whatever other classes there are.
    #[test]
    fn differential_class_alone((columns, codes, _, _) in shuffled()) {
        let together = classes(&columns, &codes);
        let mut apart = Classes::new(columns.len()).unwrap();
        for code in 0..5 {
            let rows: Vec<_> = (0..codes.len()).filter(|&row| codes[row] == code).collect();
            let (own, own_codes) = part(&columns, &codes, &rows);
            for row in 0..own_codes.len() {
                apart.add(Labelled { labels: &labels(), codes: &own_codes[row..=row], columns: &numbers(&pick(&own, &[row])) }).unwrap();
            }
        }
        prop_assert_eq!(apart.to_bytes(), together.to_bytes());
    }

    /// A state read from its bytes is the same state, and writes the same bytes.
    #[test]
    fn law_round_trip((columns, codes, _, _) in shuffled()) {
        let state = classes(&columns, &codes);
        let read = Classes::from_bytes(&state.to_bytes()).unwrap();
        prop_assert_eq!(&read, &state);
        prop_assert_eq!(read.to_bytes(), state.to_bytes());
    }

    /// A state changed in a byte behind a right checksum is an error, or a state that merges, answers and writes
    /// itself as it was read.
    #[test]
    fn law_forged_bytes(
        (columns, codes, _, _) in shuffled(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = classes(&columns, &codes).to_bytes();
        let body = bytes.len() - 4;
        bytes[2 + at.index(body - 2)] = byte;
        let checksum = crc32fast::hash(&bytes[..body]).to_le_bytes();
        bytes[body..].copy_from_slice(&checksum);
        if let Ok(mut state) = Classes::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes);
            for method in [Method::Linear, Method::Quadratic, Method::Bayes] {
                let model = Model { singular: Singular::Dropped, smoothing: 0.5, ..Model::of(method) };
                let _ = Discriminant::of(&state, &model, None).map(|found| {
                    (found.scorer().rows(&numbers(&columns), Scores::Posteriors), found.parameter("intercept"))
                });
                prop_assert_eq!(parameters(&state, &model, None).unwrap().len(), state.iter().count());
            }
            let same = state.clone();
            let _ = state.merge(&same);
        }
    }

    /// Random bytes are an error, never a panic, even behind a right checksum.
    #[test]
    fn law_hostile_bytes(body in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut bytes = vec![1, b'C'];
        bytes.extend(body);
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        if let Ok(state) = Classes::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes);
        }
    }
}

/// Every single bit that is flipped and every truncation is an error.
#[test]
fn law_damage_is_found() {
    let bytes =
        classes(&[Column::Float(vec![0.1, -7.5, 3e40]), Column::Int(vec![1, 2, i64::MIN])], &[0, 1, 4]);
    let bytes = bytes.to_bytes();
    for at in 0..bytes.len() {
        assert!(Classes::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            assert!(Classes::from_bytes(&damaged).is_err(), "bit {bit} of byte {at}");
        }
    }
}

/// States that no rows can lead to are refused: classes out of order, twice, empty, or too many.
#[test]
fn law_forged_classes_are_refused() {
    let forged = |features: u64, labels: &[i64], n: i64| {
        let mut writer = Writer::new(b'C');
        writer.unsigned(features);
        writer.unsigned(labels.len() as u64);
        for &label in labels {
            writer.byte(b'i');
            writer.signed(label);
            writer.signed(n);
            for _ in 0..3 {
                writer.unsigned(0);
            }
        }
        Classes::from_bytes(&writer.finish())
    };
    assert!(forged(1, &[1, 2], 1).is_ok());
    for (features, labels, n) in
        [(1, vec![2, 1], 1), (1, vec![1, 1], 1), (1, vec![1], 0), (0, vec![], 1), (65, vec![], 1)]
    {
        assert!(matches!(forged(features, &labels, n), Err(Error::Corrupt(_))), "{features} {labels:?} {n}");
    }
    let many: Vec<_> = (0..1001).collect();
    assert!(forged(1, &many[..1000], 1).is_ok());
    assert!(matches!(forged(1, &many, 1), Err(Error::Corrupt(_))));
}

/// One class more than there can be is an error, and nothing is added.
#[test]
fn law_too_many_classes() {
    let many: Vec<_> = (0..=1000).map(Label::Int).collect();
    let codes: Vec<_> = (0..=1000).collect();
    let x = vec![1.0; 1001];
    let mut state = Classes::new(1).unwrap();
    assert!(matches!(
        state.add(Labelled { labels: &many, codes: &codes, columns: &[Numbers::Float(&x)] }),
        Err(Error::Invalid(_))
    ));
    assert_eq!(state, Classes::new(1).unwrap());
    let columns = [Numbers::Float(&x[..MOST_CLASSES])];
    state.add(Labelled { labels: &many, codes: &codes[..MOST_CLASSES], columns: &columns }).unwrap();
    let full = state.clone();
    let more = Labelled { labels: &many, codes: &[1000], columns: &[Numbers::Float(&[1.0])] };
    assert!(matches!(state.add(more), Err(Error::Invalid(_))));
    let mut one = Classes::new(1).unwrap();
    one.add(more).unwrap();
    assert!(matches!(state.merge(&one), Err(Error::Invalid(_))));
    assert_eq!(state, full);
}

/// Things that do not fit each other are errors, and nothing is added.
#[test]
fn law_misfits_are_errors() {
    assert!(matches!(Classes::new(0), Err(Error::Invalid(_))));
    assert!(matches!(Classes::new(65), Err(Error::Invalid(_))));
    let mut state = Classes::new(1).unwrap();
    let x = [Numbers::Float(&[1.0, 2.0])];
    let labels = labels();
    let rows = |codes, columns| Labelled { labels: &labels, codes, columns };
    assert!(matches!(state.add(rows(&[0], &x)), Err(Error::Columns(_))));
    assert!(matches!(state.add(rows(&[0, 5], &x)), Err(Error::Columns(_))));
    assert!(matches!(state.add(rows(&[0, -1], &x)), Err(Error::Columns(_))));
    assert!(matches!(state.add(rows(&[0, 1], &[x[0], x[0]])), Err(Error::Columns(_))));
    assert!(matches!(state.merge(&Classes::new(2).unwrap()), Err(Error::Mismatch(_))));
    assert_eq!(state, Classes::new(1).unwrap());
}

/// Rows with NaN or an infinity are in no sum, are counted, and can be removed; they make no class.
#[test]
fn law_left_out() {
    let odd = [Column::Float(vec![f64::NAN, 1.0, f64::INFINITY])];
    let mut state = classes(&odd, &[0, 1, 0]);
    assert_eq!((state.n(), state.excluded()), (1, 2));
    assert_eq!(counts(&state).unwrap(), [(Label::Int(-7), 1)]);
    state.remove(Labelled { labels: &labels(), codes: &[0, 1, 0], columns: &numbers(&odd) }).unwrap();
    assert_eq!(state, Classes::new(1).unwrap());
}

//! A reduction by labels as classes: their moments, and the answers of all keys together.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use proptest::prelude::*;
use streamreg_core::accumulate::Accumulator;
use streamreg_core::classes::Labelled;
use streamreg_core::classes::{Classes, Label, MOST_CLASSES};
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::decode::{Item, Text};
use streamreg_core::error::Error;
use streamreg_core::reduce::{Aggregate, Answer, KeyColumn, KeyType, KeyedReduction, Statistic};
use streamreg_core::wire::Versioned;
use support::{config, double};

/// A row: its label, then two features.
type Row = (&'static str, f64, i64);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let label = prop::sample::select(vec!["", "a", "a\0", "é\"\n,"]);
    prop::collection::vec((label, double(), any::<i64>()), 0..40)
}

fn keyed(keys: &[KeyType]) -> KeyedReduction {
    let inputs = [NumberType::Float, NumberType::Int];
    KeyedReduction::new(keys, &inputs, vec![Aggregate::Count, Aggregate::Class(vec![0, 1])]).unwrap()
}

fn partial(rows: &[Row]) -> Vec<u8> {
    let mut text = Text::strings(rows.len());
    for (label, _, _) in rows {
        text.push(Item::Str(label)).unwrap();
    }
    let (x, z): (Vec<_>, Vec<_>) = rows.iter().map(|row| (row.1, row.2)).unzip();
    let columns = [Numbers::Float(&x), Numbers::Int(&z)];
    keyed(&[KeyType::Text]).partial(&[KeyColumn::Text(&text)], &columns, rows.len()).unwrap()
}

proptest! {
    #![proptest_config(config(100))]

    /// In whatever batches the rows came, the classes are those of all rows at once; rows left out included.
    #[test]
    fn differential_classes(rows in rows(), at in any::<prop::sample::Index>()) {
        let (one, other) = rows.split_at(at.index(rows.len() + 1));
        let mut state = keyed(&[KeyType::Text]);
        for piece in [other, one] {
            state.merge(&partial(piece)).unwrap();
        }
        let mut expected = Classes::new(2).unwrap();
        for (label, x, z) in &rows {
            let columns = [Numbers::Float(&[*x]), Numbers::Int(&[*z])];
            expected.add(Labelled { labels: &[Label::Text((*label).into())], codes: &[0], columns: &columns }).unwrap();
        }
        prop_assert_eq!(state.classes(1).unwrap().to_bytes(), expected.to_bytes());
        prop_assert_eq!(state.excluded()[1], expected.excluded());
        let mut again = keyed(&[KeyType::Text]);
        again.merge(&state.to_bytes()).unwrap();
        prop_assert_eq!(again.classes(1).unwrap(), expected);
    }
}

/// The answers of all keys are there whatever has changed, and a key that is gone is told once, without a row.
#[test]
fn all_keys_answer() {
    let mut counts = KeyedReduction::new(&[KeyType::Int], &[], vec![Aggregate::Count]).unwrap();
    let rows = counts.partial(&[KeyColumn::Int(&[5, 9, 9])], &[], 3).unwrap();
    counts.merge(&rows).unwrap();
    counts.tracked_mut().mark_clean();
    let count = [Statistic::new(0, "count", 0).unwrap()];
    let two = counts.all_answers(&count).unwrap();
    assert_eq!(
        (two.present, &two.columns[0][..]),
        (vec![true; 2], &[1, 2].map(|n| Answer::Int(n.into()))[..])
    );
    // Minus one: as of a row that is taken away.
    let one = counts.partial(&[KeyColumn::Int(&[5])], &[], 1).unwrap();
    let mut taken = one[..one.len() - 5].to_vec();
    taken.push(1);
    taken.extend(crc32fast::hash(&taken).to_le_bytes());
    for bytes in [&taken, &one, &taken] {
        counts.merge(bytes).unwrap();
    }
    let found = counts.all_answers(&count).unwrap();
    assert_eq!((found.keys, found.present), (two.keys.clone(), vec![false, true]));
    assert_eq!(found.columns[0], [Answer::Int(2.into())]);
    counts.tracked_mut().mark_clean();
    assert_eq!(counts.all_answers(&[]).unwrap().keys, two.keys[1..]);
}

/// What cannot be classes is an error: another aggregate, several keys, too many, decimals, no feature or too many.
#[test]
fn misfits_are_errors() {
    let mut state = keyed(&[KeyType::Int]);
    for aggregate in [0, 2] {
        assert!(matches!(state.classes(aggregate), Err(Error::Invalid(_))));
    }
    let coefficient = [Statistic::new(1, "coefficient", 0).unwrap()];
    let labels: Vec<i64> = (0..=1000).collect();
    let (x, z) = (vec![1.0; 1001], vec![1; 1001]);
    for (count, fits) in [(MOST_CLASSES, true), (MOST_CLASSES + 1, false)] {
        let columns = [Numbers::Float(&x[..count]), Numbers::Int(&z[..count])];
        let rows = state.partial(&[KeyColumn::Int(&labels[..count])], &columns, count).unwrap();
        state.merge(&rows).unwrap();
        assert_eq!(state.classes(1).is_ok(), fits);
    }
    assert!(matches!(state.all_answers(&coefficient), Err(Error::Invalid(_))));
    let mut pairs = keyed(&[KeyType::Int, KeyType::Bool]);
    let keys = [KeyColumn::Int(&[1]), KeyColumn::Bool(&[true])];
    let rows = pairs.partial(&keys, &[Numbers::Float(&[1.0]), Numbers::Int(&[1])], 1).unwrap();
    pairs.merge(&rows).unwrap();
    assert!(matches!(pairs.classes(1), Err(Error::Invalid(_))));
    for (input, features) in
        [(NumberType::Decimal, vec![0]), (NumberType::Int, vec![]), (NumberType::Int, vec![0; 65])]
    {
        let aggregates = vec![Aggregate::Count, Aggregate::Class(features)];
        let made = KeyedReduction::new(&[KeyType::Int], &[input], aggregates);
        assert!(matches!(made, Err(Error::Invalid(_))));
    }
}

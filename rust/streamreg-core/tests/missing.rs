//! Rows that lack values: each aggregate is that of the rows which have all that it reads.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::decode::{Item, Text};
use streamreg_core::error::Error;
use streamreg_core::reduce::{
    Aggregate, Answer, KeyCell, KeyColumn, KeyType, KeyedReduction, Reduction, Statistic,
};
use support::{config, double, reduction, statistics};

/// A row: its key, and two doubles and an integer, each with whether it is missing.
type Row = (Option<&'static str>, [bool; 3], (f64, f64, i64));

const INPUTS: [NumberType; 3] = [NumberType::Float, NumberType::Float, NumberType::Int];

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let key = prop::sample::select(vec![None, Some(""), Some("\0"), Some("a"), Some("b")]);
    let mask = prop::array::uniform3(prop::bool::weighted(0.3));
    prop::collection::vec((key, mask, (double(), double(), any::<i64>())), 0..most)
}

fn optional() -> Reduction {
    Reduction::with_missing(&INPUTS, &[0, 1, 2], reduction().aggregates().to_vec()).unwrap()
}

fn keyed() -> KeyedReduction {
    let aggregates = reduction().aggregates().to_vec();
    KeyedReduction::with_missing(&[KeyType::Text], &[0], &INPUTS, &[0, 1, 2], aggregates).unwrap()
}

/// The columns of rows, and of each which are missing.
type Columns = ((Vec<f64>, Vec<f64>, Vec<i64>), [Vec<bool>; 3]);

fn columns(rows: &[Row]) -> Columns {
    let values = (
        rows.iter().map(|row| row.2.0).collect(),
        rows.iter().map(|row| row.2.1).collect(),
        rows.iter().map(|row| row.2.2).collect(),
    );
    (values, [0, 1, 2].map(|at| rows.iter().map(|row| row.1[at]).collect()))
}

fn add(to: &mut Reduction, rows: &[Row]) {
    let ((x, y, k), masks) = columns(rows);
    let masks = masks.each_ref().map(|mask| Some(&mask[..]));
    let numbers = [Numbers::Float(&x), Numbers::Float(&y), Numbers::Int(&k)];
    to.add_with_missing(&numbers, &masks, rows.len()).unwrap();
}

fn partial(to: &mut KeyedReduction, rows: &[Row]) -> Vec<u8> {
    let ((x, y, k), masks) = columns(rows);
    let masks = masks.each_ref().map(|mask| Some(&mask[..]));
    let numbers = [Numbers::Float(&x), Numbers::Float(&y), Numbers::Int(&k)];
    let mut text = Text::strings(rows.len());
    for row in rows {
        text.push(Item::Str(row.0.unwrap_or("anything"))).unwrap();
    }
    let missing: Vec<_> = rows.iter().map(|row| row.0.is_none()).collect();
    let keys = [KeyColumn::Optional(&KeyColumn::Text(&text), &missing)];
    to.partial_with_missing(&keys, &numbers, &masks, rows.len()).unwrap()
}

/// The columns that an aggregate reads.
fn read_by(aggregate: &Aggregate) -> Vec<usize> {
    match aggregate {
        Aggregate::Sum(column) | Aggregate::Min(column) | Aggregate::Max(column) => vec![*column],
        Aggregate::Moments { features, target } => features.iter().chain([target]).copied().collect(),
        _ => Vec::new(),
    }
}

/// The rows that have all that an aggregate reads.
fn present(rows: &[Row], aggregate: &Aggregate) -> Vec<Row> {
    let own = read_by(aggregate);
    rows.iter().filter(|row| own.iter().all(|&column| !row.1[column])).copied().collect()
}

/// The statistics, and for each aggregate the excluded rows, of a plain reduction of the rows that each one takes.
fn expected(rows: &[Row]) -> (Vec<Answer>, Vec<i128>) {
    let of = |at: usize| {
        let kept = present(rows, &reduction().aggregates()[at]);
        let ((x, y, k), _) = columns(&kept);
        let mut plain = reduction();
        plain.add(&[Numbers::Float(&x), Numbers::Float(&y), Numbers::Int(&k)], kept.len()).unwrap();
        (plain, rows.len() - kept.len())
    };
    let answers = statistics().into_iter().map(|statistic| {
        let at = aggregate_of(&statistic);
        of(at).0.answers(&[statistic]).unwrap().remove(0)
    });
    let excluded = (0..reduction().aggregates().len()).map(|at| {
        let (plain, missing) = of(at);
        plain.excluded()[at] + i128::try_from(missing).unwrap()
    });
    (answers.collect(), excluded.collect())
}

/// The aggregate that one of the [`statistics`] is of.
fn aggregate_of(statistic: &Statistic) -> usize {
    let at = statistics().iter().position(|other| other == statistic).unwrap();
    [0, 1, 1, 2, 3, 4, 5, 5, 6][at]
}

proptest! {
    #![proptest_config(config(100))]

    /// The results are those of plain reductions of the rows that each aggregate takes, and the others are counted.
    #[test]
    fn differential_present_rows(rows in rows(60)) {
        let mut state = optional();
        add(&mut state, &rows);
        let (answers, excluded) = expected(&rows);
        prop_assert_eq!(state.answers(&statistics()).unwrap(), answers);
        prop_assert_eq!(state.excluded(), excluded);
    }

    /// Neither the order nor the split of rows changes a byte, nor does what stands in the place of a missing value.
    #[test]
    fn law_order_split_and_place(
        (rows, mixed) in rows(60).prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        cut in 0usize..60,
        instead in (double(), double(), any::<i64>()),
    ) {
        let mut whole = optional();
        add(&mut whole, &rows);
        let replaced: Vec<Row> = mixed.iter().map(|&(key, mask, (x, y, k))| {
            let pick = |at: usize, own: f64, other: f64| if mask[at] { other } else { own };
            (key, mask, (pick(0, x, instead.0), pick(1, y, instead.1), if mask[2] { instead.2 } else { k }))
        }).collect();
        let (first, second) = replaced.split_at(cut.min(replaced.len()));
        let mut merged = optional();
        let mut keyed_state = keyed();
        for piece in [second, first] {
            let mut part = optional();
            add(&mut part, piece);
            merged.merge(&part.to_bytes()).unwrap();
            keyed_state.merge(&partial(&mut keyed(), piece)).unwrap();
        }
        prop_assert_eq!(merged.to_bytes(), whole.to_bytes());
        prop_assert_eq!(keyed_state.to_bytes(), partial(&mut keyed(), &rows));
    }

    /// A missing key is a key of its own, before all others, with the results of its rows.
    #[test]
    fn differential_keys(rows in rows(60)) {
        let mut by_key: BTreeMap<_, Vec<Row>> = BTreeMap::new();
        for row in &rows {
            by_key.entry(row.0).or_default().push(*row);
        }
        let mut state = keyed();
        state.merge(&partial(&mut keyed(), &rows)).unwrap();
        let changed = state.tracked_mut().changed();
        let found = state.answers(&statistics(), 0..changed).unwrap();
        prop_assert_eq!(found.keys.len(), by_key.len());
        let mut total = vec![0; reduction().aggregates().len()];
        for (at, (key, rows)) in by_key.iter().enumerate() {
            let cell = key.map_or(KeyCell::Missing, |text| KeyCell::Text(text.to_owned()));
            prop_assert_eq!(&found.cells[0][at], &cell);
            let (answers, excluded) = expected(rows);
            let own: Vec<_> = found.columns.iter().map(|column| column[at].clone()).collect();
            prop_assert_eq!(own, answers);
            total.iter_mut().zip(excluded).for_each(|(total, own)| *total += own);
        }
        prop_assert_eq!(state.excluded(), total);
    }

    /// Rows that lack values can be taken away again, also before they came.
    #[test]
    fn law_group((rows, others) in (rows(30), rows(30))) {
        let group = || {
            let aggregates = vec![Aggregate::Count, Aggregate::Sum(2), Aggregate::Moments { features: vec![0], target: 1 }];
            Reduction::with_missing(&INPUTS, &[0, 2], aggregates).unwrap()
        };
        let of = |rows: &[Row]| {
            let ((x, y, k), [no_x, _, no_k]) = columns(rows);
            let mut state = group();
            let numbers = [Numbers::Float(&x), Numbers::Float(&y), Numbers::Int(&k)];
            state.add_with_missing(&numbers, &[Some(&no_x), None, Some(&no_k)], rows.len()).unwrap();
            state.to_bytes()
        };
        let mut state = group();
        state.subtract(&of(&rows)).unwrap();
        state.merge(&of(&others)).unwrap();
        state.merge(&of(&rows)).unwrap();
        prop_assert_eq!(state.to_bytes(), of(&others));
    }
}

/// Only inputs and keys that were said to can be missing, and states say which: those of others are refused.
#[test]
fn law_what_cannot_be_missing_is_refused() {
    let aggregates = || vec![Aggregate::Count, Aggregate::Sum(0)];
    let mut plain = Reduction::new(&INPUTS[..1], aggregates()).unwrap();
    let column = [Numbers::Float(&[1.0, 2.0])];
    let refused = plain.add_with_missing(&column, &[Some(&[true, false])], 2);
    assert!(matches!(refused, Err(Error::Columns(_))));
    assert_eq!(plain.to_bytes(), Reduction::new(&INPUTS[..1], aggregates()).unwrap().to_bytes());
    let mut optional = Reduction::with_missing(&INPUTS[..1], &[0], aggregates()).unwrap();
    assert!(matches!(optional.add_with_missing(&column, &[Some(&[true])], 2), Err(Error::Columns(_))));
    assert!(matches!(optional.merge(&plain.to_bytes()), Err(Error::Mismatch(_))));
    assert!(matches!(Reduction::with_missing(&INPUTS, &[3], aggregates()), Err(Error::Invalid(_))));

    let mut keys = KeyedReduction::new(&[KeyType::Int], &INPUTS[..1], aggregates()).unwrap();
    let missing = KeyColumn::Optional(&KeyColumn::Int(&[1, 2]), &[false, true]);
    assert!(matches!(keys.partial(&[missing], &column, 2), Err(Error::Columns(_))));
    let mut other =
        KeyedReduction::with_missing(&[KeyType::Int], &[0], &INPUTS[..1], &[], aggregates()).unwrap();
    let bytes = other.partial(&[missing], &column, 2).unwrap();
    assert!(matches!(keys.merge(&bytes), Err(Error::Mismatch(_))));
}

/// Rows without a label are of no class: they are counted as excluded.
#[test]
fn rows_without_a_label_are_of_no_class() {
    let aggregates = vec![Aggregate::Count, Aggregate::Class(vec![0])];
    let new = || {
        KeyedReduction::with_missing(&[KeyType::Int], &[0], &INPUTS[..1], &[], aggregates.clone()).unwrap()
    };
    let mut state = new();
    let labels = KeyColumn::Optional(&KeyColumn::Int(&[7, 0, 7, 0]), &[false, true, false, true]);
    let part = new().partial(&[labels], &[Numbers::Float(&[1.0, 2.0, 3.0, f64::NAN])], 4).unwrap();
    state.merge(&part).unwrap();
    assert_eq!(state.excluded(), [0, 2]);
    let classes = state.classes(1).unwrap();
    assert_eq!(classes.n(), 2);
    assert_eq!(classes.iter().count(), 1);
}

//! Sums class by class, of weighted rows and of squares alone: the laws of their states, and the same results as rows
//! that count once.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use proptest::prelude::*;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::classes::{ClassSums, Classes, Kept, Label, Labelled, MOST_SQUARES};
use streamreg_core::column::Numbers;
use streamreg_core::discriminant::{
    Description, Discriminant, Divisor, Method, Model, Scores, Singular, describe, weighted_counts,
};
use streamreg_core::error::Error;
use streamreg_core::wire::Versioned;
use support::{Column, columns, config, labels, numbers, pick};

/// Rows with a weight and the code of a label each, and an order of them cut in two.
fn shuffled() -> impl Strategy<Value = (Vec<Column>, Vec<f64>, Vec<i64>, Vec<usize>, usize)> {
    (1usize..4).prop_flat_map(|count| columns(count, 1..40)).prop_flat_map(|columns| {
        let rows = columns[0].numbers().len();
        let order = Just((0..rows).collect::<Vec<_>>()).prop_shuffle();
        let weight = prop_oneof![Just(0.0), Just(1.0), 0.0..8.0f64, Just(5e-324), Just(1e300)];
        let weights = prop::collection::vec(weight, rows);
        (Just(columns), weights, prop::collection::vec(0i64..5, rows), order, 0..=rows)
    })
}

fn empty(features: usize, squares: bool) -> ClassSums {
    ClassSums::new(Kept { features, weighted: true, squares }).unwrap()
}

fn put(
    state: &mut ClassSums,
    columns: &[Column],
    weights: &[f64],
    codes: &[i64],
    rows: &[usize],
    remove: bool,
) {
    let own = pick(columns, rows);
    let weights: Vec<_> = rows.iter().map(|&row| weights[row]).collect();
    let codes: Vec<_> = rows.iter().map(|&row| codes[row]).collect();
    let mut all = numbers(&own);
    all.push(Numbers::Float(&weights));
    let labels = labels();
    let batch = Labelled { labels: &labels, codes: &codes, columns: &all };
    if remove { state.remove(batch) } else { state.add(batch) }.unwrap();
}

proptest! {
    #![proptest_config(config(100))]

    /// Any order of the rows in any two heaps, added or merged, gives the same bytes; one heap taken out, the other.
    #[test]
    fn law_order_split_and_removal((columns, weights, codes, order, at) in shuffled(), squares in any::<bool>()) {
        let mut whole = empty(columns.len(), squares);
        put(&mut whole, &columns, &weights, &codes, &(0..codes.len()).collect::<Vec<_>>(), false);
        let (mut one, mut other) = (empty(columns.len(), squares), empty(columns.len(), squares));
        put(&mut one, &columns, &weights, &codes, &order[..at], false);
        put(&mut other, &columns, &weights, &codes, &order[at..], false);
        let mut merged = other.clone();
        merged.merge(&one).unwrap();
        prop_assert_eq!(merged.to_bytes(), whole.to_bytes());
        put(&mut merged, &columns, &weights, &codes, &order[..at], true);
        prop_assert_eq!(merged.to_bytes(), other.to_bytes());
        merged.subtract(&other).unwrap();
        prop_assert_eq!(merged.to_bytes(), empty(columns.len(), squares).to_bytes());
        let read = ClassSums::from_bytes(&whole.to_bytes()).unwrap();
        prop_assert_eq!(&read, &whole);
    }

    /// A row of a whole weight is as many rows: every description to the bit.
    #[test]
    fn differential_whole_weights((columns, _, codes, _, _) in shuffled(), factor in 1i32..4) {
        let counts: Vec<_> = (0..codes.len()).map(|row| (row + 1) % 4).collect();
        let weights: Vec<_> = counts.iter().map(|&count| f64::from(u8::try_from(count).unwrap())).collect();
        let scaled: Vec<_> = weights.iter().map(|weight| weight * f64::from(factor)).collect();
        let rows: Vec<_> = (0..codes.len()).collect();
        let repeated: Vec<_> = rows.iter().flat_map(|&row| std::iter::repeat_n(row, counts[row])).collect();
        let mut plain = Classes::new(columns.len()).unwrap();
        let own: Vec<_> = repeated.iter().map(|&row| codes[row]).collect();
        let (labels, picked) = (labels(), pick(&columns, &repeated));
        plain.add(Labelled { labels: &labels, codes: &own, columns: &numbers(&picked) }).unwrap();
        let mut weighted = empty(columns.len(), false);
        put(&mut weighted, &columns, &weights, &codes, &rows, false);
        let mut all = empty(columns.len(), false);
        put(&mut all, &columns, &scaled, &codes, &rows, false);
        for description in [
            Description::Priors, Description::Means, Description::Variances(0.25),
            Description::Covariances(Divisor::Rows), Description::Pooled(Divisor::Rows),
        ] {
            prop_assert_eq!(describe(&weighted, description), describe(&plain, description));
            prop_assert_eq!(describe(&all, description), describe(&plain, description));
        }
        for description in [Description::Covariances(Divisor::Freedom), Description::Pooled(Divisor::Freedom)] {
            prop_assert_eq!(describe(&weighted, description), describe(&plain, description));
        }
        let model = Model { singular: Singular::Dropped, ..Model::of(Method::Linear) };
        let parameters = |found: Discriminant| {
            (found.dropped().to_vec(), found.parameter("coefficient"), found.parameter("intercept"))
        };
        prop_assert_eq!(
            Discriminant::of(&weighted, &model, None).map(parameters),
            Discriminant::of(&plain, &model, None).map(parameters)
        );
    }

    /// Squares alone give what all products do, where squares are enough; the rest is refused.
    #[test]
    fn differential_squares((columns, weights, codes, _, _) in shuffled(), smoothing in prop_oneof![Just(0.0), Just(0.5)]) {
        let rows: Vec<_> = (0..codes.len()).collect();
        let (mut all, mut squares) = (empty(columns.len(), false), empty(columns.len(), true));
        put(&mut all, &columns, &weights, &codes, &rows, false);
        put(&mut squares, &columns, &weights, &codes, &rows, false);
        for description in [Description::Priors, Description::Means, Description::Variances(smoothing)] {
            prop_assert_eq!(describe(&squares, description), describe(&all, description));
        }
        prop_assert_eq!(weighted_counts(&squares), weighted_counts(&all));
        let model = Model { smoothing, ..Model::of(Method::Bayes) };
        let scores = |found: Discriminant| found.scorer().rows(&numbers(&columns), Scores::Scores);
        let (one, other) = (Discriminant::of(&squares, &model, None), Discriminant::of(&all, &model, None));
        prop_assert_eq!(one.is_ok(), other.is_ok());
        if let (Ok(one), Ok(other)) = (one, other) {
            prop_assert_eq!(scores(one).map(|found| found.len()), scores(other).map(|found| found.len()));
        }
        prop_assert!(describe(&squares, Description::Pooled(Divisor::Rows)).is_err());
        prop_assert!(Discriminant::of(&squares, &Model::of(Method::Quadratic), None).is_err());
    }

    /// A state changed in a byte behind a right checksum is an error, or a state that merges, answers and writes
    /// itself as it was read.
    #[test]
    fn law_forged_bytes(
        (columns, weights, codes, _, _) in shuffled(), squares in any::<bool>(),
        at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut state = empty(columns.len(), squares);
        put(&mut state, &columns, &weights, &codes, &(0..codes.len()).collect::<Vec<_>>(), false);
        let mut bytes = state.to_bytes();
        let body = bytes.len() - 4;
        bytes[2 + at.index(body - 2)] = byte;
        let checksum = crc32fast::hash(&bytes[..body]).to_le_bytes();
        bytes[body..].copy_from_slice(&checksum);
        if let Ok(mut state) = ClassSums::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes);
            for method in [Method::Linear, Method::Quadratic, Method::Bayes] {
                let model = Model { singular: Singular::Dropped, smoothing: 0.5, ..Model::of(method) };
                let _ = Discriminant::of(&state, &model, None);
            }
            let _ = weighted_counts(&state);
            let same = state.clone();
            let _ = state.merge(&same);
        }
    }

    /// Random bytes are an error, never a panic or a large allocation, even behind a right checksum.
    #[test]
    fn law_hostile_bytes(body in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut bytes = vec![1, b'D'];
        bytes.extend(body);
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        if let Ok(state) = ClassSums::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes);
        }
    }
}

/// A state of other features, or of another kind, cannot be put together with this one, and columns must fit.
#[test]
fn what_does_not_belong() {
    let mut state = empty(2, false);
    for other in [empty(3, false), empty(2, true)] {
        assert!(matches!(state.merge(&other), Err(Error::Mismatch(_))));
    }
    let codes = [0, 0];
    let (x, short): (&[f64], &[f64]) = (&[1.0, 2.0], &[1.0]);
    for columns in [vec![x, x], vec![x, x, short], vec![x, x, x, x]] {
        let columns: Vec<_> = columns.into_iter().map(Numbers::Float).collect();
        let batch = Labelled { labels: &labels(), codes: &codes, columns: &columns };
        assert!(matches!(state.add(batch), Err(Error::Columns(_))));
    }
    let columns = [Numbers::Float(x), Numbers::Float(x), Numbers::Float(x)];
    let batch = Labelled { labels: &[Label::Int(1)], codes: &[0, 1], columns: &columns };
    assert!(matches!(state.add(batch), Err(Error::Columns(_))));
    assert_eq!(state, empty(2, false));
    for (features, squares) in [(0, false), (65, false), (0, true), (MOST_SQUARES + 1, true)] {
        assert!(ClassSums::new(Kept { features, weighted: true, squares }).is_err());
    }
}

/// A class of which all rows weigh nothing is there by its rows, and tells nothing.
#[test]
fn weights_of_zero() {
    let mut state = empty(1, false);
    let columns = [Numbers::Float(&[1.0, 2.0, 3.0]), Numbers::Float(&[0.0, 1.0, 1.0])];
    let labels = [Label::Int(0), Label::Int(1)];
    state.add(Labelled { labels: &labels, codes: &[0, 1, 1], columns: &columns }).unwrap();
    assert_eq!(state.n(), 3);
    assert_eq!(weighted_counts(&state).unwrap(), [(Label::Int(1), 2, 2.0)]);
    assert_eq!(describe(&state, Description::Means).unwrap(), [2.5]);
}

//! The laws of the states: an abelian group, with equal bytes for equal multisets of rows.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use proptest::prelude::*;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::column::Numbers;
use streamreg_core::exact::ExactSum;
use streamreg_core::moments::Moments;
use streamreg_core::reduce::{Answer, Reduction};
use streamreg_core::wire::Versioned;
use support::{Column, columns, config, double, moments, numbers, pick, reduction, statistics};

/// Columns, and an order of their rows cut into pieces.
fn shuffled() -> impl Strategy<Value = (Vec<Column>, Vec<Vec<usize>>)> {
    (2usize..5).prop_flat_map(|count| columns(count, 1..70)).prop_flat_map(|columns| {
        let rows: Vec<usize> = (0..columns[0].numbers().len()).collect();
        let order = (Just(rows).prop_shuffle(), prop::collection::vec(1usize..40, 0..8));
        let pieces = order.prop_map(|(mut rows, sizes)| {
            let mut pieces = Vec::new();
            for size in sizes {
                let rest = rows.split_off(size.min(rows.len()));
                pieces.push(std::mem::replace(&mut rows, rest));
            }
            pieces.push(rows);
            pieces
        });
        (Just(columns), pieces)
    })
}

proptest! {
    #![proptest_config(config(200))]

    /// Any order of the rows in any pieces, merged from either side, gives the same bytes.
    #[test]
    fn law_order_and_split((columns, pieces) in shuffled()) {
        let whole = moments(&columns);
        let parts: Vec<_> = pieces.iter().map(|rows| moments(&pick(&columns, rows))).collect();
        let (mut left, mut right) = (Moments::new(columns.len() - 1).unwrap(), parts[0].clone());
        for part in &parts {
            left.merge(part).unwrap();
        }
        for part in &parts[1..] {
            let mut merged = part.clone();
            merged.merge(&right).unwrap();
            right = merged;
        }
        prop_assert_eq!(left.to_bytes(), whole.to_bytes());
        prop_assert_eq!(right.to_bytes(), whole.to_bytes());
    }

    /// Merging is a tree of any form: halves of halves give the same bytes.
    #[test]
    fn law_merge_tree((columns, pieces) in shuffled()) {
        let mut level: Vec<_> = pieces.iter().map(|rows| moments(&pick(&columns, rows))).collect();
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| {
                let mut merged = pair[0].clone();
                if let [_, other] = pair {
                    merged.merge(other).unwrap();
                }
                merged
            }).collect();
        }
        prop_assert_eq!(level[0].to_bytes(), moments(&columns).to_bytes());
    }

    /// Rows removed, before or after they were added, by remove or by subtract, leave the rest as if never seen.
    #[test]
    fn law_removal((columns, pieces) in shuffled()) {
        let features = columns.len() - 1;
        let mut state = Moments::new(features).unwrap();
        for (at, rows) in pieces.iter().enumerate() {
            let piece = pick(&columns, rows);
            if at % 2 == 0 {
                state.remove(&numbers(&piece)).unwrap();
            } else {
                state.subtract(&moments(&piece)).unwrap();
            }
        }
        let kept = &pieces[0];
        state.add(&numbers(&columns)).unwrap();
        state.add(&numbers(&pick(&columns, kept))).unwrap();
        prop_assert_eq!(&state, &moments(&pick(&columns, kept)));
        state.remove(&numbers(&pick(&columns, kept))).unwrap();
        prop_assert_eq!(state.to_bytes(), Moments::new(features).unwrap().to_bytes());
    }

    /// A state read from its bytes is the same state, and writes the same bytes.
    #[test]
    fn law_round_trip(columns in (2usize..6).prop_flat_map(|count| columns(count, 0..50))) {
        let state = moments(&columns);
        let bytes = state.to_bytes();
        let read = Moments::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&read, &state);
        prop_assert_eq!(read.to_bytes(), bytes);
    }

    /// Sums obey the same laws, NaN and infinities included.
    #[test]
    fn law_sums(
        values in prop::collection::vec(prop_oneof![9 => double(), 1 => Just(f64::NAN)], 0..80),
        cut in 0usize..80,
    ) {
        let (head, tail) = values.split_at(cut.min(values.len()));
        let mut whole = ExactSum::new();
        whole.add(Numbers::Float(&values)).unwrap();
        let mut merged = ExactSum::new();
        merged.remove(Numbers::Float(tail)).unwrap();
        let mut both = ExactSum::new();
        both.add(Numbers::Float(tail)).unwrap();
        both.add(Numbers::Float(tail)).unwrap();
        both.add(Numbers::Float(head)).unwrap();
        merged.merge(&both).unwrap();
        prop_assert_eq!(merged.to_bytes(), whole.to_bytes());
        prop_assert_eq!(&ExactSum::from_bytes(&whole.to_bytes()).unwrap(), &whole);
        merged.subtract(&whole).unwrap();
        prop_assert_eq!(merged.to_bytes(), ExactSum::new().to_bytes());
    }

    /// Partial reductions merge to the bytes and answers of one, whatever the split and the order.
    #[test]
    fn law_reduction(
        rows in prop::collection::vec((double(), double(), any::<i64>()), 0..80),
        sizes in prop::collection::vec(1usize..30, 0..6),
    ) {
        let mut whole = reduction();
        let mut worker = reduction();
        let mut partials = Vec::new();
        let add = |to: &mut Reduction, rows: &[(f64, f64, i64)]| {
            let x: Vec<_> = rows.iter().map(|row| row.0).collect();
            let y: Vec<_> = rows.iter().map(|row| row.1).collect();
            let k: Vec<_> = rows.iter().map(|row| row.2).collect();
            to.add(&[Numbers::Float(&x), Numbers::Float(&y), Numbers::Int(&k)], rows.len()).unwrap();
        };
        add(&mut whole, &rows);
        let mut rest = rows.as_slice();
        for size in sizes {
            let (piece, after) = rest.split_at(size.min(rest.len()));
            add(&mut worker, piece);
            partials.push(worker.take());
            rest = after;
        }
        add(&mut worker, rest);
        partials.push(worker.take());
        prop_assert_eq!(worker.to_bytes(), reduction().to_bytes());
        let mut merged = reduction();
        for partial in partials.iter().rev() {
            merged.merge(partial).unwrap();
        }
        prop_assert_eq!(merged.to_bytes(), whole.to_bytes());
        let (found, expected) = (merged.answers(&statistics()), whole.answers(&statistics()));
        prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    }

}

/// One bad reading of 1e300 leaves no trace once it is removed.
#[test]
fn law_outlier_leaves_no_trace() {
    let ordinary = [Column::Float(vec![0.1, 0.2, 0.4]), Column::Float(vec![1.0, 2.0, 3.5])];
    let outlier = [Column::Float(vec![1e300]), Column::Float(vec![-3e-300])];
    let mut state = moments(&ordinary);
    state.add(&numbers(&outlier)).unwrap();
    state.remove(&numbers(&outlier)).unwrap();
    assert_eq!(state.to_bytes(), moments(&ordinary).to_bytes());
    state.remove(&numbers(&ordinary)).unwrap();
    assert_eq!(state.to_bytes(), Moments::new(1).unwrap().to_bytes());
}

/// Rows with NaN or an infinity are in no sum, are counted, and can be removed.
#[test]
fn law_left_out() {
    let odd = [Column::Float(vec![f64::NAN, 1.0, f64::INFINITY]), Column::Float(vec![1.0, 2.0, 3.0])];
    let mut state = moments(&odd);
    assert_eq!((state.n(), state.excluded()), (1, 2));
    state.remove(&numbers(&odd)).unwrap();
    assert_eq!(state.to_bytes(), Moments::new(1).unwrap().to_bytes());
}

/// The most features there can be work, and an empty reduction answers NULL.
#[test]
fn law_many_features() {
    let columns: Vec<_> = (0..=64).map(|i| Column::Float(vec![f64::from(i); 30])).collect();
    let state = moments(&columns);
    assert_eq!(state.n(), 30);
    assert_eq!(streamreg_core::solve::solve(&state), None);
    let empty = reduction().answers(&statistics()).unwrap();
    assert_eq!(empty[1..], vec![Answer::Null; 8]);
    assert_eq!(reduction().excluded(), [0; 7]);
}

/// Every state can be moved to another thread.
#[test]
fn law_states_are_send() {
    fn send<T: Send>(_: &T) {}
    send(&Moments::new(1).unwrap());
    send(&ExactSum::new());
    send(&reduction());
}

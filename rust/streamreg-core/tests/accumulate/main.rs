//! The law of every exact state, whatever it sums: an abelian group, whose equal multisets of rows have equal bytes.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod reductions;
mod states;
#[path = "../support/mod.rs"]
mod support;

use proptest::prelude::*;
use streamreg_core::decimal::Decimal;
use support::{Column, decimal, double, integer};

/// Rows: an x and a y that may be NaN, an integer, a decimal and a label.
type Row = (f64, f64, i64, [i64; 3], i64);

fn row() -> impl Strategy<Value = Row> {
    let number = || prop_oneof![12 => double(), 1 => Just(f64::NAN), 1 => Just(f64::NEG_INFINITY)];
    (number(), number(), integer(), decimal().prop_map(Decimal::to_words), 0i64..5)
}

/// The columns of rows, and the codes of their labels.
fn unzipped(rows: &[Row]) -> (Vec<Column>, Vec<i64>) {
    let columns = vec![
        Column::Float(rows.iter().map(|row| row.0).collect()),
        Column::Float(rows.iter().map(|row| row.1).collect()),
        Column::Int(rows.iter().map(|row| row.2).collect()),
        Column::Decimal(rows.iter().map(|row| row.3).collect()),
    ];
    (columns, rows.iter().map(|row| row.4).collect())
}

/// Rows, and all of them once more in another order, in pieces.
fn shuffled() -> impl Strategy<Value = (Vec<Row>, Vec<Vec<Row>>)> {
    let rows = prop::collection::vec(row(), 1..60);
    (rows, prop::collection::vec(1usize..40, 0..6)).prop_flat_map(|(rows, sizes)| {
        let order = Just(rows.clone()).prop_shuffle();
        let pieces = order.prop_map(move |mut rows| {
            let mut pieces = Vec::new();
            for &size in &sizes {
                let rest = rows.split_off(size.min(rows.len()));
                pieces.push(std::mem::replace(&mut rows, rest));
            }
            pieces.push(rows);
            pieces
        });
        (Just(rows), pieces)
    })
}

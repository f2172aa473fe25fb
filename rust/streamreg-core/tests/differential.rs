//! The fast paths against the plain ones.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use num_bigint::BigInt;
use proptest::prelude::*;
use streamreg_core::accumulate::Accumulator;
use streamreg_core::column::Numbers;
use streamreg_core::exact::ExactSum;
use streamreg_core::moments::Moments;
use streamreg_core::solve::line::{self, Outcome};
use streamreg_core::solve::multi;
use streamreg_core::wire::Versioned;
use support::{Column, bits, columns, config, double, numbers};

/// Moments of rows that are added one at a time, and so never see a bin.
fn plain(columns: &[Column]) -> Moments {
    let mut moments = Moments::new(columns.len() - 1).unwrap();
    for row in 0..columns[0].numbers().len() {
        let one: Vec<_> = columns.iter().map(|column| column.pick(&[row])).collect();
        moments.add(&numbers(&one)).unwrap();
    }
    moments
}

fn fast(columns: &[Column]) -> Moments {
    let mut moments = Moments::new(columns.len() - 1).unwrap();
    moments.add(&numbers(columns)).unwrap();
    moments
}

proptest! {
    #![proptest_config(config(200))]

    /// A batch through the bins of a line gives the bytes that its rows give one at a time.
    #[test]
    fn differential_line_bins(columns in columns(2, 0..90)) {
        prop_assert_eq!(fast(&columns).to_bytes(), plain(&columns).to_bytes());
    }

    /// So does a batch through the bins of many columns, whatever the number of columns left in the last group.
    #[test]
    fn differential_block_bins(columns in (2usize..10).prop_flat_map(|count| columns(count + 1, 20..60))) {
        prop_assert_eq!(fast(&columns).to_bytes(), plain(&columns).to_bytes());
    }

    /// So does a column through the bins of a sum.
    #[test]
    fn differential_sum_bins(values in prop::collection::vec(double(), 0..90)) {
        let (mut fast, mut plain) = (ExactSum::new(), ExactSum::new());
        fast.add(Numbers::Float(&values)).unwrap();
        for value in &values {
            plain.add(Numbers::Float(&[*value])).unwrap();
        }
        prop_assert_eq!(fast.to_bytes(), plain.to_bytes());
    }

    /// Fixed width and elimination give the same line wherever the fixed width holds it.
    #[test]
    fn differential_line_solve(columns in columns(2, 0..40)) {
        let moments = fast(&columns);
        let plain = multi::solve(&moments);
        match line::solve(&moments) {
            Outcome::Solved(line) => prop_assert_eq!(Some(bits(&line)), plain.as_deref().map(bits)),
            Outcome::Singular => prop_assert_eq!(plain, None),
            Outcome::TooWide => {}
        }
    }

    /// The fixed width holds every line of ordinary doubles.
    #[test]
    fn differential_ordinary_line_fits(
        rows in prop::collection::vec((prop_oneof![-1e9..1e9f64, -1e-9..1e-9f64], -1e3..1e3f64), 2..60)
    ) {
        let (x, y) = rows.into_iter().unzip();
        let moments = fast(&[Column::Float(x), Column::Float(y)]);
        let Outcome::Solved(line) = line::solve(&moments) else {
            return Err(TestCaseError::fail("the fixed width does not hold it"));
        };
        prop_assert_eq!(bits(&line), bits(&multi::solve(&moments).unwrap()));
    }
}

/// Blocks and rows agree over more rows than a block has, with numbers that no bin takes among them.
#[test]
fn differential_several_blocks() {
    let value = |row: i32, column: i32| f64::from((row * 31 + column * 17) % 1009 - 500) / 7.0;
    let mut columns: Vec<_> = (0..4)
        .map(|column| Column::Float((0..5000).map(|row| value(row, column)).collect()))
        .chain([Column::Int(
            (0..5000).map(|row| if row % 900 == 0 { i64::MIN + row } else { row }).collect(),
        )])
        .collect();
    if let Column::Float(values) = &mut columns[1] {
        (values[3], values[2047], values[2048], values[4999]) =
            (f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::NAN);
    }
    let fast = fast(&columns);
    assert_eq!((fast.n(), fast.excluded()), (4996, 4));
    assert_eq!(fast.to_bytes(), plain(&columns).to_bytes());
}

/// Bins do not wrap, however many of the largest mantissas come with one sign.
#[test]
fn differential_full_bins() {
    let rows = (1 << 22) + 3;
    let largest = (1i64 << 53) - 1;
    // All of it in a double whose exponent says 2^-1 and in an integer.
    let x = vec![-(1.0 - f64::EPSILON / 2.0); rows];
    let y = vec![largest; rows];
    let columns = [Numbers::Float(&x), Numbers::Int(&y)];
    let mut line = Moments::new(1).unwrap();
    line.add(&columns).unwrap();
    let exact = |power: u32| BigInt::from(largest).pow(power) * rows;
    let value = |(integer, shift): (BigInt, usize)| integer << shift;
    assert_eq!(value(line.sum(0).to_integer()), -exact(1) << (1074 - 53));
    assert_eq!(value(line.sum(1).to_integer()), exact(1) << 1074);
    assert_eq!(value(line.product(0, 0).to_integer()), exact(2) << (2148 - 2 * 53));
    assert_eq!(value(line.product(0, 1).to_integer()), -exact(2) << (2148 - 53));
    assert_eq!(value(line.product(1, 1).to_integer()), exact(2) << 2148);
}

//! Reductions of decimals: merged in any order, damaged and forged, and asked for what SQL knows.

use proptest::prelude::*;
use streamreg_core::column::NumberType;
use streamreg_core::monomials::Power;
use streamreg_core::reduce::{Aggregate, Answer, Reduction, Statistic};

use super::column;
use super::support::{Column, config, numbers, pick};

/// Every aggregate that takes decimals, over a column of them, one of doubles and one of integers.
fn reduction() -> Reduction {
    let features = vec![Power { column: 0, power: 1 }, Power { column: 0, power: 2 }];
    let line = vec![Power { column: 0, power: 1 }];
    let aggregates = vec![
        Aggregate::Sum(0),
        Aggregate::Min(0),
        Aggregate::Max(0),
        Aggregate::Monomials { features, target: 1, weight: Some(2) },
        Aggregate::Monomials { features: line, target: 1, weight: None },
    ];
    Reduction::new(&[NumberType::Decimal, NumberType::Float, NumberType::Int], aggregates).unwrap()
}

fn statistics() -> Vec<Statistic> {
    let asked = [(0, "sum"), (0, "avg"), (1, "min"), (2, "max"), (3, "coefficient"), (4, "regr_count")];
    let line = ["regr_slope", "regr_intercept", "regr_r2", "regr_sxy", "corr"].map(|name| (4, name));
    asked.iter().chain(&line).map(|&(aggregate, name)| Statistic::new(aggregate, name, 0).unwrap()).collect()
}

fn columns(rows: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Column>> {
    rows.prop_flat_map(|rows| {
        [NumberType::Decimal, NumberType::Float, NumberType::Int].map(|kind| column(kind, rows)).to_vec()
    })
}

fn add(reduction: &mut Reduction, columns: &[Column]) {
    let numbers = numbers(columns);
    reduction.add(&numbers, numbers[0].len()).unwrap();
}

proptest! {
    #![proptest_config(config(100))]

    /// Rows cut in two, merged in either order, give the bytes of the whole, and the same answers.
    #[test]
    fn law_split(columns in columns(1..20), cut in any::<prop::sample::Index>()) {
        let rows: Vec<usize> = (0..columns[0].numbers().len()).collect();
        let (head, tail) = rows.split_at(cut.index(rows.len() + 1));
        let mut whole = reduction();
        add(&mut whole, &columns);
        let states = [head, tail].map(|rows| {
            let mut part = reduction();
            add(&mut part, &pick(&columns, rows));
            part.take()
        });
        for order in [[0, 1], [1, 0]] {
            let mut merged = reduction();
            for at in order {
                merged.merge(&states[at]).unwrap();
            }
            prop_assert_eq!(merged.to_bytes(), whole.to_bytes());
            prop_assert_eq!(merged.answers(&statistics()).unwrap(), whole.answers(&statistics()).unwrap());
        }
    }

    /// A byte changed behind a right checksum is an error that leaves no trace, or a state that gives answers.
    #[test]
    fn law_forged_bytes(columns in columns(1..6), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut state = reduction();
        add(&mut state, &columns);
        let mut bytes = state.take();
        let body = bytes.len() - 4;
        bytes[2 + at.index(body - 2)] = byte;
        let checksum = crc32fast::hash(&bytes[..body]).to_le_bytes();
        bytes[body..].copy_from_slice(&checksum);
        let empty = state.to_bytes();
        if state.merge(&bytes).is_ok() {
            prop_assert_eq!(state.to_bytes(), bytes);
            prop_assert_eq!(state.answers(&statistics()).unwrap().len(), statistics().len());
        } else {
            prop_assert_eq!(state.to_bytes(), empty);
        }
    }
}

/// What is no statistic of decimals, or of a weighted or curved fit, is an error; moments take no decimals.
#[test]
fn misfits() {
    let state = reduction();
    for (aggregate, name) in [(0, "min"), (1, "sum"), (3, "regr_slope"), (3, "corr"), (4, "sum"), (4, "avg")]
    {
        let statistic = Statistic::new(aggregate, name, 0).unwrap();
        assert!(state.answers(&[statistic]).is_err(), "{name} of {aggregate}");
    }
    assert_eq!(state.answers(&statistics()[..1]).unwrap(), [Answer::Null]);
    let moments = Aggregate::Moments { features: vec![0], target: 1 };
    let error = Reduction::new(&[NumberType::Decimal, NumberType::Float], vec![moments]).unwrap_err();
    assert!(error.to_string().contains("column 0 holds decimals"), "{error}");
}

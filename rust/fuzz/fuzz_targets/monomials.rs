//! Any bytes as sums of monomials, as the state of a reduction of decimals, and as the text of a decimal: an error, or
//! what has just these bytes, can be merged and taken back, and gives answers.

#![no_main]

use libfuzzer_sys::fuzz_target;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::column::NumberType;
use streamreg_core::decimal::Decimal;
use streamreg_core::infer::{Fit, Model};
use streamreg_core::monomials::{Monomials, Power};
use streamreg_core::reduce::{Aggregate, Reduction, Statistic};
use streamreg_core::wire::Versioned;
use streamreg_core::wire::{Reader, Writer};

fuzz_target!(|data: &[u8]| {
    monomials(data);
    monomials(&checksummed(b'P', None, data));
    reduction(data);
    if let Ok(decimal) = Decimal::parse(data) {
        assert_eq!(Decimal::parse(decimal.to_string().as_bytes()), Ok(decimal));
        assert_eq!(Decimal::from_words(decimal.to_words()), Some(decimal));
        assert!(!decimal.to_double().is_nan());
    }
});

fn monomials(bytes: &[u8]) {
    let Ok(state) = Monomials::from_bytes(bytes) else { return };
    assert_eq!(state.to_bytes(), bytes);
    // A few features are enough: the time of a solution grows with the fourth power of their number.
    if state.terms().features().len() < 6
        && let Ok(gram) = state.gram()
    {
        let _ = Fit::new(gram, Model::default()).map(|fit| fit.coefficients());
    }
    let mut twice = state.clone();
    if twice.merge(&state).is_ok() {
        // The sum may lie in the last limb, from which nothing can be taken any more.
        assert!(twice.subtract(&state).is_err() || twice == state);
    }
}

fn reduction(data: &[u8]) {
    let inputs = [NumberType::Decimal, NumberType::Float];
    let features = vec![Power { column: 0, power: 1 }, Power { column: 0, power: 2 }];
    let aggregates = vec![
        Aggregate::Sum(0),
        Aggregate::Max(0),
        Aggregate::Monomials { features, target: 1, weight: Some(1) },
    ];
    let mut reduction = Reduction::new(&inputs, aggregates).expect("a valid shape");
    let empty = reduction.to_bytes();
    let shape = Reader::open(b'R', &empty).and_then(|mut reader| reader.bytes()).expect("a state");
    let state = checksummed(b'R', Some(shape), data);
    if reduction.merge(&state).is_err() {
        assert_eq!(reduction.to_bytes(), empty, "a state that was refused left a trace");
        return;
    }
    assert_eq!(reduction.to_bytes(), state);
    let asked = [(0, "sum", 0), (0, "avg", 0), (1, "max", 0), (2, "coefficient", 2)];
    let statistics =
        asked.map(|(aggregate, name, index)| Statistic::new(aggregate, name, index).expect("a known name"));
    assert_eq!(reduction.answers(&statistics).expect("each fits its aggregate").len(), asked.len());
}

/// Random bytes hardly ever have the right checksum: they are put into a frame that has.
fn checksummed(kind: u8, shape: Option<&[u8]>, payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(kind);
    if let Some(shape) = shape {
        writer.bytes(shape);
    }
    payload.iter().for_each(|&byte| writer.byte(byte));
    writer.finish()
}

//! Any bytes as moments and as the state of a reduction: an error, or a state that has just these bytes, can be
//! merged and taken back, and gives answers.

#![no_main]

use libfuzzer_sys::fuzz_target;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::column::NumberType;
use streamreg_core::gram::Gram;
use streamreg_core::infer::{self, Fit, Model};
use streamreg_core::moments::Moments;
use streamreg_core::reduce::{Aggregate, Reduction, Statistic};
use streamreg_core::solve::solve;
use streamreg_core::wire::Versioned;
use streamreg_core::wire::{Reader, Writer};

fuzz_target!(|data: &[u8]| {
    moments(data);
    moments(&checksummed(b'M', &[], data));

    let mut reduction = Reduction::new(&INPUTS, aggregates()).expect("a valid shape");
    let empty = reduction.to_bytes();
    assert!(reduction.merge(data).is_err() || reduction.to_bytes() == data);
    let _ = reduction.take();
    let state = checksummed(b'R', &shape(&empty), data);
    match reduction.merge(&state) {
        Ok(()) => {
            assert_eq!(reduction.to_bytes(), state);
            answer(&reduction);
            let _ = reduction.merge(&state);
            answer(&reduction);
        }
        Err(_) => assert_eq!(reduction.to_bytes(), empty, "a state that was refused left a trace"),
    }
});

const INPUTS: [NumberType; 3] = [NumberType::Float, NumberType::Int, NumberType::Float];

fn aggregates() -> Vec<Aggregate> {
    vec![
        Aggregate::Count,
        Aggregate::Sum(0),
        Aggregate::Sum(1),
        Aggregate::Min(0),
        Aggregate::Max(1),
        Aggregate::Moments { features: vec![0], target: 1 },
        Aggregate::Moments { features: vec![0, 1], target: 2 },
    ]
}

fn answer(reduction: &Reduction) {
    let asked = [
        (0, "count"),
        (1, "sum"),
        (1, "avg"),
        (2, "sum"),
        (2, "avg"),
        (3, "min"),
        (4, "max"),
        (5, "regr_count"),
        (5, "regr_slope"),
        (5, "regr_intercept"),
        (5, "regr_avgx"),
        (5, "regr_avgy"),
        (5, "regr_sxx"),
        (5, "regr_syy"),
        (5, "regr_sxy"),
        (5, "regr_r2"),
        (5, "corr"),
        (5, "covar_samp"),
        (5, "var_pop"),
        (5, "stddev_samp"),
        (6, "coefficient"),
    ];
    let statistics = asked.map(|(aggregate, name)| Statistic::new(aggregate, name, 0).expect("a known name"));
    assert_eq!(reduction.answers(&statistics).expect("each fits its aggregate").len(), asked.len());
}

fn moments(bytes: &[u8]) {
    let Ok(moments) = Moments::from_bytes(bytes) else { return };
    assert_eq!(moments.to_bytes(), bytes);
    let _ = solve(&moments);
    let fit = Fit::new(Gram::of(&moments), Model::default()).expect("a model");
    for name in ["r2", "f_p_value", "aic", "std_error", "p_value", "ci_low"] {
        fit.statistic(infer::Statistic::named(name, 0, 0).expect("a known name"), 0.95).expect("a statistic");
    }
    let mut twice = moments.clone();
    if twice.merge(&moments).is_ok() {
        let _ = solve(&twice);
        // The sum may lie in the last limb, from which nothing can be taken any more.
        assert!(twice.subtract(&moments).is_err() || twice == moments);
    }
}

/// Random bytes hardly ever have the right checksum: they are put into a frame that has.
fn checksummed(kind: u8, shape: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(kind);
    if !shape.is_empty() {
        writer.bytes(shape);
    }
    payload.iter().for_each(|&byte| writer.byte(byte));
    writer.finish()
}

/// What stands before the states in the bytes of a reduction.
fn shape(state: &[u8]) -> Vec<u8> {
    Reader::open(b'R', state).and_then(|mut reader| reader.bytes().map(<[u8]>::to_vec)).expect("a state")
}

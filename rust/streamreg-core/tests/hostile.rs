//! What does not belong: damaged and forged bytes, shapes that do not fit, counts and sums out of range.
//! All are errors, none a panic or a wrong number.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use proptest::prelude::*;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::column::MOST_FEATURES;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::error::Error;
use streamreg_core::exact::ExactSum;
use streamreg_core::moments::Moments;
use streamreg_core::reduce::{Aggregate, Reduction, Statistic};
use streamreg_core::wire::Versioned;
use support::{Column, columns, config, moments, numbers, pick, reduction};

proptest! {
    #![proptest_config(config(300))]

    /// Random bytes are an error, never a panic, even behind a right checksum.
    #[test]
    fn law_hostile_bytes(kind in prop::sample::select(b"MSR".to_vec()), body in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut bytes = vec![1, kind];
        bytes.extend(body);
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        if let Ok(state) = Moments::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes.clone());
        }
        if let Ok(state) = ExactSum::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes.clone());
        }
        prop_assert!(reduction().merge(&bytes).is_err());
    }

    /// A state changed in a byte behind a right checksum is an error, or a state that merges, solves and writes
    /// itself as it was read.
    #[test]
    fn law_forged_bytes(columns in columns(3, 1..6), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = moments(&columns).to_bytes();
        let body = bytes.len() - 4;
        bytes[2 + at.index(body - 2)] = byte;
        let checksum = crc32fast::hash(&bytes[..body]).to_le_bytes();
        bytes[body..].copy_from_slice(&checksum);
        if let Ok(mut state) = Moments::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes);
            let _ = streamreg_core::solve::solve(&state);
            let same = state.clone();
            let _ = state.merge(&same);
            let _ = state.add(&numbers(&pick(&columns, &[0])));
        }
    }
}

/// Every single byte that is flipped and every truncation is an error.
#[test]
fn law_damage_is_found() {
    let column = Column::Float(vec![0.1, -7.5, 3e40, 1e-300]);
    let state = moments(&[column.clone(), Column::Int(vec![1, 2, 3, i64::MIN])]).to_bytes();
    let mut reduced = reduction();
    let k = Numbers::Int(&[1, 2, 3, 4]);
    reduced.add(&[column.numbers(), column.numbers(), k], 4).unwrap();
    let reduced = reduced.to_bytes();
    let whole = [&state, &reduced];
    for (kind, bytes) in whole.into_iter().enumerate() {
        let fails = |bytes: &[u8]| match kind {
            0 => Moments::from_bytes(bytes).is_err(),
            _ => reduction().merge(bytes).is_err(),
        };
        assert!(!fails(bytes));
        for at in 0..bytes.len() {
            assert!(fails(&bytes[..at]), "cut at {at}");
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                assert!(fails(&damaged), "bit {bit} of byte {at}");
            }
        }
    }
}

/// A count that would leave 64 bits is an error, and nothing is added.
#[test]
fn law_overflow_is_an_error() {
    let mut writer = streamreg_core::wire::Writer::new(b'M');
    writer.unsigned(1);
    writer.signed(i64::MAX);
    for _ in 0..6 {
        writer.unsigned(0);
    }
    let bytes = writer.finish();
    let mut state = Moments::from_bytes(&bytes).unwrap();
    let row = [Column::Float(vec![1.0]), Column::Float(vec![2.0])];
    assert!(matches!(state.add(&numbers(&row)), Err(Error::Overflow(_))));
    assert!(matches!(state.merge(&moments(&row)), Err(Error::Overflow(_))));
    assert_eq!(state.to_bytes(), bytes);
}

/// A sum that doubles for ever is an error at the end of its grid, and nothing is added.
#[test]
fn law_range_is_an_error() {
    let mut state = moments(&[Column::Float(vec![f64::MAX; 2]), Column::Float(vec![f64::MAX; 2])]);
    state.remove(&numbers(&[Column::Float(vec![0.0; 2]), Column::Float(vec![0.0; 2])])).unwrap();
    assert_eq!(state.n(), 0);
    let error = (0..200).find_map(|_| {
        let same = state.clone();
        state.merge(&same).err().map(|error| (error, same))
    });
    let (error, before) = error.unwrap();
    assert!(matches!(error, Error::Overflow(_)));
    assert_eq!(state, before);
    assert_eq!(Moments::from_bytes(&state.to_bytes()).unwrap(), state);
}

/// Things that do not fit each other are errors that say so.
#[test]
fn law_misfits_are_errors() {
    assert!(matches!(Moments::new(0), Err(Error::Invalid(_))));
    assert!(matches!(Moments::new(MOST_FEATURES + 1), Err(Error::Invalid(_))));
    let mut state = Moments::new(1).unwrap();
    let (one, two) = ([1.0], [1.0, 2.0]);
    let (one, two) = (Numbers::Float(&one), Numbers::Float(&two));
    assert!(matches!(state.add(&[one]), Err(Error::Columns(_))));
    assert!(matches!(state.add(&[one, two]), Err(Error::Columns(_))));
    assert!(matches!(state.merge(&Moments::new(2).unwrap()), Err(Error::Mismatch(_))));
    let sum = |column| Reduction::new(&[NumberType::Float], vec![Aggregate::Sum(column)]);
    assert!(matches!(sum(1), Err(Error::Invalid(_))));
    let mut sum = sum(0).unwrap();
    assert!(matches!(sum.add(&[two], 1), Err(Error::Columns(_))));
    assert!(matches!(sum.add(&[Numbers::Int(&[1])], 1), Err(Error::Columns(_))));
    assert!(matches!(sum.merge(&reduction().to_bytes()), Err(Error::Mismatch(_))));
    let unknown = Statistic::new(0, "median", 0).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no statistic \"median\"");
    let odd = sum.answers(&[Statistic::new(0, "regr_r2", 0).unwrap()]).unwrap_err();
    assert!(odd.to_string().starts_with("regr_r2 is no statistic of aggregate 0, sum"));
    assert!(sum.answers(&[Statistic::new(9, "sum", 0).unwrap()]).is_err());
}

//! Damaged and forged bytes, columns that do not fit, counts out of range: errors, none a panic or a wrong number.

use proptest::prelude::*;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::column::{Decimals, NumberType, Numbers};
use streamreg_core::error::Error;
use streamreg_core::monomials::Monomials;
use streamreg_core::wire::Versioned;

use super::support::{config, numbers};
use super::{cases, polynomial};

fn checksummed(mut body: Vec<u8>) -> Vec<u8> {
    body.extend(crc32fast::hash(&body).to_le_bytes());
    body
}

proptest! {
    #![proptest_config(config(300))]

    /// Random bytes are an error or a state that has just these bytes, even behind a right checksum.
    #[test]
    fn law_hostile_bytes(body in prop::collection::vec(any::<u8>(), 0..60)) {
        let bytes = checksummed([vec![1, b'P'], body].concat());
        if let Ok(state) = Monomials::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes);
        }
    }

    /// A state changed in a byte behind a right checksum is an error, or a state that merges, gives cross-products and
    /// writes itself as it was read.
    #[test]
    fn law_forged_bytes(case in cases(1..6), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = case.of(&case.columns).to_bytes();
        bytes.truncate(bytes.len() - 4);
        let at = 2 + at.index(bytes.len() - 2);
        bytes[at] = byte;
        let bytes = checksummed(bytes);
        if let Ok(mut state) = Monomials::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes);
            let _ = state.gram();
            let same = state.clone();
            let _ = state.merge(&same);
            let _ = state.add(&numbers(&case.columns));
        }
    }

    /// Every truncation is an error.
    #[test]
    fn law_truncation(case in cases(0..4), at in any::<prop::sample::Index>()) {
        let bytes = case.of(&case.columns).to_bytes();
        prop_assert!(Monomials::from_bytes(&bytes[..at.index(bytes.len())]).is_err());
    }
}

/// Columns of another number, type or length are an error that says which.
#[test]
fn columns_that_do_not_fit() {
    let mut state = Monomials::new(polynomial(NumberType::Float, 2, None));
    let (x, n) = (Numbers::Float(&[1.0, 2.0]), Numbers::Int(&[1, 2]));
    let empty = state.clone();
    for (columns, said) in [
        (vec![x], "takes 2 columns, not 1"),
        (vec![x, Numbers::Float(&[1.0])], "column 1 has 1 row where column 0 has 2"),
    ] {
        let error = state.add(&columns).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(state.remove(&columns).is_err());
    }
    assert_eq!(state, empty);
    let mut integers = Monomials::new(polynomial(NumberType::Int, 2, None));
    let error = integers.add(&[n, x]).unwrap_err().to_string();
    assert!(error.contains("column 1 holds Float, not Int"), "{error}");
    let other = Monomials::new(polynomial(NumberType::Float, 3, None));
    assert!(matches!(state.merge(&other), Err(Error::Mismatch(_))));
}

/// Integers will do where doubles are asked for: the sums are those of the same numbers.
#[test]
fn integers_among_doubles() {
    let mut state = Monomials::new(polynomial(NumberType::Float, 2, None));
    let (x, n) = (Numbers::Float(&[1.0, -2.0, 9_007_199_254_740_992.0]), Numbers::Int(&[1, -2, 1 << 53]));
    state.add(&[x, n]).unwrap();
    let mut same = Monomials::new(polynomial(NumberType::Float, 2, None));
    same.add(&[n, x]).unwrap();
    assert_eq!(state.to_bytes(), same.to_bytes());
    state.remove(&[x, x]).unwrap();
    assert_eq!(state, Monomials::new(polynomial(NumberType::Float, 2, None)));
}

/// Counts that would leave 64 bits are an error, and nothing is added.
#[test]
fn counts_do_not_wrap() {
    let empty = Monomials::new(polynomial(NumberType::Int, 1, None));
    let body = empty.to_bytes();
    // n is the varint behind the terms, followed by left out and five empty sums.
    let mut full = body[..body.len() - 4 - 7].to_vec();
    full.extend([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    full.extend([0; 6]);
    let mut state = Monomials::from_bytes(&checksummed(full)).unwrap();
    assert_eq!(state.n(), i64::MAX);
    let same = state.clone();
    let rows = [Numbers::Int(&[1]), Numbers::Int(&[1])];
    assert!(matches!(state.add(&rows), Err(Error::Overflow(_))));
    assert!(matches!(state.merge(&same), Err(Error::Overflow(_))));
    assert_eq!(state, same);
}

/// Words that are no decimal are an error with their row.
#[test]
fn words_that_are_no_decimals() {
    let beyond = 10i128.pow(34);
    #[allow(clippy::cast_possible_truncation, reason = "cut in two halves")]
    let halves = [beyond as i64, (beyond >> 64) as i64, 0];
    for words in
        [[10, 0, 0], [0, 0, 1], [1, 0, 401], [1, 0, -401], [1, 0, i64::MIN], [0, i64::MIN, 0], halves]
    {
        let error = Decimals::new(&[[1, 0, 0], words]).unwrap_err().to_string();
        assert!(error.contains("row 1 is no decimal"), "{error}");
    }
}

//! The laws: equal multisets of rows have equal bytes, however they came.

use num_bigint::BigInt;
use proptest::prelude::*;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::column::NumberType;
use streamreg_core::monomials::Monomials;
use streamreg_core::wire::Versioned;

use super::support::{config, numbers, pick};
use super::{Case, cases, polynomial};

/// A case, and an order of its rows cut in two.
fn shuffled() -> impl Strategy<Value = (Case, Vec<usize>, usize)> {
    cases(1..40).prop_flat_map(|case| {
        let rows: Vec<usize> = (0..case.columns[0].numbers().len()).collect();
        let cut = 0..=rows.len();
        (Just(case), Just(rows).prop_shuffle(), cut)
    })
}

proptest! {
    #![proptest_config(config(200))]

    /// Any order of the rows in two pieces, merged from either side, gives the same bytes.
    #[test]
    fn law_order_and_split((case, order, cut) in shuffled()) {
        let whole = case.of(&case.columns).to_bytes();
        let (head, tail) = order.split_at(cut);
        let (head, tail) = (case.of(&pick(&case.columns, head)), case.of(&pick(&case.columns, tail)));
        let mut left = head.clone();
        left.merge(&tail).unwrap();
        let mut right = tail;
        right.merge(&head).unwrap();
        prop_assert_eq!(left.to_bytes(), whole.clone());
        prop_assert_eq!(right.to_bytes(), whole);
    }

    /// Merging is a tree of any form: rows one by one, pairs of pairs.
    #[test]
    fn law_merge_tree((case, order, _) in shuffled()) {
        let mut level: Vec<_> = order.iter().map(|&row| case.of(&pick(&case.columns, &[row]))).collect();
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| {
                let mut merged = pair[0].clone();
                if let [_, other] = pair {
                    merged.merge(other).unwrap();
                }
                merged
            }).collect();
        }
        prop_assert_eq!(level[0].to_bytes(), case.of(&case.columns).to_bytes());
    }

    /// Rows removed, before or after they were added, by remove or by subtract, leave the rest as if never seen; all
    /// removed is the empty state.
    #[test]
    fn law_removal((case, order, cut) in shuffled()) {
        let (gone, kept) = order.split_at(cut);
        let (gone, kept) = (pick(&case.columns, gone), pick(&case.columns, kept));
        let mut state = case.empty();
        state.remove(&numbers(&gone)).unwrap();
        state.add(&numbers(&case.columns)).unwrap();
        prop_assert_eq!(&state, &case.of(&kept));
        state.subtract(&case.of(&kept)).unwrap();
        prop_assert_eq!(state.to_bytes(), case.empty().to_bytes());
    }

    /// A state read from its bytes is the same state, and writes the same bytes.
    #[test]
    fn law_round_trip(case in cases(0..30)) {
        let state = case.of(&case.columns);
        let bytes = state.to_bytes();
        let read = Monomials::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&read, &state);
        prop_assert_eq!(read.to_bytes(), bytes);
    }
}

/// Powers of one column need 3d + 2 sums besides the number of rows, or the sum of weights: equal monomials are one.
#[test]
fn law_hankel() {
    for degree in [1, 2, 10, 64] {
        let sums = 3 * degree as usize + 2;
        assert_eq!(polynomial(NumberType::Float, degree, None).sums(), sums);
        let weighted = polynomial(NumberType::Float, degree, Some(2));
        assert_eq!(weighted.sums(), sums + 1);
    }
    let monomials = Monomials::new(polynomial(NumberType::Float, 10, None));
    assert!(std::ptr::eq(monomials.sum(3, 7).unwrap(), monomials.sum(5, 5).unwrap()));
    assert!(monomials.sum(0, 0).is_none());
    assert_eq!(monomials.gram().unwrap().entry(0, 0), &BigInt::ZERO);
}

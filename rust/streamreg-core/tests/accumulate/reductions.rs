//! Reductions of every aggregate that is a group, with keys and without; and those that are none.

use super::support::{Column, config, reduction};
use super::{Row, shuffled, unzipped};
use proptest::prelude::*;
use streamreg_core::accumulate::{Direction, OnlyAdded, Sign};
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::error::Error;
use streamreg_core::monomials::Power;
use streamreg_core::reduce::{Aggregate, KeyColumn, KeyType, KeyedReduction, Reduction};

proptest! {
    #![proptest_config(config(100))]

    /// What is merged into a reduction and subtracted leaves the bytes of before, whatever else came meanwhile; and
    /// what is subtracted before it is merged.
    #[test]
    fn law_reduction((rows, pieces) in shuffled()) {
        let whole = unzipped(&rows).0;
        let mut all = group();
        add(&mut all, &whole);
        for piece in &pieces {
            let mut part = group();
            add(&mut part, &unzipped(piece).0);
            let (part, before) = (part.to_bytes(), all.to_bytes());
            let mut state = group();
            state.subtract(&part).unwrap();
            state.merge(&before).unwrap();
            all.subtract(&part).unwrap();
            prop_assert_eq!(state.to_bytes(), all.to_bytes());
            all.merge(&part).unwrap();
            prop_assert_eq!(all.to_bytes(), before);
        }
        let opposite = all.to_bytes();
        all.subtract(&opposite).unwrap();
        prop_assert_eq!(all.to_bytes(), group().to_bytes());
        prop_assert_eq!(all.excluded(), group().excluded());
    }

    /// The same of a reduction by keys: a key whose rows are all taken away is gone, and one whose rows are taken away
    /// before they come is there until they do.
    #[test]
    fn law_keyed_reduction((rows, pieces) in shuffled()) {
        let partial = |rows: &[Row]| {
            let (columns, codes) = unzipped(rows);
            let columns: Vec<_> = columns.iter().map(Column::numbers).collect();
            keyed().partial(&[KeyColumn::Int(&codes)], &columns, codes.len()).unwrap()
        };
        let mut all = keyed();
        all.merge(&partial(&rows)).unwrap();
        for piece in &pieces {
            let (part, before) = (partial(piece), all.to_bytes());
            let mut early = keyed();
            early.subtract(&part).unwrap();
            early.merge(&before).unwrap();
            all.subtract(&part).unwrap();
            prop_assert_eq!(early.to_bytes(), all.to_bytes());
            prop_assert_eq!(early.excluded(), all.excluded());
            all.merge(&part).unwrap();
            prop_assert_eq!(all.to_bytes(), before);
        }
        let opposite = all.to_bytes();
        all.subtract(&opposite).unwrap();
        prop_assert_eq!(all.to_bytes(), keyed().to_bytes());
        prop_assert_eq!(all.excluded(), [0; 6]);
    }
}

const INPUTS: [NumberType; 4] = [NumberType::Float, NumberType::Float, NumberType::Int, NumberType::Decimal];

/// Every aggregate that is a group.
fn aggregates() -> Vec<Aggregate> {
    vec![
        Aggregate::Count,
        Aggregate::Sum(0),
        Aggregate::Sum(2),
        Aggregate::Sum(3),
        Aggregate::Moments { features: vec![0], target: 2 },
        Aggregate::Monomials { features: vec![Power { column: 0, power: 2 }], target: 3, weight: None },
    ]
}

fn group() -> Reduction {
    Reduction::new(&INPUTS, aggregates()).unwrap()
}

fn keyed() -> KeyedReduction {
    KeyedReduction::new(&[KeyType::Int], &INPUTS, aggregates()).unwrap()
}

fn add(to: &mut Reduction, columns: &[Column]) {
    let columns: Vec<_> = columns.iter().map(Column::numbers).collect();
    to.add(&columns, columns[0].len()).unwrap();
}

/// A minimum and a maximum cannot be taken away: the error names them, and nothing has changed, with keys or without.
#[test]
fn law_extremes_are_no_group() {
    assert_eq!(<OnlyAdded as Direction>::of(Sign::Removed), None);
    let mut plain = reduction();
    let columns = [Numbers::Float(&[1.0]), Numbers::Float(&[2.0]), Numbers::Int(&[3])];
    plain.add(&columns, 1).unwrap();
    let before = plain.to_bytes();
    let refused = plain.subtract(&before).unwrap_err();
    assert!(
        matches!(&refused, Error::Invalid(why) if why.starts_with("the min of a column cannot be subtracted"))
    );
    assert_eq!(plain.to_bytes(), before);

    for aggregate in [Aggregate::Min(0), Aggregate::Max(0)] {
        let aggregates = vec![Aggregate::Count, Aggregate::Sum(0), aggregate];
        let mut keyed = KeyedReduction::new(&[KeyType::Int], &[NumberType::Float], aggregates).unwrap();
        let part = keyed.partial(&[KeyColumn::Int(&[7])], &[Numbers::Float(&[1.5])], 1).unwrap();
        keyed.merge(&part).unwrap();
        let before = keyed.to_bytes();
        assert!(matches!(keyed.subtract(&part), Err(Error::Invalid(_))));
        assert_eq!(keyed.to_bytes(), before);
    }
}

/// Damaged bytes and bytes of another reduction are told from each other, and nothing is subtracted of either.
#[test]
fn law_refused_bytes_change_nothing() {
    let mut state = group();
    add(&mut state, &unzipped(&[(1.0, 2.0, 3, [0; 3], 0)]).0);
    let before = state.to_bytes();
    let mut damaged = before.clone();
    damaged[9] ^= 1;
    assert!(matches!(state.subtract(&damaged), Err(Error::Corrupt(_))));
    assert!(matches!(state.subtract(&reduction().to_bytes()), Err(Error::Mismatch(_))));
    assert_eq!(state.to_bytes(), before);
}

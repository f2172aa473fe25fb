//! One regression out of a reduction, one key out of many.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use streamreg_core::accumulate::Accumulator;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::decode::{Item, Text};
use streamreg_core::error::Error;
use streamreg_core::moments::Moments;
use streamreg_core::reduce::{Aggregate, KeyColumn, KeyType, KeyedReduction, Reduction, Sums};
use support::{config, double};

const INPUTS: [NumberType; 2] = [NumberType::Float; 2];

fn aggregates() -> Vec<Aggregate> {
    vec![Aggregate::Count, Aggregate::Moments { features: vec![1], target: 0 }, Aggregate::Sum(0)]
}

fn text(name: &str) -> Text {
    let mut text = Text::strings(1);
    text.push(Item::Str(name)).unwrap();
    text
}

proptest! {
    #![proptest_config(config(100))]

    /// What is taken of a key are the sums of its rows; other keys have none.
    #[test]
    fn differential_moments_of_a_key(rows in prop::collection::vec((0i64..4, double(), double()), 0..40)) {
        let mut keyed =
            KeyedReduction::new(&[KeyType::Text, KeyType::Int], &INPUTS, aggregates()).unwrap();
        let mut expected: BTreeMap<i64, Moments> = BTreeMap::new();
        for (key, y, x) in &rows {
            let columns = [Numbers::Float(std::slice::from_ref(y)), Numbers::Float(std::slice::from_ref(x))];
            let name = text("a\0");
            let keys = [KeyColumn::Text(&name), KeyColumn::Int(std::slice::from_ref(key))];
            let partial = keyed.partial(&keys, &columns, 1).unwrap();
            keyed.merge(&partial).unwrap();
            let own = expected.entry(*key).or_insert_with(|| Moments::new(1).unwrap());
            own.add(&[columns[1], columns[0]]).unwrap();
        }
        for number in 0..4 {
            let name = text("a\0");
            let key = keyed.key(&[KeyColumn::Text(&name), KeyColumn::Int(&[number])]).unwrap();
            let found = keyed.single(&key).unwrap();
            prop_assert_eq!(found.is_some(), expected.contains_key(&number));
            if let Some(found) = found {
                let Sums::Moments(moments) = found.sums(1).unwrap() else {
                    return Err(TestCaseError::fail("no moments"));
                };
                prop_assert_eq!(moments, &expected[&number]);
            }
        }
    }
}

/// Cells of other types, or of another number, make no key; an aggregate that is no regression has no such sums.
#[test]
fn misfits_are_errors() {
    let keyed = KeyedReduction::new(&[KeyType::Text], &INPUTS, aggregates()).unwrap();
    let name = text("a");
    for cells in
        [vec![], vec![KeyColumn::Int(&[1])], vec![KeyColumn::Text(&name); 2], vec![KeyColumn::Bool(&[])]]
    {
        assert!(matches!(keyed.key(&cells), Err(Error::Columns(_))));
    }
    let reduction = Reduction::new(&INPUTS, aggregates()).unwrap();
    for aggregate in [0, 2, 3] {
        assert!(matches!(reduction.sums(aggregate), Err(Error::Invalid(_))));
    }
}

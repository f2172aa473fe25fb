//! Rolling: that the short ways are taken, and lead where the exact one does.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use super::fixed::{Extent, Fixed};
use super::narrow::Narrow;
use super::sums::{Outcome, Sums};
use crate::column::Numbers;
use crate::infer::{Fit, Model};

const ROWS: usize = 90;

/// Numbers that look random, about some centre.
fn numbers(seed: u64, centre: f64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX) - 0.5
    };
    (0..ROWS).map(|_| centre + next() + next() * 1e-7).collect()
}

/// Some rows of these numbers come, and a part of them goes.
fn outcome(sums: &mut impl Sums, columns: &[Numbers<'_>], found: &mut [f64]) -> Outcome {
    for row in 0..ROWS {
        sums.put(columns, Some(row), row.checked_sub(60)).unwrap();
    }
    sums.solve(ROWS - 60, found)
}

/// Of ordinary windows all but few are settled the short way, with the bits of the exact one; also of times.
#[test]
fn differential_settled() {
    for features in [1, 2, 3, 5, 9] {
        for centre in [0.0, 100.0, 1.7e9] {
            let mut open = [0; 2];
            for seed in 0..100 {
                let centre_of = |at| if at == 0 { centre } else { 0.0 };
                let mut columns: Vec<_> =
                    (0..=features).map(|at| numbers(seed * 31 + at, centre_of(at))).collect();
                for row in 0..ROWS {
                    let sum = columns.iter().map(|column| column[row]).sum::<f64>() - centre;
                    columns.last_mut().unwrap()[row] = sum;
                }
                let columns: Vec<_> = columns.iter().map(|column| Numbers::Float(column)).collect();
                let extents: Vec<_> = columns
                    .iter()
                    .map(|column| match column {
                        Numbers::Float(values) => Extent::of(values, &[true; ROWS]),
                        _ => Extent::EMPTY,
                    })
                    .collect();
                let (mut fixed, mut narrow) = (Fixed::default(), Narrow::default());
                assert!(fixed.start(&extents, ROWS));
                assert!(narrow.start(&columns, &extents, &(0..ROWS).collect::<Vec<_>>(), 60));
                let mut found = vec![vec![0.0; columns.len()]; 2];
                let outcomes = [
                    outcome(&mut fixed, &columns, &mut found[0]),
                    outcome(&mut narrow, &columns, &mut found[1]),
                ];
                let exact =
                    Fit::new(fixed.gram().unwrap(), Model::default()).unwrap().coefficients().unwrap();
                for ((outcome, found), open) in outcomes.iter().zip(found).zip(&mut open) {
                    match outcome {
                        Outcome::Solved => assert_eq!(found, exact, "{features} about {centre}"),
                        _ => *open += 1,
                    }
                }
            }
            assert!(
                open.iter().all(|open| *open <= 2),
                "{open:?} of 100, {features} features about {centre}"
            );
        }
    }
}

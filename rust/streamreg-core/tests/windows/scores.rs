//! Rows scored by the last closed window of their instance, as it was at one moment.

use std::collections::BTreeMap;

use proptest::prelude::*;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::error::Error;
use streamreg_core::reduce::{KeyColumn, Observations, Reduction, Regression};
use streamreg_core::windows::{Moment, Spec, TimeKind, WindowReduction};

use crate::stream::{Exact, Run, aggregates, events, grid, plain, run, runs};
use crate::support::{bits, config};

/// Scores of two rows of each instance.
fn scores(parent: &mut WindowReduction) -> Vec<Vec<u64>> {
    let (keys, x, y) = ([0, 1, 2, 3, 0, 1, 2, 3], [0.5; 8], [2.0; 8]);
    let rows = Observations { features: &[Numbers::Float(&x)], target: Numbers::Float(&y), weights: None };
    let found = parent.scores(2, &Regression::default(), &[KeyColumn::Int(&keys)], rows).unwrap();
    [found.values, found.residuals, found.standardized].map(|values| bits(&values)).to_vec()
}

proptest! {
    #![proptest_config(config(100))]

    /// Scores are those of a plain regression of the rows of the last window that is closed, of whatever kind the store.
    #[test]
    fn differential_plain_regression(
        events in events((-30i64..30).prop_map(Moment::Int), 40),
        (hop, duration) in prop::sample::select(vec![(5, 5), (2, 7), (5, 2)]),
        cutoff in 0i64..5,
        how in runs(),
        group in any::<bool>(),
    ) {
        let window = grid(Moment::Int(0), Moment::Int(hop), Moment::Int(duration));
        let spec = Spec { cutoff: Some(Moment::Int(cutoff)), keep_closed: true, ..plain(window) };
        let (outcome, mut parent) = run(TimeKind::Int, spec, group, &events, &how);
        let oracle = Exact::new(TimeKind::Int, spec);
        let mut last: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (&(key, window), rows) in &oracle.expected(&events).windows {
            if outcome.time.is_some_and(|time| oracle.closed(window.into(), time)) {
                last.insert(key, rows.clone());
            }
        }
        parent.freeze();
        let found = scores(&mut parent);
        let mut expected = [f64::NAN; 8].map(|nan| [nan; 3]);
        for (key, rows) in last {
            let mut plain = Reduction::new(&[NumberType::Float; 2], aggregates(group)).unwrap();
            let x: Vec<_> = rows.iter().map(|&row| events[row].x).collect();
            let y: Vec<_> = rows.iter().map(|&row| events[row].y).collect();
            plain.add(&[Numbers::Float(&x), Numbers::Float(&y)], rows.len()).unwrap();
            let scorer = plain.scorer(2, &Regression::default()).unwrap();
            let own = Observations { features: &[Numbers::Float(&[0.5])], target: Numbers::Float(&[2.0]), weights: None };
            let own = scorer.scores(own).unwrap();
            for at in [0, 4] {
                let at = at + usize::try_from(key).unwrap();
                expected[at] = [own.values[0], own.residuals[0], own.standardized[0]];
            }
        }
        for (column, found) in found.iter().enumerate() {
            let expected: Vec<_> = expected.iter().map(|row| row[column]).collect();
            prop_assert_eq!(found, &bits(&expected));
        }
        // What closes later changes nothing until it is frozen again.
        parent.due(Some(Moment::Int(1000))).unwrap();
        parent.close(Some(Moment::Int(1000))).unwrap();
        prop_assert_eq!(scores(&mut parent), found);
    }
}

/// Without closed windows being kept no row can be scored.
#[test]
fn nothing_is_scored_without_keeping() {
    let spec = plain(grid(Moment::Int(0), Moment::Int(5), Moment::Int(5)));
    let how = Run { sizes: vec![1], epoch: 1, restarts: false };
    let (_, mut parent) = run(TimeKind::Int, spec, true, &[], &how);
    let rows = Observations { features: &[], target: Numbers::Float(&[]), weights: None };
    let found = parent.scores(2, &Regression::default(), &[KeyColumn::Int(&[])], rows);
    assert!(matches!(found, Err(Error::Invalid(_))));
}

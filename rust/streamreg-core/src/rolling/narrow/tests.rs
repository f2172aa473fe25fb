//! Rolling, narrow sums: that their bounds hold.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::Signed;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::{Narrow, line};
use crate::column::Numbers;
use crate::exact::{ONES, signed};
use crate::infer::ball::tests::{beyond, exact, times_power};
use crate::rolling::fixed::Extent;

const WINDOW: usize = 20;

/// Numbers with many bits or few, about zero or far from it.
fn column(rows: usize) -> impl Strategy<Value = Vec<f64>> {
    let centre = prop::sample::select(vec![0.0, 1.0, 100.0, -1.7e9, 1e-3]);
    prop_oneof![
        (centre.clone(), prop::collection::vec(-1.0..1.0f64, rows))
            .prop_map(|(centre, values)| values.into_iter().map(|value| centre + value).collect()),
        (centre, prop::collection::vec(-9i32..9, rows)).prop_map(|(centre, values)| values
            .into_iter()
            .map(|value| centre + f64::from(value) / 4.0)
            .collect()),
    ]
}

proptest! {
    #![proptest_config(Config {
        cases: 500, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..Config::default()
    })]

    /// Sums of products about the means are not further from the exact ones than is said, also where rows have gone.
    #[test]
    fn law_noise_is_bounded((x, y) in (2usize..60).prop_flat_map(|rows| (column(rows), column(rows)))) {
        let (numbers, rows) = ([Numbers::Float(&x), Numbers::Float(&y)], x.len());
        let extents = [&x, &y].map(|column| Extent::of(column, &vec![true; rows]));
        let mut sums = Narrow::default();
        prop_assert!(sums.start(&numbers, &extents, &(0..rows).collect::<Vec<_>>(), WINDOW));
        for row in 0..rows {
            sums.put(&numbers, Some(row), row >= WINDOW);
        }
        let own = rows.saturating_sub(WINDOW)..rows;
        let count = BigInt::from(own.len());
        let units: Vec<_> = sums.columns.iter().map(|column| column.unit - signed(ONES)).collect();
        for (balls, (one, other), unit) in [
            (line::sums(&sums).unwrap().variance, (&x, &x), 2 * units[0]),
            (line::sums(&sums).unwrap().covariance, (&x, &y), units[0] + units[1]),
        ] {
            let product = |at: usize| exact(one[at]) * exact(other[at]);
            let total = |column: &[f64]| own.clone().map(|at| exact(column[at])).sum::<Ratio<BigInt>>();
            let centred = own.clone().map(product).sum::<Ratio<BigInt>>() * &count - total(one) * total(other);
            let off = beyond(&times_power(centred, -unit - i64::from(line::UNIT)), balls);
            prop_assert!(!off.is_positive(), "{off} beyond");
        }
    }
}

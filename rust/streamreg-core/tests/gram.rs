//! Cross-products: what any accumulator may hand over, and that its units do not matter.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use num_bigint::BigInt;
use proptest::prelude::*;
use streamreg_core::error::Error;
use streamreg_core::gram::{Gram, Unit};
use streamreg_core::solve::multi::{Model, Normal};
use support::{Rational, bits, columns, config, fit, moments, nearest};

/// The cross-products of (1, x, y) over rows of integers, counted in these units.
fn gram(rows: &[[i64; 2]], units: [Unit; 2]) -> Gram {
    let rows: Vec<_> = rows.iter().map(|&[x, y]| [1, x, y]).collect();
    let sum = |i: usize, j: usize| rows.iter().map(|row| BigInt::from(row[i]) * row[j]).sum();
    let entries = (0..3).flat_map(|i| (i..3).map(move |j| (i, j))).map(|(i, j)| sum(i, j)).collect();
    let n = i64::try_from(rows.len()).unwrap();
    Gram::new(n, 1, entries, vec![Unit::ONE, units[0], units[1]], Unit::ONE, false).unwrap()
}

proptest! {
    #![proptest_config(config(100))]

    /// Tenths and hundredths are what they say, not the doubles beside them.
    #[test]
    fn oracle_decimals(rows in prop::collection::vec([-1000i64..1000, -1000i64..1000], 0..20)) {
        let (tenth, hundredth) = (Unit { two: -1, five: -1 }, Unit { two: -2, five: -2 });
        let exact: Vec<_> = rows
            .iter()
            .map(|&[x, y]| vec![Rational::new(x.into(), 10.into()), Rational::new(y.into(), 100.into())])
            .collect();
        let expected = fit_decimals(&exact);
        let found = Normal::new(gram(&rows, [tenth, hundredth]), Model::default()).coefficients();
        prop_assert_eq!(found.as_deref().map(bits), expected.as_deref().map(bits));
    }

    /// Rows count the same in whatever powers of two their columns are counted.
    #[test]
    fn law_powers_of_two_are_taken_out(
        rows in prop::collection::vec([1i64..50, 1i64..50], 1..20), up in 0i64..12, down in 0u32..9
    ) {
        let plain = gram(&rows, [Unit::ONE, Unit::two(up)]);
        let finer: Vec<_> = rows.iter().map(|&[x, y]| [x << down, y << down]).collect();
        prop_assert_eq!(gram(&finer, [Unit::two(-i64::from(down)), Unit::two(up - i64::from(down))]), plain);
    }

    /// An entry times its units is the sum of products that the moments hold.
    #[test]
    fn oracle_entries(columns in columns(3, 0..20)) {
        let (moments, rows) = (moments(&columns), support::rationals(&columns));
        let gram = Gram::of(&moments);
        prop_assert_eq!(gram.entry(0, 0), &BigInt::from(rows.len()));
        for one in 1..4 {
            for other in one..4 {
                let expected = support::sum(&rows, one - 1, Some(other - 1));
                let two = (gram.unit(one) * gram.unit(other)).two;
                let power = BigInt::from(1) << two.unsigned_abs();
                let factor = if two < 0 { Rational::new(1.into(), power) } else { power.into() };
                prop_assert_eq!(factor * gram.entry(one, other), expected);
            }
        }
    }
}

/// Intercept and slope of decimals, by the definition.
fn fit_decimals(rows: &[Vec<Rational>]) -> Option<Vec<f64>> {
    // The oracle for doubles counts in their grid: hundredths are made whole first.
    let hundred = Rational::from_integer(100.into());
    let whole: Vec<Vec<_>> =
        rows.iter().map(|row| row.iter().map(|value| value * &hundred).collect()).collect();
    let solution = fit(&whole)?;
    Some(vec![nearest(&(&solution[0] / hundred)), nearest(&solution[1])])
}

/// What cannot be the cross-products of such rows is refused.
#[test]
fn misfits_are_refused() {
    let units = || vec![Unit::ONE; 3];
    let entries = |count: usize| vec![BigInt::from(2); count];
    let far = vec![Unit::ONE, Unit { two: 0, five: 1 << 20 }, Unit::ONE];
    let cases = [
        Gram::new(2, 0, entries(3), vec![Unit::ONE; 2], Unit::ONE, false),
        Gram::new(2, 65, entries(67 * 34), vec![Unit::ONE; 67], Unit::ONE, false),
        Gram::new(2, usize::MAX, entries(6), units(), Unit::ONE, false),
        Gram::new(2, 1, entries(5), units(), Unit::ONE, false),
        Gram::new(2, 1, entries(6), vec![Unit::ONE; 2], Unit::ONE, false),
        Gram::new(3, 1, entries(6), units(), Unit::ONE, false),
        Gram::new(2, 1, entries(6), units(), Unit::two(1), false),
        Gram::new(2, 1, entries(6), far, Unit::ONE, false),
    ];
    for case in cases {
        assert!(matches!(case, Err(Error::Invalid(_))), "{case:?}");
    }
    assert!(Gram::new(3, 1, entries(6), units(), Unit::two(1), true).is_ok());
}

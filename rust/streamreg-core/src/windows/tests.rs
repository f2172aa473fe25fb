//! Windows: that the short ways of comparing and dividing sums of doubles lead where rational numbers do.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{Float, ToPrimitive, Zero};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::grid::floor::floor;
use super::moment::{Moment, TimeKind, compare};

type Exact = Ratio<BigInt>;

fn exact(value: f64) -> Exact {
    let (mantissa, exponent, sign) = value.integer_decode();
    let power = BigInt::from(1) << u32::from(exponent.unsigned_abs());
    let integer = Exact::from_integer(BigInt::from(mantissa) * sign);
    if exponent < 0 { integer / power } else { integer * power }
}

fn total(values: &[f64]) -> Exact {
    values.iter().map(|value| exact(*value)).fold(Exact::zero(), |sum, value| sum + value)
}

fn moments(values: &[f64]) -> Vec<Moment> {
    values.iter().map(|value| Moment::Float(value + 0.0)).collect()
}

/// Doubles whose sums cancel, nearly or wholly, and some of every size.
fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-40i32..40).prop_map(|tenths| f64::from(tenths) * 0.1),
        2 => (-40i32..40).prop_map(|tenths| f64::from(tenths) / 10.0),
        2 => (-9i32..9).prop_map(f64::from),
        1 => prop::sample::select(vec![1.7e9, -1.7e9, 1.7e9 + 0.1, 5e-324, -5e-324, f64::MAX, -f64::MAX, 1e16, 1e300]),
        1 => any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |value| value.is_finite()),
    ]
}

fn sums() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    (prop::collection::vec(double(), 1..3), prop::collection::vec(double(), 0..4))
}

proptest! {
    #![proptest_config(Config { cases: 2000, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..Config::default() })]

    /// The floor of a quotient is that of rational numbers, on integers, beside them and far away.
    #[test]
    fn differential_floor((plus, minus) in sums(), by in double().prop_map(f64::abs).prop_filter("above", |by| *by > 0.0)) {
        let quotient = (total(&plus) - total(&minus)) / exact(by);
        let far = BigInt::from(1i128 << 100);
        let expected = quotient.floor().to_integer().clamp(-far.clone(), far).to_i128().unwrap();
        prop_assert_eq!(floor(&moments(&plus), &moments(&minus), Moment::Float(by)), expected);
    }

    /// Sums are in the order of rational numbers.
    #[test]
    fn differential_compare((left, right) in sums()) {
        let expected = total(&left).cmp(&total(&right));
        prop_assert_eq!(compare(&moments(&left), &moments(&right)), expected);
        prop_assert_eq!(compare(&moments(&right), &moments(&left)), expected.reverse());
    }

    /// A rounded sum is a double than which none is nearer; too large a one is no time.
    #[test]
    fn oracle_sum((one, other) in sums()) {
        let terms = [one, other].concat();
        let sum = total(&terms);
        match TimeKind::Float.sum(&moments(&terms)) {
            Some(Moment::Float(found)) => {
                let distance = |value: f64| {
                    let difference = exact(value) - &sum;
                    if difference < Exact::zero() { -difference } else { difference }
                };
                for beside in [found.next_up(), found.next_down()].into_iter().filter(|value| value.is_finite()) {
                    prop_assert!(distance(found) <= distance(beside));
                }
            }
            found => {
                prop_assert_eq!(found, None);
                let largest = exact(f64::MAX);
                prop_assert!(sum > largest || sum < -largest);
            }
        }
    }

    /// Times as cells of keys are in the order of the times, and are read as they were.
    #[test]
    fn law_encoded_times(one in double(), other in double(), int in any::<i64>(), next in any::<i64>()) {
        let encoded = |moment: Moment| {
            let mut key = Vec::new();
            moment.encode(&mut key);
            key
        };
        for (kind, one, other) in [
            (TimeKind::Float, Moment::Float(one + 0.0), Moment::Float(other + 0.0)),
            (TimeKind::Int, Moment::Int(int), Moment::Int(next)),
        ] {
            prop_assert_eq!(encoded(one).cmp(&encoded(other)), one.order(other));
            let key = [encoded(one), encoded(other)].concat();
            let mut rest = &key[..];
            prop_assert_eq!(kind.decode(&mut rest), Some(one));
            prop_assert_eq!(kind.decode(&mut rest), Some(other));
            prop_assert!(rest.is_empty());
        }
    }
}

/// What is no time is not read as one: NaN, infinities, -0.0, another type, or an end that is missing.
#[test]
fn keys_that_are_no_times() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0] {
        let mut key = Vec::new();
        Moment::Float(value).encode(&mut key);
        assert_eq!(TimeKind::Float.decode(&mut &key[..]), None);
        assert_eq!(TimeKind::Int.decode(&mut &key[..]), None);
        assert_eq!(TimeKind::Float.decode(&mut &key[..8]), None);
    }
}

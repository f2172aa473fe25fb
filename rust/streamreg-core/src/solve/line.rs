//! Solve: one feature, in integers of fixed width.
//!
//! slope = (n·Σxy − Σx·Σy) / (n·Σx² − (Σx)²), intercept = (Σy·Σx² − Σx·Σxy) / (n·Σx² − (Σx)²).
//! The zero limbs below a window are never multiplied: they are the common powers of two. What does not fit the
//! width is left to [`multi`](super::multi).

use super::round::nearest;
use crate::exact::{ONES, Window, signed};
use crate::moments::Moments;

/// Limbs of a determinant, enough for columns of which each spans about 100 powers of two.
const WIDTH: usize = 12;

/// Limbs of one factor of a determinant.
const FACTOR: usize = 8;

/// Limbs while dividing: a number may be moved up by 63 bits beyond the longer one, and by 63 to align it.
const DIVISION: usize = WIDTH + 3;

/// What the fixed width can say.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Intercept and slope.
    Solved([f64; 2]),
    /// There is no row, or x is the same in all of them.
    Singular,
    /// The numbers do not fit.
    TooWide,
}

/// Solves for intercept and slope.
#[must_use]
pub fn solve(moments: &Moments) -> Outcome {
    if moments.n() <= 0 {
        return Outcome::Singular;
    }
    let sums = [moments.sum(0), moments.sum(1), moments.product(0, 0), moments.product(0, 1)];
    let [Some(x), Some(y), Some(xx), Some(xy)] = sums.map(Factor::of_window) else {
        return Outcome::TooWide;
    };
    let n = Factor::of_count(moments.n().unsigned_abs());
    let (Some(variance), Some(covariance), Some(level)) =
        (determinant(&n, &xx, &x, &x), determinant(&n, &xy, &x, &y), determinant(&y, &xx, &x, &xy))
    else {
        return Outcome::TooWide;
    };
    if variance.length == 0 {
        return Outcome::Singular;
    }
    Outcome::Solved([ratio(&level, &variance, -signed(ONES)), ratio(&covariance, &variance, 0)])
}

/// A number as sign and size, `limbs · 2^(64·first)`.
struct Factor {
    negative: bool,
    first: usize,
    limbs: [u64; FACTOR],
    length: usize,
}

impl Factor {
    fn of_count(count: u64) -> Self {
        let mut limbs = [0; FACTOR];
        limbs[0] = count;
        Self { negative: false, first: 0, limbs, length: 1 }
    }

    fn of_window(window: &Window) -> Option<Self> {
        let length = window.limbs().len();
        let mut limbs = [0; FACTOR];
        limbs.get_mut(..length)?.copy_from_slice(window.limbs());
        let negative = window.is_negative();
        if negative {
            negate(&mut limbs[..length]);
        }
        Some(Self { negative, first: window.first(), limbs, length })
    }
}

/// A determinant as sign and size, `limbs · 2^(64·first)`; the limb at `length - 1` is not zero.
struct Fixed {
    negative: bool,
    first: usize,
    limbs: [u64; WIDTH],
    length: usize,
}

/// `a·b − c·d`, if it fits.
fn determinant(a: &Factor, b: &Factor, c: &Factor, d: &Factor) -> Option<Fixed> {
    let places = [(a, b), (c, d)].map(|(one, other)| (one.first + other.first, one.length + other.length));
    // A zero has no limbs and lies nowhere.
    let first = [(a, b, places[0].0), (c, d, places[1].0)]
        .iter()
        .filter(|(one, other, _)| one.length > 0 && other.length > 0)
        .map(|&(_, _, first)| first)
        .min()
        .unwrap_or(0);
    let mut limbs = [0; WIDTH];
    for (one, other, (place, length), minus) in [(a, b, places[0], false), (c, d, places[1], true)] {
        if one.length == 0 || other.length == 0 {
            continue;
        }
        let offset = place - first;
        // One limb above both products holds the sign of their difference.
        if offset + length >= WIDTH {
            return None;
        }
        let product = multiply(one, other);
        accumulate(&mut limbs[offset..], &product[..length], (one.negative != other.negative) != minus);
    }
    let negative = limbs[WIDTH - 1] >> 63 == 1;
    if negative {
        negate(&mut limbs);
    }
    let length = length(&limbs);
    Some(Fixed { negative, first, limbs, length })
}

/// The product of two sizes, limb by limb.
#[allow(clippy::cast_possible_truncation, reason = "the low limb is what is asked for")]
fn multiply(one: &Factor, other: &Factor) -> [u64; 2 * FACTOR] {
    let mut product = [0; 2 * FACTOR];
    for (at, &left) in one.limbs[..one.length].iter().enumerate() {
        let mut carry = 0u128;
        for (place, &right) in product[at..].iter_mut().zip(&other.limbs[..other.length]) {
            let total = u128::from(left) * u128::from(right) + u128::from(*place) + carry;
            (*place, carry) = (total as u64, total >> 64);
        }
        product[at + other.length] = carry as u64;
    }
    product
}

/// Adds (or subtracts) a size in two's complement.
fn accumulate(limbs: &mut [u64], term: &[u64], minus: bool) {
    // Subtracting is adding every limb inverted, and one.
    let inverted = if minus { u64::MAX } else { 0 };
    let mut carry = minus;
    for (limb, term) in limbs.iter_mut().zip(term.iter().copied().chain(std::iter::repeat(0))) {
        (*limb, carry) = add_carry(*limb, term ^ inverted, carry);
    }
}

/// A sum of two limbs and a carry, and the carry out of it.
fn add_carry(one: u64, other: u64, carry: bool) -> (u64, bool) {
    let (sum, over) = one.overflowing_add(other);
    let (sum, again) = sum.overflowing_add(u64::from(carry));
    (sum, over | again)
}

/// Two's complement.
fn negate(limbs: &mut [u64]) {
    let mut carry = true;
    for limb in limbs {
        (*limb, carry) = (!*limb).overflowing_add(u64::from(carry));
    }
}

/// The nearest double to `numerator / denominator · 2^exponent`.
fn ratio(numerator: &Fixed, denominator: &Fixed, exponent: i64) -> f64 {
    if numerator.length == 0 {
        return 0.0;
    }
    // Both are moved up so that the quotient has 63 or 64 bits and the top bit of the divisor is set: then a single
    // digit of Knuth's long division gives it (The Art of Computer Programming, volume 2, 4.3.1, algorithm D).
    let (long, short) = (bits(&numerator.limbs), bits(&denominator.limbs));
    let (up, down) = if short + 63 >= long { (short + 63 - long, 0) } else { (0, long - short - 63) };
    let align = (64 - (short + down) % 64) % 64;
    let digits = (short + down + align) / 64;
    let mut rest = shifted(&numerator.limbs, up + align);
    let divisor = shifted(&denominator.limbs, down + align);
    let (rest, divisor) = (&mut rest[..=digits], &divisor[..digits]);
    let quotient = quotient_digit(rest, divisor);
    let sticky = rest.iter().any(|&limb| limb != 0);
    let places = 64 * (signed(numerator.first) - signed(denominator.first));
    let exponent = exponent + places + signed(down) - signed(up);
    nearest(numerator.negative != denominator.negative, quotient.into(), sticky, exponent)
}

/// One digit of the quotient; the remainder stays in `rest`, which is one limb longer than the divisor and
/// smaller than 2^64 divisors.
#[allow(clippy::cast_possible_truncation, reason = "the estimate is below 2^64, the low limbs are asked for")]
fn quotient_digit(rest: &mut [u64], divisor: &[u64]) -> u64 {
    let digits = divisor.len();
    let top = u128::from(rest[digits]) << 64 | u128::from(rest[digits - 1]);
    // At most two too large, as the top bit of the divisor is set.
    let mut estimate = (top / u128::from(divisor[digits - 1])).min(u128::from(u64::MAX)) as u64;
    let (mut borrow, mut carry) = (false, 0u128);
    for (limb, &digit) in rest.iter_mut().zip(divisor.iter().chain(&[0])) {
        carry += u128::from(estimate) * u128::from(digit);
        let (first, under) = limb.overflowing_sub(carry as u64);
        let (second, again) = first.overflowing_sub(u64::from(borrow));
        (*limb, borrow, carry) = (second, under | again, carry >> 64);
    }
    while borrow {
        estimate -= 1;
        let mut carry = false;
        for (limb, &digit) in rest.iter_mut().zip(divisor.iter().chain(&[0])) {
            (*limb, carry) = add_carry(*limb, digit, carry);
        }
        // A carry out of the top limb takes the borrow back.
        borrow = !carry;
    }
    estimate
}

/// Limbs moved up by some bits.
fn shifted(limbs: &[u64; WIDTH], bits: usize) -> [u64; DIVISION] {
    let mut moved = [0; DIVISION];
    let (whole, part) = (bits / 64, bits % 64);
    for (at, &limb) in limbs[..length(limbs)].iter().enumerate() {
        moved[at + whole] |= limb << part;
        if part > 0 {
            moved[at + whole + 1] |= limb >> (64 - part);
        }
    }
    moved
}

/// The number of limbs up to the highest that is not zero.
fn length(limbs: &[u64]) -> usize {
    limbs.iter().rposition(|&limb| limb != 0).map_or(0, |top| top + 1)
}

/// The number of bits up to the highest that is set.
fn bits(limbs: &[u64]) -> usize {
    let length = length(limbs);
    length.checked_sub(1).map_or(0, |top| 64 * length - limbs[top].leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    use num_bigint::BigUint;
    use num_integer::Integer;
    use num_traits::ToPrimitive;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed};

    use super::quotient_digit;

    fn integer(limbs: &[u64]) -> BigUint {
        limbs.iter().rev().fold(BigUint::ZERO, |high, &limb| (high << 64u32) + limb)
    }

    /// Limbs of which many are all zeros or all ones: those that make the estimate too large.
    fn limb() -> impl Strategy<Value = u64> {
        prop_oneof![any::<u64>(), prop::sample::select(vec![0, 1, u64::MAX, u64::MAX - 1, 1 << 63])]
    }

    proptest! {
        #![proptest_config(Config {
            cases: 5000, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..Config::default()
        })]

        /// Digit and remainder are those of a big integer division.
        #[test]
        fn differential_quotient_digit(
            (mut rest, mut divisor) in (1usize..8).prop_flat_map(|digits| (
                prop::collection::vec(limb(), digits + 1),
                prop::collection::vec(limb(), digits),
            ))
        ) {
            *rest.last_mut().unwrap() >>= 1;
            *divisor.last_mut().unwrap() |= 1 << 63;
            let (quotient, remainder) = integer(&rest).div_rem(&integer(&divisor));
            prop_assert_eq!(quotient_digit(&mut rest, &divisor), quotient.to_u64().unwrap());
            prop_assert_eq!(integer(&rest), remainder);
        }
    }
}

//! Stage: solve. Arithmetic modulo primes of 62 bits.
//!
//! Products of remainders are P. L. Montgomery's (*Modular multiplication without trial division*, Math. Comp. 44, 1985).

use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::ToPrimitive;

/// Primes are below this.
const BELOW: u64 = 1 << 62;

/// Witnesses that decide whether a number below 2^64 is prime (J. Sorenson, J. Webster, Math. Comp. 86, 2017).
const WITNESSES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/// An integer in digits of 64 bits, the lowest first, of which remainders are taken.
#[derive(Clone, Debug)]
pub(super) struct Digits {
    negative: bool,
    digits: Vec<u64>,
}

impl Digits {
    pub(super) fn of(integer: &BigInt) -> Self {
        Self { negative: integer.sign() == Sign::Minus, digits: integer.magnitude().to_u64_digits() }
    }
}

/// The integers modulo a prime p, each number x as x·2⁶⁴ mod p.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// p, which is odd.
    pub(super) prime: u64,
    /// −1/p modulo 2⁶⁴.
    negated: u64,
    /// 2¹²⁸ mod p.
    square: u64,
}

impl Field {
    /// Each prime has more bits than this: there are 2^50 of them between.
    pub(super) const BITS: u64 = 61;

    /// Of the primes below [`BELOW`], from the greatest down.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (1..BELOW / 2).map(|step| Self::new(BELOW - 2 * step + 1)).filter(Self::is_prime)
    }

    /// Modulo an odd number.
    fn new(prime: u64) -> Self {
        // Newton's iteration doubles the digits that are right, of which there are three to begin with.
        let inverse = (0..5).fold(prime, |inverse: u64, _| {
            inverse.wrapping_mul(2u64.wrapping_sub(prime.wrapping_mul(inverse)))
        });
        let whole = u128::MAX % u128::from(prime) + 1;
        let square = (whole % u128::from(prime)).to_u64().unwrap_or(0);
        Self { prime, negated: inverse.wrapping_neg(), square }
    }

    fn is_prime(&self) -> bool {
        if WITNESSES.iter().any(|witness| self.prime.is_multiple_of(*witness)) {
            return false;
        }
        let less = self.prime - 1;
        let (one, minus_one) = (self.one(), self.times(less, self.square));
        let odd = less >> less.trailing_zeros();
        let passes = |&witness: &u64| {
            let mut power = self.power(self.times(witness, self.square), odd);
            if power == one || power == minus_one {
                return true;
            }
            for _ in 1..less.trailing_zeros() {
                power = self.times(power, power);
                if power == minus_one {
                    return true;
                }
            }
            false
        };
        WITNESSES.iter().all(passes)
    }

    /// 1.
    pub(super) fn one(&self) -> u64 {
        self.times(1, self.square)
    }

    /// An integer, by W. G. Horner's rule.
    pub(super) fn of(&self, integer: &Digits) -> u64 {
        let step =
            |sum, &digit: &u64| self.plus(self.times(sum, self.square), self.times(digit, self.square));
        let found = integer.digits.iter().rev().fold(0, step);
        if integer.negative { self.less(0, found) } else { found }
    }

    /// The sum of two numbers, of which the second may be what [`times`](Self::times) makes of any word.
    #[inline]
    fn plus(&self, one: u64, other: u64) -> u64 {
        let other = if other >= self.prime { other - self.prime } else { other };
        self.less(one, self.less(0, other))
    }

    /// A number in its usual form.
    pub(super) fn plain(&self, number: u64) -> u64 {
        self.times(number, 1)
    }

    /// A product. One factor may be any word: then what is found is below 2⁶², if not the prime.
    #[inline]
    pub(super) fn times(&self, one: u64, other: u64) -> u64 {
        let high = self.reduced(u128::from(one) * u128::from(other));
        if high >= self.prime { high - self.prime } else { high }
    }

    /// A number below 2¹²⁷ over 2⁶⁴: below 2⁶³ and the prime; one below 2¹²⁶ is below 2⁶² and the prime.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the low half, and what is below 2^64")]
    fn reduced(&self, number: u128) -> u64 {
        let factor = (number as u64).wrapping_mul(self.negated);
        // The second term is below 2^126.
        (number.wrapping_add(u128::from(factor) * u128::from(self.prime)) >> 64) as u64
    }

    /// The sum of products, of which only every eighth sum is reduced.
    pub(super) fn dot(&self, one: &[u64], other: &[u64]) -> u64 {
        let mut total = 0;
        for (one, other) in one.chunks(8).zip(other.chunks(8)) {
            // Each product is below 2^124.
            let products = one.iter().zip(other).map(|(a, b)| u128::from(*a) * u128::from(*b));
            let sum = products.fold(0, u128::wrapping_add);
            // Twice the prime is more than 2^62.
            let reduced = self.reduced(sum);
            let twice = 2 * self.prime;
            total = self.plus(total, if reduced >= twice { reduced - twice } else { reduced });
        }
        total
    }

    /// A difference.
    #[inline]
    pub(super) fn less(&self, one: u64, other: u64) -> u64 {
        if one >= other { one - other } else { one + self.prime - other }
    }

    fn power(&self, mut base: u64, mut power: u64) -> u64 {
        let mut result = self.one();
        while power > 0 {
            if power.is_odd() {
                result = self.times(result, base);
            }
            base = self.times(base, base);
            power /= 2;
        }
        result
    }

    /// By Fermat's little theorem.
    pub(super) fn inverse(&self, number: u64) -> u64 {
        self.power(number, self.prime - 2)
    }
}

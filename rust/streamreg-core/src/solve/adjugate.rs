//! Stage: solve. The inverse of a symmetric matrix of integers times its determinant, by its remainders.
//!
//! Modulo primes of 62 bits an inverse takes words alone; a bound of J. Hadamard's says how many primes it takes until
//! the remainders leave no other integer (J. von zur Gathen, J. Gerhard, *Modern Computer Algebra*, 3rd edition, 5.4 and
//! 5.5). Products of remainders are P. L. Montgomery's (*Modular multiplication without trial division*, Math. Comp. 44,
//! 1985).

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{One, ToPrimitive, Zero};

/// Primes are below this.
const BELOW: u64 = 1 << 62;

/// Witnesses that decide whether a number below 2^64 is prime (J. Sorenson, J. Webster, Math. Comp. 86, 2017).
const WITNESSES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/// The inverse times the determinant, row by row; no leading minor of the matrix is zero, nor is its determinant.
#[must_use]
pub fn adjugate(matrix: &[Vec<BigInt>], determinant: &BigInt) -> Vec<Vec<BigInt>> {
    let size = matrix.len();
    let bits = bound(matrix);
    let (mut fields, mut residues, mut modulus) = (Vec::new(), Vec::new(), BigUint::one());
    for field in Field::all() {
        if modulus.bits() > bits {
            break;
        }
        // A prime that divides a leading minor says nothing without exchanging rows; there are others.
        if let Some(own) = field.adjugate(matrix, determinant) {
            modulus *= field.prime;
            fields.push(field);
            residues.push(own);
        }
    }
    let basis = basis(&fields, &modulus);
    let entry = |a: usize, b: usize| {
        let at = a * size + b;
        let terms = basis.iter().zip(&fields).zip(&residues);
        let sum = terms.fold(BigUint::ZERO, |sum, (((cofactor, inverse), field), own)| {
            sum + cofactor * field.plain(field.times(own[at], *inverse))
        });
        centred(&sum % &modulus, &modulus)
    };
    let mut rows: Vec<Vec<BigInt>> = Vec::with_capacity(size);
    for a in 0..size {
        let before: Vec<_> = rows.iter().map(|row| row[a].clone()).collect();
        rows.push(before.into_iter().chain((a..size).map(|b| entry(a, b))).collect());
    }
    rows
}

/// Bits of a number that no entry of the adjugate, with a sign, reaches: the product of the lengths of all rows but one.
fn bound(matrix: &[Vec<BigInt>]) -> u64 {
    let size = u64::try_from(matrix.len()).unwrap_or(u64::MAX);
    let root = u64::from(size.max(1).ilog2()) / 2 + 1;
    let length = |row: &Vec<BigInt>| row.iter().map(BigInt::bits).max().unwrap_or(0) + root;
    let lengths = || matrix.iter().map(length);
    lengths().sum::<u64>() - lengths().min().unwrap_or(0) + 2
}

/// For each prime the product of the others, and the inverse of that, in Montgomery's form.
fn basis(fields: &[Field], modulus: &BigUint) -> Vec<(BigUint, u64)> {
    let own = |field: &Field| {
        let cofactor = modulus / field.prime;
        let inverse = field.inverse(field.of(&BigInt::from(cofactor.clone())));
        (cofactor, inverse)
    };
    fields.iter().map(own).collect()
}

/// The integer next to zero that leaves this remainder.
fn centred(remainder: BigUint, modulus: &BigUint) -> BigInt {
    if &remainder + &remainder > *modulus {
        BigInt::from_biguint(Sign::Minus, modulus - remainder)
    } else {
        remainder.into()
    }
}

/// The integers modulo a prime p, each number x as x·2⁶⁴ mod p.
#[derive(Clone, Copy, Debug)]
struct Field {
    prime: u64,
    /// −1/p modulo 2⁶⁴.
    negated: u64,
    /// 2¹²⁸ mod p.
    square: u64,
}

impl Field {
    /// Of the primes below [`BELOW`], from the greatest down.
    fn all() -> impl Iterator<Item = Self> {
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
        let (one, minus_one) = (self.times(1, self.square), self.times(less, self.square));
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

    fn of(&self, integer: &BigInt) -> u64 {
        let remainder = integer.mod_floor(&self.prime.into()).to_u64().unwrap_or(0);
        self.times(remainder, self.square)
    }

    /// A number in its usual form.
    fn plain(&self, number: u64) -> u64 {
        self.times(number, 1)
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the low half, and what is below the prime")]
    fn times(&self, one: u64, other: u64) -> u64 {
        let product = u128::from(one) * u128::from(other);
        let factor = (product as u64).wrapping_mul(self.negated);
        // Both terms are below 2^126.
        let high = ((product + u128::from(factor) * u128::from(self.prime)) >> 64) as u64;
        if high >= self.prime { high - self.prime } else { high }
    }

    #[inline]
    fn less(&self, one: u64, other: u64) -> u64 {
        if one >= other { one - other } else { one + self.prime - other }
    }

    fn power(&self, mut base: u64, mut power: u64) -> u64 {
        let mut result = self.times(1, self.square);
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
    fn inverse(&self, number: u64) -> u64 {
        self.power(number, self.prime - 2)
    }

    /// The inverse times the determinant, by Gauss's and Jordan's elimination; `None` if a pivot is zero.
    fn adjugate(&self, matrix: &[Vec<BigInt>], determinant: &BigInt) -> Option<Vec<u64>> {
        let size = matrix.len();
        let mut rows: Vec<u64> = matrix.iter().flatten().map(|entry| self.of(entry)).collect();
        let mut pivot_row = vec![0; size];
        for at in 0..size {
            let own = &mut rows[at * size..(at + 1) * size];
            if own[at].is_zero() {
                return None;
            }
            let inverse = self.inverse(own[at]);
            own[at] = self.times(1, self.square);
            for entry in own.iter_mut() {
                *entry = self.times(*entry, inverse);
            }
            pivot_row.copy_from_slice(own);
            for (_, row) in rows.chunks_exact_mut(size).enumerate().filter(|(row, _)| *row != at) {
                let factor = std::mem::take(&mut row[at]);
                for (entry, over) in row.iter_mut().zip(&pivot_row) {
                    *entry = self.less(*entry, self.times(factor, *over));
                }
            }
        }
        let determinant = self.of(determinant);
        for entry in &mut rows {
            *entry = self.times(*entry, determinant);
        }
        Some(rows)
    }
}

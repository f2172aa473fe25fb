//! Stage: solve. Integers from their remainders, by the Chinese remainder theorem.
//!
//! J. von zur Gathen, J. Gerhard, *Modern Computer Algebra*, 3rd edition, 5.4.

use num_bigint::{BigInt, BigUint, Sign};

use super::field::{Digits, Field};

/// Primes, and what makes an integer of the remainders that it leaves.
#[derive(Debug)]
pub(super) struct Chinese {
    /// Of each prime the product of the others, in digits of 64 bits, and the inverse of that.
    basis: Vec<(Field, Vec<u64>, u64)>,
    modulus: BigUint,
}

impl Chinese {
    /// Of different primes.
    pub(super) fn of(fields: &[Field]) -> Self {
        let modulus = fields.iter().fold(BigUint::from(1u8), |product, field| product * field.prime);
        let own = |field: &Field| {
            let cofactor = &modulus / field.prime;
            let inverse = field.inverse(field.of(&Digits::of(&cofactor.clone().into())));
            (*field, cofactor.to_u64_digits(), inverse)
        };
        Self { basis: fields.iter().map(own).collect(), modulus }
    }

    /// The integer next to zero that leaves these remainders, one for each prime.
    pub(super) fn integer(&self, remainders: impl Iterator<Item = u64>) -> BigInt {
        let digits = self.basis.first().map_or(0, |(_, cofactor, _)| cofactor.len());
        // Fewer terms than 2^64, each below the modulus.
        let mut sum = vec![0; digits + 3];
        for ((field, cofactor, inverse), remainder) in self.basis.iter().zip(remainders) {
            add_product(&mut sum, cofactor, field.plain(field.times(remainder, *inverse)));
        }
        let sum = BigUint::new(sum.into_iter().flat_map(halves).collect());
        centred(sum % &self.modulus, &self.modulus)
    }
}

/// Adds a multiple of one number to another, which has room for it.
#[allow(clippy::cast_possible_truncation, reason = "the low half, and a high one below 2^64")]
fn add_product(sum: &mut [u64], number: &[u64], times: u64) {
    let mut carry = 0;
    let (low, high) = sum.split_at_mut(number.len());
    for (digit, own) in low.iter_mut().zip(number) {
        // At most (2^64 - 1)^2 + 2·(2^64 - 1), which is 2^128 - 1.
        let next = u128::from(*own) * u128::from(times) + u128::from(*digit) + u128::from(carry);
        (*digit, carry) = (next as u64, (next >> 64) as u64);
    }
    for digit in high {
        let (next, over) = digit.overflowing_add(carry);
        (*digit, carry) = (next, u64::from(over));
    }
}

/// The lower half of a digit, then the upper one.
#[allow(clippy::cast_possible_truncation, reason = "the halves")]
fn halves(digit: u64) -> [u32; 2] {
    [digit as u32, (digit >> 32) as u32]
}

/// The integer next to zero that leaves this remainder.
fn centred(remainder: BigUint, modulus: &BigUint) -> BigInt {
    if &remainder + &remainder > *modulus {
        BigInt::from_biguint(Sign::Minus, modulus - remainder)
    } else {
        remainder.into()
    }
}

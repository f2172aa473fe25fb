//! Decode, avro: whole numbers of more than 128 bits, as decimals of a great scale are written: 1.5 of Oracle's NUMBER
//! is 15·10^126. What is not zeros at the end has to fit.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};

/// Most bytes of such a number: more than the digits and exponents of [`crate::decimal`] need, and soon divided.
const MOST_BYTES: usize = 1024;

/// A number in two's complement, the high byte first, as another one and how many zeros stand behind it; `None` if that
/// does not fit.
pub(super) fn without_zeros(bytes: &[u8]) -> Option<(i128, i32)> {
    if bytes.len() > MOST_BYTES {
        return None;
    }
    let mut number = BigInt::from_signed_bytes_be(bytes);
    let mut zeros = 0;
    for (step, digits) in [(10u64.pow(19), 19), (10, 1)] {
        let step = BigInt::from(step);
        while !number.is_zero() {
            let (quotient, rest) = number.div_rem(&step);
            if !rest.is_zero() {
                break;
            }
            number = quotient;
            zeros += digits;
        }
    }
    Some((number.to_i128()?, zeros))
}

//! Exact, hot layer: folding bins of exponents into a window.

use super::{Part, Window};

/// A bin takes so many additions between two folds. Mantissas are below 2^53 in size, their products below
/// 2^106, so a bin stays below 2^126: neither it nor the carry of a fold can leave 128 bits.
pub const MOST_ADDS: usize = 1 << 20;

/// The limbs that a fold can give: 4096 bits of positions, and the last carry.
const FOLDED: usize = 4096 / 64 + 3;

/// The exponents that were touched, from `low` to `high`.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The lowest.
    pub low: usize,
    /// The highest.
    pub high: usize,
}

impl Span {
    /// No exponent so far.
    pub const EMPTY: Self = Self { low: usize::MAX, high: 0 };

    /// Stretches to hold the exponent of a number, but of a zero, which adds nothing to its bin.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "part of the body of every hot loop")]
    pub fn touch(&mut self, part: Part) {
        // The exponent of the double 0 is 0, and wraps to the largest: no branch, which zeros here and there would
        // make slow. The 0 of an integer stretches the span by one, which does no harm.
        self.low = self.low.min(part.exponent.wrapping_sub(usize::from(part.mantissa == 0)));
        self.high = self.high.max(part.exponent);
    }

    /// The span of the sums of two exponents, one of each.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { low: self.low.saturating_add(other.low), high: self.high + other.high }
    }
}

/// Adds bins to a window (or subtracts them): `take` gives bin by bin and leaves zero behind; bin `e` counts
/// units of 2^(STRIDE·e).
///
/// From the lowest exponent on, the low bits of what the bin and the carry make are bits of the result, and the
/// rest is the carry into the next bin: the bins become one two's complement number in a single pass.
pub fn fold<const STRIDE: usize>(
    span: Span,
    mut take: impl FnMut(usize) -> i128,
    window: &mut Window,
    negate: bool,
) {
    if span.low > span.high {
        return;
    }
    let position = span.low * STRIDE;
    let mut limbs = [0u64; FOLDED];
    let (mut at, mut filled, mut carry) = (0, position % 64, 0i128);
    for exponent in span.low..=span.high {
        let total = carry + take(exponent);
        limbs[at] |= (low_limb(total) & ((1 << STRIDE) - 1)) << filled;
        carry = total >> STRIDE;
        filled += STRIDE;
        if filled == 64 {
            (at, filled) = (at + 1, 0);
        }
    }
    limbs[at] |= low_limb(carry) << filled;
    carry >>= 64 - filled;
    limbs[at + 1] = low_limb(carry);
    limbs[at + 2] = low_limb(carry >> 64);
    window.add_limbs(position / 64, &limbs[..at + 3], negate);
}

/// The lowest 64 bits.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the low bits are what is asked for"
)]
pub(super) fn low_limb(value: i128) -> u64 {
    value as u64
}

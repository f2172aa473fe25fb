//! Infer: the quantile of Student's t.

use std::sync::OnceLock;

use num_bigint::BigInt;

use super::beta::{Front, Shares};
use super::bigfloat::{DOUBLINGS, Precision, Wide};

/// Newton's steps double the digits in the end, and in the far tail of one degree of freedom they double t: 53 of
/// them reach the last level below 1. This is far beyond.
const MOST_STEPS: usize = 1000;

/// The quantile at one level, to whatever precision is asked for, each computed once.
#[derive(Clone, Debug)]
pub(super) struct Quantiles {
    freedom: u64,
    level: f64,
    known: [OnceLock<Wide>; DOUBLINGS + 1],
}

impl Quantiles {
    /// That of Student's distribution with so many degrees of freedom, at a level between 0 and 1.
    pub(super) fn new(freedom: u64, level: f64) -> Self {
        Self { freedom, level, known: Default::default() }
    }

    /// The level.
    pub(super) fn level(&self) -> f64 {
        self.level
    }

    /// The quantile to a precision that [`settled`](super::bigfloat::settled) asks for.
    pub(super) fn at(&self, precision: Precision) -> &Wide {
        let known = &self.known[precision.doublings().min(DOUBLINGS)];
        known.get_or_init(|| quantile(precision, self.freedom, &Wide::of_double(self.level)))
    }
}

/// The t within which lies the share `level` of Student's distribution with `freedom` degrees of freedom, the level
/// being between 0 and 1.
#[must_use]
pub fn quantile(precision: Precision, freedom: u64, level: &Wide) -> Wide {
    // What lies beyond may be 2^-53 of the whole, and is what decides.
    let inner = precision.plus(96);
    let front = Front::new(inner, freedom);
    // The share within grows by front/t, and ever more slowly: from a t that is too small no step is too large. The
    // first one starts at 0, where it grows by constant/√ν.
    let root = inner.root(&Wide::of(freedom));
    let mut t = inner.divide(&inner.multiply(level, &root), front.constant());
    for _ in 0..MOST_STEPS {
        let (within, gain) = front.within(&shares(freedom, &t));
        let missing = inner.subtract(level, &within);
        let step = inner.divide(&inner.multiply(&missing, &t), &gain);
        let done = step.magnitude() < t.magnitude() - precision.bits() / 2;
        t = inner.add(&t, &step);
        if done {
            break;
        }
    }
    t
}

/// ν : t².
fn shares(freedom: u64, t: &Wide) -> Shares {
    let (mantissa, exponent) = t.parts();
    let (mut x, mut y) = (BigInt::from(freedom), mantissa * mantissa);
    if exponent.is_negative() {
        x <<= 2 * exponent.unsigned_abs();
    } else {
        y <<= 2 * exponent;
    }
    Shares { x, y }
}

//! Windows: the greatest integer not above a sum of times over a length.

use num_traits::ToPrimitive;

use crate::windows::moment::{Moment, Rational};

/// No index is as far from zero: what is further is this far.
const FAR: i128 = 1 << 100;

/// The floor of (a time less some others) / a length, of one time after another.
#[derive(Debug)]
pub(in crate::windows) struct Steps {
    minus: Vec<Moment>,
    by: Moment,
    /// The first and the last integer of which it is known, and what it is of these.
    known: Option<(i64, i64, i128)>,
}

impl Steps {
    /// All are of one kind, and `by` is above zero.
    pub(in crate::windows) fn new(minus: Vec<Moment>, by: Moment) -> Self {
        Self { minus, by, known: None }
    }

    /// The first and the last integer that have the floor of the last one.
    pub(in crate::windows) fn known(&self) -> Option<(i64, i64)> {
        self.known.map(|(first, last, _)| (first, last))
    }

    /// That of a time.
    pub(in crate::windows) fn floor(&mut self, time: Moment) -> i128 {
        if let (Moment::Int(time), Some((first, last, found))) = (time, self.known)
            && (first..=last).contains(&time)
        {
            return found;
        }
        let found = floor(&[time], &self.minus, self.by);
        if let Moment::Int(by) = self.by {
            let first = found * i128::from(by) + self.minus.iter().map(|term| term.int()).sum::<i128>();
            // Where the step reaches beyond 64 bits it is not kept: times there are rare.
            let ends = i64::try_from(first).ok().zip(i64::try_from(first + i128::from(by) - 1).ok());
            self.known = ends.map(|(first, last)| (first, last, found));
        }
        found
    }
}

/// The floor of (the sum of `plus` less that of `minus`) / `by`; all of one kind, and `by` above zero.
pub(in crate::windows) fn floor(plus: &[Moment], minus: &[Moment], by: Moment) -> i128 {
    match by {
        Moment::Int(by) => floor_of_ints(plus, minus, by),
        Moment::Float(by) => floor_of_floats(plus, minus, by),
    }
}

fn floor_of_ints(plus: &[Moment], minus: &[Moment], by: i64) -> i128 {
    let sum =
        plus.iter().map(|term| term.int()).sum::<i128>() - minus.iter().map(|term| term.int()).sum::<i128>();
    // Division of 64 bits is several times as fast.
    match i64::try_from(sum) {
        Ok(sum) => sum.div_euclid(by).into(),
        Err(_) => sum.div_euclid(by.into()),
    }
}

/// The same of doubles: the quotient in doubles where its error cannot reach an integer; where the sum is exact, by the
/// sign of the remainder, which a fused multiplication and addition gives exactly; else in rational numbers.
fn floor_of_floats(plus: &[Moment], minus: &[Moment], by: f64) -> i128 {
    /// 2^48. Below this, every integer and its successor are doubles, and an error of a few units is less than one.
    const MOST: f64 = 281_474_976_710_656.0;
    let (mut sum, mut size, mut exact) = (0.0, 0.0, true);
    let terms = plus.iter().map(|term| term.float()).chain(minus.iter().map(|term| -term.float()));
    for term in terms {
        let (next, error) = two_sum(sum, term);
        exact &= error == 0.0;
        size += term.abs();
        sum = next;
    }
    let quotient = sum / by;
    let at = quotient.floor();
    if quotient.abs() < MOST {
        // Four terms and a division come to less than half of this; a quotient that is next to nothing may have lost
        // its sign, and is left to the remainder.
        let margin = 8.0 * f64::EPSILON * (size / by);
        if quotient.abs() > 1e-290 && quotient - margin >= at && quotient + margin < at + 1.0 {
            return integer(at);
        }
        if exact {
            // No remainder is too small for a double: all are multiples of the least one.
            return if (-at).mul_add(by, sum) < 0.0 {
                integer(at - 1.0)
            } else if (-at - 1.0).mul_add(by, sum) >= 0.0 {
                integer(at + 1.0)
            } else {
                integer(at)
            };
        }
    }
    let mut sum = Rational::sum(minus).negated();
    sum.add(&Rational::sum(plus));
    let found = sum.floor_div(&Rational::of(by));
    found.to_i128().filter(|found| found.abs() < FAR).unwrap_or(if found.sign() == num_bigint::Sign::Minus {
        -FAR
    } else {
        FAR
    })
}

/// A sum of two doubles and its error (D. E. Knuth, *The Art of Computer Programming*, vol. 2, section 4.2.2, theorem B);
/// the error is NaN where the sum overflows.
fn two_sum(one: f64, other: f64) -> (f64, f64) {
    let sum = one + other;
    let rounded = sum - one;
    (sum, (one - (sum - rounded)) + (other - rounded))
}

#[allow(clippy::cast_possible_truncation, reason = "an integer of less than 2^53")]
fn integer(value: f64) -> i128 {
    (value as i64).into()
}

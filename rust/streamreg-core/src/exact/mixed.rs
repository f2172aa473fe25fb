//! Exact, cold layer: a sum of `mantissa · 2^two · 5^five`: a window for each power of five.
//!
//! What is no decimal has five = 0, so that there is one window. A decimal is m · 10^e = m · 2^e · 5^e; its powers of
//! five cannot be brought to a common one before all rows are known, but of those that come up there are few.

use num_bigint::BigInt;

use super::Window;
use crate::error::Error;
use crate::wire::{Reader, Writer, corrupt};

/// The sum; equal multisets of terms are equal sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mixed {
    /// Ascending by the power of five, no window zero.
    windows: Vec<(i32, Window)>,
}

/// What one sum can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most limbs of a window, one of them headroom.
    pub limbs: usize,
    /// Powers of five lie between this and its opposite.
    pub five: i32,
}

impl Mixed {
    /// The lowest position of a bit that is set, and the lowest power of five; `None` for zero.
    #[must_use]
    pub fn lowest(&self) -> Option<(usize, i32)> {
        let (five, _) = self.windows.first()?;
        let two = self.windows.iter().filter_map(|(_, window)| window.trailing_zeros()).min()?;
        Some((two, *five))
    }

    /// The sum as an integer in units of 2^two · 5^five, which must not be above the [lowest](Self::lowest).
    #[must_use]
    pub fn to_integer(&self, two: usize, five: i32) -> BigInt {
        // From the highest power of five down (Horner's scheme): each step multiplies by the few fives between two.
        let (mut sum, mut above) = (BigInt::ZERO, five);
        for (own, window) in self.windows.iter().rev() {
            let (integer, shift) = window.to_integer();
            let scaled = if shift < two { integer >> (two - shift) } else { integer << (shift - two) };
            sum = sum * BigInt::from(5).pow(above.abs_diff(*own)) + scaled;
            above = *own;
        }
        sum * BigInt::from(5).pow(above.abs_diff(five))
    }

    /// Adds (or subtracts) `limbs · 2^(64·first) · 5^five`; the limbs are a two's complement number.
    pub fn add_limbs(&mut self, five: i32, first: usize, limbs: &[u64], negate: bool) {
        self.change(five, |window| window.add_limbs(first, limbs, negate));
    }

    /// Adds `value · 2^position · 5^five`.
    pub fn add_at(&mut self, five: i32, position: usize, value: i128) {
        self.change(five, |window| window.add_at(position, value, false));
    }

    /// Changes the window of a power of five, and drops it if it is zero then.
    fn change(&mut self, five: i32, change: impl FnOnce(&mut Window)) {
        // Mostly there is one window, and it is the one.
        let at = match self.windows.as_slice() {
            [(only, _)] if *only == five => Ok(0),
            windows => windows.binary_search_by_key(&five, |(five, _)| *five),
        };
        let at = at.unwrap_or_else(|at| {
            self.windows.insert(at, (five, Window::default()));
            at
        });
        let window = &mut self.windows[at].1;
        change(window);
        if window.is_zero() {
            self.windows.remove(at);
        }
    }

    /// Adds (or subtracts) another sum.
    pub fn add(&mut self, other: &Self, negate: bool) {
        for (five, window) in &other.windows {
            self.add_limbs(*five, window.first(), window.limbs(), negate);
        }
    }

    /// Whether 2^63 rows, or another sum that has room, can be added.
    pub(crate) fn has_room(&self, limits: Limits) -> bool {
        self.windows.iter().all(|(_, window)| window.has_room(limits.limbs))
    }

    /// The limbs that it takes.
    pub(crate) fn limbs(&self) -> usize {
        self.windows.iter().map(|(_, window)| window.limbs().len()).sum()
    }

    /// Writes the sum.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.unsigned(self.windows.len() as u64);
        for (five, window) in &self.windows {
            writer.signed(i64::from(*five));
            window.write(writer);
        }
    }

    /// Reads a sum within its limits.
    pub(crate) fn read(reader: &mut Reader<'_>, limits: Limits) -> Result<Self, Error> {
        // A power, the length and place of its window, one limb.
        let count = reader.count(11)?;
        let mut windows: Vec<(i32, Window)> = Vec::with_capacity(count);
        for _ in 0..count {
            let five = i32::try_from(reader.signed()?)
                .ok()
                .filter(|five| five.unsigned_abs() <= limits.five.unsigned_abs())
                .ok_or_else(|| corrupt("a power of five is out of range"))?;
            if windows.last().is_some_and(|(last, _)| *last >= five) {
                return Err(corrupt("powers of five are not in their order"));
            }
            let mut window = Window::default();
            window.read_into(reader, limits.limbs)?;
            if window.is_zero() {
                return Err(corrupt("a sum is not in its shortest form"));
            }
            windows.push((five, window));
        }
        Ok(Self { windows })
    }
}

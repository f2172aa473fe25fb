//! Exact, cold layer: a sum of any size as a window of limbs on a fixed grid.

use num_bigint::BigInt;

use super::bins::low_limb;
use crate::error::Error;
use crate::wire::{Reader, Writer, corrupt};

/// An integer in two's complement: `limbs · 2^(64·first)`.
///
/// Canonical: no zero limb at the low end, no limb at the top that only repeats the sign, zero is no limb at
/// all. So equal numbers are equal windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    first: usize,
    limbs: Vec<u64>,
}

impl Window {
    /// Whether the number is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.limbs.is_empty()
    }

    /// Whether the number is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.limbs.last().is_some_and(|&top| top >> 63 == 1)
    }

    /// The place of the lowest limb on the grid.
    #[must_use]
    pub fn first(&self) -> usize {
        self.first
    }

    /// The limbs, lowest first.
    #[must_use]
    pub fn limbs(&self) -> &[u64] {
        &self.limbs
    }

    /// Makes it zero; the memory of its limbs stays, for the next number.
    pub(crate) fn clear(&mut self) {
        self.first = 0;
        self.limbs.clear();
    }

    /// Whether another sum of at most `most - 1` limbs can be added without exceeding `most`.
    pub(crate) fn has_room(&self, most: usize) -> bool {
        self.first + self.limbs.len() < most
    }

    /// The position of the lowest bit that is set; `None` for zero.
    #[must_use]
    pub fn trailing_zeros(&self) -> Option<usize> {
        self.limbs.first().map(|lowest| 64 * self.first + lowest.trailing_zeros() as usize)
    }

    /// The number as `integer · 2^shift`; the shift is a multiple of 64.
    #[must_use]
    pub fn to_integer(&self) -> (BigInt, usize) {
        let bytes: Vec<u8> = self.limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        (BigInt::from_signed_bytes_le(&bytes), 64 * self.first)
    }

    /// Adds (or subtracts) `value · 2^position`.
    pub fn add_at(&mut self, position: usize, value: i128, negate: bool) {
        if value == 0 {
            return;
        }
        let offset = position % 64;
        // Up to 127 bits moved up by up to 63, and the sign: three limbs.
        let above = (value >> 64) >> (64 - offset);
        let shifted = value << offset;
        let limbs = [low_limb(shifted), low_limb(shifted >> 64), low_limb(above)];
        self.add_limbs(position / 64, &limbs, negate);
    }

    /// Adds (or subtracts) another number.
    pub fn add(&mut self, other: &Self, negate: bool) {
        if !other.is_zero() {
            self.add_limbs(other.first, &other.limbs, negate);
        }
    }

    /// Adds (or subtracts) a number in two's complement whose lowest limb lies at `first`.
    pub fn add_limbs(&mut self, first: usize, limbs: &[u64], negate: bool) {
        if self.is_zero() {
            self.first = first;
        }
        if first < self.first {
            self.limbs.splice(0..0, std::iter::repeat_n(0, self.first - first));
            self.first = first;
        }
        let offset = first - self.first;
        // One limb more than either: a carry into it is the sign of the sum.
        let sign = sign_limb(self.limbs.last());
        self.limbs.resize(self.limbs.len().max(offset + limbs.len()) + 1, sign);

        // Subtracting is adding every limb inverted, and one.
        let inverted = if negate { u64::MAX } else { 0 };
        let mut carry = negate;
        let operand = limbs.iter().copied().chain(std::iter::repeat(sign_limb(limbs.last())));
        for (limb, term) in self.limbs[offset..].iter_mut().zip(operand) {
            let (sum, over) = limb.overflowing_add(term ^ inverted);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, over | again);
        }
        self.trim();
    }

    /// Makes the window canonical.
    fn trim(&mut self) {
        while redundant(&self.limbs) {
            self.limbs.pop();
        }
        match self.limbs.iter().position(|&limb| limb != 0) {
            Some(0) => {}
            Some(zeros) => {
                self.limbs.drain(..zeros);
                self.first += zeros;
            }
            None => {
                self.limbs.clear();
                self.first = 0;
            }
        }
    }

    /// Writes the window.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.unsigned(self.limbs.len() as u64);
        if !self.is_zero() {
            writer.unsigned(self.first as u64);
        }
        for &limb in &self.limbs {
            writer.word(limb);
        }
    }

    /// Reads a window that reaches over `most` limbs of the grid at most, in the place of this one; after an error
    /// that is of no use.
    pub(crate) fn read_into(&mut self, reader: &mut Reader<'_>, most: usize) -> Result<(), Error> {
        self.clear();
        let length = reader.count(8)?;
        if length == 0 {
            return Ok(());
        }
        let first = usize::try_from(reader.unsigned()?).unwrap_or(usize::MAX);
        if first.checked_add(length).is_none_or(|end| end > most) {
            return Err(corrupt("a sum lies off its grid"));
        }
        self.first = first;
        for _ in 0..length {
            self.limbs.push(reader.word()?);
        }
        if self.limbs[0] == 0 || redundant(&self.limbs) {
            return Err(corrupt("a sum is not in its shortest form"));
        }
        Ok(())
    }
}

/// The limb that continues a number upwards.
fn sign_limb(top: Option<&u64>) -> u64 {
    if top.is_some_and(|top| top >> 63 == 1) { u64::MAX } else { 0 }
}

/// Whether the top limb says no more than the one below it.
fn redundant(limbs: &[u64]) -> bool {
    match limbs {
        [.., below, top] => *top == sign_limb(Some(below)),
        [only] => *only == 0,
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `add_at` places every sign, size and offset where a big integer does.
    #[test]
    fn differential_placement() {
        for offset in 0..130 {
            for value in [1, -1, i128::MAX, i128::MIN, 1 << 64, -(1 << 64), 0x1234_5678_9abc_def0] {
                let mut window = Window::default();
                window.add_at(offset, value, false);
                let (integer, shift) = window.to_integer();
                assert_eq!(integer << shift, BigInt::from(value) << offset, "{value} at {offset}");
                window.add_at(offset, value, true);
                assert_eq!(window, Window::default());
            }
        }
    }
}

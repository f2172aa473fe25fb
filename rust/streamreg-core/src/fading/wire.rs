//! Fading: the state as bytes: the number of generations, then number and sums of each, in order.

use std::sync::Arc;

use super::{Fading, MOST_AGE};
use crate::accumulate::Accumulator;
use crate::error::Error;
use crate::monomials::Monomials;
use crate::wire::{Reader, Writer, corrupt};

pub(super) fn write(fading: &Fading, writer: &mut Writer) {
    writer.unsigned(fading.generations.len() as u64);
    for (number, sums) in &fading.generations {
        writer.signed(*number);
        sums.write(writer);
    }
}

pub(super) fn read_into(fading: &mut Fading, reader: &mut Reader<'_>) -> Result<(), Error> {
    // A number, two counts, and at least a byte for each sum.
    let count = reader.count(3 + fading.terms.sums())?;
    fading.generations.clear();
    let none = Monomials::new(Arc::clone(&fading.terms));
    for _ in 0..count {
        let number = reader.signed()?;
        if fading.generations.last_key_value().is_some_and(|(last, _)| *last >= number) {
            return Err(corrupt("generations are not in order"));
        }
        if fading.generations.first_key_value().is_some_and(|(first, _)| number.abs_diff(*first) > MOST_AGE) {
            return Err(corrupt("a generation that is too old beside the newest"));
        }
        let mut sums = none.clone();
        sums.read_into(reader)?;
        if sums == none {
            return Err(corrupt("a generation without rows"));
        }
        fading.generations.insert(number, sums);
    }
    Ok(())
}

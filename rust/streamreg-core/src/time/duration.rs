//! Time: durations as text: those of ISO 8601 that have a fixed length, in weeks, days, hours, minutes and seconds.

use super::reader::Reader;
use super::{NotTime, SECOND, TimeType};

const NO_DURATION: NotTime = NotTime::Invalid("no duration as in PT1H30M0.5S");

/// The parts before the T, and those after it: their letters, and their microseconds.
const DATE: [(u8, i64); 2] = [(b'W', 604_800 * SECOND), (b'D', 86_400 * SECOND)];
const TIME: [(u8, i64); 3] = [(b'H', 3600 * SECOND), (b'M', 60 * SECOND), (b'S', SECOND)];

/// The duration that a text tells: parts from weeks to seconds in their order, the last one perhaps with a fraction,
/// perhaps all with a sign before.
///
/// # Errors
/// [`NotTime`] if it tells none.
pub fn parse(text: &[u8]) -> Result<i64, NotTime> {
    let mut reader = Reader(text);
    let negative = reader.one_of(b"+-") == Some(b'-');
    reader.one_of(b"Pp").ok_or(NO_DURATION)?;
    let mut parts = Parts { reader, micros: 0, count: 0, ended: false };
    parts.take(&DATE)?;
    if parts.reader.one_of(b"Tt").is_some() {
        let before = parts.count;
        parts.take(&TIME)?;
        if parts.count == before {
            return Err(NO_DURATION);
        }
    }
    if parts.count == 0 || !parts.reader.0.is_empty() {
        return Err(NO_DURATION);
    }
    TimeType::Timedelta.checked(if negative { -parts.micros } else { parts.micros })
}

/// What was read of a duration.
struct Parts<'a> {
    reader: Reader<'a>,
    micros: i128,
    count: usize,
    /// A part had a fraction, so that it is the last one.
    ended: bool,
}

impl Parts<'_> {
    /// Reads parts in this order, of which any may be left out.
    fn take(&mut self, units: &[(u8, i64)]) -> Result<(), NotTime> {
        let mut left = units;
        while self.reader.0.first().is_some_and(u8::is_ascii_digit) {
            if self.ended {
                return Err(NO_DURATION);
            }
            let whole = self.number();
            let fraction = self.reader.fraction();
            let letter = self.reader.0.first().map(u8::to_ascii_uppercase);
            let Some(at) = left.iter().position(|(known, _)| Some(*known) == letter) else {
                return Err(misplaced(letter, units));
            };
            self.reader.0 = &self.reader.0[1..];
            let unit = left[at].1;
            self.micros = self.micros.saturating_add(whole.saturating_mul(unit.into()));
            if let Some(fraction) = fraction {
                self.micros += i128::from(fraction.of_micros(unit)?);
                self.ended = true;
            }
            self.count += 1;
            left = &left[at + 1..];
        }
        Ok(())
    }

    /// The digits that come next as a number; a very large one if it is beyond all durations.
    fn number(&mut self) -> i128 {
        let mut number = 0_i128;
        while let Some((digit @ b'0'..=b'9', rest)) = self.reader.0.split_first() {
            number = (number * 10 + i128::from(digit - b'0')).min(i64::MAX.into());
            self.reader.0 = rest;
        }
        number
    }
}

/// What is wrong with a letter that does not come next.
fn misplaced(letter: Option<u8>, units: &[(u8, i64)]) -> NotTime {
    match letter {
        Some(b'Y' | b'M') if units.len() == DATE.len() => {
            NotTime::Invalid("years and months have no fixed length")
        }
        _ => NO_DURATION,
    }
}

/// Appends a duration, as in `PT1H30M0.5S`: hours, minutes and seconds of which none is zero, `PT0S` for none at all.
pub fn write(micros: i64, out: &mut Vec<u8>) {
    let size = micros.unsigned_abs();
    let second = SECOND.unsigned_abs();
    out.extend_from_slice(if micros < 0 { b"-PT" } else { b"PT" });
    let mut number = itoa::Buffer::new();
    for (letter, part) in [(b'H', size / (3600 * second)), (b'M', size / (60 * second) % 60)] {
        if part > 0 {
            out.extend_from_slice(number.format(part).as_bytes());
            out.push(letter);
        }
    }
    let rest = size % (60 * second);
    if rest == 0 && size > 0 {
        return;
    }
    out.extend_from_slice(number.format(rest / second).as_bytes());
    if !rest.is_multiple_of(second) {
        let digits = format!(".{:06}", rest % second);
        out.extend_from_slice(digits.trim_end_matches('0').as_bytes());
    }
    out.push(b'S');
}

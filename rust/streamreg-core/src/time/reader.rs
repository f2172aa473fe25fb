//! Time: reads a text from its beginning.

use super::fraction::Fraction;

/// What is left of a text.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    /// A number of exactly so many digits.
    #[inline]
    pub(super) fn digits<const N: usize>(&mut self) -> Option<i64> {
        let (digits, rest) = self.0.split_first_chunk::<N>()?;
        let mut number = 0;
        for digit in digits {
            number = number * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        }
        self.0 = rest;
        Some(number)
    }

    /// One of some characters, if it comes next.
    #[inline]
    pub(super) fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        wanted.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// The digits behind a point or a comma, if one comes next.
    #[inline]
    pub(super) fn fraction(&mut self) -> Option<Fraction> {
        self.one_of(b".,")?;
        let length = self.0.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(Fraction::of(digits))
    }
}

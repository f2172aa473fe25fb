//! Decimals as they are written: `mantissa · 10^exponent`, exact.
//!
//! Up to 34 significant digits, as in the decimal128 of IEEE 754, and exponents within ±400. One value has one
//! form: no zero at the end of the mantissa, and zero is 0 · 10^0. So 0.10 is 0.1.

use std::cmp::Ordering;
use std::fmt;

/// Most significant digits, without the zeros at either end.
pub const MOST_DIGITS: usize = 34;

/// Exponents lie between this and its opposite.
pub const MOST_EXPONENT: i32 = 400;

/// So many digits fit in 64 bits.
const SHORT: usize = 18;

/// Mantissas are below this in size.
const BEYOND: u128 = 10u128.pow(34);

/// A power of ten that surely is off the range, and to which longer exponents are cut.
const FAR: i64 = 1_000_000;

/// A decimal number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decimal {
    mantissa: i128,
    exponent: i32,
}

/// Why a text is no decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDecimal {
    /// It is no decimal number at all.
    Syntax,
    /// NaN or an infinity.
    NonFinite,
    /// More than 34 significant digits.
    Digits,
    /// An exponent beyond ±400.
    Exponent,
}

impl Decimal {
    /// `mantissa · 10^exponent`; `None` if that is off the range.
    #[must_use]
    pub fn new(mut mantissa: i128, exponent: i32) -> Option<Self> {
        if mantissa == 0 {
            return Some(Self::default());
        }
        let mut exponent = i64::from(exponent);
        while mantissa % 10 == 0 {
            mantissa /= 10;
            exponent += 1;
        }
        let exponent = i32::try_from(exponent).ok()?;
        let fits =
            mantissa.unsigned_abs() < BEYOND && exponent.unsigned_abs() <= MOST_EXPONENT.unsigned_abs();
        fits.then_some(Self { mantissa, exponent })
    }

    /// So many microseconds, in seconds.
    #[must_use]
    pub fn of_micros(micros: i64) -> Self {
        let (mut mantissa, mut exponent) = (micros, -6);
        if mantissa == 0 {
            return Self::default();
        }
        while mantissa % 10 == 0 {
            mantissa /= 10;
            exponent += 1;
        }
        Self { mantissa: mantissa.into(), exponent }
    }

    /// An integer times a power of ten; the integer does not end in 0, unless it is 0 · 10^0.
    #[must_use]
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// The power of ten.
    #[must_use]
    pub fn exponent(self) -> i32 {
        self.exponent
    }

    /// Reads a decimal number: digits, at most one point among them or beside them, and perhaps a sign before and an
    /// exponent behind.
    ///
    /// # Errors
    /// [`NotDecimal`] if it is none, or one off the range.
    pub fn parse(text: &[u8]) -> Result<Self, NotDecimal> {
        if let Some(decimal) = Self::parse_short(text) {
            return Ok(decimal);
        }
        let negative = text.starts_with(b"-");
        let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
        let mut digits = Digits::default();
        let mut rest = digits.take(unsigned);
        let mut any = rest.len() < unsigned.len();
        let mut exponent = 0i64;
        if let [b'.', fraction @ ..] = rest {
            rest = digits.take(fraction);
            any |= rest.len() < fraction.len();
            exponent -= i64::try_from(fraction.len() - rest.len()).unwrap_or(FAR);
        }
        if !any {
            return Err(if is_not_finite(unsigned) { NotDecimal::NonFinite } else { NotDecimal::Syntax });
        }
        match rest {
            [] => {}
            [b'e' | b'E', written @ ..] => exponent += parse_exponent(written).ok_or(NotDecimal::Syntax)?,
            _ => return Err(NotDecimal::Syntax),
        }
        if digits.mantissa == 0 {
            return Ok(Self::default());
        }
        if digits.significant > MOST_DIGITS {
            return Err(NotDecimal::Digits);
        }
        let exponent = i32::try_from(exponent + i64::try_from(digits.zeros).unwrap_or(FAR))
            .ok()
            .filter(|exponent| exponent.unsigned_abs() <= MOST_EXPONENT.unsigned_abs())
            .ok_or(NotDecimal::Exponent)?;
        // 34 digits are below 2^113.
        let mantissa = digits.mantissa.cast_signed();
        Ok(Self { mantissa: if negative { -mantissa } else { mantissa }, exponent })
    }

    /// Numbers of few digits without an exponent, as most are; `None` for any other text.
    fn parse_short(text: &[u8]) -> Option<Self> {
        if text.len() > SHORT {
            return None;
        }
        let negative = text.starts_with(b"-");
        let (mut mantissa, mut digits, mut places) = (0i64, 0, None);
        for &byte in &text[usize::from(negative)..] {
            match byte {
                b'0'..=b'9' => {
                    mantissa = mantissa * 10 + i64::from(byte - b'0');
                    digits += 1;
                }
                b'.' if places.is_none() => places = Some(digits),
                _ => return None,
            }
        }
        if mantissa == 0 {
            return (digits > 0).then(Self::default);
        }
        let mut exponent = places.unwrap_or(digits) - digits;
        while mantissa % 10 == 0 {
            mantissa /= 10;
            exponent += 1;
        }
        Some(Self { mantissa: i128::from(if negative { -mantissa } else { mantissa }), exponent })
    }

    /// The nearest double, ties to even; an infinity beyond the largest.
    #[must_use]
    pub fn to_double(self) -> f64 {
        let text = format!("{}e{}", self.mantissa, self.exponent);
        // The text is that of a number.
        fast_float2::parse(text).unwrap_or(f64::NAN)
    }

    /// Appends the number as text, from which it is read back the same: in plain notation up to 34 digits, else as
    /// 1.5E+40 and 1.5E-7. The text is what Python's `str` makes of the `Decimal` that it is.
    pub fn write(self, out: &mut Vec<u8>) {
        let digits = self.mantissa.unsigned_abs().to_string();
        write_digits(self.mantissa < 0, digits.as_bytes(), self.exponent.into(), out);
    }

    /// Three words: the low and the high half of the mantissa, and the exponent.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, reason = "the mantissa is cut in two halves")]
    pub fn to_words(self) -> [i64; 3] {
        [self.mantissa as i64, (self.mantissa >> 64) as i64, self.exponent.into()]
    }

    /// The decimal that [`to_words`](Self::to_words) took apart; `None` for any other words.
    #[must_use]
    pub fn from_words([low, high, exponent]: [i64; 3]) -> Option<Self> {
        let mantissa = i128::from(high) << 64 | i128::from(low.cast_unsigned());
        let decimal = Self::of_words([low, high, exponent]);
        // A mantissa that fits in one word is the usual one, and divided ten times as fast.
        let ends_in_zero =
            i64::try_from(mantissa).map_or_else(|_| mantissa % 10 == 0, |small| small % 10 == 0);
        let fits = mantissa.unsigned_abs() < BEYOND
            && exponent.unsigned_abs() <= u64::from(MOST_EXPONENT.unsigned_abs())
            && (!ends_in_zero || (mantissa == 0 && exponent == 0));
        fits.then_some(decimal)
    }

    /// The decimal of words that are known to be one.
    #[allow(clippy::cast_possible_truncation, reason = "exponents are within ±400")]
    pub(crate) fn of_words([low, high, exponent]: [i64; 3]) -> Self {
        Self { mantissa: i128::from(high) << 64 | i128::from(low.cast_unsigned()), exponent: exponent as i32 }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.mantissa.signum().cmp(&other.mantissa.signum());
        if signs != Ordering::Equal || self.mantissa == 0 {
            return signs;
        }
        let sizes = magnitude(*self).cmp(&magnitude(*other)).then_with(|| {
            // The first digits stand for the same power of ten: as many digits of each can be compared.
            let (one, two) = (length(*self), length(*other));
            let longest = one.max(two);
            let padded =
                |decimal: &Self, digits: u32| decimal.mantissa.unsigned_abs() * 10u128.pow(longest - digits);
            padded(self, one).cmp(&padded(other, two))
        });
        if self.mantissa < 0 { sizes.reverse() } else { sizes }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The number of digits of the mantissa, which is not zero.
fn length(decimal: Decimal) -> u32 {
    decimal.mantissa.unsigned_abs().ilog10() + 1
}

/// The power of ten just above a number that is not zero.
fn magnitude(decimal: Decimal) -> i32 {
    length(decimal).cast_signed() + decimal.exponent
}

/// Appends `± digits · 10^exponent` as text; the digits do not begin with 0, nor end in it, but for "0".
pub(crate) fn write_digits(negative: bool, digits: &[u8], exponent: i64, out: &mut Vec<u8>) {
    let [first, others @ ..] = digits else { return };
    if negative {
        out.push(b'-');
    }
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    // The power of ten that the first digit stands for.
    let leading = exponent + length - 1;
    if exponent > 0 && leading < 34 {
        out.extend_from_slice(digits);
        out.extend(std::iter::repeat_n(b'0', usize::try_from(exponent).unwrap_or(0)));
    } else if exponent > 0 || leading < -6 {
        out.push(*first);
        if !others.is_empty() {
            out.push(b'.');
            out.extend_from_slice(others);
        }
        out.push(b'E');
        out.push(if leading < 0 { b'-' } else { b'+' });
        out.extend_from_slice(itoa::Buffer::new().format(leading.unsigned_abs()).as_bytes());
    } else if let Ok(whole @ 1..) = usize::try_from(leading + 1) {
        out.extend_from_slice(&digits[..whole]);
        if exponent < 0 {
            out.push(b'.');
            out.extend_from_slice(&digits[whole..]);
        }
    } else {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', usize::try_from(-leading - 1).unwrap_or(0)));
        out.extend_from_slice(digits);
    }
}

/// The significant digits read so far.
#[derive(Default)]
struct Digits {
    mantissa: u128,
    /// Digits of the mantissa; beyond 34 it is not kept up to date any more.
    significant: usize,
    /// Zeros after them, which count only if another digit follows.
    zeros: usize,
}

impl Digits {
    /// Reads the digits that the text begins with; gives the rest of it.
    fn take<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        for (at, byte) in text.iter().enumerate() {
            match byte {
                b'0' => self.zeros += usize::from(self.significant > 0),
                b'1'..=b'9' => {
                    self.significant += self.zeros + 1;
                    if self.significant <= MOST_DIGITS {
                        let places = std::mem::take(&mut self.zeros);
                        let shift =
                            if places == 0 { 10 } else { 10u128.pow(u32::try_from(places + 1).unwrap_or(0)) };
                        self.mantissa = self.mantissa * shift + u128::from(byte - b'0');
                    }
                }
                _ => return &text[at..],
            }
        }
        &[]
    }
}

/// The exponent behind the `e`; far off the range if it has many digits.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let negative = text.starts_with(b"-");
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(FAR));
    Some(if negative { -size } else { size })
}

fn is_not_finite(unsigned: &[u8]) -> bool {
    [&b"nan"[..], b"inf", b"infinity"].iter().any(|name| unsigned.eq_ignore_ascii_case(name))
}

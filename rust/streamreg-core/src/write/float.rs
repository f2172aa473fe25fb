//! Write: the shortest text that reads back as the same double, laid out as Python's `repr`.
//!
//! The digits are those of R. Giulietti, "The Schubfach way to render doubles" (2020), in the crate zmij;
//! of two that are equally short the nearer one, of two equally near the even one, as in Python. The layout
//! of zmij differs in three places: `NaN`, numbers from 1e-5 up to 1e-4 (Python writes an exponent), and
//! exponents of one digit (Python writes two).

/// Appends one double.
#[expect(clippy::inline_always, reason = "zmij's constants then stay in registers: half the time, measured")]
#[inline(always)]
pub(super) fn write(value: f64, out: &mut Vec<u8>) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format(value).as_bytes();
    if value.abs() >= 1e-4 || value == 0.0 {
        out.extend_from_slice(text);
    } else if value.is_nan() {
        out.extend_from_slice(b"nan");
    } else {
        write_small(text, out);
    }
}

/// `-0.0000123` as `-1.23e-05`, `1.5e-7` as `1.5e-07`, `1e-10` as it is.
fn write_small(text: &[u8], out: &mut Vec<u8>) {
    let (sign, digits) = text.split_at(usize::from(text.starts_with(b"-")));
    if let Some([first, rest @ ..]) = digits.strip_prefix(b"0.0000") {
        out.extend_from_slice(sign);
        out.push(*first);
        if !rest.is_empty() {
            out.push(b'.');
            out.extend_from_slice(rest);
        }
        out.extend_from_slice(b"e-05");
    } else if let [mantissa @ .., b'e', b'-', exponent] = text {
        out.extend_from_slice(mantissa);
        out.extend_from_slice(&[b'e', b'-', b'0', *exponent]);
    } else {
        out.extend_from_slice(text);
    }
}

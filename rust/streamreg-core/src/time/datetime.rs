//! Time: datetimes as text: RFC 3339, and the extended format of ISO 8601-1:2019 with its calendar, ordinal and week
//! dates, times down to an hour, and decimal fractions of the last part.

use super::reader::Reader;
use super::zone::Zone;
use super::{NotTime, SECOND, TimeType, civil};

const DAY: i64 = 86_400;

const NO_DATETIME: NotTime = NotTime::Invalid("no date and time as in 2026-11-28T16:10:34.5Z");

/// The point in time that a text tells: with an offset, or as the clocks of a zone show it.
///
/// # Errors
/// [`NotTime`] if it tells none; so without an offset, if there is no zone.
#[inline]
pub fn parse(text: &[u8], zone: Option<&mut Zone>) -> Result<i64, NotTime> {
    let mut reader = Reader(text);
    let days = date(&mut reader)?;
    if reader.0.is_empty() {
        return Err(NotTime::Invalid("a date without a time of day"));
    }
    reader.one_of(b"Tt ").ok_or(NO_DATETIME)?;
    let (second, micros) = time_of_day(&mut reader)?;
    let local = days * DAY + second;
    let ahead = match offset(&mut reader)? {
        Some(ahead) => ahead,
        None => zone
            .ok_or(NotTime::Invalid("it has no offset, like Z or +01:00, and the column no time zone"))?
            .ahead(local)?,
    };
    TimeType::Datetime.checked(i128::from(local - ahead) * i128::from(SECOND) + i128::from(micros))
}

/// Days since 1970-01-01.
fn date(reader: &mut Reader<'_>) -> Result<i64, NotTime> {
    let year = reader.digits::<4>().ok_or(NO_DATETIME)?;
    reader.one_of(b"-").ok_or(NO_DATETIME)?;
    let days = if reader.one_of(b"Ww").is_some() {
        let week = reader.digits::<2>().ok_or(NO_DATETIME)?;
        reader.one_of(b"-").ok_or(NO_DATETIME)?;
        civil::days_of_week_date(year, week, reader.digits::<1>().ok_or(NO_DATETIME)?)
    } else {
        let month = reader.digits::<2>().ok_or(NO_DATETIME)?;
        if reader.one_of(b"-").is_some() {
            civil::days(year, month, reader.digits::<2>().ok_or(NO_DATETIME)?)
        } else {
            civil::days_of_ordinal(year, month * 10 + reader.digits::<1>().ok_or(NO_DATETIME)?)
        }
    };
    days.ok_or(NotTime::Invalid("no such date"))
}

/// Seconds since midnight, and microseconds.
fn time_of_day(reader: &mut Reader<'_>) -> Result<(i64, i64), NotTime> {
    let mut parts = [0; 3];
    parts[0] = reader.digits::<2>().ok_or(NO_DATETIME)?;
    let mut unit = 3600;
    for part in &mut parts[1..] {
        if reader.one_of(b":").is_none() {
            break;
        }
        *part = reader.digits::<2>().ok_or(NO_DATETIME)?;
        unit /= 60;
    }
    let micros = match reader.fraction() {
        None => 0,
        Some(fraction) => fraction.of_micros(unit * SECOND)?,
    };
    let [hour, minute, second] = parts;
    if second == 60 {
        return Err(NotTime::Invalid("a leap second, which has no place among the seconds since 1970"));
    }
    let midnight = parts == [24, 0, 0] && micros == 0;
    if !midnight && (hour > 23 || minute > 59 || second > 59) {
        return Err(NotTime::Invalid("no such time of day"));
    }
    Ok((hour * 3600 + minute * 60 + second + micros / SECOND, micros % SECOND))
}

/// Seconds ahead of UTC, of an offset that is the rest of the text; `None` if nothing is left.
fn offset(reader: &mut Reader<'_>) -> Result<Option<i64>, NotTime> {
    if reader.0.is_empty() {
        return Ok(None);
    }
    let invalid = NotTime::Invalid("no offset as in Z or +01:00");
    if reader.one_of(b"Zz").is_some() {
        return if reader.0.is_empty() { Ok(Some(0)) } else { Err(invalid) };
    }
    let sign = if reader.one_of(b"+-").ok_or(invalid)? == b'-' { -1 } else { 1 };
    let hours = reader.digits::<2>().ok_or(invalid)?;
    let minutes = match reader.one_of(b":") {
        None => 0,
        Some(_) => reader.digits::<2>().ok_or(invalid)?,
    };
    if hours > 23 || minutes > 59 || !reader.0.is_empty() {
        return Err(invalid);
    }
    Ok(Some(sign * (hours * 3600 + minutes * 60)))
}

/// Appends a datetime in UTC, as in `2026-11-28T16:10:34Z`, with six digits behind the second if there are microseconds.
pub fn write(micros: i64, out: &mut Vec<u8>) {
    let second = micros.div_euclid(SECOND);
    let [year, month, day] = civil::date(second.div_euclid(DAY));
    let of_day = second.rem_euclid(DAY);
    put::<4>(year, out);
    for (mark, part) in
        [(b'-', month), (b'-', day), (b'T', of_day / 3600), (b':', of_day / 60 % 60), (b':', of_day % 60)]
    {
        out.push(mark);
        put::<2>(part, out);
    }
    let fraction = micros.rem_euclid(SECOND);
    if fraction != 0 {
        out.push(b'.');
        put::<6>(fraction, out);
    }
    out.push(b'Z');
}

/// Appends so many digits of a number that has no more.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "one digit")]
fn put<const N: usize>(mut number: i64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit += (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&digits);
}

//! Decode, csv: one record to its fields, strictly by RFC 4180.
//!
//! Lenient readers (csv-core among them) take `a"b` and `"a"b` for fields; here a quote inside or after a
//! field is an error, since it means that fields were cut elsewhere than their writer meant.

use crate::decode::without_mark;
use crate::error::Error;
use std::fmt;

/// Why a value is not one CSV record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Splits records; keeps its memory from one to the next.
#[derive(Debug)]
pub struct Split {
    delimiter: u8,
    /// Where each field starts and ends: in the record, or in `unquoted` if the record has quotes.
    spans: Vec<(usize, usize)>,
    /// The fields of a record with quotes, without them.
    unquoted: Vec<u8>,
    /// Which fields are empty, but have quotes.
    quoted: Vec<usize>,
}

impl Default for Split {
    fn default() -> Self {
        Self::at(b',')
    }
}

impl Split {
    /// Splits at this character.
    #[must_use]
    pub(super) fn at(delimiter: u8) -> Self {
        Self { delimiter, spans: Vec::new(), unquoted: Vec::new(), quoted: Vec::new() }
    }

    /// The fields of one record; a line end after it is no part of it.
    ///
    /// # Errors
    /// [`Malformed`] for a quote that is not around a whole field or doubled within one, a quote that is not
    /// closed, or a line end outside quotes.
    pub fn split<'a>(
        &'a mut self,
        value: &'a [u8],
    ) -> Result<impl ExactSizeIterator<Item = &'a [u8]>, Malformed> {
        self.fields(value).map(|(fields, _)| fields)
    }

    /// The same, and which fields are empty between quotes.
    pub(super) fn fields<'a>(
        &'a mut self,
        value: &'a [u8],
    ) -> Result<(impl ExactSizeIterator<Item = &'a [u8]>, &'a [usize]), Malformed> {
        let record = without_line_end(value);
        self.spans.clear();
        self.quoted.clear();
        let buffer = if memchr::memchr3(b'"', b'\n', b'\r', record).is_none() {
            self.split_plain(record);
            record
        } else {
            self.split_quoted(record)?;
            &self.unquoted
        };
        Ok((self.spans.iter().map(move |&(start, end)| &buffer[start..end]), &self.quoted))
    }

    /// A record without quotes is cut at its delimiters.
    fn split_plain(&mut self, record: &[u8]) {
        let mut start = 0;
        for end in memchr::memchr_iter(self.delimiter, record) {
            self.spans.push((start, end));
            start = end + 1;
        }
        self.spans.push((start, record.len()));
    }

    fn split_quoted(&mut self, record: &[u8]) -> Result<(), Malformed> {
        self.unquoted.clear();
        let mut rest = record;
        loop {
            let start = self.unquoted.len();
            rest = match rest {
                [b'"', inside @ ..] => {
                    let after = self.read_quoted(inside)?;
                    if self.unquoted.len() == start {
                        self.quoted.push(self.spans.len());
                    }
                    after
                }
                _ => self.read_bare(rest)?,
            };
            self.spans.push((start, self.unquoted.len()));
            match rest {
                [] => return Ok(()),
                [next, after @ ..] if *next == self.delimiter => rest = after,
                _ => return Err(Malformed("text after a closing quote")),
            }
        }
    }

    /// Reads up to the quote that closes the field, and gives what follows it.
    fn read_quoted<'a>(&mut self, mut inside: &'a [u8]) -> Result<&'a [u8], Malformed> {
        loop {
            let quote = memchr::memchr(b'"', inside).ok_or(Malformed("a quote is not closed"))?;
            self.unquoted.extend_from_slice(&inside[..quote]);
            match &inside[quote + 1..] {
                [b'"', after @ ..] => {
                    self.unquoted.push(b'"');
                    inside = after;
                }
                after => return Ok(after),
            }
        }
    }

    /// Reads up to the next delimiter or the end, and gives what follows.
    fn read_bare<'a>(&mut self, text: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let (field, after) = text.split_at(memchr::memchr(self.delimiter, text).unwrap_or(text.len()));
        match memchr::memchr3(b'"', b'\n', b'\r', field).map(|at| field[at]) {
            None => {
                self.unquoted.extend_from_slice(field);
                Ok(after)
            }
            Some(b'"') => Err(Malformed("a quote inside a field without quotes")),
            Some(_) => Err(Malformed("a line end outside quotes: more than one record")),
        }
    }
}

/// The record without the one LF, CRLF or CR that may end it.
#[inline]
pub(super) fn without_line_end(value: &[u8]) -> &[u8] {
    let record = value.strip_suffix(b"\n").unwrap_or(value);
    record.strip_suffix(b"\r").unwrap_or(record)
}

/// The names in a header: the fields of one record, without a byte order mark and spaces around names.
///
/// # Errors
/// [`Error::Invalid`] if it is not one CSV record, is empty, or is no UTF-8.
pub fn split_record(value: &[u8]) -> Result<Vec<String>, Error> {
    names(&mut Split::default(), value)
}

pub(super) fn names(split: &mut Split, value: &[u8]) -> Result<Vec<String>, Error> {
    let value = without_mark(value);
    if without_line_end(value).is_empty() {
        return Err(Error::Invalid("a CSV header is empty".to_owned()));
    }
    split
        .split(value)
        .map_err(|why| Error::Invalid(format!("a CSV header is malformed: {why}")))?
        .map(|name| match std::str::from_utf8(name.trim_ascii()) {
            Ok(name) => Ok(name.to_owned()),
            Err(error) => Err(Error::Invalid(format!("a CSV header is no UTF-8: {error}"))),
        })
        .collect()
}

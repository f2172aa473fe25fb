//! Decode: the csv format. One message is one record; the header, which came before, names its fields.
//!
//! Two ways lead through a record. Where every field is a number of a float column, the numbers are parsed
//! one after the other without looking for delimiters first. Anything that this way does not expect (a quote, a
//! letter, a field too many) sends the record down the other: split, count, convert. It alone judges. A byte
//! order mark before a record is no part of it: some writers send one with each message.

mod records;
mod split;

pub use records::Ends;
pub use split::{Malformed, Split, split_record};

use super::columns::{Column, Columns};
use super::reject::{Fault, RejectKind};
use super::{ColumnType, Decoder, Format, Schema, Span, number, without_mark};
use crate::error::Error;
use crate::plural::plural;

impl RejectKind {
    /// The CSV record has more or fewer fields than the header.
    pub const FIELD_COUNT: Self = Self::named("field-count");

    /// Not one CSV record: a stray or unclosed quote, or a line end outside quotes.
    pub const MALFORMED_CSV: Self = Self::named("malformed-csv");
}

/// A decoder of CSV records with commas, whose fields a `header` names.
///
/// # Errors
/// As [`Dialect::decoder`].
pub fn decoder(columns: Vec<(String, ColumnType)>, header: &[String]) -> Result<Decoder, Error> {
    Dialect::default().decoder(columns, header)
}

/// What stands between the fields of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    delimiter: u8,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',' }
    }
}

impl Dialect {
    /// Records with this delimiter.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless it is a tab or an ASCII punctuation mark that stands in no number and is no quote.
    pub fn new(delimiter: char) -> Result<Self, Error> {
        let stands_in_numbers = ['+', '-', '.', '_'].contains(&delimiter);
        let mark = delimiter.is_ascii_punctuation() && !stands_in_numbers && delimiter != '"';
        match u8::try_from(delimiter) {
            Ok(delimiter) if mark || delimiter == b'\t' => Ok(Self { delimiter }),
            _ => {
                Err(Error::Invalid(format!("{delimiter:?} cannot stand between the fields of a CSV record")))
            }
        }
    }

    /// A decoder of records whose fields a `header` names.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no column, or two of one name; if the header is empty, lacks a column or names it
    /// twice.
    pub fn decoder(self, columns: Vec<(String, ColumnType)>, header: &[String]) -> Result<Decoder, Error> {
        let schema = Schema::new(columns)?;
        if header.is_empty() {
            return Err(Error::Invalid("csv needs the header that names its fields".to_owned()));
        }
        let layout = Layout::new(&schema.names, &schema.types, header, self)?;
        Ok(Decoder::of(schema, layout))
    }

    /// The first record of a value that may hold many.
    #[must_use]
    pub fn first_record(self, value: &[u8]) -> &[u8] {
        let mut spans = Vec::new();
        records::lines(value, self.delimiter, &mut spans);
        spans.into_iter().next().map_or(value, |span| &value[span])
    }

    /// Where the records of a text end that LF and CRLF end, as [`Ends::of`].
    #[must_use]
    pub fn ends(self, text: &[u8], most: usize, last: bool) -> Vec<usize> {
        Ends { delimiter: self.delimiter, returns: false }.of(text, most, last)
    }

    /// The names in a header, as [`split_record`] gives them.
    ///
    /// # Errors
    /// As [`split_record`].
    pub fn names(self, value: &[u8]) -> Result<Vec<String>, Error> {
        split::names(&mut Split::at(self.delimiter), value)
    }
}

/// Which field of a record fills which column.
#[derive(Clone, Debug)]
struct Layout {
    /// For each field of the header the index of its column, if the schema has it.
    targets: Vec<Option<usize>>,
    /// The same, if every field fills a float column.
    floats: Option<Vec<usize>>,
    header: Vec<String>,
    dialect: Dialect,
}

impl Layout {
    fn new(
        names: &[String],
        types: &[ColumnType],
        header: &[String],
        dialect: Dialect,
    ) -> Result<Self, Error> {
        let mut targets = vec![None; header.len()];
        for (column, name) in names.iter().enumerate() {
            let mut fields = (0..header.len()).filter(|&field| &header[field] == name);
            let Some(field) = fields.next() else {
                return Err(Error::Invalid(format!(
                    "the header has no column {name:?}: it names {}",
                    header.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
                )));
            };
            if fields.next().is_some() {
                return Err(Error::Invalid(format!("the header names column {name:?} twice")));
            }
            targets[field] = Some(column);
        }
        let is_float = |column: &usize| match &types[*column] {
            ColumnType::Optional(kind) => **kind == ColumnType::Float,
            kind => *kind == ColumnType::Float,
        };
        let floats = targets.iter().map(|target| target.filter(is_float)).collect();
        Ok(Self { targets, floats, header: header.to_vec(), dialect })
    }
}

impl Layout {
    fn is_header(&self, record: &[u8]) -> bool {
        let mut split = Split::at(self.dialect.delimiter);
        split.split(without_mark(record)).is_ok_and(|fields| {
            fields.map(<[u8]>::trim_ascii).eq(self.header.iter().map(|name| name.trim().as_bytes()))
        })
    }
}

impl Format for Layout {
    type Room<'a> = Split;

    fn room<'a>(&self) -> Self::Room<'a> {
        Split::at(self.dialect.delimiter)
    }

    fn read(&self, value: &[u8], columns: &mut Columns, split: &mut Split) -> Result<(), Fault> {
        if let Some(targets) = &self.floats
            && value.len() <= number::LONGEST
        {
            if push_floats(targets, self.dialect.delimiter, value, &mut columns.list).is_some() {
                return Ok(());
            }
            columns.roll_back();
        }
        let (fields, quoted) = split
            .fields(without_mark(value))
            .map_err(|Malformed(why)| Fault::with(RejectKind::MALFORMED_CSV, why.to_owned()))?;
        if fields.len() != self.targets.len() {
            let detail =
                format!("{}, the header has {}", plural(fields.len(), "field", "fields"), self.targets.len());
            return Err(Fault::with(RejectKind::FIELD_COUNT, detail));
        }
        for (at, (field, target)) in fields.zip(&self.targets).enumerate() {
            if let Some(column) = *target {
                let pushed = if columns.can_miss(column) && columns.is_blank(column, field, quoted, at) {
                    columns.push_missing(column)
                } else {
                    columns.list[column].push_field(field)
                };
                pushed.map_err(|fault| fault.in_column(column))?;
            }
        }
        Ok(())
    }

    fn records(&self, value: &[u8], spans: &mut Vec<Span>) {
        records::lines(value, self.dialect.delimiter, spans);
        // Some writers send the names with each message.
        if spans.first().is_some_and(|first| self.is_header(&value[first.clone()])) {
            spans.remove(0);
        }
    }
}

/// Appends a record of nothing but finite numbers between delimiters; `None`, and perhaps half a row, if it is
/// anything else.
#[inline]
fn push_floats(targets: &[usize], delimiter: u8, value: &[u8], columns: &mut [Column]) -> Option<()> {
    let mut rest = split::without_line_end(value);
    let (&last, others) = targets.split_last()?;
    for &target in others {
        let (number, after) = leading_float(rest)?;
        push_float(&mut columns[target], number)?;
        rest = match after {
            [next, after @ ..] if *next == delimiter => after,
            _ => return None,
        };
    }
    let (number, after) = leading_float(rest)?;
    push_float(&mut columns[last], number)?;
    after.is_empty().then_some(())
}

#[inline]
fn leading_float(mut text: &[u8]) -> Option<(f64, &[u8])> {
    while let [b' ', after @ ..] = text {
        text = after;
    }
    let (number, length) = fast_float2::parse_partial::<f64, _>(text).ok()?;
    if number.is_finite() { Some((number, text.get(length..)?)) } else { None }
}

#[inline]
fn push_float(column: &mut Column, number: f64) -> Option<()> {
    match column {
        Column::Float(values) => {
            values.push(number);
            Some(())
        }
        _ => None,
    }
}

//! Decode: the csv format. One message is one record; the header, which came before, names its fields.
//!
//! Two ways lead through a record. Where every field is a number of a float column, the numbers are parsed
//! one after the other without looking for commas first. Anything that this way does not expect (a quote, a
//! letter, a field too many) sends the record down the other: split, count, convert. It alone judges. A byte
//! order mark before a record is no part of it: some writers send one with each message.

mod split;

pub use split::{Malformed, Split, split_record};

use super::columns::{Column, Columns};
use super::reject::{Fault, RejectKind};
use super::{ColumnType, Decoder, Format, Schema, number, without_mark};
use crate::error::Error;
use crate::plural::plural;

impl RejectKind {
    /// The CSV record has more or fewer fields than the header.
    pub const FIELD_COUNT: Self = Self::named("field-count");

    /// Not one CSV record: a stray or unclosed quote, or a line end outside quotes.
    pub const MALFORMED_CSV: Self = Self::named("malformed-csv");
}

/// A decoder of CSV records, whose fields a `header` names.
///
/// # Errors
/// [`Error::Invalid`] if there is no column, or two of one name; if the header is empty, lacks a column or names it twice.
pub fn decoder(columns: Vec<(String, ColumnType)>, header: &[String]) -> Result<Decoder, Error> {
    let schema = Schema::new(columns)?;
    if header.is_empty() {
        return Err(Error::Invalid("csv needs the header that names its fields".to_owned()));
    }
    let layout = Layout::new(&schema.names, &schema.types, header)?;
    Ok(Decoder::of(schema, layout))
}

/// Which field of a record fills which column.
#[derive(Clone, Debug)]
struct Layout {
    /// For each field of the header the index of its column, if the schema has it.
    targets: Vec<Option<usize>>,
    /// The same, if every field fills a float column.
    floats: Option<Vec<usize>>,
}

impl Layout {
    fn new(names: &[String], types: &[ColumnType], header: &[String]) -> Result<Self, Error> {
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
        let is_float = |column: &usize| types[*column] == ColumnType::Float;
        let floats = targets.iter().map(|target| target.filter(is_float)).collect();
        Ok(Self { targets, floats })
    }
}

impl Format for Layout {
    type Room<'a> = Split;

    fn room<'a>(&self) -> Self::Room<'a> {
        Split::default()
    }

    fn read(&self, value: &[u8], columns: &mut Columns, split: &mut Split) -> Result<(), Fault> {
        if let Some(targets) = &self.floats
            && value.len() <= number::LONGEST
        {
            if push_floats(targets, value, &mut columns.list).is_some() {
                return Ok(());
            }
            columns.roll_back();
        }
        let fields = split
            .split(without_mark(value))
            .map_err(|Malformed(why)| Fault::with(RejectKind::MALFORMED_CSV, why.to_owned()))?;
        if fields.len() != self.targets.len() {
            let detail =
                format!("{}, the header has {}", plural(fields.len(), "field", "fields"), self.targets.len());
            return Err(Fault::with(RejectKind::FIELD_COUNT, detail));
        }
        for (field, target) in fields.zip(&self.targets) {
            if let Some(column) = *target {
                columns.list[column].push_field(field).map_err(|fault| fault.in_column(column))?;
            }
        }
        Ok(())
    }
}

/// Appends a record of nothing but finite numbers between commas; `None`, and perhaps half a row, if it is
/// anything else.
#[inline]
fn push_floats(targets: &[usize], value: &[u8], columns: &mut [Column]) -> Option<()> {
    let mut rest = split::without_line_end(value);
    let (&last, others) = targets.split_last()?;
    for &target in others {
        let (number, after) = leading_float(rest)?;
        let [b',', after @ ..] = after else { return None };
        push_float(&mut columns[target], number)?;
        rest = after;
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

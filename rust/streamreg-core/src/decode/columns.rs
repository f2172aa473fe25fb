//! Decode: the columns of a batch while they grow, row by row, and what a field becomes in them.

use super::reject::{Fault, RejectKind};
use super::{ColumnType, DatetimeText, Item, Text, TimedeltaText, number};
use crate::decimal::Decimal;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// A decoded column.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Finite doubles.
    Float(Vec<f64>),
    /// 64-bit integers.
    Int(Vec<i64>),
    /// Decimals, each as [three words](crate::decimal::Decimal::to_words).
    Decimal(Vec<[i64; 3]>),
    /// Booleans.
    Bool(Vec<bool>),
    /// Strings or bytes.
    Text(Text),
    /// Datetimes in microseconds, and how they are written.
    Datetime(Vec<i64>, DatetimeText),
    /// Timedeltas in microseconds, and how they are written.
    Timedelta(Vec<i64>, TimedeltaText),
}

impl Column {
    fn new(kind: &ColumnType, capacity: usize) -> Self {
        match kind {
            ColumnType::Float => Self::Float(Vec::with_capacity(capacity)),
            ColumnType::Int => Self::Int(Vec::with_capacity(capacity)),
            ColumnType::Decimal => Self::Decimal(Vec::with_capacity(capacity)),
            ColumnType::Bool => Self::Bool(Vec::with_capacity(capacity)),
            ColumnType::Str => Self::Text(Text::strings(capacity)),
            ColumnType::Bytes => Self::Text(Text::byte_strings(capacity)),
            ColumnType::Datetime(text) => Self::Datetime(Vec::with_capacity(capacity), text.clone()),
            ColumnType::Timedelta(text) => Self::Timedelta(Vec::with_capacity(capacity), text.clone()),
            ColumnType::Optional(kind) => Self::new(kind, capacity),
        }
    }

    /// Appends what stands in the place of a missing value.
    fn push_nothing(&mut self) -> Result<(), Fault> {
        match self {
            Self::Float(values) => values.push(0.0),
            Self::Int(values) | Self::Datetime(values, _) | Self::Timedelta(values, _) => values.push(0),
            Self::Decimal(values) => values.push(Decimal::default().to_words()),
            Self::Bool(values) => values.push(false),
            Self::Text(text) => Self::push_item(text, Item::Bytes(b""))?,
        }
        Ok(())
    }

    fn truncate(&mut self, rows: usize) {
        match self {
            Self::Float(values) => values.truncate(rows),
            Self::Int(values) | Self::Datetime(values, _) | Self::Timedelta(values, _) => {
                values.truncate(rows);
            }
            Self::Decimal(values) => values.truncate(rows),
            Self::Bool(values) => values.truncate(rows),
            Self::Text(text) => text.truncate(rows),
        }
    }

    /// Appends what a field of text means in a column of strings (itself) or of bytes (base64).
    pub(super) fn push_text(text: &mut Text, field: &[u8]) -> Result<(), Fault> {
        if text.is_utf8() {
            return Self::push_item(text, Item::Bytes(field));
        }
        let bytes = BASE64_STANDARD
            .decode(field)
            .map_err(|error| Fault::with(RejectKind::INVALID_BASE64, error.to_string()))?;
        Self::push_item(text, Item::Bytes(&bytes))
    }

    /// Appends an item as it is.
    pub(super) fn push_item(text: &mut Text, item: Item<'_>) -> Result<(), Fault> {
        text.push(item).map_err(|_| Fault::found(RejectKind::INVALID_UTF8, item.as_bytes()))
    }

    /// Appends what a CSV field means in this column; spaces around all but text are no part of it.
    pub(super) fn push_field(&mut self, field: &[u8]) -> Result<(), Fault> {
        match self {
            Self::Float(values) => values.push(number::float(content(field)?)?),
            Self::Int(values) => values.push(number::integer(content(field)?)?),
            Self::Decimal(values) => values.push(number::decimal(content(field)?)?.to_words()),
            Self::Bool(values) => values.push(number::boolean(content(field)?)?),
            Self::Datetime(values, text) => values.push(text.read(content(field)?)?),
            Self::Timedelta(values, text) => values.push(text.read(content(field)?)?),
            Self::Text(text) => Self::push_text(text, field)?,
        }
        Ok(())
    }
}

/// The field without the spaces around it, if anything is left.
fn content(field: &[u8]) -> Result<&[u8], Fault> {
    let content = field.trim_ascii();
    if content.is_empty() { Err(Fault::new(RejectKind::NULL)) } else { Ok(content) }
}

/// Columns of equal length, and perhaps a row that is half there.
#[derive(Debug)]
pub(super) struct Columns {
    /// The columns; only whole rows count.
    pub(super) list: Vec<Column>,
    /// Of each column the rows whose value is missing, ascending; `None` if none can be.
    missing: Vec<Option<Vec<usize>>>,
    rows: usize,
}

impl Columns {
    pub(super) fn new(types: &[ColumnType], capacity: usize) -> Self {
        let missing = |kind: &ColumnType| matches!(kind, ColumnType::Optional(_)).then(Vec::new);
        Self {
            list: types.iter().map(|kind| Column::new(kind, capacity)).collect(),
            missing: types.iter().map(missing).collect(),
            rows: 0,
        }
    }

    /// Whether values of a column can be missing.
    pub(super) fn can_miss(&self, column: usize) -> bool {
        self.missing[column].is_some()
    }

    /// Whether a CSV field is empty: of text if it is not one of the fields that are empty between quotes.
    pub(super) fn is_blank(&self, column: usize, field: &[u8], quoted: &[usize], at: usize) -> bool {
        match self.list[column] {
            Column::Text(_) => field.is_empty() && !quoted.contains(&at),
            _ => field.trim_ascii().is_empty(),
        }
    }

    /// The value of a column is missing in this row, if it can be.
    pub(super) fn push_missing(&mut self, column: usize) -> Result<(), Fault> {
        let Some(missing) = &mut self.missing[column] else { return Err(Fault::new(RejectKind::NULL)) };
        missing.push(self.rows);
        self.list[column].push_nothing()
    }

    /// Each column has got its entry of the row.
    pub(super) fn commit(&mut self) {
        self.rows += 1;
    }

    /// Takes back what there is of a row.
    pub(super) fn roll_back(&mut self) {
        for column in &mut self.list {
            column.truncate(self.rows);
        }
        for missing in self.missing.iter_mut().flatten() {
            // At most the row that is half there.
            missing.pop_if(|row| *row >= self.rows);
        }
    }

    /// The columns, and of each which of its values are missing, if some are.
    pub(super) fn finish(self) -> (Vec<Column>, Vec<Option<Vec<bool>>>, usize) {
        let mask = |missing: Vec<usize>| {
            let mut mask = vec![false; self.rows];
            for row in missing {
                mask[row] = true;
            }
            mask
        };
        let missing = self.missing.into_iter();
        let missing = missing.map(|rows| rows.filter(|rows| !rows.is_empty()).map(mask)).collect();
        (self.list, missing, self.rows)
    }
}

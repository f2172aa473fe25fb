//! Decode, protobuf: which fields a column can be read from.

use super::value::{Read, Scalar};
use crate::decode::{ColumnType, DatetimeText, TimedeltaText};
use protox::prost_reflect::{FieldDescriptor, Kind};
use std::collections::BTreeMap;

/// How values of a field become entries of a column whose values are there.
///
/// # Errors
/// What is wrong, if the column cannot hold them.
pub(super) fn fit(column: &ColumnType, field: &FieldDescriptor) -> Result<Read, String> {
    let kind = field.kind();
    let number = number(&kind);
    let text = matches!(kind, Kind::String).then_some(Read::Run);
    let found = match column {
        ColumnType::Float => number.or(match kind {
            Kind::Double => Some(Scalar::Double),
            Kind::Float => Some(Scalar::Float),
            _ => None,
        }),
        ColumnType::Int => number.or(matches!(kind, Kind::Enum(_)).then_some(Scalar::Int32)),
        ColumnType::Decimal => number,
        ColumnType::Bool => matches!(kind, Kind::Bool).then_some(Scalar::Bool),
        ColumnType::Datetime(DatetimeText::Epoch(_)) | ColumnType::Timedelta(TimedeltaText::Number(_)) => {
            number
        }
        ColumnType::Datetime(_) | ColumnType::Timedelta(_) if number.is_some() => {
            let why = format!("{} is a number: the column needs its unit, as in unit=\"ms\"", called(field));
            return Err(why);
        }
        ColumnType::Optional(present) => return fit(present, field),
        _ => None,
    };
    let found = found.map(Read::Number).or_else(|| match (column, kind) {
        (ColumnType::Str, Kind::Enum(kind)) => {
            let mut names = BTreeMap::new();
            for value in kind.values() {
                // A number that has two names is called by the first.
                names.entry(value.number()).or_insert_with(|| value.name().to_owned());
            }
            Some(Read::Symbol(names))
        }
        (ColumnType::Str | ColumnType::Bytes, Kind::Bytes) => Some(Read::Run),
        (
            ColumnType::Str
            | ColumnType::Bytes
            | ColumnType::Decimal
            | ColumnType::Datetime(_)
            | ColumnType::Timedelta(_),
            _,
        ) => text,
        _ => None,
    });
    found.ok_or_else(|| format!("{} where {} belongs", called(field), column.called()))
}

/// How a whole number is written.
fn number(kind: &Kind) -> Option<Scalar> {
    Some(match kind {
        Kind::Int32 => Scalar::Int32,
        Kind::Int64 => Scalar::Int64,
        Kind::Uint32 => Scalar::Uint32,
        Kind::Uint64 => Scalar::Uint64,
        Kind::Sint32 => Scalar::Sint32,
        Kind::Sint64 => Scalar::Sint64,
        Kind::Fixed32 => Scalar::Fixed32,
        Kind::Fixed64 => Scalar::Fixed64,
        Kind::Sfixed32 => Scalar::Sfixed32,
        Kind::Sfixed64 => Scalar::Sfixed64,
        _ => return None,
    })
}

/// The type of a field, for people.
pub(super) fn called(field: &FieldDescriptor) -> String {
    let kind = match field.kind() {
        Kind::Message(message) if field.is_group() => format!("group {}", message.full_name()),
        Kind::Message(message) => format!("message {}", message.full_name()),
        Kind::Enum(kind) => format!("enum {}", kind.full_name()),
        Kind::Double => "double".to_owned(),
        Kind::Float => "float".to_owned(),
        Kind::Int32 => "int32".to_owned(),
        Kind::Int64 => "int64".to_owned(),
        Kind::Uint32 => "uint32".to_owned(),
        Kind::Uint64 => "uint64".to_owned(),
        Kind::Sint32 => "sint32".to_owned(),
        Kind::Sint64 => "sint64".to_owned(),
        Kind::Fixed32 => "fixed32".to_owned(),
        Kind::Fixed64 => "fixed64".to_owned(),
        Kind::Sfixed32 => "sfixed32".to_owned(),
        Kind::Sfixed64 => "sfixed64".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::String => "string".to_owned(),
        Kind::Bytes => "bytes".to_owned(),
    };
    if field.is_map() {
        "map".to_owned()
    } else if field.is_list() {
        format!("repeated {kind}")
    } else {
        kind
    }
}

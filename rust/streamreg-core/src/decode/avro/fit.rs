//! Decode, avro: which types a column can be read from. Those of the specification's promotions are among them.

use super::schema::{Logical, Node, Type};
use super::value::{Read, Width};
use crate::decode::{ColumnType, DatetimeText, TimedeltaText};

/// How values of a type become entries of a column whose values are there.
///
/// # Errors
/// What is wrong, if the column cannot hold them.
pub(super) fn fit(column: &ColumnType, kind: &Type) -> Result<Read, String> {
    let width = match kind.node {
        Node::Int => Some(Width::Int),
        Node::Long => Some(Width::Long),
        _ => None,
    };
    let found = match (column, kind.logical) {
        (ColumnType::Float | ColumnType::Decimal, Some(Logical::Decimal(scale))) => {
            Some(Read::Decimal(scale, fixed(kind)))
        }
        (ColumnType::Float, _) => width.map(Read::Whole).or_else(|| floating(kind)),
        (ColumnType::Int, _) => width.map(Read::Whole),
        (ColumnType::Decimal, _) => width.map(Read::Whole).or_else(|| text(kind)),
        (ColumnType::Bool, _) => matches!(kind.node, Node::Boolean).then_some(Read::Boolean),
        (ColumnType::Str, Some(Logical::Uuid)) if fixed(kind).is_some() => Some(Read::Uuid),
        // Digits of a decimal are no text.
        (ColumnType::Str, Some(Logical::Decimal(_))) => None,
        (ColumnType::Str, _) => match &kind.node {
            Node::Enum(symbols) => Some(Read::Symbol(symbols.clone())),
            Node::Bytes => Some(Read::Run),
            _ => text(kind),
        },
        (ColumnType::Bytes, _) => match kind.node {
            Node::Bytes => Some(Read::Run),
            _ => fixed(kind).map(Read::Fixed).or_else(|| text(kind)),
        },
        (ColumnType::Datetime(how), _) => match (how, width, kind.logical) {
            (DatetimeText::Local(_), Some(width), Some(logical @ Logical::LocalTimestamp(_)))
            | (_, Some(width), Some(logical @ (Logical::Timestamp(_) | Logical::Date))) => {
                Some(Read::Time(width, logical))
            }
            (_, _, Some(Logical::LocalTimestamp(_))) => {
                return Err(format!(
                    "{} is a local time: the column needs its time zone, as in datetime with tz=\"Europe/Berlin\"",
                    kind.name
                ));
            }
            (DatetimeText::Epoch(_), Some(width), None) => Some(Read::Counted(width)),
            (_, Some(_), None) => {
                return Err(format!(
                    "{} is a number: the column needs its unit, as in unit=\"ms\"",
                    kind.name
                ));
            }
            _ => text(kind),
        },
        (ColumnType::Timedelta(how), _) => match (how, width, kind.logical) {
            (_, Some(width), Some(logical @ Logical::Time(_))) => Some(Read::Time(width, logical)),
            (TimedeltaText::Number(_), Some(width), None) => Some(Read::Counted(width)),
            _ => text(kind),
        },
        (ColumnType::Optional(present), _) => return fit(present, kind),
    };
    found.ok_or_else(|| format!("{} where {} belongs", kind.name, column.called()))
}

fn floating(kind: &Type) -> Option<Read> {
    match kind.node {
        Node::Float => Some(Read::Float),
        Node::Double => Some(Read::Double),
        _ => None,
    }
}

fn text(kind: &Type) -> Option<Read> {
    matches!(kind.node, Node::String).then_some(Read::Run)
}

fn fixed(kind: &Type) -> Option<usize> {
    if let Node::Fixed(size) = kind.node { Some(size) } else { None }
}

//! Decode, avro: values that nobody wants are walked over.

use super::bytes::{Bytes, malformed};
use super::schema::{Node, Schema};
use crate::decode::reject::Fault;

/// Values nested deeper than this are refused: a record may hold itself.
const DEEPEST: usize = 128;

/// Walks over a value of the type at this place.
pub(super) fn skip(schema: &Schema, at: usize, bytes: &mut Bytes<'_>) -> Result<(), Fault> {
    walk(schema, at, bytes, DEEPEST)
}

fn walk(schema: &Schema, at: usize, bytes: &mut Bytes<'_>, deeper: usize) -> Result<(), Fault> {
    let kind = &schema.types[at];
    // So each step takes a byte at least, and a message no more steps than its bytes have.
    if kind.empty {
        return Ok(());
    }
    let Some(deeper) = deeper.checked_sub(1) else {
        return Err(malformed("values nested deeper than 128 levels"));
    };
    match &kind.node {
        Node::Null => {}
        Node::Boolean => drop(bytes.boolean()?),
        Node::Int => drop(bytes.int()?),
        Node::Long => drop(bytes.long()?),
        Node::Float => drop(bytes.array::<4>()?),
        Node::Double => drop(bytes.array::<8>()?),
        Node::Bytes | Node::String => drop(bytes.run()?),
        Node::Fixed(size) => drop(bytes.take(*size)?),
        Node::Enum(symbols) => drop(bytes.choice(symbols.len())?),
        Node::Union(branches) => {
            let branch = bytes.choice(branches.len())?;
            walk(schema, branches[branch], bytes, deeper)?;
        }
        Node::Record(fields) => {
            for (_, field) in fields {
                walk(schema, *field, bytes, deeper)?;
            }
        }
        Node::Array(items) => blocks(bytes, |bytes| {
            walk(schema, *items, bytes, deeper)?;
            Ok(schema.types[*items].empty)
        })?,
        Node::Map(values) => blocks(bytes, |bytes| {
            bytes.run()?;
            walk(schema, *values, bytes, deeper)?;
            Ok(false)
        })?,
    }
    Ok(())
}

/// Walks over the blocks of an array or a map: a count, then so many items; below 0 also their bytes. `item` says
/// whether items take none.
fn blocks<'a>(
    bytes: &mut Bytes<'a>,
    item: impl Fn(&mut Bytes<'a>) -> Result<bool, Fault>,
) -> Result<(), Fault> {
    loop {
        let count = bytes.long()?;
        if count == 0 {
            return Ok(());
        }
        if count < 0 {
            bytes.run()?;
            continue;
        }
        for _ in 0..count {
            // However many there are said to be.
            if item(bytes)? {
                break;
            }
        }
    }
}

//! Decode: the frame of a Schema Registry before a value: a zero byte, the schema's id in four, then the value itself.
//!
//! <https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format>

use super::columns::Columns;
use super::reject::{Fault, RejectKind};
use super::{Format, Span, Value};
use std::collections::BTreeSet;

impl RejectKind {
    /// A value without the frame of a Schema Registry.
    pub const NOT_FRAMED: Self = Self::named("not-framed");

    /// The frame names a schema that the registry does not have.
    pub const UNKNOWN_SCHEMA: Self = Self::named("unknown-schema");

    /// The frame names a schema by which the value cannot be read: of another format, or one that is none.
    pub const UNUSABLE_SCHEMA: Self = Self::named("unusable-schema");
}

/// A frame and what stands behind it.
///
/// # Errors
/// [`RejectKind::NOT_FRAMED`] if there is none.
pub(super) fn split(value: &[u8]) -> Result<(u32, &[u8]), Fault> {
    match *value {
        [0, a, b, c, d, ref body @ ..] => Ok((u32::from_be_bytes([a, b, c, d]), body)),
        _ => Err(Fault::found(RejectKind::NOT_FRAMED, value)),
    }
}

/// The ids of the schemas that values were written by, ascending; what has no frame has none.
#[must_use]
pub fn schema_ids(values: &[Value<'_>]) -> Vec<u32> {
    let mut ids = BTreeSet::new();
    let mut last = None;
    for (id, _) in values.iter().flatten().filter_map(|value| split(value).ok()) {
        // Most messages have the schema of the one before.
        if last != Some(id) {
            ids.insert(id);
            last = Some(id);
        }
    }
    ids.into_iter().collect()
}

/// Schemas by their ids: what is read by each, or why nothing can be.
#[derive(Clone, Debug)]
pub(super) struct Known<P>(Vec<(u32, Result<P, String>)>);

impl<P> Known<P> {
    pub(super) fn new(mut schemas: Vec<(u32, Result<P, String>)>) -> Self {
        schemas.sort_by_key(|(id, _)| *id);
        schemas.dedup_by_key(|(id, _)| *id);
        Self(schemas)
    }

    /// The schema of a framed value, and what stands behind the frame.
    pub(super) fn of<'a>(&self, value: &'a [u8]) -> Result<(&P, &'a [u8]), Fault> {
        let (id, body) = split(value)?;
        let Ok(at) = self.0.binary_search_by_key(&id, |(known, _)| *known) else {
            let detail = format!("the registry has no schema of the id {id}");
            return Err(Fault::with(RejectKind::UNKNOWN_SCHEMA, detail));
        };
        match &self.0[at].1 {
            Ok(schema) => Ok((schema, body)),
            Err(why) => Err(Fault::with(RejectKind::UNUSABLE_SCHEMA, format!("schema id {id}: {why}"))),
        }
    }
}

/// Values of a format behind frames, of which no more is asked than that their schema is of that format.
#[derive(Debug)]
pub(super) struct Framed<F> {
    pub(super) inner: F,
    pub(super) known: Known<()>,
}

impl<F: Format> Format for Framed<F> {
    type Room<'a> = F::Room<'a>;

    const FRAMED: bool = true;

    fn room<'a>(&self) -> Self::Room<'a> {
        self.inner.room()
    }

    fn read<'a>(
        &self,
        value: &'a [u8],
        columns: &mut Columns,
        room: &mut Self::Room<'a>,
    ) -> Result<(), Fault> {
        let ((), body) = self.known.of(value)?;
        self.inner.read(body, columns, room)
    }

    fn records(&self, value: &[u8], spans: &mut Vec<Span>) {
        // A frame stands before one value: its records are not cut apart.
        spans.push(0..value.len());
    }
}

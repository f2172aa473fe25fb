//! Decode: the protobuf format, behind the frame of a Schema Registry. One message is one row, whose fields are the
//! columns; others are skipped.
//!
//! Each schema is compiled once to a plan for each of its messages, and values are walked by it. The encoding:
//! <https://protobuf.dev/programming-guides/encoding/>. Behind the schema's id stands which of its messages a value is,
//! as numbers through the messages in each other:
//! <https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format>.

mod fit;
mod plan;
mod schema;
mod value;
mod wire;

use super::columns::Columns;
use super::framed::Known;
use super::reject::Fault;
use super::wanted::Wanted;
use super::{ColumnType, Decoder, Format, Schema, Span};
use crate::error::Error;
use plan::{Found, Problem, Problems};
use schema::Messages;
use wire::Wire;

/// A schema as a registry has it: its text with those that it imports, each by the name that it is imported by; or why
/// values are not read by it.
pub type Registered = Result<(String, Vec<(String, String)>), String>;

/// Where messages hold the columns of a schema.
#[derive(Debug)]
pub struct Reader {
    schema: Schema,
    wanted: Wanted,
}

impl Reader {
    /// A reader of messages; `paths` has the places of columns that are no fields of the message itself: a name, and a
    /// JSON pointer (RFC 6901) through the messages in it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no column, or two of one name; if a path is none, belongs to no column, or leads
    /// into the value of another column.
    pub fn new(columns: Vec<(String, ColumnType)>, paths: &[(String, String)]) -> Result<Self, Error> {
        let schema = Schema::new(columns)?;
        let wanted = Wanted::new(&schema, paths)?;
        Ok(Self { schema, wanted })
    }

    /// What keeps a schema from giving all columns that need a value: of each the name, and why. A schema of several
    /// messages needs one that gives them; if none does, it is said of the one that has most of their fields.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is no schema, or has no message.
    pub fn problems(
        &self,
        text: &str,
        imported: &[(String, String)],
    ) -> Result<Vec<(String, String)>, Error> {
        let (_, problems) = self.messages(text, imported).map_err(Error::Invalid)?;
        let several = problems.len() > 1;
        let nearest = problems.into_iter().min_by_key(|(_, found)| {
            let absent = found.iter().filter(|problem| problem.absent).count();
            (absent, found.len())
        });
        let (message, nearest) = nearest.unwrap_or_default();
        let told = nearest.into_iter().map(|Problem { column, absent, why }| {
            // That a field is absent names the message in any case.
            let why = if several && !absent { format!("{message}: {why}") } else { why };
            (self.schema.names[column].clone(), why)
        });
        Ok(told.collect())
    }

    /// A decoder of values that were written by these schemas. One that cannot be read is the reason of a reject.
    #[must_use]
    pub fn decoder(self, schemas: Vec<(u32, Registered)>) -> Decoder {
        let schemas = schemas.into_iter().map(|(id, registered)| {
            let found = registered.and_then(|(text, imported)| self.messages(&text, &imported));
            (id, found.map(|(messages, _)| messages))
        });
        let schemas = Known::new(schemas.collect());
        let columns = self.schema.names.len();
        Decoder::of(self.schema, Rows { schemas, columns })
    }

    fn messages(
        &self,
        text: &str,
        imported: &[(String, String)],
    ) -> Result<(Messages, Vec<(String, Problems)>), String> {
        Messages::new(&schema::compiled(text, imported)?, &self.schema, &self.wanted)
    }
}

/// Messages that hold one row each.
#[derive(Debug)]
struct Rows {
    schemas: Known<Messages>,
    columns: usize,
}

impl Format for Rows {
    type Room<'a> = Found<'a>;

    const FRAMED: bool = true;

    fn room<'a>(&self) -> Self::Room<'a> {
        Found::new(self.columns)
    }

    fn read<'a>(
        &self,
        value: &'a [u8],
        columns: &mut Columns,
        room: &mut Self::Room<'a>,
    ) -> Result<(), Fault> {
        let (messages, body) = self.schemas.of(value)?;
        let mut wire = Wire(body);
        messages.next(&mut wire)?.read(wire, columns, room)
    }

    fn records(&self, value: &[u8], spans: &mut Vec<Span>) {
        // A value is one message, whatever it holds.
        spans.push(0..value.len());
    }
}

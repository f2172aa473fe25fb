//! Decode: the avro format, behind the frame of a Schema Registry. One message is one record, whose fields are the
//! columns; others are skipped.
//!
//! Each schema is compiled once to a plan, and values are walked by it straight into the columns. The encoding and how
//! schemas are resolved: Apache Avro 1.12.0 Specification, <https://avro.apache.org/docs/1.12.0/specification/>.

mod bytes;
mod fit;
mod great;
mod plan;
mod schema;
mod skip;
mod value;

use super::columns::Columns;
use super::framed::Known;
use super::reject::Fault;
use super::wanted::Wanted;
use super::{ColumnType, Decoder, Format, Schema, Span};
use crate::error::Error;
use plan::Plan;

/// A schema as a registry has it: its text with those that it refers to, each behind what it refers to itself; or why
/// values are not read by it.
pub type Registered = Result<(String, Vec<String>), String>;

/// Where records hold the columns of a schema.
#[derive(Debug)]
pub struct Reader {
    schema: Schema,
    wanted: Wanted,
}

impl Reader {
    /// A reader of records; `paths` has the places of columns that are no fields of the record itself: a name, and a
    /// JSON pointer (RFC 6901) through the records in it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no column, or two of one name; if a path is none, belongs to no column, or leads
    /// into the value of another column.
    pub fn new(columns: Vec<(String, ColumnType)>, paths: &[(String, String)]) -> Result<Self, Error> {
        let schema = Schema::new(columns)?;
        let wanted = Wanted::new(&schema, paths)?;
        Ok(Self { schema, wanted })
    }

    /// What keeps a schema from giving all columns that need a value: of each the name, and why.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is no schema of records.
    pub fn problems(&self, text: &str, references: &[String]) -> Result<Vec<(String, String)>, Error> {
        let (_, problems) = self.plan(text, references).map_err(Error::Invalid)?;
        Ok(problems.into_iter().map(|(column, why)| (self.schema.names[column].clone(), why)).collect())
    }

    /// A decoder of values that were written by these schemas. One that cannot be read is the reason of a reject.
    #[must_use]
    pub fn decoder(self, schemas: Vec<(u32, Registered)>) -> Decoder {
        let plans = schemas.into_iter().map(|(id, registered)| {
            let plan = registered.and_then(|(text, references)| self.plan(&text, &references));
            (id, plan.map(|(plan, _)| plan))
        });
        let plans = Known::new(plans.collect());
        Decoder::of(self.schema, Records { plans })
    }

    fn plan(&self, text: &str, references: &[String]) -> Result<(Plan, plan::Problems), String> {
        Plan::new(schema::Schema::parse(text, references)?, &self.schema, &self.wanted)
    }
}

/// Records that hold one row each.
#[derive(Debug)]
struct Records {
    plans: Known<Plan>,
}

impl Format for Records {
    type Room<'a> = ();

    const FRAMED: bool = true;

    fn room<'a>(&self) -> Self::Room<'a> {}

    fn read(&self, value: &[u8], columns: &mut Columns, (): &mut ()) -> Result<(), Fault> {
        let (plan, body) = self.plans.of(value)?;
        plan.read(body, columns)
    }

    fn records(&self, value: &[u8], spans: &mut Vec<Span>) {
        // A value is one record, whatever it holds.
        spans.push(0..value.len());
    }
}

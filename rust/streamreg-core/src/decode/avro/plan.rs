//! Decode, avro: a writer's schema and the reader's columns become a plan, once for each schema: what to read, what to
//! skip. A value is then walked by it, from its first byte to its last.
//!
//! Names are matched as in "Schema Resolution" of the specification; a column has the default "missing" or none.

use super::bytes::{Bytes, malformed};
use super::fit::fit;
use super::schema::{Node, Schema as Written};
use super::skip::skip;
use super::value::{Read, push};
use crate::decode::columns::Columns;
use crate::decode::reject::{Fault, RejectKind};
use crate::decode::wanted::Wanted;
use crate::decode::{ColumnType, Schema};

/// How values of one schema are read.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    schema: Written,
    steps: Vec<Step>,
}

/// What is read next of a value.
#[derive(Clone, Debug)]
enum Step {
    /// A value that nobody wants, of the type at this place.
    Skip(usize),
    /// A column's value.
    Column(usize, Read),
    /// Which of some types follows, and what is done with a value of it.
    Union(Vec<Vec<Step>>),
    /// Nothing: no such value of the column. The field that it would stand in.
    Absent(usize, String),
    /// Nothing: the column's value is null.
    Null(usize),
    /// The column cannot hold what stands there, for this reason.
    Misfit(usize, String),
}

/// Which columns a schema does not give, and why.
pub(super) type Problems = Vec<(usize, String)>;

impl Plan {
    /// The plan for a schema, and what is wrong with columns that it does not give.
    ///
    /// # Errors
    /// If its values are no records.
    pub(super) fn new(
        written: Written,
        schema: &Schema,
        wanted: &Wanted,
    ) -> Result<(Self, Problems), String> {
        let root = &written.types[written.root];
        if !matches!(root.node, Node::Record(_)) {
            return Err(format!("its values are {}, no records with fields", root.name));
        }
        let mut compiler = Compiler { written: &written, schema, problems: Vec::new() };
        let steps = compiler.record(written.root, wanted, "");
        let problems = compiler.problems;
        Ok((Self { schema: written, steps }, problems))
    }

    /// Appends the row of a value.
    pub(super) fn read(&self, value: &[u8], columns: &mut Columns) -> Result<(), Fault> {
        let mut bytes = Bytes(value);
        self.walk(&self.steps, &mut bytes, columns)?;
        if bytes.is_empty() {
            return Ok(());
        }
        Err(malformed(&format!("{} more behind the record", bytes.left())))
    }

    fn walk(&self, steps: &[Step], bytes: &mut Bytes<'_>, columns: &mut Columns) -> Result<(), Fault> {
        for step in steps {
            match step {
                Step::Column(column, read) => {
                    push(&mut columns.list[*column], read, bytes)
                        .map_err(|fault| fault.in_column(*column))?;
                }
                Step::Skip(at) => skip(&self.schema, *at, bytes)?,
                Step::Union(branches) => {
                    let branch = bytes.choice(branches.len())?;
                    self.walk(&branches[branch], bytes, columns)?;
                }
                Step::Null(column) => {
                    columns.push_missing(*column).map_err(|fault| fault.in_column(*column))?;
                }
                Step::Absent(column, _) if columns.can_miss(*column) => columns.push_missing(*column)?,
                Step::Absent(column, field) => {
                    return Err(Fault::with(RejectKind::MISSING_FIELD, field.clone()).in_column(*column));
                }
                Step::Misfit(column, why) => {
                    return Err(Fault::with(RejectKind::WRONG_TYPE, why.clone()).in_column(*column));
                }
            }
        }
        Ok(())
    }
}

/// Compiles one plan.
struct Compiler<'a> {
    written: &'a Written,
    schema: &'a Schema,
    problems: Problems,
}

impl Compiler<'_> {
    /// The steps through a record; `path` leads to it.
    fn record(&mut self, at: usize, wanted: &Wanted, path: &str) -> Vec<Step> {
        let Node::Record(fields) = &self.written.types[at].node else {
            return self.misfit(at, wanted);
        };
        let mut steps = Vec::new();
        // First, as they read nothing.
        for (name, wanted) in &wanted.inner {
            if !fields.iter().any(|(field, _)| field == name) {
                steps.extend(wanted.columns().into_iter().map(|column| self.absent(column, path, name)));
            }
        }
        for (name, field) in fields {
            match wanted.inner.iter().find(|(wanted, _)| wanted == name) {
                Some((_, wanted)) => steps.extend(self.value(*field, wanted, &format!("{path}/{name}"))),
                None => steps.push(Step::Skip(*field)),
            }
        }
        steps
    }

    /// The steps through a value that is wanted, or in which some are.
    fn value(&mut self, at: usize, wanted: &Wanted, path: &str) -> Vec<Step> {
        let kind = &self.written.types[at];
        match (&kind.node, wanted.column) {
            (Node::Union(branches), _) => vec![self.union(branches, wanted, path)],
            (Node::Null, _) => wanted.columns().into_iter().map(Step::Null).collect(),
            (_, None) => self.record(at, wanted, path),
            (_, Some(column)) => match fit(&self.schema.types[column], kind) {
                Ok(read) => vec![Step::Column(column, read)],
                Err(why) => vec![self.refuse(column, why)],
            },
        }
    }

    /// It is a problem only if no branch but null goes with a column.
    fn union(&mut self, branches: &[usize], wanted: &Wanted, path: &str) -> Step {
        let before = std::mem::take(&mut self.problems);
        let mut common: Option<Problems> = None;
        let mut steps = Vec::new();
        for branch in branches {
            steps.push(self.value(*branch, wanted, path));
            let problems = std::mem::take(&mut self.problems);
            if !matches!(self.written.types[*branch].node, Node::Null) {
                common = Some(match common {
                    None => problems,
                    Some(common) => common
                        .into_iter()
                        .filter(|(column, _)| problems.iter().any(|(other, _)| other == column))
                        .collect(),
                });
            }
        }
        self.problems = before;
        self.problems.extend(common.into_iter().flatten());
        Step::Union(steps)
    }

    fn absent(&mut self, column: usize, path: &str, name: &str) -> Step {
        let field = format!("the schema has no field {name:?}");
        let field = if path.is_empty() { field } else { format!("{field} in {path}") };
        if !matches!(self.schema.types[column], ColumnType::Optional(_)) {
            self.problems.push((column, field.clone()));
        }
        Step::Absent(column, field)
    }

    fn refuse(&mut self, column: usize, why: String) -> Step {
        self.problems.push((column, why.clone()));
        Step::Misfit(column, why)
    }

    /// Columns that would stand in a value which is no record.
    fn misfit(&mut self, at: usize, wanted: &Wanted) -> Vec<Step> {
        let why = format!("{} where a record with the column belongs", self.written.types[at].name);
        wanted.columns().into_iter().map(|column| self.refuse(column, why.clone())).collect()
    }
}

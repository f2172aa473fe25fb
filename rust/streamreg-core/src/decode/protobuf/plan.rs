//! Decode, protobuf: a message's descriptor and the reader's columns become a plan, once for each: where the fields of
//! columns stand. A value is then walked by it; its fields may come in any order, and more than once.

use super::fit::{called, fit};
use super::value::{Read, Slot, push};
use super::wire::{Wire, Written, malformed};
use crate::decode::columns::Columns;
use crate::decode::reject::{Fault, RejectKind};
use crate::decode::wanted::Wanted;
use crate::decode::{ColumnType, Schema};
use protox::prost_reflect::{FieldDescriptor, MessageDescriptor};
use std::ops::Range;

/// How values of one message are read.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The message itself first; each message in another behind it.
    levels: Vec<Level>,
    columns: Vec<Given>,
}

/// The fields of a message that somebody wants, by their numbers, ascending.
#[derive(Clone, Debug, Default)]
struct Level(Vec<Field>);

#[derive(Clone, Debug)]
struct Field {
    number: u32,
    target: Target,
    /// What else it may be that is known of: nothing of it stands any more behind this field.
    others: Vec<Part>,
}

/// What becomes of a field.
#[derive(Clone, Debug)]
enum Target {
    Column(usize, Read),
    Message(usize),
    /// Nothing, but that it is there.
    Nothing,
}

/// The columns and the levels that are in a field.
#[derive(Clone, Debug, Default)]
struct Part {
    columns: Vec<usize>,
    levels: Range<usize>,
}

/// How a column gets its entry.
#[derive(Clone, Debug)]
enum Given {
    /// From a field of the message at this level, which stands for zero or the like if it is `implicit`.
    Field { level: usize, read: Read, implicit: bool },
    /// There is no such field.
    Absent(String),
    /// The column cannot hold what stands there, for this reason.
    Misfit(String),
}

/// What a value has, field by field.
#[derive(Debug)]
pub(super) struct Found<'a> {
    slots: Vec<Slot<'a>>,
    seen: Vec<bool>,
}

impl Found<'_> {
    pub(super) fn new(columns: usize) -> Self {
        Self { slots: vec![Slot::Nothing; columns], seen: Vec::new() }
    }
}

/// Which columns a message does not give.
pub(super) type Problems = Vec<Problem>;

/// A column that a message does not give.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) column: usize,
    /// Whether there is no such field, and not one of another type.
    pub(super) absent: bool,
    pub(super) why: String,
}

/// Messages around one value, whose presence says whether it is missing.
const WRAPPERS: [&str; 9] = [
    "google.protobuf.DoubleValue",
    "google.protobuf.FloatValue",
    "google.protobuf.Int64Value",
    "google.protobuf.UInt64Value",
    "google.protobuf.Int32Value",
    "google.protobuf.UInt32Value",
    "google.protobuf.BoolValue",
    "google.protobuf.StringValue",
    "google.protobuf.BytesValue",
];

impl Plan {
    /// The plan for a message, and what is wrong with columns that it does not give.
    pub(super) fn new(message: &MessageDescriptor, schema: &Schema, wanted: &Wanted) -> (Self, Problems) {
        let columns = vec![Given::Absent(String::new()); schema.names.len()];
        let mut compiler = Compiler { schema, levels: Vec::new(), columns, problems: Vec::new() };
        compiler.message(message, wanted, "");
        (Self { levels: compiler.levels, columns: compiler.columns }, compiler.problems)
    }

    /// Appends the row of a value.
    pub(super) fn read<'a>(
        &self,
        wire: Wire<'a>,
        columns: &mut Columns,
        found: &mut Found<'a>,
    ) -> Result<(), Fault> {
        found.slots.fill(Slot::Nothing);
        found.seen.clear();
        found.seen.resize(self.levels.len(), false);
        self.walk(0, wire, found)?;
        for (column, given) in self.columns.iter().enumerate() {
            entry(column, given, columns, found).map_err(|fault| fault.in_column(column))?;
        }
        Ok(())
    }

    /// Notes the fields of a message. It goes as deep as columns stand.
    fn walk<'a>(&self, level: usize, mut wire: Wire<'a>, found: &mut Found<'a>) -> Result<(), Fault> {
        found.seen[level] = true;
        let fields = &self.levels[level].0;
        // Most messages have their fields in order.
        let mut next = 0;
        while !wire.is_empty() {
            let (number, written) = wire.field()?;
            if fields.get(next).is_none_or(|field| field.number != number) {
                let Ok(at) = fields.binary_search_by_key(&number, |field| field.number) else { continue };
                next = at;
            }
            let field = &fields[next];
            next += 1;
            for part in &field.others {
                part.columns.iter().for_each(|column| found.slots[*column] = Slot::Nothing);
                found.seen[part.levels.clone()].fill(false);
            }
            match (&field.target, written) {
                (Target::Column(column, read), written) => {
                    let slot = read.slot(written, found.slots[*column]);
                    let slot = slot.and_then(|slot| slot.ok_or_else(|| unlike(number)));
                    found.slots[*column] = slot.map_err(|fault| fault.in_column(*column))?;
                }
                (Target::Message(inner), Written::Bytes(body)) => {
                    self.walk(*inner, Wire(body), found)?;
                }
                (Target::Message(_), _) => return Err(unlike(number)),
                (Target::Nothing, _) => {}
            }
        }
        Ok(())
    }
}

/// Appends a column's entry of the row.
#[inline]
fn entry(column: usize, given: &Given, columns: &mut Columns, found: &Found<'_>) -> Result<(), Fault> {
    match given {
        Given::Field { level, read, implicit } => match found.slots[column] {
            Slot::Nothing if *implicit && found.seen[*level] => {
                push(&mut columns.list[column], read, read.zero())
            }
            Slot::Nothing => columns.push_missing(column),
            slot => push(&mut columns.list[column], read, slot),
        },
        Given::Absent(_) if columns.can_miss(column) => columns.push_missing(column),
        Given::Absent(why) => Err(Fault::with(RejectKind::MISSING_FIELD, why.clone())),
        Given::Misfit(why) => Err(Fault::with(RejectKind::WRONG_TYPE, why.clone())),
    }
}

fn unlike(number: u32) -> Fault {
    malformed(&format!("field {number} is written as one of another type than the schema's"))
}

/// Compiles one plan.
struct Compiler<'a> {
    schema: &'a Schema,
    levels: Vec<Level>,
    columns: Vec<Given>,
    problems: Problems,
}

impl Compiler<'_> {
    /// The level of a message; `path` leads to it.
    fn message(&mut self, message: &MessageDescriptor, wanted: &Wanted, path: &str) -> usize {
        let level = self.levels.len();
        self.levels.push(Level::default());
        let mut fields: Vec<(Field, Part)> = Vec::new();
        for (name, wanted) in &wanted.inner {
            let Some(field) = message.get_field_by_name(name) else {
                let place = if path.is_empty() { String::new() } else { format!(" in {path}") };
                self.absent(
                    &wanted.columns(),
                    &format!("{} has no field {name:?}{place}", message.full_name()),
                );
                continue;
            };
            let first = self.levels.len();
            let target = self.field(&field, wanted, level, &format!("{path}/{name}"));
            let part = Part { columns: wanted.columns(), levels: first..self.levels.len() };
            fields.push((Field { number: field.number(), target, others: Vec::new() }, part));
        }
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            exclude(&mut fields, &oneof.fields().map(|field| field.number()).collect::<Vec<_>>());
        }
        let mut fields: Vec<_> = fields.into_iter().map(|(field, _)| field).collect();
        fields.sort_by_key(|field| field.number);
        self.levels[level] = Level(fields);
        level
    }

    /// What becomes of a field that is wanted, or in which some are.
    fn field(&mut self, field: &FieldDescriptor, wanted: &Wanted, level: usize, path: &str) -> Target {
        let kind = field.kind();
        let message = kind.as_message().filter(|_| !field.is_list() && !field.is_map() && !field.is_group());
        let Some(column) = wanted.column else {
            let Some(message) = message else {
                let why = format!("{} where a message with the column belongs", called(field));
                return self.refuse(&wanted.columns(), &why);
            };
            return Target::Message(self.message(message, wanted, path));
        };
        let plain = !field.is_list() && !field.is_map();
        let kind = present(&self.schema.types[column]);
        let read = match message.map(MessageDescriptor::full_name) {
            Some("google.protobuf.Timestamp") if matches!(kind, ColumnType::Datetime(_)) => Ok(Read::Time),
            Some("google.protobuf.Duration") if matches!(kind, ColumnType::Timedelta(_)) => Ok(Read::Time),
            Some(name) if WRAPPERS.contains(&name) => {
                let inner = [("value".to_owned(), Wanted { column: Some(column), inner: Vec::new() })];
                let wanted = Wanted { column: None, inner: inner.into() };
                return self.field(field, &wanted, level, path);
            }
            _ if plain => fit(kind, field),
            _ => Err(format!("{} where {} belongs", called(field), kind.called())),
        };
        match read {
            Ok(read) => {
                let implicit = !field.supports_presence();
                self.columns[column] = Given::Field { level, read: read.clone(), implicit };
                Target::Column(column, read)
            }
            Err(why) => self.refuse(&[column], &why),
        }
    }

    fn absent(&mut self, columns: &[usize], why: &str) {
        for &column in columns {
            if !matches!(self.schema.types[column], ColumnType::Optional(_)) {
                self.problems.push(Problem { column, absent: true, why: why.to_owned() });
            }
            self.columns[column] = Given::Absent(why.to_owned());
        }
    }

    fn refuse(&mut self, columns: &[usize], why: &str) -> Target {
        for &column in columns {
            self.problems.push(Problem { column, absent: false, why: why.to_owned() });
            self.columns[column] = Given::Misfit(why.to_owned());
        }
        Target::Nothing
    }
}

/// The type of values that are there.
fn present(kind: &ColumnType) -> &ColumnType {
    if let ColumnType::Optional(present) = kind { present } else { kind }
}

/// Of these numbers one field is there, the last: each of them takes away the others.
fn exclude(fields: &mut Vec<(Field, Part)>, numbers: &[u32]) {
    let within = |field: &Field| numbers.contains(&field.number);
    let parts: Vec<_> = fields
        .iter()
        .filter(|(field, _)| within(field))
        .map(|(field, part)| (field.number, part.clone()))
        .collect();
    if parts.is_empty() {
        return;
    }
    for &number in numbers {
        if !fields.iter().any(|(field, _)| field.number == number) {
            let field = Field { number, target: Target::Nothing, others: Vec::new() };
            fields.push((field, Part::default()));
        }
    }
    for (field, _) in fields.iter_mut().filter(|(field, _)| within(field)) {
        let others = parts.iter().filter(|(number, _)| *number != field.number);
        field.others = others.map(|(_, part)| part.clone()).collect();
    }
}

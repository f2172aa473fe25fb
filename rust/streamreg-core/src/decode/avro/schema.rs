//! Decode, avro: the text of a schema becomes a list of types that refer to each other by their places.

use crate::time::Unit;
use serde_json::{Map, Value as Json};
use std::collections::{HashMap, HashSet};

/// The types of a schema.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    pub(super) types: Vec<Type>,
    pub(super) root: usize,
}

/// A type.
#[derive(Clone, Debug)]
pub(super) struct Type {
    pub(super) node: Node,
    pub(super) logical: Option<Logical>,
    /// How people call it.
    pub(super) name: String,
    /// Whether its values are written in no bytes at all.
    pub(super) empty: bool,
}

/// What a type is written as; other types by their places.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enum(Vec<String>),
    Array(usize),
    Map(usize),
    Union(Vec<usize>),
    Record(Vec<(String, usize)>),
}

/// What a type stands for beyond that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logical {
    /// An integer times this power of ten.
    Decimal(i32),
    Date,
    Time(Unit),
    Timestamp(Unit),
    LocalTimestamp(Unit),
    Uuid,
}

impl Schema {
    /// The schema of a text, with those that it refers to, each behind what it refers to itself.
    ///
    /// # Errors
    /// What is wrong, if it is none.
    pub(super) fn parse(text: &str, references: &[String]) -> Result<Self, String> {
        let mut parser = Parser { types: Vec::new(), names: HashMap::new() };
        for reference in references {
            parser.text(reference)?;
        }
        let root = parser.text(text)?;
        let mut schema = Self { types: parser.types, root };
        schema.find_empty();
        Ok(schema)
    }

    /// Finds the types whose values are written in no bytes, until there are no more.
    fn find_empty(&mut self) {
        loop {
            let found: Vec<usize> = (0..self.types.len())
                .filter(|&at| !self.types[at].empty)
                .filter(|&at| match &self.types[at].node {
                    Node::Null | Node::Fixed(0) => true,
                    Node::Record(fields) => fields.iter().all(|(_, field)| self.types[*field].empty),
                    _ => false,
                })
                .collect();
            if found.is_empty() {
                return;
            }
            for at in found {
                self.types[at].empty = true;
            }
        }
    }
}

struct Parser {
    types: Vec<Type>,
    names: HashMap<String, usize>,
}

impl Parser {
    fn text(&mut self, text: &str) -> Result<usize, String> {
        // It refuses what is nested deeper than 128 levels.
        let json: Json = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
        self.of(&json, "")
    }

    fn put(&mut self, node: Node, logical: Option<Logical>, name: String) -> usize {
        self.types.push(Type { node, logical, name, empty: false });
        self.types.len() - 1
    }

    fn of(&mut self, json: &Json, namespace: &str) -> Result<usize, String> {
        match json {
            Json::String(name) => self.named(name, namespace, None),
            Json::Array(branches) => {
                let branches: Vec<usize> =
                    branches.iter().map(|branch| self.of(branch, namespace)).collect::<Result<_, _>>()?;
                let names: Vec<&str> = branches.iter().map(|at| self.types[*at].name.as_str()).collect();
                let name = format!("a union of {}", names.join(", "));
                Ok(self.put(Node::Union(branches), None, name))
            }
            Json::Object(object) => self.object(object, namespace),
            _ => Err(format!("no type: {json}")),
        }
    }

    /// A primitive type, or one that was defined before.
    fn named(&mut self, name: &str, namespace: &str, logical: Option<Logical>) -> Result<usize, String> {
        let node = match name {
            "null" => Node::Null,
            "boolean" => Node::Boolean,
            "int" => Node::Int,
            "long" => Node::Long,
            "float" => Node::Float,
            "double" => Node::Double,
            "bytes" => Node::Bytes,
            "string" => Node::String,
            _ => {
                let known = self.names.get(&full(name, namespace)).or_else(|| self.names.get(name));
                return known.copied().ok_or_else(|| format!("there is no type {name:?}"));
            }
        };
        Ok(self.put(node, logical, name.to_owned()))
    }

    fn object(&mut self, object: &Map<String, Json>, namespace: &str) -> Result<usize, String> {
        let kind = match object.get("type") {
            Some(Json::String(kind)) => kind.as_str(),
            Some(inner) => return self.of(inner, namespace),
            None => return Err("a type without \"type\"".to_owned()),
        };
        match kind {
            "record" | "error" => self.record(object, namespace),
            "enum" => {
                let symbols = list(object, "symbols")?.iter();
                let symbols = symbols.map(|symbol| symbol.as_str().map(str::to_owned));
                let symbols = symbols.collect::<Option<_>>().ok_or("symbols that are no strings")?;
                self.define(object, namespace, Node::Enum(symbols), None, kind)
            }
            "fixed" => {
                let size = object.get("size").and_then(Json::as_u64).and_then(|size| size.try_into().ok());
                let node = Node::Fixed(size.ok_or("a fixed type without its size")?);
                self.define(object, namespace, node, logical(object, kind), kind)
            }
            "array" | "map" => {
                let key = if kind == "array" { "items" } else { "values" };
                let inner = object.get(key).ok_or_else(|| format!("{kind} without {key:?}"))?;
                let inner = self.of(inner, namespace)?;
                let node = if kind == "array" { Node::Array(inner) } else { Node::Map(inner) };
                Ok(self.put(node, None, kind.to_owned()))
            }
            _ => {
                let at = self.named(kind, namespace, logical(object, kind))?;
                if let Some(name) = object.get("logicalType").and_then(Json::as_str)
                    && self.types[at].logical.is_some()
                {
                    self.types[at].name = format!("{kind} ({name})");
                }
                Ok(at)
            }
        }
    }

    /// A named type, which those in it may refer to.
    fn define(
        &mut self,
        object: &Map<String, Json>,
        namespace: &str,
        node: Node,
        logical: Option<Logical>,
        kind: &str,
    ) -> Result<usize, String> {
        let name =
            object.get("name").and_then(Json::as_str).ok_or_else(|| format!("{kind} without a name"))?;
        let own = object.get("namespace").and_then(Json::as_str).unwrap_or(namespace);
        let name = full(name, own);
        let at = self.put(node, logical, format!("{kind} {name}"));
        if self.names.insert(name.clone(), at).is_some() {
            return Err(format!("two types of the name {name:?}"));
        }
        Ok(at)
    }

    fn record(&mut self, object: &Map<String, Json>, namespace: &str) -> Result<usize, String> {
        let at = self.define(object, namespace, Node::Record(Vec::new()), None, "record")?;
        let inner = self.types[at].name.trim_start_matches("record ");
        let inner = inner.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
        let mut fields = Vec::new();
        let mut names = HashSet::new();
        for field in list(object, "fields")? {
            let name = field.get("name").and_then(Json::as_str).ok_or("a field without a name")?;
            let kind = field.get("type").ok_or_else(|| format!("the field {name:?} has no type"))?;
            if !names.insert(name) {
                return Err(format!("two fields of the name {name:?}"));
            }
            fields.push((name.to_owned(), self.of(kind, &inner)?));
        }
        self.types[at].node = Node::Record(fields);
        Ok(at)
    }
}

fn list<'a>(object: &'a Map<String, Json>, key: &str) -> Result<&'a Vec<Json>, String> {
    object.get(key).and_then(Json::as_array).ok_or_else(|| format!("a type without its {key:?}"))
}

/// The name with its namespace.
fn full(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

/// The logical type of a primitive or fixed one; one that is not known, or does not go with it, is none.
fn logical(object: &Map<String, Json>, kind: &str) -> Option<Logical> {
    Some(match (object.get("logicalType")?.as_str()?, kind) {
        ("decimal", "bytes" | "fixed") => {
            Logical::Decimal(object.get("scale").map_or(Some(0), Json::as_i64)?.try_into().ok()?)
        }
        ("date", "int") => Logical::Date,
        ("time-millis", "int") => Logical::Time(Unit::Millisecond),
        ("time-micros", "long") => Logical::Time(Unit::Microsecond),
        ("timestamp-millis", "long") => Logical::Timestamp(Unit::Millisecond),
        ("timestamp-micros", "long") => Logical::Timestamp(Unit::Microsecond),
        ("timestamp-nanos", "long") => Logical::Timestamp(Unit::Nanosecond),
        ("local-timestamp-millis", "long") => Logical::LocalTimestamp(Unit::Millisecond),
        ("local-timestamp-micros", "long") => Logical::LocalTimestamp(Unit::Microsecond),
        ("local-timestamp-nanos", "long") => Logical::LocalTimestamp(Unit::Nanosecond),
        ("uuid", "string") => Logical::Uuid,
        ("uuid", "fixed") if object.get("size").and_then(Json::as_u64) == Some(16) => Logical::Uuid,
        _ => return None,
    })
}

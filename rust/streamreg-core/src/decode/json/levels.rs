//! Decode, json: where in an object the wanted values stand, level by level.
//!
//! Each object is walked once, and of a wanted key only the place of its value is noted: the last of two equal keys
//! wins. Objects and arrays in it that hold wanted values are walked after it, each in its turn. Keys and values that
//! nobody wants are skipped, whether or not their escapes are Unicode, and without recursion: no depth of nesting can
//! exhaust the stack.

use super::super::Schema;
use super::flat;
use crate::error::Error;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;

/// For each column the text of its value in one message, then that of each inner level.
pub(in super::super) type Slots<'a> = Vec<Option<&'a str>>;

/// The places of all columns.
#[derive(Clone, Debug)]
pub(in super::super) struct Levels {
    /// The object itself first; each other level after the one that it stands in.
    list: Vec<Level>,
    /// For each column its path; empty for a key of the object itself.
    paths: Vec<String>,
}

/// The wanted values of one object or array.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    names: Vec<String>,
    /// The names between quotes, as they stand in most messages; None of those that need escapes.
    quoted: Vec<Option<Vec<u8>>>,
    /// For each name the slot of its value.
    slots: Vec<usize>,
    places: HashMap<String, usize>,
}

impl Levels {
    /// The columns of a schema: those with a path stand there, the others are keys of the object.
    pub(in super::super) fn new(schema: &Schema, paths: &[(String, String)]) -> Result<Self, Error> {
        let columns = &schema.names;
        if let Some((name, _)) = paths.iter().find(|(name, _)| !columns.contains(name)) {
            return Err(Error::Invalid(format!(
                "a path is given for {name:?}, which is no column of the schema"
            )));
        }
        let mut levels = Self { list: vec![Level::default()], paths: Vec::with_capacity(columns.len()) };
        let mut known = HashMap::new();
        for (column, name) in columns.iter().enumerate() {
            let path = paths.iter().find(|(named, _)| named == name).map(|(_, path)| path.as_str());
            let tokens = path.map_or_else(|| Ok(vec![name.clone()]), tokens)?;
            levels.paths.push(path.unwrap_or_default().to_owned());
            let Some((last, outer)) = tokens.split_last() else { continue };
            let mut level = 0;
            for depth in 1..=outer.len() {
                level = if let Some(&next) = known.get(&outer[..depth]) {
                    next
                } else {
                    let next = levels.list.len();
                    levels.list[level].put(&outer[depth - 1], columns.len() + next - 1, name)?;
                    levels.list.push(Level::default());
                    known.insert(outer[..depth].to_vec(), next);
                    next
                };
            }
            levels.list[level].put(last, column, name)?;
        }
        Ok(levels)
    }

    /// The path of a column; empty for a key of the object itself.
    pub(in super::super) fn path(&self, column: usize) -> &str {
        &self.paths[column]
    }

    /// Room for the places of one message.
    pub(in super::super) fn slots<'a>(&self) -> Slots<'a> {
        vec![None; self.paths.len() + self.list.len() - 1]
    }

    /// Notes the places of all wanted values of an object.
    ///
    /// # Errors
    /// Those of the reader, if it is no object.
    pub(in super::super) fn find<'a>(
        &self,
        text: &'a str,
        found: &mut Slots<'a>,
    ) -> Result<(), serde_json::Error> {
        found.fill(None);
        if let [level] = self.list.as_slice() {
            if flat::find(level, text, found).is_some() {
                return Ok(());
            }
            found.fill(None);
        }
        for (index, level) in self.list.iter().enumerate() {
            match index.checked_sub(1) {
                None => level.find(text, found, Kind::Object)?,
                Some(inner) => match found[self.paths.len() + inner] {
                    Some(text) if text.starts_with('{') => level.find(text, found, Kind::Object)?,
                    Some(text) if text.starts_with('[') => level.find(text, found, Kind::Array)?,
                    // Whatever else stands there holds none of the columns.
                    _ => {}
                },
            }
        }
        Ok(())
    }
}

impl Level {
    /// Wants a value; `column` is the name of the column that it is for.
    fn put(&mut self, name: &str, slot: usize, column: &str) -> Result<(), Error> {
        if self.places.insert(name.to_owned(), self.names.len()).is_some() {
            return Err(Error::Invalid(format!(
                "the path of {column:?} is that of another column, or leads into its value"
            )));
        }
        self.names.push(name.to_owned());
        let plain = !name.contains(|c: char| c == '"' || c == '\\' || c < ' ');
        self.quoted.push(plain.then(|| format!("\"{name}\"").into_bytes()));
        self.slots.push(slot);
        Ok(())
    }

    /// A wanted name between quotes, if it needs no escapes.
    pub(super) fn quoted(&self, place: usize) -> Option<&[u8]> {
        self.quoted.get(place)?.as_deref()
    }

    /// The place of a key among the wanted names.
    pub(super) fn place(&self, key: &str) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// The slot of the value of a wanted name.
    pub(super) fn slot(&self, place: usize) -> usize {
        self.slots[place]
    }

    /// Notes the wanted values of an object, or of an array by their indexes.
    fn find<'a>(&self, text: &'a str, found: &mut Slots<'a>, kind: Kind) -> Result<(), serde_json::Error> {
        let mut walk = |as_bytes| {
            let mut reader = serde_json::Deserializer::from_str(text);
            let walk = Walk { level: self, found, as_bytes };
            match kind {
                Kind::Object => reader.deserialize_map(walk)?,
                Kind::Array => reader.deserialize_seq(walk)?,
            }
            reader.end()
        };
        let Err(error) = walk(false) else { return Ok(()) };
        // Well-formed in spite of that: a key that is not wanted holds half of a surrogate pair.
        if error.is_data() || serde_json::from_str::<IgnoredAny>(text).is_err() {
            return Err(error);
        }
        walk(true)
    }
}

/// What is walked.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Object,
    Array,
}

/// Walks an object or array once and fills the slots. As text a key is checked to be Unicode; as bytes it is not, nor
/// is anything else of it.
struct Walk<'k, 'f, 'a> {
    level: &'k Level,
    found: &'f mut Slots<'a>,
    as_bytes: bool,
}

impl<'a> Visitor<'a> for Walk<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        let Self { level, found, as_bytes } = self;
        // Messages of one producer mostly have their keys in one order, often the schema's.
        let mut guess = 0;
        while let Some(place) = map.next_key_seed(Key { level, guess, as_bytes })? {
            if let Some(place) = place {
                found[level.slots[place]] = Some(map.next_value::<&RawValue>()?.get());
                guess = place + 1;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut items: S) -> Result<(), S::Error> {
        for index in 0.. {
            let place = self.level.places.get(&index.to_string());
            let there = match place {
                Some(&place) => match items.next_element::<&RawValue>()? {
                    Some(value) => {
                        self.found[self.level.slots[place]] = Some(value.get());
                        true
                    }
                    None => false,
                },
                None => items.next_element::<IgnoredAny>()?.is_some(),
            };
            if !there {
                break;
            }
        }
        Ok(())
    }
}

/// Reads a key, unescaped, as its place among the wanted names.
struct Key<'k> {
    level: &'k Level,
    guess: usize,
    as_bytes: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Option<usize>, D::Error> {
        if self.as_bytes { reader.deserialize_bytes(self) } else { reader.deserialize_str(self) }
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Option<usize>, E> {
        if self.level.names.get(self.guess).is_some_and(|name| name == key) {
            return Ok(Some(self.guess));
        }
        Ok(self.level.place(key))
    }

    fn visit_bytes<E: serde::de::Error>(self, key: &[u8]) -> Result<Option<usize>, E> {
        // What is no Unicode is no column's name.
        std::str::from_utf8(key).map_or(Ok(None), |key| self.visit_str(key))
    }
}

/// The keys that lead to a value.
///
/// # Errors
/// [`Error::Invalid`] if it is no pointer by RFC 6901, or that of the whole message.
pub(in super::super) fn tokens(path: &str) -> Result<Vec<String>, Error> {
    let invalid =
        || Error::Invalid(format!("{path:?} is no JSON pointer (RFC 6901), such as \"/payload/x\""));
    let inside = path.strip_prefix('/').ok_or_else(invalid)?;
    inside
        .split('/')
        .map(|token| {
            let mut rest = token.split('~');
            let mut plain = rest.next().unwrap_or_default().to_owned();
            for part in rest {
                match part.split_at_checked(1) {
                    Some(("0", after)) => plain.extend(["~", after]),
                    Some(("1", after)) => plain.extend(["/", after]),
                    _ => return Err(invalid()),
                }
            }
            Ok(plain)
        })
        .collect()
}

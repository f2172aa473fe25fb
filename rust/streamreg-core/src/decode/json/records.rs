//! Decode, json: the records of a message that may hold many: the items of an array, or an object a line (NDJSON).

use super::super::{Span, without_mark};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The records of a value. An array that is not well-formed, or what is no text, is one record.
pub(super) fn find(value: &[u8], spans: &mut Vec<Span>) {
    let begin = value.len() - without_mark(value).len();
    let found = value[begin..].iter().position(|byte| !byte.is_ascii_whitespace());
    if found.is_some_and(|at| value[begin + at] == b'[') {
        if items(&value[begin..], begin, spans).is_none() {
            spans.clear();
            spans.push(0..value.len());
        }
        return;
    }
    let mut start = begin;
    for line in value[begin..].split_inclusive(|&byte| byte == b'\n') {
        if !line.trim_ascii().is_empty() {
            spans.push(start..start + line.len());
        }
        start += line.len();
    }
    if spans.is_empty() {
        spans.push(0..value.len());
    }
}

/// The items of an array that stands so far into the value.
fn items(value: &[u8], begin: usize, spans: &mut Vec<Span>) -> Option<()> {
    let text = std::str::from_utf8(value).ok()?;
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_seq(Items { text, begin, spans }).ok()?;
    reader.end().ok()
}

struct Items<'s, 'a> {
    text: &'a str,
    begin: usize,
    spans: &'s mut Vec<Span>,
}

impl<'a> Visitor<'a> for Items<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut items: S) -> Result<(), S::Error> {
        while let Some(item) = items.next_element::<&RawValue>()? {
            let start = self.begin + (item.get().as_ptr() as usize - self.text.as_ptr() as usize);
            self.spans.push(start..start + item.get().len());
        }
        Ok(())
    }
}

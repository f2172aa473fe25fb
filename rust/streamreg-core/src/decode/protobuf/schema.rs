//! Decode, protobuf: the text of a schema becomes descriptors, and those the plans of its messages.
//!
//! A registry may also have the descriptor itself, in base64, as some serializers register it.

use super::plan::{Plan, Problems};
use super::wire::{Wire, malformed};
use crate::decode::Schema;
use crate::decode::reject::Fault;
use crate::decode::wanted::Wanted;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use protox::prost_reflect::prost::Message as _;
use protox::prost_reflect::prost_types::FileDescriptorProto;
use protox::prost_reflect::{FileDescriptor, MessageDescriptor};
use std::collections::BTreeMap;

/// The name of a schema, which nothing imports.
const ROOT: &str = "schema.proto";

/// Messages in each other deeper than this are none: no compiler takes them.
const DEEPEST: u64 = 100;

/// The files of a schema; those of the language itself are found by another.
struct Files(BTreeMap<String, String>);

impl FileResolver for Files {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let text = self.0.get(name).ok_or_else(|| protox::Error::file_not_found(name))?;
        match descriptor(text) {
            Some(found) => {
                let found = FileDescriptorProto { name: Some(name.to_owned()), ..found };
                Ok(File::from_file_descriptor_proto(found))
            }
            None => File::from_source(name, text),
        }
    }
}

/// The descriptor that a text is in base64; no text of a schema is that.
fn descriptor(text: &str) -> Option<FileDescriptorProto> {
    let bytes = BASE64_STANDARD.decode(text.trim()).ok().filter(|bytes| !bytes.is_empty())?;
    FileDescriptorProto::decode(bytes.as_slice()).ok()
}

/// The descriptor of a schema.
///
/// # Errors
/// What is wrong, if it is none.
pub(super) fn compiled(text: &str, imported: &[(String, String)]) -> Result<FileDescriptor, String> {
    let mut files: BTreeMap<_, _> = imported.iter().cloned().collect();
    files.insert(ROOT.to_owned(), text.to_owned());
    let mut resolver = ChainFileResolver::new();
    // Those of the language first: no schema has others of their names.
    resolver.add(GoogleFileResolver::new());
    resolver.add(Files(files));
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.open_file(ROOT).map_err(|error| format!("no schema of Protobuf: {error}"))?;
    let pool = compiler.descriptor_pool();
    pool.get_file_by_name(ROOT).ok_or_else(|| "no schema of Protobuf".to_owned())
}

/// The plans of a schema's messages, by their places in each other.
#[derive(Clone, Debug)]
pub(super) struct Messages {
    first: Plan,
    all: BTreeMap<Vec<usize>, Plan>,
}

impl Messages {
    /// The plans, and of each message its name and what is wrong with it.
    ///
    /// # Errors
    /// If there is no message.
    pub(super) fn new(
        file: &FileDescriptor,
        schema: &Schema,
        wanted: &Wanted,
    ) -> Result<(Self, Vec<(String, Problems)>), String> {
        let mut all = BTreeMap::new();
        let mut problems = Vec::new();
        let mut add = |place: Vec<usize>, message: &MessageDescriptor| {
            let (plan, wrong) = Plan::new(message, schema, wanted);
            problems.push((message.full_name().to_owned(), wrong));
            all.insert(place, plan);
        };
        let mut next: Vec<_> = file.messages().enumerate().map(|(at, message)| (vec![at], message)).collect();
        next.reverse();
        while let Some((place, message)) = next.pop() {
            add(place.clone(), &message);
            let inner = message.child_messages().enumerate();
            let inner = inner.map(|(at, message)| ([place.as_slice(), &[at]].concat(), message));
            next.extend(inner.collect::<Vec<_>>().into_iter().rev());
        }
        let first = all.get(&[0][..]).cloned().ok_or("it has no message")?;
        Ok((Self { first, all }, problems))
    }

    /// The plan of the message that a value is: a count, then the places; the first alone is a count of 0.
    #[inline]
    pub(super) fn next(&self, wire: &mut Wire<'_>) -> Result<&Plan, Fault> {
        let count = wire.zigzag()?;
        if count == 0 {
            return Ok(&self.first);
        }
        let count = u64::try_from(count).ok().filter(|count| *count <= DEEPEST);
        let count = count.ok_or_else(|| malformed("no list of messages in each other"))?;
        let places = (0..count).map(|_| Ok(usize::try_from(wire.zigzag()?).ok()));
        let places = places.collect::<Result<Option<Vec<_>>, Fault>>()?;
        let plan = places.and_then(|places| self.all.get(&places));
        plan.ok_or_else(|| malformed("a message that the schema does not have"))
    }
}

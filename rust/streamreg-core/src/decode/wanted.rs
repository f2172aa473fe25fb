//! Decode: which fields of a record, and of the records in it, are columns: for formats whose schemas name them.

use super::Schema;
use super::json::levels::{Levels, tokens};
use crate::error::Error;

/// A column or an inner field that is wanted of a record.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) column: Option<usize>,
    pub(super) inner: Vec<(String, Wanted)>,
}

impl Wanted {
    /// The fields of all columns: those with a path stand there, the others are fields of the record itself.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a path is none, belongs to no column, or leads into the value of another column.
    pub(super) fn new(schema: &Schema, paths: &[(String, String)]) -> Result<Self, Error> {
        // It refuses what leads nowhere.
        Levels::new(schema, paths)?;
        let mut root = Self::default();
        for (column, name) in schema.names.iter().enumerate() {
            let path = paths.iter().find(|(named, _)| named == name);
            let mut at = &mut root;
            for name in path.map_or_else(|| Ok(vec![name.clone()]), |(_, path)| tokens(path))? {
                let place = at.inner.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                    at.inner.push((name, Self::default()));
                    at.inner.len() - 1
                });
                at = &mut at.inner[place].1;
            }
            at.column = Some(column);
        }
        Ok(root)
    }

    /// All columns in it.
    pub(super) fn columns(&self) -> Vec<usize> {
        let inner = self.inner.iter().flat_map(|(_, wanted)| wanted.columns());
        self.column.into_iter().chain(inner).collect()
    }
}

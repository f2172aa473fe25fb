//! Windows: what rows come to: the states of the aggregates, or, where rows have labels, these for each label.
//!
//! Windows are formed by instance, whatever the labels are; the labels belong to what the rows of a window come to. Those
//! are `number of labels | (label | states)…` in the order of the labels; a label of which nothing is left is none. As
//! the states are a group, so are they by label.

mod by_label;
mod results;

use super::batch_labels::Labels;
use crate::accumulate::Sign;
use crate::column::Numbers;
use crate::error::Error;
use crate::reduce::block::{Block, SortedRows};
use crate::reduce::group::Groups;
use crate::reduce::key::{self, Key};
use crate::reduce::shape::Inputs;
use crate::reduce::unpacked::Unpacked;
use crate::reduce::{Aggregate, KeyColumn};
use crate::wire::{Reader, Writer};
use by_label::{ByLabel, by_label, count, rows};

/// The states of some rows. What was read or unpacked last is here until something else is, and so is a sum.
#[derive(Debug)]
pub(super) struct States {
    own: Unpacked,
    labelled: Option<Labelled>,
}

#[derive(Debug)]
struct Labelled {
    key: Key,
    /// Those of the batch that is being written.
    labels: Labels,
    read: ByLabel,
    sum: ByLabel,
    /// At least so many labels some window has had.
    most: usize,
}

impl States {
    /// The states of no row; with the column of their labels, if they have such.
    ///
    /// # Errors
    /// As [`Unpacked::new`].
    pub(super) fn new(inputs: Inputs, aggregates: Vec<Aggregate>, label: Option<Key>) -> Result<Self, Error> {
        let labelled = label.map(|key| Labelled {
            key,
            labels: Labels::default(),
            read: ByLabel::new(),
            sum: ByLabel::new(),
            most: 0,
        });
        Ok(Self { own: Unpacked::new(inputs, aggregates)?, labelled })
    }

    /// The columns of numbers.
    pub(super) fn inputs(&self) -> &Inputs {
        self.own.inputs()
    }

    /// Number of aggregates.
    pub(super) fn len(&self) -> usize {
        self.own.len()
    }

    /// The column of labels, if there is one.
    pub(super) fn label(&self) -> Option<Key> {
        self.labelled.as_ref().map(|labelled| labelled.key)
    }

    /// At least so many labels some window has had: a difference between two windows has those of both at most.
    pub(super) fn most_labels(&self) -> usize {
        self.labelled.as_ref().map_or(0, |labelled| labelled.most)
    }

    /// As [`Unpacked::check_rows`].
    pub(super) fn check_rows(&self, block: Block<'_>) -> Result<(), Error> {
        self.own.check_rows(block)
    }

    /// As [`Unpacked::check_sign`].
    pub(super) fn check_sign(&self, sign: Sign) -> Result<(), Error> {
        self.own.check_sign(sign)
    }

    /// Begins to write the rows of a batch: gives for each row which of the labels it has, a column behind the numbers
    /// of a block; nothing if rows have none.
    ///
    /// # Errors
    /// [`Error::Overflow`] for a batch of 2^32 rows or more.
    pub(super) fn begin_batch(
        &mut self,
        labels: Option<KeyColumn<'_>>,
        rows: usize,
    ) -> Result<Vec<i64>, Error> {
        match (&mut self.labelled, labels) {
            (Some(labelled), Some(column)) => labelled.labels.read(column, rows),
            _ => Ok(Vec::new()),
        }
    }

    /// The same of rows that were kept, by the bytes of the label of each.
    pub(super) fn begin_kept<'a>(&mut self, labels: impl Iterator<Item = &'a [u8]>) -> Vec<i64> {
        self.labelled.as_mut().map_or_else(Vec::new, |labelled| labelled.labels.take(labels))
    }

    /// The bytes of a label of the batch, by its place; none where rows have no label.
    pub(super) fn batch_label(&self, code: Option<i64>) -> &[u8] {
        let label = self.labelled.as_ref().zip(code).map(|(labelled, code)| labelled.labels.get(code));
        label.unwrap_or_default()
    }

    /// The bytes of the label that some bytes begin with; none where rows have no label.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if they begin with none.
    pub(super) fn first_label<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], Error> {
        let mut rest = bytes;
        if let Some(labelled) = &self.labelled {
            key::decode_first(&[labelled.key], &mut rest)?;
        }
        Ok(&bytes[..bytes.len() - rest.len()])
    }

    /// Writes the states of rows that were checked; where they have labels these are the last column.
    pub(super) fn write_rows(&mut self, block: Block<'_>, writer: &mut Writer) -> Result<(), Error> {
        let Some(labelled) = &self.labelled else { return self.own.write_rows(block, false, writer) };
        let Some((Numbers::Int(codes), columns)) = block.columns.split_last() else {
            return Err(Error::Columns("rows have no labels".to_owned()));
        };
        let groups = Groups::new(&[KeyColumn::Int(codes)], block.rows)?;
        let sorted = SortedRows::by_group(Block { columns, ..block }, &groups);
        let mut parts = sorted.parts();
        writer.unsigned(groups.len() as u64);
        let mut states = Writer::payload();
        for (_, places) in groups.iter() {
            let code = groups.rows(places.clone()).first().map_or(0, |&row| codes[row as usize]);
            let label = labelled.labels.get(code);
            states.clear();
            let unlabelled = label == key::NOTHING;
            self.own.write_rows(sorted.part(places, &mut parts), unlabelled, &mut states)?;
            writer.bytes(label);
            writer.bytes(states.as_payload());
        }
        Ok(())
    }

    /// Reads states of a partial.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Error> {
        match &mut self.labelled {
            None => self.own.read(reader),
            Some(labelled) => {
                labelled.read = by_label(labelled.key, &mut self.own, reader)?;
                labelled.most = count(&labelled.read).div_ceil(2).max(labelled.most);
                Ok(())
            }
        }
    }

    /// Reads all of what is kept of some rows.
    pub(super) fn unpack(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.labelled.is_none() {
            return self.own.unpack(bytes).map(|_| ());
        }
        let mut reader = Reader::payload(bytes);
        self.read(&mut reader)?;
        reader.finish()
    }

    /// As [`Unpacked::has_rows`].
    pub(super) fn has_rows(&mut self) -> bool {
        match &self.labelled {
            None => self.own.has_rows(),
            Some(labelled) => rows(&mut self.own, &labelled.read) != 0,
        }
    }

    /// As [`Unpacked::count_excluded`].
    pub(super) fn count_excluded(&mut self, sign: Sign, totals: &mut [i128]) {
        self.each_read(|own| own.count_excluded(sign, totals));
    }

    /// As [`Unpacked::count_limbs`].
    pub(super) fn count_limbs(&mut self, totals: &mut [usize]) {
        self.each_read(|own| own.count_limbs(totals));
    }

    fn each_read(&mut self, mut of: impl FnMut(&Unpacked)) {
        let Some(labelled) = &self.labelled else { return of(&self.own) };
        for states in labelled.read.values() {
            // They were unpacked when they were read.
            if self.own.unpack(states).is_ok() {
                of(&self.own);
            }
        }
    }

    /// As [`Unpacked::write_combined`].
    pub(super) fn write_combined(
        &mut self,
        kept: Option<&[u8]>,
        sign: Sign,
        writer: &mut Writer,
    ) -> Result<(), Error> {
        if self.labelled.is_none() {
            return self.own.write_combined(kept, sign, writer);
        }
        self.begin(kept)?;
        self.combine(sign)?;
        self.write_sum(writer);
        Ok(())
    }

    /// As [`Unpacked::begin`].
    pub(super) fn begin(&mut self, kept: Option<&[u8]>) -> Result<(), Error> {
        let Some(labelled) = &mut self.labelled else { return self.own.begin(kept) };
        labelled.sum.clear();
        if let Some(bytes) = kept {
            let mut reader = Reader::payload(bytes);
            labelled.sum = by_label(labelled.key, &mut self.own, &mut reader)?;
            reader.finish()?;
        }
        Ok(())
    }

    /// As [`Unpacked::combine`].
    pub(super) fn combine(&mut self, sign: Sign) -> Result<(), Error> {
        let Some(Labelled { read, sum, most, .. }) = &mut self.labelled else {
            return self.own.combine(sign);
        };
        let mut writer = Writer::payload();
        for (label, states) in read {
            self.own.unpack(states)?;
            writer.clear();
            self.own.write_combined(sum.get(label).map(Vec::as_slice), sign, &mut writer)?;
            match self.own.some(writer.as_payload()) {
                Some(states) => sum.insert(label.clone(), states.to_vec()),
                None => sum.remove(label),
            };
        }
        *most = count(sum).div_ceil(2).max(*most);
        Ok(())
    }

    /// As [`Unpacked::write_sum`].
    pub(super) fn write_sum(&self, writer: &mut Writer) {
        let Some(labelled) = &self.labelled else { return self.own.write_sum(writer) };
        writer.unsigned(labelled.sum.len() as u64);
        for (label, states) in &labelled.sum {
            writer.bytes(label);
            writer.bytes(states);
        }
    }

    /// The bytes of the sum.
    pub(super) fn sum(&self) -> Vec<u8> {
        let mut writer = Writer::payload();
        self.write_sum(&mut writer);
        writer.into_payload()
    }

    /// As [`Unpacked::sum_has_rows`].
    pub(super) fn sum_has_rows(&mut self) -> bool {
        match &self.labelled {
            None => self.own.sum_has_rows(),
            Some(labelled) => rows(&mut self.own, &labelled.sum) != 0,
        }
    }

    /// The number of rows of what is kept.
    ///
    /// # Errors
    /// None but for bytes that are damaged in memory.
    pub(super) fn rows(&mut self, bytes: &[u8]) -> Result<i64, Error> {
        if self.labelled.is_none() {
            return self.own.rows(bytes);
        }
        self.unpack(bytes)?;
        Ok(self.labelled.as_ref().map_or(0, |labelled| rows(&mut self.own, &labelled.read)))
    }

    /// These bytes, unless they are those of no row.
    pub(super) fn some<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        match &self.labelled {
            None => self.own.some(bytes),
            // No label.
            Some(_) => (bytes != [0]).then_some(bytes),
        }
    }
}

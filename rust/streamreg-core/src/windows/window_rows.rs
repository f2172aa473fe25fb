//! Windows: the results of one window: one row, or one for each label of its rows.

use crate::classes::Classes;
use crate::reduce::{Answer, KeyCell, KeyedAnswers};

/// The results of a window.
#[derive(Clone, Debug)]
pub(super) struct WindowRows {
    /// In the order of the labels.
    pub(super) rows: Vec<LabelRow>,
    /// Of each aggregate whose classes were asked for.
    pub(super) classes: Vec<Classes>,
}

/// The results of the rows with one label.
#[derive(Clone, Debug)]
pub(super) struct LabelRow {
    /// What is appended to the key of the window; nothing where rows have no label.
    pub(super) label: Box<[u8]>,
    /// The cells of the label.
    pub(super) cells: Vec<KeyCell>,
    pub(super) answers: Vec<Answer>,
}

impl WindowRows {
    /// Of rows without labels.
    pub(super) fn unlabelled(answers: Vec<Answer>) -> Self {
        let row = LabelRow { label: Box::default(), cells: Vec::new(), answers };
        Self { rows: vec![row], classes: Vec::new() }
    }

    /// Appends the rows: `key` is that of the window, behind the `cells` of the instance come its bounds.
    pub(super) fn push(&self, key: &[u8], cells: &[KeyCell], span: &[Answer; 2], found: &mut KeyedAnswers) {
        for row in &self.rows {
            row.push(key, cells, span, found);
        }
        self.push_classes(found);
    }

    /// The same, with some labels among them that are gone: of these, in order, there are keys only.
    pub(super) fn push_with_gone<'a>(
        &self,
        key: &[u8],
        cells: &[KeyCell],
        span: &[Answer; 2],
        gone: impl Iterator<Item = &'a [u8]>,
        found: &mut KeyedAnswers,
    ) {
        let mut gone = gone.peekable();
        for row in &self.rows {
            while let Some(label) = gone.next_if(|label| **label <= *row.label) {
                if *label != *row.label {
                    found.push_gone(&[key, label].concat());
                }
            }
            row.push(key, cells, span, found);
        }
        gone.for_each(|label| found.push_gone(&[key, label].concat()));
        self.push_classes(found);
    }

    fn push_classes(&self, found: &mut KeyedAnswers) {
        if !self.classes.is_empty() {
            found.classes.push(self.classes.clone());
        }
    }
}

impl LabelRow {
    fn push(&self, key: &[u8], cells: &[KeyCell], span: &[Answer; 2], found: &mut KeyedAnswers) {
        let cells = cells.iter().chain(&self.cells).cloned();
        found.push(&[key, &*self.label].concat(), cells, span.iter().chain(&self.answers).cloned());
    }
}

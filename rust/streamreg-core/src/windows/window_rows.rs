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
    pub(super) fn push(self, key: &[u8], cells: Vec<KeyCell>, span: &[Answer; 2], found: &mut KeyedAnswers) {
        self.push_with_gone(key, cells, span, std::iter::empty(), found);
    }

    /// The same, with some labels among them that are gone: of these, in order, there are keys only.
    pub(super) fn push_with_gone<'a>(
        self,
        key: &[u8],
        mut cells: Vec<KeyCell>,
        span: &[Answer; 2],
        gone: impl Iterator<Item = &'a [u8]>,
        found: &mut KeyedAnswers,
    ) {
        let mut gone = gone.peekable();
        let mut rows = self.rows.into_iter().peekable();
        while let Some(LabelRow { label, cells: own, answers }) = rows.next() {
            while let Some(other) = gone.next_if(|other| **other <= *label) {
                if *other != *label {
                    found.push_gone(&[key, other].concat());
                }
            }
            // Mostly there is one row only.
            let instance = if rows.peek().is_some() { cells.clone() } else { std::mem::take(&mut cells) };
            let answers = span.iter().cloned().chain(answers);
            found.push(&[key, &*label].concat(), instance.into_iter().chain(own), answers);
        }
        gone.for_each(|label| found.push_gone(&[key, label].concat()));
        if !self.classes.is_empty() {
            found.classes.push(self.classes);
        }
    }
}

//! Windows: the last rows of each instance: so many greatest ones by time, partition, offset and index within the
//! message.
//!
//! Which rows they are is a function of the set of all rows, whatever order and pieces they came in: a row that is not
//! among the greatest of some rows is not among those of all. Each kept row is an entry of the map, in the order of
//! its key, with the cells of its columns as bytes. What the rows of an instance come to follows from them: by what
//! comes and goes, where all aggregates are groups; else, and after a restart, by adding all of them up.

mod partial;
mod place;
mod plan;
mod row;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::assign::SetAside;
use super::kept::{Kept, OPEN};
use super::moment::{Moment, TimeKind};
use super::spec::{Spec, Window};
use super::store::{Asked, Batch, NextDue, OpenWindow, Store};
use crate::error::Error;
use crate::reduce::KeyedAnswers;
use crate::wire::{Reader, Writer, corrupt};
use plan::Plan;
use rows::{Rows, stored};

/// No row.
///
/// # Errors
/// [`Error::Invalid`] if the windows are not those of the last rows, or for what only windows have that are closed.
pub(super) fn new(spec: &Spec, kind: TimeKind) -> Result<Box<dyn Store>, Error> {
    let Window::Last { rows: most } = spec.window else {
        return Err(Error::Invalid(format!("{:?} is not the last rows", spec.window)));
    };
    if spec.delay.is_some() || spec.cutoff.is_some() || spec.is_final {
        return Err(Error::Invalid(
            "windows of the last rows are never closed: they take no delay, no cutoff and no final result"
                .to_owned(),
        ));
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    Ok(Box::new(Last { most, kind, rows: Rows::default(), due: Vec::new(), gone: BTreeMap::new() }))
}

/// The last rows of all instances.
#[derive(Debug)]
struct Last {
    /// How many an instance has.
    most: usize,
    kind: TimeKind,
    rows: Rows,
    /// The instances that results are given of, in order.
    due: Vec<Box<[u8]>>,
    /// By instance the labels of rows that are not among the last any more since they were marked clean, where rows have
    /// labels: of some there may be no row left.
    gone: BTreeMap<Box<[u8]>, BTreeSet<Box<[u8]>>>,
}

impl Last {
    /// The instance of a stored row.
    fn instance<'a>(kept: &Kept, stored: &'a [u8]) -> Result<&'a [u8], Error> {
        let mut key = stored.get(1..).unwrap_or_default();
        kept.skip_instance(&mut key)
    }

    /// The times of the least and of the greatest row of an instance.
    fn span(&self, instance: &[u8]) -> Result<[Moment; 2], Error> {
        let ends = self.rows.ends(instance).map(|places| places.map(|place| place::time(self.kind, place)));
        match ends {
            Some([Some(first), Some(last)]) => Ok([first, last]),
            _ => Err(corrupt("a window of the last rows has none")),
        }
    }

    /// The window of an instance is what rows are scored by, though it is not closed.
    fn keep_for_scoring(&mut self, kept: &mut Kept, instance: &[u8]) -> Result<(), Error> {
        let [_, last] = self.span(instance)?;
        let mut order = Vec::new();
        last.encode(&mut order);
        let states = self.rows.states(instance, kept)?.to_vec();
        kept.close(instance, &order, &states);
        Ok(())
    }

    /// Notes the label of a row that goes.
    fn note_gone(&mut self, kept: &Kept, instance: &[u8], stored: &[u8]) {
        let width = row::width(kept.states.inputs());
        if kept.states.label().is_some()
            && let Some((_, label)) = kept.map.get(stored).and_then(|row| row.split_at_checked(width))
        {
            self.gone.entry(instance.into()).or_default().insert(label.into());
        }
    }

    /// Puts the rows of a partial in the place of those that are no longer among the last.
    fn put(&mut self, kept: &mut Kept, plans: Vec<Plan<'_>>) {
        for Plan { instance, come, go, states } in plans {
            for (place, row) in come {
                kept.map.put(&stored(instance, &place), Some(row));
                self.rows.insert(instance, place);
            }
            for place in go {
                let stored = stored(instance, &place);
                self.note_gone(kept, instance, &stored);
                kept.map.put(&stored, None);
                self.rows.remove(instance, &place);
            }
            self.rows.set(instance, states);
        }
    }
}

impl Store for Last {
    fn bounds(&self) -> (Moment, Moment) {
        self.kind.all()
    }

    fn late(&self, _: Moment, _: Moment) -> bool {
        false
    }

    fn partial(&self, kept: &mut Kept, batch: Batch<'_>, writer: &mut Writer) -> Result<SetAside, Error> {
        partial::write(self.most, self.kind, &mut kept.states, batch, writer)
    }

    fn merge(&mut self, kept: &mut Kept, mut reader: Reader<'_>) -> Result<(), Error> {
        let excluded = (0..kept.states.len()).map(|_| reader.unsigned().map(i128::from));
        let excluded = excluded.collect::<Result<Vec<_>, _>>()?;
        // The lengths of the instance and of its rows.
        let count = reader.count(2)?;
        let mut plans: Vec<Plan<'_>> = Vec::with_capacity(count);
        for _ in 0..count {
            let (instance, rows) = (reader.bytes()?, reader.bytes()?);
            if plans.last().is_some_and(|last| last.instance >= instance) {
                return Err(corrupt("instances are not in order"));
            }
            plans.push(plan::of(instance, rows, self.most, &self.rows, kept)?);
        }
        reader.finish()?;
        self.put(kept, plans);
        kept.exclude(&excluded);
        Ok(())
    }

    fn counts(&self, kept: &Kept) -> usize {
        kept.states.len()
    }

    fn read_piece<'a>(&self, _: &mut Kept, reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
        let instance = reader.bytes()?;
        reader.bytes()?;
        Ok(instance)
    }

    fn check(&self, kept: &mut Kept, mut key: &[u8], bytes: &[u8]) -> Result<(), Error> {
        kept.skip_instance(&mut key)?;
        place::read(self.kind, key)?;
        let label = row::Columns::new(kept.states.inputs()).push(bytes)?;
        if kept.states.first_label(label)?.len() == label.len() {
            Ok(())
        } else {
            Err(corrupt("a row has more than a label behind its cells"))
        }
    }

    fn index(&mut self, kept: &Kept, key: &[u8]) {
        let mut place = key;
        if let Ok(instance) = kept.skip_instance(&mut place)
            && let Ok(place) = place::read(self.kind, place)
        {
            self.rows.insert(instance, place);
        }
    }

    fn mark_clean(&mut self) {
        self.gone.clear();
    }

    fn horizon(&self) -> Option<Moment> {
        None
    }

    fn next_close(&self) -> Option<Moment> {
        None
    }

    fn next_due(&self, _: &mut Kept, _: Option<Moment>) -> Result<Vec<NextDue>, Error> {
        Ok(Vec::new())
    }

    fn due(&mut self, kept: &mut Kept, _: Option<Moment>, _: Option<Moment>) -> Result<usize, Error> {
        self.due.clear();
        let changed = kept.map.changed();
        for change in kept.map.changes(0..changed).filter(|change| change.key.first() == Some(&OPEN)) {
            let instance = Self::instance(kept, change.key)?;
            if self.due.last().is_none_or(|last| **last != *instance) {
                self.due.push(instance.into());
            }
        }
        if kept.keeps_closed() {
            for instance in self.due.clone() {
                self.keep_for_scoring(kept, &instance)?;
            }
        }
        Ok(self.due.len())
    }

    fn results(
        &mut self,
        kept: &mut Kept,
        asked: Asked<'_>,
        windows: Range<usize>,
    ) -> Result<KeyedAnswers, Error> {
        let end = windows.end.min(self.due.len());
        let due = self.due[windows.start.min(end)..end].to_vec();
        let mut answers = KeyedAnswers::with_capacity(kept.cells(), 2 + asked.statistics.len(), due.len());
        for instance in due {
            let span = self.span(&instance)?.map(|time| time.answer(self.kind));
            let states = self.rows.states(&instance, kept)?;
            kept.states.unpack(states)?;
            let rows = kept.states.answers(asked.statistics, asked.classes)?;
            let (_, cells) = kept.instance(&mut &*instance)?;
            let gone = self.gone.get(&instance).into_iter().flatten().map(AsRef::as_ref);
            rows.push_with_gone(&instance, cells, &span, gone, &mut answers);
        }
        Ok(answers)
    }

    fn close(&mut self, _: &mut Kept, _: Moment) -> Result<Vec<Vec<u8>>, Error> {
        Ok(Vec::new())
    }

    fn open_windows(&self, _: &mut Kept) -> Result<usize, Error> {
        Ok(self.rows.windows())
    }

    fn count_limbs(&self, kept: &mut Kept, totals: &mut [usize]) -> Result<(), Error> {
        // The entries are rows; what they come to is beside the map.
        for instance in self.rows.instances() {
            let summed = match self.rows.known(instance) {
                Some(states) => states.to_vec(),
                None => self.rows.sum(instance, kept)?,
            };
            kept.states.unpack(&summed)?;
            kept.states.count_limbs(totals);
        }
        Ok(())
    }

    fn open(&self, kept: &mut Kept, instance: &[u8]) -> Result<Vec<OpenWindow>, Error> {
        if self.rows.count(instance) == 0 {
            return Ok(Vec::new());
        }
        let [start, end] = self.span(instance)?;
        let states = match self.rows.known(instance) {
            Some(states) => states.into(),
            None => self.rows.sum(instance, kept)?.into(),
        };
        Ok(vec![OpenWindow { span: (start, end), states }])
    }

    fn key_width(&self) -> usize {
        0
    }

    fn span(&self, key: &[u8]) -> Result<Option<(Moment, Moment)>, Error> {
        if key.is_empty() { Ok(None) } else { Err(corrupt("a key of the last rows is that of the instance")) }
    }
}

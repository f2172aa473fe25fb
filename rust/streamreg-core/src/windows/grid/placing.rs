//! Windows: in which windows of a grid rows are that come one after another.

use super::floor::Steps;
use super::{Grid, Windows, saturated};
use crate::windows::assign::Place;
use crate::windows::moment::Moment;

/// Finds the windows of rows: quickly where these are those of the row before.
#[derive(Debug)]
pub(in crate::windows) struct Placing<'a> {
    grid: &'a Grid,
    /// The last window that a time is in, the last one that has ended then, and the last one that is closed.
    begun: Steps,
    ended: Option<Steps>,
    closed: Option<Steps>,
    same: Option<Same>,
}

/// Integers that are in the same windows, if they come after one of some others.
#[derive(Clone, Copy, Debug)]
struct Same {
    times: (i64, i64),
    before: (i64, i64),
    windows: Windows,
}

impl Same {
    #[inline]
    fn holds(&self, time: Moment, before: Option<Moment>) -> bool {
        let within = |value: i64, (first, last): (i64, i64)| first <= value && value <= last;
        match (time, before) {
            (Moment::Int(time), Some(Moment::Int(before))) => {
                within(time, self.times) && within(before, self.before)
            }
            _ => false,
        }
    }
}

impl<'a> Placing<'a> {
    pub(in crate::windows) fn new(grid: &'a Grid) -> Self {
        let &Grid { origin, hop, duration, .. } = grid;
        let steps = |minus: Vec<Moment>| Steps::new(minus, hop);
        Self {
            grid,
            begun: steps(vec![origin]),
            ended: (!grid.whole).then(|| steps(vec![origin, duration])),
            closed: grid.cutoff.map(|cutoff| steps(vec![cutoff, origin, duration])),
            same: None,
        }
    }

    /// Where a row of this time is, after one of that.
    #[inline]
    pub(in crate::windows) fn place(&mut self, time: Moment, before: Option<Moment>) -> Place<Windows> {
        match self.same.filter(|same| same.holds(time, before)) {
            Some(same) => Place::In(same.windows),
            None => self.place_anew(time, before),
        }
    }

    fn place_anew(&mut self, time: Moment, before: Option<Moment>) -> Place<Windows> {
        let (lowest, highest) = self.grid.bounds;
        if time.order(lowest).is_lt() || time.order(highest).is_gt() {
            return Place::Outside;
        }
        let begun = self.begun.floor(time);
        let ended = match &mut self.ended {
            Some(ended) => ended.floor(time),
            None => begun - i128::from(self.grid.panes),
        };
        // Within the bounds both are 64-bit integers, which `limits` has made sure of.
        let (earliest, last) = (saturated(ended + 1), saturated(begun));
        if earliest > last {
            return Place::Between;
        }
        let open = match (&mut self.closed, before) {
            (Some(closed), Some(before)) => closed.floor(before) + 1,
            _ => i128::MIN,
        };
        match i64::try_from(open.max(earliest.into())) {
            Ok(first) if first <= last => {
                self.same = self.alike(before, (first, last));
                Place::In((first, last))
            }
            _ => Place::Late,
        }
    }

    /// The integers that are in the same windows as the row that was placed last, which came after this one.
    fn alike(&self, before: Option<Moment>, windows: Windows) -> Option<Same> {
        let (Moment::Int(lowest), Moment::Int(highest)) = self.grid.bounds else { return None };
        let (mut first, mut last) = self.begun.known()?;
        if let Some(ended) = &self.ended {
            let (from, to) = ended.known()?;
            (first, last) = (first.max(from), last.min(to));
        }
        let before = match &self.closed {
            // Where nothing came before, no window was closed by that.
            Some(closed) => before.and(closed.known())?,
            None => (i64::MIN, i64::MAX),
        };
        Some(Same { times: (first.max(lowest), last.min(highest)), before, windows })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed};

    use super::{Grid, Moment, Placing};
    use crate::windows::moment::TimeKind;
    use crate::windows::spec::{Spec, Window};

    /// Times that are near one another, and some at the ends of what there is.
    fn time() -> impl Strategy<Value = i64> {
        prop_oneof![
            8 => -40..40i64,
            1 => (0..40i64).prop_map(|near| i64::MAX - near),
            1 => (0..40i64).prop_map(|near| i64::MIN + near),
        ]
    }

    proptest! {
        #![proptest_config(Config {
            cases: 2000, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..Config::default()
        })]

        /// Rows are in the windows that each is in alone, whatever came before it.
        #[test]
        fn differential_one_by_one(
            rows in prop::collection::vec((time(), prop::option::of(time())), 1..40),
            (origin, hop, duration) in (-9..9i64, 1..9i64, 1..20i64),
            cutoff in prop::option::of(0..15i64),
            far in any::<bool>(),
        ) {
            // A length of which few fit into what there is.
            let [hop, duration] = [hop, duration].map(|length| if far { length << 57 } else { length });
            let [origin, hop, duration] = [origin, hop, duration].map(Moment::Int);
            let window = Window::Grid { origin, hop, duration };
            let cutoff = cutoff.map(Moment::Int);
            let spec =
                Spec { window, delay: None, cutoff, is_final: false, keep_closed: false, labelled: false };
            let grid = Grid::new(&spec, TimeKind::Int).unwrap();
            let mut placing = Placing::new(&grid);
            for (time, before) in rows {
                let (time, before) = (Moment::Int(time), before.map(Moment::Int));
                prop_assert_eq!(placing.place(time, before), Placing::new(&grid).place(time, before));
            }
        }
    }
}

//! Windows of a grid: each holds the rows that it should by rational numbers, whatever the batches, epochs and restarts.

use std::collections::BTreeSet;

use proptest::prelude::*;
use streamreg_core::time;
use streamreg_core::windows::{Moment, Spec, TimeKind};

use crate::checkpoint::stored;
use crate::stream::{Event, Exact, Outcome, Run, events, exact, grid, plain, reduction, run, runs};
use crate::support::config;

/// Behaviours of windows whose lengths are about this.
fn behaviours(unit: Moment) -> impl Strategy<Value = Spec> {
    let times = move |count: i64| match unit {
        Moment::Int(unit) => Moment::Int(unit * count / 2),
        #[allow(clippy::cast_precision_loss, reason = "few")]
        Moment::Float(unit) => Moment::Float(unit * count as f64 / 2.0),
    };
    let maybe = move |least| prop::option::of((least..5i64).prop_map(times));
    (maybe(-1), maybe(-1), any::<bool>(), any::<bool>()).prop_map(
        move |(delay, cutoff, is_final, keep_closed)| {
            let is_final = is_final && cutoff.is_some();
            Spec { delay, cutoff, is_final, keep_closed, ..plain(grid(unit, unit, unit)) }
        },
    )
}

fn ints() -> impl Strategy<Value = (Spec, Vec<Event>)> {
    (1i64..7, 1i64..20, -20i64..20).prop_flat_map(|(hop, duration, origin)| {
        let window = grid(Moment::Int(origin), Moment::Int(hop), Moment::Int(duration));
        let times = prop_oneof![9 => -30i64..30, 1 => any::<i64>()].prop_map(Moment::Int);
        (behaviours(Moment::Int(duration)).prop_map(move |spec| Spec { window, ..spec }), events(times, 40))
    })
}

fn floats() -> impl Strategy<Value = (Spec, Vec<Event>)> {
    let hop = prop::sample::select(vec![0.1, 0.25, 1.0, 0.7, 3.0, 1e-3, 1e300]);
    let panes = prop::sample::select(vec![1.0, 3.0, 0.5, 2.5, 10.0, 1.0 / 3.0]);
    let origin = prop::sample::select(vec![0.0, -0.0, 0.1, -7.3, 1.7e9, 1e-320]);
    (hop, panes, origin).prop_flat_map(|(hop, panes, origin)| {
        let window = grid(Moment::Float(origin), Moment::Float(hop), Moment::Float(hop * panes));
        // Times on the ends of windows, as they are computed in doubles, and beside them.
        let end = move |count: i32, ulps: i32| {
            let time = origin + hop * f64::from(count);
            Moment::Float(match ulps {
                0 => time,
                1 => time.next_up(),
                _ => time.next_down(),
            })
        };
        let near = (-12i32..12, 0..3i32).prop_map(move |(count, ulps)| end(count, ulps));
        let any = (-12.0..12.0f64).prop_map(move |times| Moment::Float(origin + hop * times));
        let unit = Moment::Float(hop * panes);
        (
            behaviours(unit).prop_map(move |spec| Spec { window, ..spec }),
            events(prop_oneof![3 => near, 2 => any], 40),
        )
    })
}

/// Everything that comes out is what should.
fn check(kind: TimeKind, spec: Spec, group: bool, events: &[Event], how: &Run) -> Result<(), TestCaseError> {
    let oracle = Exact::new(kind, spec);
    let expected = oracle.expected(events);
    let (outcome, mut parent) = run(kind, spec, group, events, how);
    prop_assert_eq!(&outcome.partials.late, &expected.late);
    prop_assert_eq!(&outcome.partials.outside, &expected.outside);
    let (mut rows, mut closed, mut open) = (Vec::new(), 0, Vec::new());
    for (&(key, window), own) in &expected.windows {
        let visible = oracle.visible(window.into(), outcome.time);
        if visible {
            rows.push(oracle.row(key, window, own, events, group));
        }
        if visible && outcome.time.is_some_and(|time| oracle.closed(window.into(), time)) {
            closed += 1;
        } else {
            open.push(window);
        }
    }
    rows.sort();
    let mut found: Vec<_> = outcome.rows.values().cloned().collect();
    found.sort();
    prop_assert_eq!(found, rows);
    prop_assert_eq!(outcome.closed.len(), closed);
    prop_assert_eq!(parent.open_windows().unwrap(), open.len());
    check_horizon(&oracle, parent.horizon(), open.iter().max().copied())?;
    if open.is_empty() && !spec.keep_closed {
        let entries = parent.tracked().in_order();
        prop_assert!(
            entries.iter().all(|(key, _)| key.starts_with(&[2])),
            "nothing is left of closed windows"
        );
    }
    Ok(())
}

/// At the horizon the last open window is visible and closed, and just before it is not.
fn check_horizon(oracle: &Exact, horizon: Option<Moment>, last: Option<i64>) -> Result<(), TestCaseError> {
    let Some(last) = last.filter(|_| oracle.spec.cutoff.is_some()) else {
        prop_assert_eq!(horizon, None);
        return Ok(());
    };
    let done = |time: Moment| oracle.visible(last.into(), Some(time)) && oracle.closed(last.into(), time);
    if let Some(horizon) = horizon {
        prop_assert!(done(horizon));
        let before = match horizon {
            Moment::Int(time) => time.checked_sub(1).map(Moment::Int),
            Moment::Float(time) => Some(Moment::Float(time.next_down())).filter(|_| time > -f64::MAX),
        };
        prop_assert!(before.is_none_or(|before| !done(before)));
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(100))]

    /// Integer times: the rows of all windows, late rows, closing and what is left are those of rational numbers.
    #[test]
    fn oracle_ints((spec, events) in ints(), how in runs(), group in any::<bool>()) {
        check(TimeKind::Int, spec, group, &events, &how)?;
    }

    /// The same of datetimes, around their first and last ones too.
    #[test]
    fn oracle_datetimes(
        (spec, mut events) in ints(),
        how in runs(),
        group in any::<bool>(),
        shift in prop::sample::select(vec![0, time::FIRST, time::LAST]),
    ) {
        for event in &mut events {
            let Moment::Int(time) = event.time else { continue };
            let time = time.saturating_add(shift).clamp(time::FIRST, time::LAST);
            event.time = Moment::Int(time);
        }
        check(TimeKind::Datetime, spec, group, &events, &how)?;
    }

    /// The same of doubles, on the ends of windows and beside them.
    #[test]
    fn oracle_floats((spec, events) in floats(), how in runs(), group in any::<bool>()) {
        check(TimeKind::Float, spec, group, &events, &how)?;
    }

    /// Batches of any size in any order leave the bytes of one batch.
    #[test]
    fn law_split_and_order((spec, events) in ints(), how in runs(), group in any::<bool>()) {
        let whole = Run { sizes: vec![events.len().max(1)], epoch: usize::MAX, restarts: false };
        let pieces = Run { epoch: usize::MAX, ..how };
        // Nothing is closed, so that all of it is compared; rows are late as before.
        let merged = |how: &Run| {
            let (outcome, _) = run(TimeKind::Int, spec, group, &events, how);
            let mut parent = reduction(TimeKind::Int, spec, group);
            for state in &outcome.partials.states {
                parent.merge(state).unwrap();
            }
            stored(&parent)
        };
        prop_assert_eq!(merged(&whole), merged(&pieces));
    }

    /// A row is late for any of its windows by the same rule as the rows of a batch.
    #[test]
    fn oracle_late((spec, events) in floats(), watermark in -5.0..5.0f64) {
        let (oracle, own) = (Exact::new(TimeKind::Float, spec), reduction(TimeKind::Float, spec, true));
        let watermark = Moment::Float(watermark);
        for event in &events {
            let (first, last) = oracle.windows(&exact(event.time));
            let expected = (first..=last).any(|window| oracle.closed(window, watermark));
            prop_assert_eq!(own.late(event.time, watermark).unwrap(), expected);
        }
    }
}

fn int_event(time: i64) -> Event {
    Event { partition: 0, key: 0, time: Moment::Int(time), x: 1.0, y: 2.0 }
}

fn once(kind: TimeKind, spec: Spec, events: &[Event]) -> Outcome {
    let how = Run { sizes: vec![events.len()], epoch: 1, restarts: false };
    run(kind, spec, true, events, &how).0
}

/// The first and the last integers that there are, are in windows whose ends are integers too, or outside.
#[test]
fn the_ends_of_64_bits() {
    let times = [i64::MIN, i64::MIN + 1, i64::MIN + 8, -1, 0, i64::MAX - 9, i64::MAX - 1, i64::MAX];
    for (hop, duration) in [(1, 1), (10, 10), (3, 10), (10, 3), (i64::MAX, i64::MAX), (1, 1000)] {
        for origin in [0, 5, i64::MIN, i64::MAX] {
            let spec = plain(grid(Moment::Int(origin), Moment::Int(hop), Moment::Int(duration)));
            let events: Vec<_> = times.iter().map(|&time| int_event(time)).collect();
            let expected = Exact::new(TimeKind::Int, spec).expected(&events);
            let outcome = once(TimeKind::Int, spec, &events);
            // A row between two windows that are not there is outside as well.
            let outside: BTreeSet<_> = outcome.partials.outside.iter().collect();
            assert!(expected.outside.iter().all(|row| outside.contains(row)));
            assert!(hop > duration || expected.outside.len() == outside.len());
            assert_eq!(outcome.rows.len(), expected.windows.len());
        }
    }
}

/// Doubles of any size are in windows whose ends are finite, or outside; none of them ends in a panic.
#[test]
fn the_ends_of_doubles() {
    let times =
        [-f64::MAX, f64::MAX, 5e-324, -5e-324, 0.0, -0.0, 1e300, -1e300, 1e18, 4.6e18, 9.3e18, -9.3e18];
    for (hop, panes) in [(1.0, 1.0), (0.1, 3.0), (1e300, 1.0), (f64::MAX, 1.0), (5e-324, 2.0), (1e-5, 0.5)] {
        for origin in [0.0, 0.1, -f64::MAX, f64::MAX, 5e-324] {
            let window =
                grid(Moment::Float(origin), Moment::Float(hop), Moment::Float((hop * panes).max(5e-324)));
            let spec = plain(window);
            let events: Vec<_> =
                times.iter().map(|&time| Event { time: Moment::Float(time), ..int_event(0) }).collect();
            let expected = Exact::new(TimeKind::Float, spec).expected(&events);
            let outcome = once(TimeKind::Float, spec, &events);
            assert!(panes < 1.0 || outcome.partials.outside == expected.outside, "{window:?}");
            assert_eq!(outcome.rows.len(), expected.windows.len(), "{window:?}");
        }
    }
}

/// With hops of 0.1 from 0, which is a little more than a tenth, 0.3 is in the third window and not in the fourth: thrice
/// that double is more than the double 0.3.
#[test]
fn a_tenth_is_the_double() {
    let spec = plain(grid(Moment::Float(0.0), Moment::Float(0.1), Moment::Float(0.1)));
    let event = Event { time: Moment::Float(0.3), ..int_event(0) };
    let outcome = once(TimeKind::Float, spec, &[event]);
    let rows: Vec<_> = outcome.rows.into_values().collect();
    assert!(rows[0].contains("Float(0.2), Float(0.30000000000000004)"), "{rows:?}");
}

/// An instance whose windows are all closed leaves nothing behind, over two thousand windows.
#[test]
fn closed_windows_leave_nothing() {
    for (hop, duration) in [(10, 10), (5, 20)] {
        let window = grid(Moment::Int(0), Moment::Int(hop), Moment::Int(duration));
        let spec = Spec { cutoff: Some(Moment::Int(0)), is_final: true, ..plain(window) };
        let events: Vec<_> = (0..2000).map(|row| Event { key: row % 7, ..int_event(row * 10) }).collect();
        let how = Run { sizes: vec![100], epoch: 1, restarts: false };
        let (outcome, parent) = run(TimeKind::Int, spec, true, &events, &how);
        assert!(outcome.rows.len() >= 1990);
        assert!(parent.tracked().len() < 40, "{}", parent.tracked().len());
    }
}

/// Windows that make no sense are errors that say so.
#[test]
fn misfits_are_errors() {
    use streamreg_core::error::Error;
    use streamreg_core::reduce::Aggregate;
    use streamreg_core::windows::{Window, WindowReduction};
    let of = |kind, spec| WindowReduction::new(&[], &[], vec![Aggregate::Count], kind, spec);
    let int = Moment::Int;
    let bad = [
        grid(int(0), int(0), int(1)),
        grid(int(0), int(1), int(-1)),
        grid(int(0), int(1), int(1 << 40)),
        grid(Moment::Float(0.0), int(1), int(1)),
        Window::Last { rows: 0 },
        Window::Session { max_gap: int(0) },
    ];
    for window in bad {
        assert!(matches!(of(TimeKind::Int, plain(window)), Err(Error::Invalid(_))), "{window:?}");
    }
    let nan = grid(Moment::Float(f64::NAN), Moment::Float(1.0), Moment::Float(1.0));
    assert!(matches!(of(TimeKind::Float, plain(nan)), Err(Error::Invalid(_))));
    let endless = Spec { is_final: true, ..plain(grid(int(0), int(1), int(1))) };
    assert!(matches!(of(TimeKind::Int, endless), Err(Error::Invalid(_))));
}

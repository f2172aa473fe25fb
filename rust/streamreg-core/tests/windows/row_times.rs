//! The times of a batch: the greatest time before each row in its own partition, whatever the batches.

use std::collections::BTreeMap;

use proptest::prelude::*;
use streamreg_core::error::Error;
use streamreg_core::windows::{Moment, RowTimes, TimeKind, Times, Watermark};

use crate::stream::row_times;
use crate::stream::{Event, events};
use crate::support::config;

fn any_time() -> impl Strategy<Value = Moment> {
    let odd = prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0, f64::MAX]);
    prop_oneof![4 => -5.0..5.0f64, 1 => odd].prop_map(Moment::Float)
}

fn float(moment: Moment) -> f64 {
    if let Moment::Float(time) = moment { time } else { f64::NAN }
}

/// What is seen of the rows: time and the greatest time before, as bits.
fn seen(times: &RowTimes) -> Vec<(Option<u64>, Option<u64>)> {
    let bits = |moment: Option<Moment>| moment.map(|moment| float(moment).to_bits());
    let mut seen = Vec::new();
    times.each(|row| {
        assert_eq!(row.index as usize, seen.len());
        seen.push((bits(row.time), bits(row.before)));
    });
    seen
}

proptest! {
    #![proptest_config(config(150))]

    /// Batches see what one batch sees, which is the maximum of the finite times within bounds before in the partition.
    #[test]
    fn oracle_greatest_times_before(
        events in events(any_time(), 30),
        sizes in prop::collection::vec(1usize..7, 1..4),
        bounds in prop::option::of((-4.0..0.0f64, 0.0..4.0f64)),
    ) {
        let limits = bounds.map(|(least, greatest)| (Moment::Float(least), Moment::Float(greatest)));
        let counts = |time: f64| {
            time.is_finite() && bounds.is_none_or(|(least, greatest)| least <= time && time <= greatest)
        };
        let expected: Vec<_> = events.iter().enumerate().map(|(at, event)| {
            let time = Some(float(event.time) + 0.0).filter(|time| time.is_finite());
            let before = events[..at].iter()
                .filter(|other| other.partition == event.partition && counts(float(other.time)))
                .map(|other| float(other.time) + 0.0)
                .reduce(f64::max);
            (time.map(f64::to_bits), before.map(f64::to_bits))
        }).collect();
        let whole = row_times(TimeKind::Float, &events, &BTreeMap::new(), limits);
        prop_assert_eq!(seen(&whole), &expected[..]);
        let (mut found, mut marks, mut rest) = (Vec::new(), BTreeMap::new(), &events[..]);
        for size in sizes.iter().cycle() {
            let (batch, after) = rest.split_at((*size).min(rest.len()));
            let times = row_times(TimeKind::Float, batch, &marks, limits);
            found.extend(seen(&times));
            check_marks(&times, batch, &mut marks, counts)?;
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(found, expected);
    }
}

fn check_marks(
    times: &RowTimes,
    batch: &[Event],
    marks: &mut BTreeMap<i32, Moment>,
    counts: impl Fn(f64) -> bool,
) -> Result<(), TestCaseError> {
    let mut expected: BTreeMap<i32, (f64, f64)> = BTreeMap::new();
    for event in batch.iter().filter(|event| counts(float(event.time))) {
        let time = float(event.time) + 0.0;
        let before = marks.get(&event.partition).map_or(f64::NEG_INFINITY, |before| float(*before));
        let own = expected.entry(event.partition).or_insert((f64::INFINITY, before));
        *own = (own.0.min(time), own.1.max(time));
    }
    let found = times.watermarks();
    let same = |mark: &Watermark| (mark.partition, (float(mark.least), float(mark.greatest)));
    prop_assert_eq!(found.iter().map(same).collect::<BTreeMap<_, _>>(), expected);
    marks.extend(found.iter().map(|mark| (mark.partition, mark.greatest)));
    Ok(())
}

/// Columns of other lengths, and watermarks that are no times of the column's kind, are errors.
#[test]
fn misfits_are_errors() {
    let of = |partitions: &[i32], offsets: Option<&[i64]>, mark: Moment| {
        RowTimes::new(Times::Int(&[1, 2]), partitions, &[(0, mark)], offsets, None)
    };
    assert!(of(&[0, 1], Some(&[5, 5]), Moment::Int(1)).is_ok());
    assert!(matches!(of(&[0], None, Moment::Int(1)), Err(Error::Columns(_))));
    assert!(matches!(of(&[0, 1], Some(&[5]), Moment::Int(1)), Err(Error::Columns(_))));
    assert!(matches!(of(&[0, 1], None, Moment::Float(1.0)), Err(Error::Invalid(_))));
    let nan = RowTimes::new(Times::Float(&[]), &[], &[(0, Moment::Float(f64::NAN))], None, None);
    assert!(matches!(nan, Err(Error::Invalid(_))));
}

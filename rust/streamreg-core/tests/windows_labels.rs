//! Windows of rows with labels: what they hold by label is a function of the rows, and no bytes are taken that hold less.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use proptest::prelude::*;
use streamreg_core::classes::Classes;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::error::Error;
use streamreg_core::reduce::{Aggregate, Answer, KeyCell, KeyColumn, KeyType, Statistic};
use streamreg_core::windows::{Moment, RowTimes, Spec, TimeKind, Times, Window, WindowReduction};
use support::config;

#[derive(Clone, Copy, Debug)]
struct Row {
    instance: i64,
    offset: i64,
    time: i64,
    label: Option<i64>,
    x: f64,
}

/// Key, cells, statistics and the classes of each window.
type Found = (Vec<(Vec<u8>, Vec<KeyCell>, Vec<Answer>)>, Vec<Vec<Classes>>);

fn spec() -> impl Strategy<Value = Spec> {
    let grid = |hop, duration| Window::Grid {
        origin: Moment::Int(0),
        hop: Moment::Int(hop),
        duration: Moment::Int(duration),
    };
    let window = prop::sample::select(vec![
        grid(10, 10),
        grid(4, 11),
        Window::Session { max_gap: Moment::Int(3) },
        Window::Last { rows: 5 },
    ]);
    let spec = |window| Spec {
        window,
        delay: None,
        cutoff: None,
        is_final: false,
        keep_closed: false,
        labelled: true,
    };
    window.prop_map(spec)
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0..2i64, 0..60i64, prop::option::weighted(0.8, 0..4i64), -9..9i32);
    prop::collection::vec(row, 1..40).prop_map(|rows| {
        (0..)
            .zip(rows)
            .map(|(offset, (instance, time, label, x))| Row { instance, offset, time, label, x: x.into() })
            .collect()
    })
}

fn windows(spec: Spec) -> WindowReduction {
    let aggregates = vec![Aggregate::Count, Aggregate::Class(vec![0])];
    let keys = (&[KeyType::Int, KeyType::Int][..], &[1][..]);
    WindowReduction::with_missing(keys, (&[NumberType::Float], &[]), aggregates, (TimeKind::Int, false), spec)
        .unwrap()
}

fn partial(spec: Spec, rows: &[Row]) -> Vec<u8> {
    let column = |of: fn(&Row) -> i64| rows.iter().map(of).collect::<Vec<_>>();
    let (instances, times, offsets) =
        (column(|row| row.instance), column(|row| row.time), column(|row| row.offset));
    let labels = column(|row| row.label.unwrap_or(0));
    let missing: Vec<_> = rows.iter().map(|row| row.label.is_none()).collect();
    let x: Vec<_> = rows.iter().map(|row| row.x).collect();
    let partitions = vec![0; rows.len()];
    let times = RowTimes::new(Times::Int(&times), &partitions, &[], Some(&offsets), None).unwrap();
    let labels = KeyColumn::Int(&labels);
    let keys = [KeyColumn::Int(&instances), KeyColumn::Optional(&labels, &missing)];
    windows(spec).partial(&keys, &times, &[Numbers::Float(&x)], rows.len()).unwrap().state
}

fn entries(state: &WindowReduction) -> Vec<(Vec<u8>, Vec<u8>)> {
    state.tracked().in_order().iter().map(|(key, bytes)| (key.to_vec(), bytes.to_vec())).collect()
}

fn results(state: &mut WindowReduction) -> Result<Found, Error> {
    let count = state.due(None)?;
    let asked = [Statistic::new(0, "count", 0).unwrap()];
    let found = state.class_results(&asked, &[1], 0..count)?;
    let present = found.keys.iter().zip(&found.present).filter(|(_, present)| **present).map(|(key, _)| key);
    let rows = present.enumerate().map(|(row, key)| {
        let cells = found.cells.iter().map(|column| column[row].clone()).collect();
        (key.clone(), cells, found.columns.iter().map(|column| column[row].clone()).collect())
    });
    Ok((rows.collect(), found.classes.clone()))
}

/// Entries as a checkpoint stores them.
fn stored(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let part = |part: &[u8]| [&u32::try_from(part.len()).unwrap().to_le_bytes(), part].concat();
    entries.iter().flat_map(|(key, bytes)| [part(key), part(bytes)].concat()).collect()
}

proptest! {
    #![proptest_config(config(200))]

    /// In whatever batches and order rows come, after restarts too: the same bytes, results and classes.
    #[test]
    fn law_order_and_split(
        spec in spec(),
        rows in rows(),
        places in prop::collection::vec(0..5usize, 40),
        restarts in prop::collection::vec(any::<bool>(), 5),
    ) {
        let mut whole = windows(spec);
        whole.merge(&partial(spec, &rows)).unwrap();
        let mut split = windows(spec);
        for (batch, restart) in restarts.into_iter().enumerate() {
            let own: Vec<_> =
                rows.iter().zip(&places).filter(|(_, place)| **place == batch).map(|(row, _)| *row).collect();
            split.merge(&partial(spec, &own)).unwrap();
            if restart {
                let kept = stored(&entries(&split));
                split = windows(spec);
                split.load(&kept).unwrap();
            }
        }
        prop_assert_eq!(entries(&whole), entries(&split));
        // As after a restart, where nothing has changed, all is asked again.
        let kept = stored(&entries(&split));
        split = windows(spec);
        split.load(&kept).unwrap();
        split.merge(&partial(spec, &[])).unwrap();
        let (found, classes) = results(&mut whole).unwrap();
        prop_assert!(!found.is_empty() && !classes.is_empty());
        let counted: i128 = whole.excluded()[1];
        prop_assert_eq!(counted, rows.iter().filter(|row| row.label.is_none()).count() as i128);
        for (key, cells, _) in &found {
            let own = whole.cells(key).unwrap();
            prop_assert_eq!(own.len(), if matches!(spec.window, Window::Last { .. }) { 2 } else { 4 });
            prop_assert_eq!(cells.len(), 2);
        }
        for instance in [0, 1] {
            let cells = [KeyColumn::Int(std::slice::from_ref(&instance))];
            let (one, other) = (whole.windows(&cells).unwrap(), split.windows(&cells).unwrap());
            prop_assert_eq!(one.len(), other.len());
            for (one, other) in one.iter().zip(&other) {
                prop_assert_eq!(one.span, other.span);
                prop_assert_eq!(whole.classes(one, 1).unwrap(), split.classes(other, 1).unwrap());
                prop_assert!(classes.contains(&vec![whole.classes(one, 1).unwrap()]));
            }
        }
    }

    /// A partial with a byte changed, and its checksum with it, is taken or refused whole.
    #[test]
    fn law_forged_partials(
        spec in spec(),
        rows in rows(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (before, after) = rows.split_at(rows.len() / 2);
        let mut bytes = partial(spec, after);
        let body = bytes.len() - 4;
        bytes[2 + at.index(body - 2)] = byte;
        let checksum = crc32fast::hash(&bytes[..body]).to_le_bytes();
        bytes[body..].copy_from_slice(&checksum);
        let mut parent = windows(spec);
        parent.merge(&partial(spec, before)).unwrap();
        let (kept, excluded) = (entries(&parent), parent.excluded().to_vec());
        if parent.merge(&bytes).is_err() {
            prop_assert_eq!(entries(&parent), kept);
            prop_assert_eq!(parent.excluded(), excluded);
        }
        let _ = results(&mut parent);
        let _ = parent.limbs();
    }

    /// A stored entry with a byte changed loads, or is refused whole.
    #[test]
    fn law_forged_entries(
        spec in spec(),
        rows in rows(),
        (entry, at) in any::<(prop::sample::Index, prop::sample::Index)>(),
        byte in any::<u8>(),
    ) {
        let mut whole = windows(spec);
        whole.merge(&partial(spec, &rows)).unwrap();
        let mut kept = entries(&whole);
        let entry = entry.index(kept.len());
        let (key, bytes) = &mut kept[entry];
        let at = at.index(key.len() + bytes.len());
        if at < key.len() { key[at] = byte } else { bytes[at - key.len()] = byte }
        let mut parent = windows(spec);
        if parent.load(&stored(&kept)).is_err() {
            prop_assert_eq!(entries(&parent), Vec::new());
        }
        let _ = results(&mut parent);
        let _ = parent.limbs();
    }
}

/// Without a column of labels there are no rows by label, and none are asked of other windows.
#[test]
fn misfits_are_errors() {
    let window = Window::Session { max_gap: Moment::Int(3) };
    let spec =
        Spec { window, delay: None, cutoff: None, is_final: false, keep_closed: false, labelled: true };
    let new =
        |keys: &[KeyType], spec| WindowReduction::new(keys, &[], vec![Aggregate::Count], TimeKind::Int, spec);
    assert!(matches!(new(&[], spec), Err(Error::Invalid(_))));
    let mut plain = new(&[KeyType::Int], Spec { labelled: false, ..spec }).unwrap();
    assert!(matches!(plain.class_results(&[], &[], 0..0), Err(Error::Invalid(_))));
    assert!(matches!(plain.closed_classes(0, &[], 0), Err(Error::Invalid(_))));
    let mut labelled = new(&[KeyType::Int], spec).unwrap();
    assert!(matches!(labelled.closed_classes(0, &[], 0), Err(Error::Invalid(_))));
    let partial = labelled.partial(
        &[KeyColumn::Int(&[1])],
        &RowTimes::new(Times::Int(&[5]), &[0], &[], None, None).unwrap(),
        &[],
        1,
    );
    let partial = partial.unwrap().state;
    assert!(matches!(plain.merge(&partial), Err(Error::Mismatch(_))));
    labelled.merge(&partial).unwrap();
    let [window] = <[_; 1]>::try_from(labelled.windows(&[]).unwrap()).unwrap();
    assert!(matches!(labelled.classes(&window, 0), Err(Error::Invalid(_))));
    assert!(matches!(labelled.single(&window), Err(Error::Invalid(_))));
}

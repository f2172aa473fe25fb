//! The laws of the states: an abelian group, with equal bytes for equal multisets of rows.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use proptest::prelude::*;
use streamreg_core::column::{NumberType, Numbers};
use streamreg_core::error::Error;
use streamreg_core::exact::ExactSum;
use streamreg_core::moments::{MOST_FEATURES, Moments};
use streamreg_core::reduce::{Aggregate, Answer, Reduction, Statistic};
use support::{Column, columns, config, double, numbers};

fn moments(columns: &[Column]) -> Moments {
    let mut moments = Moments::new(columns.len() - 1).unwrap();
    moments.add(&numbers(columns)).unwrap();
    moments
}

fn pick(columns: &[Column], rows: &[usize]) -> Vec<Column> {
    columns.iter().map(|column| column.pick(rows)).collect()
}

/// Columns, and an order of their rows cut into pieces.
fn shuffled() -> impl Strategy<Value = (Vec<Column>, Vec<Vec<usize>>)> {
    (2usize..5).prop_flat_map(|count| columns(count, 1..70)).prop_flat_map(|columns| {
        let rows: Vec<usize> = (0..columns[0].numbers().len()).collect();
        let order = (Just(rows).prop_shuffle(), prop::collection::vec(1usize..40, 0..8));
        let pieces = order.prop_map(|(mut rows, sizes)| {
            let mut pieces = Vec::new();
            for size in sizes {
                let rest = rows.split_off(size.min(rows.len()));
                pieces.push(std::mem::replace(&mut rows, rest));
            }
            pieces.push(rows);
            pieces
        });
        (Just(columns), pieces)
    })
}

/// A reduction with every aggregate over two columns of doubles and one of integers.
fn reduction() -> Reduction {
    let inputs = [NumberType::Float, NumberType::Float, NumberType::Int];
    let aggregates = vec![
        Aggregate::Count,
        Aggregate::Sum(0),
        Aggregate::Sum(2),
        Aggregate::Min(1),
        Aggregate::Max(2),
        Aggregate::Moments { features: vec![0], target: 1 },
        Aggregate::Moments { features: vec![0, 2], target: 1 },
    ];
    Reduction::new(&inputs, aggregates).unwrap()
}

fn statistics() -> Vec<Statistic> {
    [
        (0, "count", 0),
        (1, "sum", 0),
        (1, "avg", 0),
        (2, "sum", 0),
        (3, "min", 0),
        (4, "max", 0),
        (5, "coefficient", 1),
        (5, "regr_r2", 0),
        (6, "coefficient", 2),
    ]
    .map(|(aggregate, name, index)| Statistic::new(aggregate, name, index).unwrap())
    .to_vec()
}

proptest! {
    #![proptest_config(config(200))]

    /// Any order of the rows in any pieces, merged from either side, gives the same bytes.
    #[test]
    fn law_order_and_split((columns, pieces) in shuffled()) {
        let whole = moments(&columns);
        let parts: Vec<_> = pieces.iter().map(|rows| moments(&pick(&columns, rows))).collect();
        let (mut left, mut right) = (Moments::new(columns.len() - 1).unwrap(), parts[0].clone());
        for part in &parts {
            left.merge(part).unwrap();
        }
        for part in &parts[1..] {
            let mut merged = part.clone();
            merged.merge(&right).unwrap();
            right = merged;
        }
        prop_assert_eq!(left.to_bytes(), whole.to_bytes());
        prop_assert_eq!(right.to_bytes(), whole.to_bytes());
    }

    /// Merging is a tree of any form: halves of halves give the same bytes.
    #[test]
    fn law_merge_tree((columns, pieces) in shuffled()) {
        let mut level: Vec<_> = pieces.iter().map(|rows| moments(&pick(&columns, rows))).collect();
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| {
                let mut merged = pair[0].clone();
                if let [_, other] = pair {
                    merged.merge(other).unwrap();
                }
                merged
            }).collect();
        }
        prop_assert_eq!(level[0].to_bytes(), moments(&columns).to_bytes());
    }

    /// Rows removed, before or after they were added, by remove or by subtract, leave the rest as if never seen.
    #[test]
    fn law_removal((columns, pieces) in shuffled()) {
        let features = columns.len() - 1;
        let mut state = Moments::new(features).unwrap();
        for (at, rows) in pieces.iter().enumerate() {
            let piece = pick(&columns, rows);
            if at % 2 == 0 {
                state.remove(&numbers(&piece)).unwrap();
            } else {
                state.subtract(&moments(&piece)).unwrap();
            }
        }
        let kept = &pieces[0];
        state.add(&numbers(&columns)).unwrap();
        state.add(&numbers(&pick(&columns, kept))).unwrap();
        prop_assert_eq!(&state, &moments(&pick(&columns, kept)));
        state.remove(&numbers(&pick(&columns, kept))).unwrap();
        prop_assert_eq!(state.to_bytes(), Moments::new(features).unwrap().to_bytes());
    }

    /// A state read from its bytes is the same state, and writes the same bytes.
    #[test]
    fn law_round_trip(columns in (2usize..6).prop_flat_map(|count| columns(count, 0..50))) {
        let state = moments(&columns);
        let bytes = state.to_bytes();
        let read = Moments::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&read, &state);
        prop_assert_eq!(read.to_bytes(), bytes);
    }

    /// Sums obey the same laws, NaN and infinities included.
    #[test]
    fn law_sums(
        values in prop::collection::vec(prop_oneof![9 => double(), 1 => Just(f64::NAN)], 0..80),
        cut in 0usize..80,
    ) {
        let (head, tail) = values.split_at(cut.min(values.len()));
        let mut whole = ExactSum::new();
        whole.add(Numbers::Float(&values)).unwrap();
        let mut merged = ExactSum::new();
        merged.remove(Numbers::Float(tail)).unwrap();
        let mut both = ExactSum::new();
        both.add(Numbers::Float(tail)).unwrap();
        both.add(Numbers::Float(tail)).unwrap();
        both.add(Numbers::Float(head)).unwrap();
        merged.merge(&both).unwrap();
        prop_assert_eq!(merged.to_bytes(), whole.to_bytes());
        prop_assert_eq!(&ExactSum::from_bytes(&whole.to_bytes()).unwrap(), &whole);
        merged.subtract(&whole).unwrap();
        prop_assert_eq!(merged.to_bytes(), ExactSum::new().to_bytes());
    }

    /// Partial reductions merge to the bytes and answers of one, whatever the split and the order.
    #[test]
    fn law_reduction(
        rows in prop::collection::vec((double(), double(), any::<i64>()), 0..80),
        sizes in prop::collection::vec(1usize..30, 0..6),
    ) {
        let mut whole = reduction();
        let mut worker = reduction();
        let mut partials = Vec::new();
        let add = |to: &mut Reduction, rows: &[(f64, f64, i64)]| {
            let x: Vec<_> = rows.iter().map(|row| row.0).collect();
            let y: Vec<_> = rows.iter().map(|row| row.1).collect();
            let k: Vec<_> = rows.iter().map(|row| row.2).collect();
            to.add(&[Numbers::Float(&x), Numbers::Float(&y), Numbers::Int(&k)], rows.len()).unwrap();
        };
        add(&mut whole, &rows);
        let mut rest = rows.as_slice();
        for size in sizes {
            let (piece, after) = rest.split_at(size.min(rest.len()));
            add(&mut worker, piece);
            partials.push(worker.take());
            rest = after;
        }
        add(&mut worker, rest);
        partials.push(worker.take());
        prop_assert_eq!(worker.to_bytes(), reduction().to_bytes());
        let mut merged = reduction();
        for partial in partials.iter().rev() {
            merged.merge(partial).unwrap();
        }
        prop_assert_eq!(merged.to_bytes(), whole.to_bytes());
        let (found, expected) = (merged.answers(&statistics()), whole.answers(&statistics()));
        prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    }

    /// Random bytes are an error, never a panic, even behind a right checksum.
    #[test]
    fn law_hostile_bytes(kind in prop::sample::select(b"MSR".to_vec()), body in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut bytes = vec![1, kind];
        bytes.extend(body);
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        if let Ok(state) = Moments::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes.clone());
        }
        if let Ok(state) = ExactSum::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes.clone());
        }
        prop_assert!(reduction().merge(&bytes).is_err());
    }

    /// A state changed in a byte behind a right checksum is an error, or a state that merges, solves and writes
    /// itself as it was read.
    #[test]
    fn law_forged_bytes(columns in columns(3, 1..6), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = moments(&columns).to_bytes();
        let body = bytes.len() - 4;
        bytes[2 + at.index(body - 2)] = byte;
        let checksum = crc32fast::hash(&bytes[..body]).to_le_bytes();
        bytes[body..].copy_from_slice(&checksum);
        if let Ok(mut state) = Moments::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes);
            let _ = streamreg_core::solve::solve(&state);
            let same = state.clone();
            let _ = state.merge(&same);
            let _ = state.add(&numbers(&pick(&columns, &[0])));
        }
    }
}

/// One bad reading of 1e300 leaves no trace once it is removed.
#[test]
fn law_outlier_leaves_no_trace() {
    let ordinary = [Column::Float(vec![0.1, 0.2, 0.4]), Column::Float(vec![1.0, 2.0, 3.5])];
    let outlier = [Column::Float(vec![1e300]), Column::Float(vec![-3e-300])];
    let mut state = moments(&ordinary);
    state.add(&numbers(&outlier)).unwrap();
    state.remove(&numbers(&outlier)).unwrap();
    assert_eq!(state.to_bytes(), moments(&ordinary).to_bytes());
    state.remove(&numbers(&ordinary)).unwrap();
    assert_eq!(state.to_bytes(), Moments::new(1).unwrap().to_bytes());
}

/// Rows with NaN or an infinity are in no sum, are counted, and can be removed.
#[test]
fn law_left_out() {
    let odd = [Column::Float(vec![f64::NAN, 1.0, f64::INFINITY]), Column::Float(vec![1.0, 2.0, 3.0])];
    let mut state = moments(&odd);
    assert_eq!((state.n(), state.left_out()), (1, 2));
    state.remove(&numbers(&odd)).unwrap();
    assert_eq!(state.to_bytes(), Moments::new(1).unwrap().to_bytes());
}

/// Every single byte that is flipped and every truncation is an error.
#[test]
fn law_damage_is_found() {
    let column = Column::Float(vec![0.1, -7.5, 3e40, 1e-300]);
    let state = moments(&[column.clone(), Column::Int(vec![1, 2, 3, i64::MIN])]).to_bytes();
    let mut reduced = reduction();
    let k = Numbers::Int(&[1, 2, 3, 4]);
    reduced.add(&[column.numbers(), column.numbers(), k], 4).unwrap();
    let reduced = reduced.to_bytes();
    let whole = [&state, &reduced];
    for (kind, bytes) in whole.into_iter().enumerate() {
        let fails = |bytes: &[u8]| match kind {
            0 => Moments::from_bytes(bytes).is_err(),
            _ => reduction().merge(bytes).is_err(),
        };
        assert!(!fails(bytes));
        for at in 0..bytes.len() {
            assert!(fails(&bytes[..at]), "cut at {at}");
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                assert!(fails(&damaged), "bit {bit} of byte {at}");
            }
        }
    }
}

/// A count that would leave 64 bits is an error, and nothing is added.
#[test]
fn law_overflow_is_an_error() {
    let mut writer = streamreg_core::wire::Writer::new(b'M');
    writer.unsigned(1);
    writer.signed(i64::MAX);
    for _ in 0..6 {
        writer.unsigned(0);
    }
    let bytes = writer.seal();
    let mut state = Moments::from_bytes(&bytes).unwrap();
    let row = [Column::Float(vec![1.0]), Column::Float(vec![2.0])];
    assert!(matches!(state.add(&numbers(&row)), Err(Error::Overflow(_))));
    assert!(matches!(state.merge(&moments(&row)), Err(Error::Overflow(_))));
    assert_eq!(state.to_bytes(), bytes);
}

/// A sum that doubles for ever is an error at the end of its grid, and nothing is added.
#[test]
fn law_range_is_an_error() {
    let mut state = moments(&[Column::Float(vec![f64::MAX; 2]), Column::Float(vec![f64::MAX; 2])]);
    state.remove(&numbers(&[Column::Float(vec![0.0; 2]), Column::Float(vec![0.0; 2])])).unwrap();
    assert_eq!(state.n(), 0);
    let error = (0..200).find_map(|_| {
        let same = state.clone();
        state.merge(&same).err().map(|error| (error, same))
    });
    let (error, before) = error.unwrap();
    assert!(matches!(error, Error::Overflow(_)));
    assert_eq!(state, before);
    assert_eq!(Moments::from_bytes(&state.to_bytes()).unwrap(), state);
}

/// Things that do not fit each other are errors that say so.
#[test]
fn law_misfits_are_errors() {
    assert!(matches!(Moments::new(0), Err(Error::Invalid(_))));
    assert!(matches!(Moments::new(MOST_FEATURES + 1), Err(Error::Invalid(_))));
    let mut state = Moments::new(1).unwrap();
    let (one, two) = ([1.0], [1.0, 2.0]);
    let (one, two) = (Numbers::Float(&one), Numbers::Float(&two));
    assert!(matches!(state.add(&[one]), Err(Error::Mismatch(_))));
    assert!(matches!(state.add(&[one, two]), Err(Error::Mismatch(_))));
    assert!(matches!(state.merge(&Moments::new(2).unwrap()), Err(Error::Mismatch(_))));
    let sum = |column| Reduction::new(&[NumberType::Float], vec![Aggregate::Sum(column)]);
    assert!(matches!(sum(1), Err(Error::Invalid(_))));
    let mut sum = sum(0).unwrap();
    assert!(matches!(sum.add(&[two], 1), Err(Error::Mismatch(_))));
    assert!(matches!(sum.add(&[Numbers::Int(&[1])], 1), Err(Error::Mismatch(_))));
    assert!(matches!(sum.merge(&reduction().to_bytes()), Err(Error::Mismatch(_))));
    let unknown = Statistic::new(0, "median", 0).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no statistic \"median\"");
    let odd = sum.answers(&[Statistic::new(0, "regr_r2", 0).unwrap()]).unwrap_err();
    assert!(odd.to_string().starts_with("regr_r2 is no statistic of aggregate 0, sum"));
    assert!(sum.answers(&[Statistic::new(9, "sum", 0).unwrap()]).is_err());
}

/// The most features there can be work, and an empty reduction answers NULL.
#[test]
fn law_many_features() {
    let columns: Vec<_> = (0..=64).map(|i| Column::Float(vec![f64::from(i); 30])).collect();
    let state = moments(&columns);
    assert_eq!(state.n(), 30);
    assert_eq!(streamreg_core::solve::solve(&state), None);
    let empty = reduction().answers(&statistics()).unwrap();
    assert_eq!(empty[1..], vec![Answer::Null; 8]);
    assert_eq!(reduction().left_out(), [0; 7]);
}

/// Every state can be moved to another thread.
#[test]
fn law_states_are_send() {
    fn send<T: Send>(_: &T) {}
    send(&Moments::new(1).unwrap());
    send(&ExactSum::new());
    send(&reduction());
}

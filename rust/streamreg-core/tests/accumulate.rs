//! The law of every exact state, whatever it sums: an abelian group, whose equal multisets of rows have equal bytes.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use std::fmt::Debug;
use std::sync::Arc;

use proptest::prelude::*;
use streamreg_core::accumulate::{Accumulator, Direction, Group, OnlyAdded, Sign};
use streamreg_core::classes::{Classes, Labelled};
use streamreg_core::column::{Decimals, NumberType, Numbers};
use streamreg_core::decimal::Decimal;
use streamreg_core::error::Error;
use streamreg_core::exact::{DecimalSum, ExactSum};
use streamreg_core::moments::Moments;
use streamreg_core::monomials::{Monomials, Power, Terms};
use streamreg_core::reduce::{Aggregate, KeyColumn, KeyType, KeyedReduction, Reduction};
use streamreg_core::wire::{Reader, Writer};
use support::{Column, config, decimal, double, integer, labels, reduction};

/// A mark for the bytes of states that are parts of others.
const PART: u8 = 0xff;

fn bytes(state: &impl Accumulator) -> Vec<u8> {
    let mut writer = Writer::new(PART);
    state.write(&mut writer);
    writer.seal()
}

/// What any state without rows must do with batches: the whole, and the same rows in pieces of another order.
fn obey<S: Group + PartialEq + Debug>(
    empty: &S,
    whole: S::Batch<'_>,
    pieces: &[S::Batch<'_>],
) -> Result<(), TestCaseError> {
    let mut all = empty.clone();
    all.add(whole).unwrap();

    // Any order and any split, merged from either side, in one workspace or in many.
    let (mut left, mut right, mut straight) = (empty.clone(), empty.clone(), empty.clone());
    let mut workspace = S::Workspace::default();
    for &piece in pieces {
        let mut part = empty.clone();
        part.add_with(&mut workspace, piece).unwrap();
        left.merge(&part).unwrap();
        part.merge(&right).unwrap();
        right = part;
        straight.add(piece).unwrap();
    }
    for merged in [&left, &right, &straight] {
        prop_assert_eq!(bytes(merged), bytes(&all));
        prop_assert_eq!(merged, &all);
    }

    // What comes and goes, in either order and by either way, leaves what was there before.
    for &piece in pieces {
        let mut part = empty.clone();
        part.add(piece).unwrap();
        let mut state = all.clone();
        state.merge(&part).unwrap();
        state.remove(piece).unwrap();
        prop_assert_eq!(bytes(&state), bytes(&all));
        state.subtract(&part).unwrap();
        state.add(piece).unwrap();
        prop_assert_eq!(bytes(&state), bytes(&all));
        state.merge(&part.negated().unwrap()).unwrap();
        state.merge(&part).unwrap();
        prop_assert_eq!(bytes(&state), bytes(&all));
    }

    // The opposite of all is taken away by it; twice the opposite is the same again.
    let negated = all.negated().unwrap();
    prop_assert_eq!(negated.left_out(), -all.left_out());
    prop_assert_eq!(negated.negated().unwrap(), all.clone());
    let mut nothing = negated;
    nothing.merge(&all).unwrap();
    prop_assert_eq!(bytes(&nothing), bytes(empty));
    prop_assert_eq!((nothing.limbs(), nothing.left_out()), (0, 0));

    // A state in the place of another is what was written, whatever stood there; and cleared it is empty.
    let written = bytes(&all);
    let mut read = right;
    let mut reader = Reader::open(PART, &written).unwrap();
    read.read_into(&mut reader).unwrap();
    reader.finish().unwrap();
    prop_assert_eq!(bytes(&read), written);
    read.clear();
    prop_assert_eq!(bytes(&read), bytes(empty));
    Ok(())
}

/// Rows: an x and a y that may be NaN, an integer, a decimal and a label.
type Row = (f64, f64, i64, [i64; 3], i64);

fn row() -> impl Strategy<Value = Row> {
    let number = || prop_oneof![12 => double(), 1 => Just(f64::NAN), 1 => Just(f64::NEG_INFINITY)];
    (number(), number(), integer(), decimal().prop_map(Decimal::to_words), 0i64..5)
}

/// The columns of rows, and the codes of their labels.
fn unzipped(rows: &[Row]) -> (Vec<Column>, Vec<i64>) {
    let columns = vec![
        Column::Float(rows.iter().map(|row| row.0).collect()),
        Column::Float(rows.iter().map(|row| row.1).collect()),
        Column::Int(rows.iter().map(|row| row.2).collect()),
        Column::Decimal(rows.iter().map(|row| row.3).collect()),
    ];
    (columns, rows.iter().map(|row| row.4).collect())
}

/// Rows, and all of them once more in another order, in pieces.
fn shuffled() -> impl Strategy<Value = (Vec<Row>, Vec<Vec<Row>>)> {
    let rows = prop::collection::vec(row(), 1..60);
    (rows, prop::collection::vec(1usize..40, 0..6)).prop_flat_map(|(rows, sizes)| {
        let order = Just(rows.clone()).prop_shuffle();
        let pieces = order.prop_map(move |mut rows| {
            let mut pieces = Vec::new();
            for &size in &sizes {
                let rest = rows.split_off(size.min(rows.len()));
                pieces.push(std::mem::replace(&mut rows, rest));
            }
            pieces.push(rows);
            pieces
        });
        (Just(rows), pieces)
    })
}

/// The numbers of some of the columns, of the whole and of each piece.
fn parts<'a>(batches: &'a [(Vec<Column>, Vec<i64>)], which: &[usize]) -> Vec<Vec<Numbers<'a>>> {
    batches.iter().map(|(columns, _)| which.iter().map(|&at| columns[at].numbers()).collect()).collect()
}

fn terms() -> Arc<Terms> {
    let types = vec![NumberType::Float, NumberType::Decimal, NumberType::Int];
    let features = vec![Power { column: 0, power: 1 }, Power { column: 0, power: 2 }];
    Arc::new(Terms::new(types, features, 1, None).unwrap())
}

proptest! {
    #![proptest_config(config(100))]

    /// Moments of doubles and integers obey the law.
    #[test]
    fn law_moments((rows, pieces) in shuffled()) {
        let batches: Vec<_> = [&rows].into_iter().chain(&pieces).map(|rows| unzipped(rows)).collect();
        for which in [&[0, 1][..], &[0, 2, 1]] {
            let parts = parts(&batches, which);
            let slices: Vec<_> = parts.iter().map(Vec::as_slice).collect();
            obey(&Moments::new(which.len() - 1).unwrap(), slices[0], &slices[1..])?;
        }
    }

    /// So do sums of monomials, of decimals beside doubles.
    #[test]
    fn law_monomials((rows, pieces) in shuffled()) {
        let batches: Vec<_> = [&rows].into_iter().chain(&pieces).map(|rows| unzipped(rows)).collect();
        let parts = parts(&batches, &[0, 3, 2]);
        let slices: Vec<_> = parts.iter().map(Vec::as_slice).collect();
        obey(&Monomials::new(terms()), slices[0], &slices[1..])?;
    }

    /// So do sums of a column, of doubles, integers and decimals.
    #[test]
    fn law_sums((rows, pieces) in shuffled()) {
        let batches: Vec<_> = [&rows].into_iter().chain(&pieces).map(|rows| unzipped(rows)).collect();
        for which in [0, 2] {
            let columns: Vec<_> = parts(&batches, &[which]).iter().map(|part| part[0]).collect();
            obey(&ExactSum::new(), columns[0], &columns[1..])?;
        }
        let decimals: Vec<Decimals<'_>> = parts(&batches, &[3]).iter().map(|part| match part[0] {
            Numbers::Decimal(decimals) => decimals,
            _ => unreachable!("a column of decimals"),
        }).collect();
        obey(&DecimalSum::default(), decimals[0], &decimals[1..])?;
    }

    /// So do moments class by class; a class of which nothing is left is none.
    #[test]
    fn law_classes((rows, pieces) in shuffled()) {
        let batches: Vec<_> = [&rows].into_iter().chain(&pieces).map(|rows| unzipped(rows)).collect();
        let (parts, labels) = (parts(&batches, &[0, 2]), labels());
        let labelled: Vec<_> = parts.iter().zip(&batches).map(|(columns, (_, codes))| {
            Labelled { labels: &labels, codes, columns }
        }).collect();
        obey(&Classes::new(2).unwrap(), labelled[0], &labelled[1..])?;
    }

    /// What is merged into a reduction and subtracted leaves the bytes of before, whatever else came meanwhile; and
    /// what is subtracted before it is merged.
    #[test]
    fn law_reduction((rows, pieces) in shuffled()) {
        let whole = unzipped(&rows).0;
        let mut all = group();
        add(&mut all, &whole);
        for piece in &pieces {
            let mut part = group();
            add(&mut part, &unzipped(piece).0);
            let (part, before) = (part.to_bytes(), all.to_bytes());
            let mut state = group();
            state.subtract(&part).unwrap();
            state.merge(&before).unwrap();
            all.subtract(&part).unwrap();
            prop_assert_eq!(state.to_bytes(), all.to_bytes());
            all.merge(&part).unwrap();
            prop_assert_eq!(all.to_bytes(), before);
        }
        let opposite = all.to_bytes();
        all.subtract(&opposite).unwrap();
        prop_assert_eq!(all.to_bytes(), group().to_bytes());
        prop_assert_eq!(all.left_out(), group().left_out());
    }

    /// The same of a reduction by keys: a key whose rows are all taken away is gone, and one whose rows are taken away
    /// before they come is there until they do.
    #[test]
    fn law_keyed_reduction((rows, pieces) in shuffled()) {
        let partial = |rows: &[Row]| {
            let (columns, codes) = unzipped(rows);
            let columns: Vec<_> = columns.iter().map(Column::numbers).collect();
            keyed().partial(&[KeyColumn::Int(&codes)], &columns, codes.len()).unwrap()
        };
        let mut all = keyed();
        all.merge(&partial(&rows)).unwrap();
        for piece in &pieces {
            let (part, before) = (partial(piece), all.to_bytes());
            let mut early = keyed();
            early.subtract(&part).unwrap();
            early.merge(&before).unwrap();
            all.subtract(&part).unwrap();
            prop_assert_eq!(early.to_bytes(), all.to_bytes());
            prop_assert_eq!(early.left_out(), all.left_out());
            all.merge(&part).unwrap();
            prop_assert_eq!(all.to_bytes(), before);
        }
        let opposite = all.to_bytes();
        all.subtract(&opposite).unwrap();
        prop_assert_eq!(all.to_bytes(), keyed().to_bytes());
        prop_assert_eq!(all.left_out(), [0; 6]);
    }
}

const INPUTS: [NumberType; 4] = [NumberType::Float, NumberType::Float, NumberType::Int, NumberType::Decimal];

/// Every aggregate that is a group.
fn aggregates() -> Vec<Aggregate> {
    vec![
        Aggregate::Count,
        Aggregate::Sum(0),
        Aggregate::Sum(2),
        Aggregate::Sum(3),
        Aggregate::Moments { features: vec![0], target: 2 },
        Aggregate::Monomials { features: vec![Power { column: 0, power: 2 }], target: 3, weight: None },
    ]
}

fn group() -> Reduction {
    Reduction::new(&INPUTS, aggregates()).unwrap()
}

fn keyed() -> KeyedReduction {
    KeyedReduction::new(&[KeyType::Int], &INPUTS, aggregates()).unwrap()
}

fn add(to: &mut Reduction, columns: &[Column]) {
    let columns: Vec<_> = columns.iter().map(Column::numbers).collect();
    to.add(&columns, columns[0].len()).unwrap();
}

/// A minimum and a maximum cannot be taken away: the error names them, and nothing has changed, with keys or without.
#[test]
fn law_extremes_are_no_group() {
    assert_eq!(<OnlyAdded as Direction>::of(Sign::Removed), None);
    let mut plain = reduction();
    let columns = [Numbers::Float(&[1.0]), Numbers::Float(&[2.0]), Numbers::Int(&[3])];
    plain.add(&columns, 1).unwrap();
    let before = plain.to_bytes();
    let refused = plain.subtract(&before).unwrap_err();
    assert!(
        matches!(&refused, Error::Invalid(why) if why.starts_with("the min of a column cannot be subtracted"))
    );
    assert_eq!(plain.to_bytes(), before);

    for aggregate in [Aggregate::Min(0), Aggregate::Max(0)] {
        let aggregates = vec![Aggregate::Count, Aggregate::Sum(0), aggregate];
        let mut keyed = KeyedReduction::new(&[KeyType::Int], &[NumberType::Float], aggregates).unwrap();
        let part = keyed.partial(&[KeyColumn::Int(&[7])], &[Numbers::Float(&[1.5])], 1).unwrap();
        keyed.merge(&part).unwrap();
        let before = keyed.to_bytes();
        assert!(matches!(keyed.subtract(&part), Err(Error::Invalid(_))));
        assert_eq!(keyed.to_bytes(), before);
    }
}

/// Damaged bytes and bytes of another reduction are told from each other, and nothing is subtracted of either.
#[test]
fn law_refused_bytes_change_nothing() {
    let mut state = group();
    add(&mut state, &unzipped(&[(1.0, 2.0, 3, [0; 3], 0)]).0);
    let before = state.to_bytes();
    let mut damaged = before.clone();
    damaged[9] ^= 1;
    assert!(matches!(state.subtract(&damaged), Err(Error::Corrupt(_))));
    assert!(matches!(state.subtract(&reduction().to_bytes()), Err(Error::Mismatch(_))));
    assert_eq!(state.to_bytes(), before);
}

/// A state with a count that has no opposite is an error, and nothing has changed.
#[test]
fn law_no_opposite() {
    let mut writer = Writer::new(PART);
    writer.signed(i64::MIN);
    writer.signed(0);
    writer.unsigned(0);
    let written = writer.seal();
    let mut sum = ExactSum::new();
    sum.read_into(&mut Reader::open(PART, &written).unwrap()).unwrap();
    assert_eq!(sum.n(), i64::MIN);
    assert!(matches!(sum.negated(), Err(Error::Overflow(_))));
    assert!(matches!(ExactSum::new().subtract(&sum), Err(Error::Overflow(_))));
    let same = sum.clone();
    sum.subtract(&same).unwrap();
    assert_eq!(sum, ExactSum::new());
}

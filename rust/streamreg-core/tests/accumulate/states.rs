//! Each exact state by itself.

use std::fmt::Debug;
use std::sync::Arc;

use super::support::{Column, config, labels};
use super::{shuffled, unzipped};
use proptest::prelude::*;
use streamreg_core::accumulate::{Accumulator, Group};
use streamreg_core::classes::{Classes, Labelled};
use streamreg_core::column::{Decimals, NumberType, Numbers};
use streamreg_core::error::Error;
use streamreg_core::exact::{DecimalSum, ExactSum};
use streamreg_core::moments::Moments;
use streamreg_core::monomials::{Monomials, Power, Terms};
use streamreg_core::wire::{Reader, Writer};

/// A mark for the bytes of states that are parts of others.
const PART: u8 = 0xff;

fn bytes(state: &impl Accumulator) -> Vec<u8> {
    let mut writer = Writer::new(PART);
    state.write(&mut writer);
    writer.finish()
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
    prop_assert_eq!(negated.excluded(), -all.excluded());
    prop_assert_eq!(negated.negated().unwrap(), all.clone());
    let mut nothing = negated;
    nothing.merge(&all).unwrap();
    prop_assert_eq!(bytes(&nothing), bytes(empty));
    prop_assert_eq!((nothing.limbs(), nothing.excluded()), (0, 0));

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
}

/// A state with a count that has no opposite is an error, and nothing has changed.
#[test]
fn law_no_opposite() {
    let mut writer = Writer::new(PART);
    writer.signed(i64::MIN);
    writer.signed(0);
    writer.unsigned(0);
    let written = writer.finish();
    let mut sum = ExactSum::new();
    sum.read_into(&mut Reader::open(PART, &written).unwrap()).unwrap();
    assert_eq!(sum.n(), i64::MIN);
    assert!(matches!(sum.negated(), Err(Error::Overflow(_))));
    assert!(matches!(ExactSum::new().subtract(&sum), Err(Error::Overflow(_))));
    let same = sum.clone();
    sum.subtract(&same).unwrap();
    assert_eq!(sum, ExactSum::new());
}

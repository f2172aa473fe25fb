//! Elimination of symmetric matrices, also of those that no sums of squares make.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod support;

use num_bigint::BigInt;
use num_traits::Zero;
use proptest::prelude::*;
use streamreg_core::solve::adjugate::adjugate;
use streamreg_core::solve::eliminate::Elimination;
use support::config;

/// Symmetric matrices of small integers, many of them zero, and so many pivots; and a right side.
fn systems() -> impl Strategy<Value = (Vec<Vec<BigInt>>, Vec<BigInt>)> {
    (1usize..7).prop_flat_map(|size| {
        let entry = prop_oneof![2 => Just(0i64), 3 => -4i64..5];
        let entries = prop::collection::vec(entry, size * size);
        let right = prop::collection::vec(-9i64..9, size);
        (entries, right).prop_map(move |(entries, right)| {
            let at = |row: usize, column: usize| entries[row.min(column) * size + row.max(column)];
            let row = |row| (0..size).map(|column| BigInt::from(at(row, column))).collect();
            ((0..size).map(row).collect(), right.into_iter().map(BigInt::from).collect())
        })
    })
}

/// The rank, by the rows that are left when each is reduced by those before it.
fn rank(matrix: &[Vec<BigInt>]) -> usize {
    let mut kept: Vec<(usize, Vec<BigInt>)> = Vec::new();
    for row in matrix {
        let mut row = row.clone();
        for (column, pivot) in &kept {
            let factor = row[*column].clone();
            row =
                row.iter().zip(pivot).map(|(entry, over)| entry * &pivot[*column] - &factor * over).collect();
        }
        if let Some(column) = row.iter().position(|entry| !entry.is_zero()) {
            kept.push((column, row));
        }
    }
    kept.len()
}

/// Cross-products of random rows, of any size of numbers.
fn products() -> impl Strategy<Value = Vec<Vec<BigInt>>> {
    (1usize..9, 0u32..400).prop_flat_map(|(size, shift)| {
        let row = prop::collection::vec((any::<i64>(), 0..=shift), size);
        prop::collection::vec(row, size + 1).prop_map(move |rows| {
            let number = |(value, shift): &(i64, u32)| BigInt::from(*value) << *shift;
            let entry = |a: usize, b: usize| rows.iter().map(|row| number(&row[a]) * number(&row[b])).sum();
            (0..size).map(|a| (0..size).map(|b| entry(a, b)).collect()).collect()
        })
    })
}

proptest! {
    #![proptest_config(config(200))]

    /// The matrix times its adjugate is its determinant on the diagonal, and zero elsewhere; also where small numbers
    /// make a leading minor negative.
    #[test]
    fn law_adjugate(matrix in prop_oneof![products(), systems().prop_map(|(matrix, _)| matrix)]) {
        let elimination = Elimination::of(matrix.clone());
        if elimination.rank() < matrix.len() || !elimination.is_in_order() {
            return Ok(());
        }
        let found = adjugate(&matrix, elimination.determinant());
        for (a, row) in matrix.iter().enumerate() {
            for b in 0..matrix.len() {
                let product: BigInt = row.iter().zip(&found).map(|(entry, row)| entry * &row[b]).sum();
                let expected = if a == b { elimination.determinant().clone() } else { BigInt::ZERO };
                prop_assert_eq!(product, expected);
            }
        }
    }
}

/// Leading minors that are zero, also far down.
fn singular() -> impl Strategy<Value = Vec<Vec<BigInt>>> {
    (products(), any::<prop::sample::Index>(), any::<bool>()).prop_map(|(mut matrix, at, later)| {
        // A column that is an earlier one once more, or that of zeros.
        let (own, size) = (at.index(matrix.len()), matrix.len());
        let source = if later && own + 1 < size { Some(own + 1) } else { None };
        for row in &mut matrix {
            row[own] = source.map_or(BigInt::ZERO, |source| row[source].clone());
        }
        matrix[own] = source.map_or_else(|| vec![BigInt::ZERO; size], |source| matrix[source].clone());
        matrix
    })
}

proptest! {
    #![proptest_config(config(300))]

    /// By remainders or step by step, an elimination is the same, every entry of it; there is none by remainders where a
    /// leading minor is zero.
    #[test]
    fn differential_by_remainders(
        matrix in prop_oneof![products(), singular(), systems().prop_map(|(matrix, _)| matrix)],
    ) {
        let plain = Elimination::step_by_step(matrix.clone());
        let right: Vec<_> = matrix.iter().map(|row| &row[0] * 3 - row.iter().sum::<BigInt>() + 1).collect();
        let found = Elimination::by_remainders(&matrix, Some(&right));
        let regular = plain.rank() == matrix.len() && plain.is_in_order();
        prop_assert_eq!(found.is_some(), regular);
        if let Some((found, solution)) = found {
            prop_assert_eq!(&found, &plain);
            prop_assert_eq!(solution, plain.solve(&right));
        }
        prop_assert_eq!(Elimination::of(matrix), plain);
    }
}

/// Cross-products of many columns, of sizes that differ by 2^300; the last of them follows from the others but for a unit.
fn wide(size: usize) -> Vec<Vec<BigInt>> {
    let mut state = 1u64;
    let mut number = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::from_ne_bytes(state.to_ne_bytes()) >> 12
    };
    let mut rows: Vec<Vec<BigInt>> = (0..size + 2)
        .map(|_| (0..size).map(|at| BigInt::from(number()) << (at * 37 % 300)).collect())
        .collect();
    for (at, row) in rows.iter_mut().enumerate() {
        let sum: BigInt = row[..size - 1].iter().sum();
        row[size - 1] = sum + BigInt::from(u8::from(at == 3));
    }
    let entry = |a: usize, b: usize| rows.iter().map(|row| &row[a] * &row[b]).sum();
    (0..size).map(|a| (0..size).map(|b| entry(a, b)).collect()).collect()
}

/// Of as many unknowns as there may be, with numbers of any size, every entry is that of the plain way.
#[test]
fn differential_many_unknowns() {
    for size in [11, 12, 13, 40] {
        let matrix = wide(size);
        let plain = Elimination::step_by_step(matrix.clone());
        assert_eq!(plain.rank(), size);
        let right: Vec<_> = (0..size).map(|at| BigInt::from(1) << (at * 91 % 700)).collect();
        assert!(Elimination::by_remainders(&matrix, None).unwrap() == (plain.clone(), None));
        assert!(Elimination::solving(matrix.clone(), &right) == (plain.clone(), plain.solve(&right)));
        assert!(Elimination::of(matrix) == plain);
    }
}

proptest! {
    #![proptest_config(config(500))]

    /// The matrix times the solution is the right side times the determinant; without full rank there is none.
    #[test]
    fn law_solutions_solve((matrix, right) in systems()) {
        let elimination = Elimination::of(matrix.clone());
        prop_assert_eq!(elimination.rank(), rank(&matrix));
        // Of a symmetric matrix the rows are the columns.
        let follows = |at: &usize| rank(&matrix[..=*at]) == rank(&matrix[..*at]);
        let independent: Vec<_> = (0..matrix.len()).filter(|at| !follows(at)).collect();
        prop_assert_eq!(elimination.independent(), &independent[..]);
        let Some(solution) = elimination.solve(&right) else {
            prop_assert!(elimination.rank() < matrix.len());
            return Ok(());
        };
        prop_assert!(!elimination.determinant().is_zero());
        for (row, right) in matrix.iter().zip(&right) {
            let left: BigInt = row.iter().zip(&solution).map(|(entry, unknown)| entry * unknown).sum();
            prop_assert_eq!(left, right * elimination.determinant());
        }
    }
}

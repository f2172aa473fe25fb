//! Stage: solve. The inverse of a symmetric matrix of integers times its determinant, by its remainders.
//!
//! Modulo primes of 62 bits an inverse takes words alone; a bound of J. Hadamard's says how many primes it takes until
//! the remainders leave no other integer (J. von zur Gathen, J. Gerhard, *Modern Computer Algebra*, 3rd edition, 5.5).

use num_bigint::BigInt;
use num_traits::Zero;

use super::chinese::Chinese;
use super::field::{Digits, Field};

/// The inverse times the determinant, row by row; no leading minor of the matrix is zero, nor is its determinant.
#[must_use]
pub fn adjugate(matrix: &[Vec<BigInt>], determinant: &BigInt) -> Vec<Vec<BigInt>> {
    let size = matrix.len();
    let bits = bound(matrix);
    let entries: Vec<_> = matrix.iter().flatten().map(Digits::of).collect();
    let determinant = Digits::of(determinant);
    let (mut fields, mut remainders, mut known) = (Vec::new(), Vec::new(), 0);
    for field in Field::all() {
        if known > bits {
            break;
        }
        // A prime that divides a leading minor says nothing without exchanging rows; there are others.
        if let Some(own) = inverse(&field, size, &entries, &determinant) {
            known += Field::BITS;
            fields.push(field);
            remainders.push(own);
        }
    }
    let chinese = Chinese::of(&fields);
    let entry = |a: usize, b: usize| chinese.integer(remainders.iter().map(|own: &Vec<Vec<u64>>| own[a][b]));
    let lower: Vec<Vec<_>> = (0..size).map(|a| (0..=a).map(|b| entry(a, b)).collect()).collect();
    let whole = |a: usize, b: usize| lower[a.max(b)][a.min(b)].clone();
    (0..size).map(|a| (0..size).map(|b| whole(a, b)).collect()).collect()
}

/// Bits of a number that no entry of the adjugate, with a sign, reaches: the product of the lengths of all rows but one.
fn bound(matrix: &[Vec<BigInt>]) -> u64 {
    let size = u64::try_from(matrix.len()).unwrap_or(u64::MAX);
    let root = u64::from(size.max(1).ilog2()) / 2 + 1;
    let length = |row: &Vec<BigInt>| row.iter().map(BigInt::bits).max().unwrap_or(0) + root;
    let lengths = || matrix.iter().map(length);
    lengths().sum::<u64>() - lengths().min().unwrap_or(0) + 2
}

/// The inverse times the determinant in a field, row by row up to the diagonal; `None` if a pivot is zero.
///
/// With A = `LDLᵀ` it is `L⁻ᵀD⁻¹L⁻¹`.
fn inverse(field: &Field, size: usize, entries: &[Digits], determinant: &Digits) -> Option<Vec<Vec<u64>>> {
    // Row by row, up to the diagonal: D·Lᵀ from above is what elimination leaves, L what it divides by.
    let mut rows: Vec<Vec<u64>> = (0..size)
        .map(|a| entries[a * size..=a * size + a].iter().map(|entry| field.of(entry)).collect())
        .collect();
    let mut pivots = Vec::with_capacity(size);
    for at in 0..size {
        let (above, own) = rows.split_at_mut(at);
        let own = &mut own[0];
        // u of the column: what is left of the row, entry by entry.
        for (column, factors) in above.iter().enumerate() {
            own[column] = field.less(own[column], field.dot(&own[..column], factors));
        }
        let left = own.clone();
        for (entry, pivot) in own.iter_mut().zip(&pivots) {
            *entry = field.times(*entry, *pivot);
        }
        let pivot = field.less(left[at], field.dot(&own[..at], &left));
        if pivot.is_zero() {
            return None;
        }
        pivots.push(field.inverse(pivot));
        own[at] = field.one();
    }
    let columns = inverse_columns(field, &rows);
    let determinant = field.of(determinant);
    let times: Vec<_> = pivots.iter().map(|pivot| field.times(*pivot, determinant)).collect();
    let weighted = |(at, column): (usize, &Vec<u64>)| {
        column.iter().zip(&times[at..]).map(|(entry, times)| field.times(*entry, *times)).collect()
    };
    let weighted: Vec<Vec<_>> = columns.iter().enumerate().map(weighted).collect();
    let row = |a: usize| (0..=a).map(|b| field.dot(&weighted[a], &columns[b][a - b..])).collect();
    Some((0..size).map(row).collect())
}

/// The columns of the inverse of a lower triangle with ones on its diagonal, each from there down.
fn inverse_columns(field: &Field, rows: &[Vec<u64>]) -> Vec<Vec<u64>> {
    let column = |at: usize| {
        let mut own = vec![field.one()];
        for row in &rows[at + 1..] {
            let sum = field.dot(&row[at..at + own.len()], &own);
            own.push(field.less(0, sum));
        }
        own
    };
    (0..rows.len()).map(column).collect()
}

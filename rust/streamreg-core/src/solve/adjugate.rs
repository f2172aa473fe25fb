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
    let mut rows: Vec<Vec<BigInt>> = Vec::with_capacity(size);
    for a in 0..size {
        let before: Vec<_> = rows.iter().map(|row| row[a].clone()).collect();
        let entry = |b: usize| chinese.integer(remainders.iter().map(|own: &Vec<u64>| own[a * size + b]));
        rows.push(before.into_iter().chain((a..size).map(entry)).collect());
    }
    rows
}

/// Bits of a number that no entry of the adjugate, with a sign, reaches: the product of the lengths of all rows but one.
fn bound(matrix: &[Vec<BigInt>]) -> u64 {
    let size = u64::try_from(matrix.len()).unwrap_or(u64::MAX);
    let root = u64::from(size.max(1).ilog2()) / 2 + 1;
    let length = |row: &Vec<BigInt>| row.iter().map(BigInt::bits).max().unwrap_or(0) + root;
    let lengths = || matrix.iter().map(length);
    lengths().sum::<u64>() - lengths().min().unwrap_or(0) + 2
}

/// The inverse times the determinant in a field, by Gauss's and Jordan's elimination; `None` if a pivot is zero.
fn inverse(field: &Field, size: usize, entries: &[Digits], determinant: &Digits) -> Option<Vec<u64>> {
    let mut rows: Vec<u64> = entries.iter().map(|entry| field.of(entry)).collect();
    let mut pivot_row = vec![0; size];
    for at in 0..size {
        let own = &mut rows[at * size..(at + 1) * size];
        if own[at].is_zero() {
            return None;
        }
        let inverse = field.inverse(own[at]);
        own[at] = field.one();
        for entry in own.iter_mut() {
            *entry = field.times(*entry, inverse);
        }
        pivot_row.copy_from_slice(own);
        for (_, row) in rows.chunks_exact_mut(size).enumerate().filter(|(row, _)| *row != at) {
            let factor = std::mem::take(&mut row[at]);
            for (entry, over) in row.iter_mut().zip(&pivot_row) {
                *entry = field.less(*entry, field.times(factor, *over));
            }
        }
    }
    let determinant = field.of(determinant);
    for entry in &mut rows {
        *entry = field.times(*entry, determinant);
    }
    Some(rows)
}

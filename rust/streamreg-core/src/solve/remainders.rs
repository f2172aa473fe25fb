//! Stage: solve. Elimination of a symmetric matrix of integers by its remainders: of many unknowns the faster way.
//!
//! What [elimination](super::eliminate) leaves are minors of the matrix. Modulo a prime of 62 bits all of them take words
//! alone; a bound of J. Hadamard's says how many primes it takes until the remainders of a minor leave no other integer
//! (J. von zur Gathen, J. Gerhard, *Modern Computer Algebra*, 3rd edition, 5.5). Rows and columns are first scaled by
//! powers of two that make the diagonal one: minors are bounded by their own variables, however different those are.

use num_bigint::BigInt;
use num_traits::Zero;

use super::chinese::Chinese;
use super::field::{Digits, Field};

/// A leading minor that so many primes divide is zero: it is not for remainders to say which columns there are.
const MOST_FAILURES: usize = 2;

/// For so many numbers of primes, of as many as the last row needs, there is a basis of its own.
const LEVELS: usize = 8;

/// Row k, from column k on: the minors of the first k + 1 rows, and of the first k columns and that one. `None` if a
/// leading minor is zero.
pub(super) fn minors(matrix: &[Vec<BigInt>]) -> Option<Vec<Vec<BigInt>>> {
    let needed = primes_needed(matrix);
    let entries: Vec<Vec<_>> =
        matrix.iter().enumerate().map(|(at, row)| row[at..].iter().map(Digits::of).collect()).collect();
    let (mut fields, mut remainders, mut failures) = (Vec::new(), Vec::new(), 0);
    for field in Field::all() {
        if fields.len() >= needed.iter().copied().max().unwrap_or(0) {
            break;
        }
        match minors_in(&field, &entries) {
            Some(own) => {
                fields.push(field);
                remainders.push(own);
            }
            None if failures == MOST_FAILURES => return None,
            None => failures += 1,
        }
    }
    let step = fields.len().div_ceil(LEVELS).max(1);
    let bases: Vec<_> =
        (1..=LEVELS).map(|level| Chinese::of(&fields[..fields.len().min(level * step)])).collect();
    let row = |(at, &needed): (usize, &usize)| {
        let basis = &bases[needed.div_ceil(step).clamp(1, LEVELS) - 1];
        let entry = |place| basis.integer(remainders.iter().map(|rows: &Vec<Vec<u64>>| rows[at][place]));
        (0..matrix.len() - at).map(entry).collect()
    };
    Some(needed.iter().enumerate().map(row).collect())
}

/// For each row how many primes it takes until their product exceeds twice each of its minors.
///
/// A minor of k rows, of which those of an entry m have |m| < 2^(s + t + c), s for its row and t for its column, is below
/// √k^k times 2 to the power of all s, t, and of c for each row.
fn primes_needed(matrix: &[Vec<BigInt>]) -> Vec<usize> {
    let bits = |entry: &BigInt| i64::try_from(entry.bits()).unwrap_or(i64::MAX);
    let scales: Vec<_> = matrix.iter().enumerate().map(|(at, row)| (bits(&row[at]) + 1) / 2).collect();
    let excess = |row: usize| {
        let own = matrix[row].iter().zip(&scales).map(|(entry, scale)| bits(entry) - scale).max();
        own.unwrap_or(0) - scales[row]
    };
    let (mut before, mut needed) = (0, Vec::with_capacity(scales.len()));
    for (at, scale) in scales.iter().enumerate() {
        let rows = i64::try_from(at + 1).unwrap_or(i64::MAX);
        let roots = (rows * (i64::from(rows.ilog2()) + 1) + 1) / 2;
        before += scale + excess(at);
        let last = scales[at..].iter().max().unwrap_or(scale);
        let bits = u64::try_from(before + last + roots + 2).unwrap_or(0);
        needed.push(usize::try_from(bits / Field::BITS + 1).unwrap_or(usize::MAX));
        before += scale;
    }
    needed
}

/// The minors in a field; `None` if a leading one is zero there.
fn minors_in(field: &Field, entries: &[Vec<Digits>]) -> Option<Vec<Vec<u64>>> {
    let mut rows: Vec<Vec<_>> =
        entries.iter().map(|row| row.iter().map(|entry| field.of(entry)).collect()).collect();
    let mut before = field.one();
    for at in 0..rows.len() {
        let (above, below) = rows.split_at_mut(at + 1);
        let own = &mut above[at];
        if own[0].is_zero() {
            return None;
        }
        let inverse = field.inverse(own[0]);
        for (skip, row) in (1..).zip(below) {
            let factor = field.times(own[skip], inverse);
            for (entry, over) in row.iter_mut().zip(&own[skip..]) {
                *entry = field.less(*entry, field.times(factor, *over));
            }
        }
        // By J. J. Sylvester's identity a minor is the product of all pivots down to its own.
        for entry in own.iter_mut() {
            *entry = field.times(*entry, before);
        }
        before = own[0];
    }
    Some(rows)
}

//! Stage: solve. Elimination of a symmetric matrix of integers by its remainders: of many unknowns the faster way.
//!
//! What [elimination](super::eliminate) leaves are minors of the matrix. Modulo a prime of 62 bits all of them take words
//! alone; a bound of J. Hadamard's says how many primes it takes until the remainders of a minor leave no other integer
//! (J. von zur Gathen, J. Gerhard, *Modern Computer Algebra*, 3rd edition, 5.5). Rows and columns are first scaled by
//! powers of two that make the diagonal one: minors are bounded by their own variables, however different those are.
//! A solution times the determinant is one of minors, too, by Cramer's rule.

use num_bigint::BigInt;
use num_traits::Zero;

use super::chinese::Chinese;
use super::field::{Digits, Field};

/// A leading minor that so many primes divide is zero: it is not for remainders to say which columns there are.
const MOST_FAILURES: usize = 2;

/// For so many numbers of primes, of as many as the last row needs, there is a basis of its own.
const LEVELS: usize = 8;

/// What elimination leaves.
pub(super) struct Minors {
    /// Row k, from column k on: the minors of the first k + 1 rows, and of the first k columns and that one.
    pub(super) upper: Vec<Vec<BigInt>>,
    /// The solution times the determinant, if there is a right side.
    pub(super) solution: Option<Vec<BigInt>>,
}

/// Of a matrix and a right side, if there is one; `None` if a leading minor is zero.
pub(super) fn minors(matrix: &[Vec<BigInt>], right: Option<&[BigInt]>) -> Option<Minors> {
    let size = matrix.len();
    let bounds = Bounds::of(matrix, right);
    let entries = Entries::of(matrix, right);
    let most = bounds.rows.iter().copied().max().unwrap_or(0).max(bounds.solution);
    let (mut fields, mut remainders, mut failures) = (Vec::new(), Vec::new(), 0);
    for field in Field::all() {
        if fields.len() >= most {
            break;
        }
        match entries.minors(&field) {
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
    let integer = |needed: usize, at: usize, place: usize| {
        let own = &bases[needed.div_ceil(step).clamp(1, LEVELS) - 1];
        own.integer(remainders.iter().map(|rows| rows[at][place]))
    };
    let row = |at: usize| (at..size).map(|column| integer(bounds.rows[at], column, at)).collect();
    let solution = right.map(|_| (0..size).map(|at| integer(bounds.solution, size, at)).collect());
    Some(Minors { upper: (0..size).map(row).collect(), solution })
}

/// How many primes it takes until their product exceeds twice each minor.
struct Bounds {
    /// Of the minors in a row of what elimination leaves.
    rows: Vec<usize>,
    /// Of the solution times the determinant.
    solution: usize,
}

impl Bounds {
    /// A minor of k rows, of which those of an entry m have |m| < 2^(s + t + c), s for its row and t for its column, is
    /// below √k^k times 2 to the power of all s, t, and of c for each row.
    fn of(matrix: &[Vec<BigInt>], right: Option<&[BigInt]>) -> Self {
        let bits = |entry: &BigInt| i64::try_from(entry.bits()).unwrap_or(i64::MAX);
        let scales: Vec<_> = matrix.iter().enumerate().map(|(at, row)| (bits(&row[at]) + 1) / 2).collect();
        let excess = |row: usize| {
            let own = matrix[row].iter().zip(&scales).map(|(entry, scale)| bits(entry) - scale).max();
            (own.unwrap_or(0) - scales[row]).max(0)
        };
        let primes = |rows: usize, bits: i64| {
            let rows = i64::try_from(rows.max(1)).unwrap_or(i64::MAX);
            let roots = (rows * (i64::from(rows.ilog2()) + 1) + 1) / 2;
            usize::try_from((bits + roots + 2).max(0).unsigned_abs() / Field::BITS + 1).unwrap_or(usize::MAX)
        };
        let (mut before, mut rows) = (0, Vec::with_capacity(scales.len()));
        for (at, scale) in scales.iter().enumerate() {
            before += scale + excess(at);
            let last = scales[at..].iter().max().unwrap_or(scale);
            rows.push(primes(at + 1, before + last));
            before += scale;
        }
        // The right side has a scale of its own, with which it exceeds no row, in the place of that of a column.
        let own = right.unwrap_or_default().iter().zip(&scales).map(|(entry, scale)| bits(entry) - scale);
        let most = own.max().unwrap_or(0);
        let solution = primes(scales.len(), before - scales.iter().min().unwrap_or(&0) + most);
        Self { rows, solution: if right.is_some() { solution } else { 0 } }
    }
}

/// Each column down to the diagonal, and the right side in the place of one more.
struct Entries(Vec<Vec<Digits>>);

impl Entries {
    fn of(matrix: &[Vec<BigInt>], right: Option<&[BigInt]>) -> Self {
        let column = |at: usize| matrix[..=at].iter().map(|row| Digits::of(&row[at])).collect();
        let right = right.map(|right| right.iter().map(Digits::of).collect());
        Self((0..matrix.len()).map(column).chain(right).collect())
    }

    /// Column by column the minors in a field, and the solution times the determinant; `None` if a leading one is zero
    /// there.
    fn minors(&self, field: &Field) -> Option<Vec<Vec<u64>>> {
        let mut columns: Vec<Vec<_>> =
            self.0.iter().map(|column| column.iter().map(|entry| field.of(entry)).collect()).collect();
        // The last column and the right side are as long as there are rows.
        let size = columns.last().map_or(0, Vec::len);
        let mut inverses = Vec::with_capacity(size);
        let mut factors = Vec::with_capacity(size);
        for at in 0..size {
            factors.clear();
            factors.extend(
                columns[at].iter().zip(&inverses).map(|(entry, inverse)| field.times(*entry, *inverse)),
            );
            for column in &mut columns[at..] {
                let less = field.dot(&factors, &column[..at]);
                column[at] = field.less(column[at], less);
            }
            if columns[at][at].is_zero() {
                return None;
            }
            inverses.push(field.inverse(columns[at][at]));
        }
        if columns.len() > size {
            substitute(field, &mut columns, &inverses);
        }
        let mut before = field.one();
        for at in 0..size {
            // By J. J. Sylvester's identity a minor is the product of all pivots down to its own.
            for column in &mut columns[at..size] {
                column[at] = field.times(column[at], before);
            }
            before = columns[at][at];
        }
        for right in &mut columns[size..] {
            for entry in right.iter_mut() {
                *entry = field.times(*entry, before);
            }
        }
        Some(columns)
    }
}

/// Puts the solution in the place of the right side.
fn substitute(field: &Field, columns: &mut [Vec<u64>], inverses: &[u64]) {
    let Some((right, columns)) = columns.split_last_mut() else { return };
    for (at, column) in columns.iter().enumerate().rev() {
        right[at] = field.times(right[at], inverses[at]);
        let (above, own) = right.split_at_mut(at);
        for (entry, over) in above.iter_mut().zip(column) {
            *entry = field.less(*entry, field.times(own[0], *over));
        }
    }
}

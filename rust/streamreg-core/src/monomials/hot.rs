//! Monomials, hot layer: one row after the other: its numbers taken apart, the products of their mantissas,
//! each product straight into the windows of its sum.

use super::Monomials;
use super::terms::Step;
use crate::column::Numbers;
use crate::exact::{Mixed, ONES};

/// Room for the products of a row; kept, so that no row asks for memory.
#[derive(Debug, Default)]
pub struct Workspace {
    factors: Vec<Factor>,
    /// For each step its product, and the limbs of all products.
    products: Vec<Product>,
    limbs: Vec<u64>,
    shifted: Vec<u64>,
}

/// A number of a row: `± limbs · 2^(position − 1074) · 5^five`.
#[derive(Clone, Copy, Debug)]
struct Factor {
    limbs: [u64; 2],
    /// 0 for zero.
    length: usize,
    position: usize,
    five: i32,
    negative: bool,
}

/// A product, but for its limbs; the position counts from 2^-1074 to the power of its degree.
#[derive(Clone, Copy, Debug, Default)]
struct Product {
    length: usize,
    position: usize,
    five: i32,
    negative: bool,
}

impl Monomials {
    /// Adds or removes rows of columns that fit.
    pub(super) fn accumulate(&mut self, workspace: &mut Workspace, columns: &[Numbers<'_>], negate: bool) {
        let rows = columns.first().map_or(0, Numbers::len);
        workspace.products.resize(self.terms.steps().len(), Product::default());
        workspace.limbs.resize(self.terms.size(), 0);
        let weight = self.terms.weight();
        let one = if negate { -1 } else { 1 };
        for row in 0..rows {
            workspace.factors.clear();
            workspace.factors.extend(columns.iter().map_while(|column| factor(column, row)));
            let whole = workspace.factors.len() == columns.len();
            if !whole || weight.is_some_and(|weight| workspace.factors[weight].negative) {
                self.excluded += one;
                continue;
            }
            self.n += one;
            workspace.row(self.terms.steps(), &mut self.sums, negate);
        }
    }
}

impl Workspace {
    /// Adds the products of the row whose numbers are the factors.
    fn row(&mut self, steps: &[Step], sums: &mut [Mixed], negate: bool) {
        for (index, step) in steps.iter().enumerate() {
            let factor = &self.factors[step.right];
            let (before, own) = self.limbs.split_at_mut(step.at);
            let product = match step.left {
                None => {
                    own[..factor.length].copy_from_slice(&factor.limbs[..factor.length]);
                    Product {
                        length: factor.length,
                        position: factor.position,
                        five: factor.five,
                        negative: factor.negative,
                    }
                }
                Some(left) => {
                    let product = self.products[left];
                    let start = steps[left].at;
                    let limbs = &before[start..start + product.length];
                    Product {
                        length: multiply(limbs, &factor.limbs[..factor.length], own),
                        position: product.position + factor.position,
                        five: product.five + factor.five,
                        negative: product.negative != factor.negative,
                    }
                }
            };
            self.products[index] = product;
            if let Some(sum) = step.sum
                && product.length > 0
            {
                let limbs = &own[..product.length];
                shift(limbs, product.position % 64, &mut self.shifted);
                let negate = negate != product.negative;
                sums[sum].add_limbs(product.five, product.position / 64, &self.shifted, negate);
            }
        }
    }
}

/// A number taken apart, if it is finite.
fn factor(column: &Numbers<'_>, row: usize) -> Option<Factor> {
    let (size, position, five, negative) = if let Numbers::Time(_, values) = column {
        // All of one power of five, so that a sum has one window.
        let zeros = values[row].trailing_zeros() % 64;
        let size = values[row].unsigned_abs() >> zeros;
        (size.into(), ONES - 6 + zeros as usize, -6, values[row] < 0)
    } else if let Numbers::Decimal(decimals) = column {
        let decimal = decimals.get(row);
        let (mantissa, exponent) = (decimal.mantissa(), decimal.exponent());
        // m · 10^e = m · 2^e · 5^e, and exponents are within ±400.
        let position = ONES.saturating_add_signed(exponent as isize);
        (mantissa.unsigned_abs(), position, exponent, mantissa < 0)
    } else {
        let part = column.part(row)?;
        // Zeros at the low end only make the products longer.
        let zeros = part.mantissa.trailing_zeros() % 64;
        let size = part.mantissa.unsigned_abs() >> zeros;
        (size.into(), part.exponent + zeros as usize, 0, part.mantissa < 0)
    };
    let limbs = halves(size);
    let length = limbs.iter().rposition(|&limb| limb != 0).map_or(0, |last| last + 1);
    Some(Factor { limbs, length, position, five, negative })
}

/// The product of two numbers, into limbs that have room for it; gives its length.
fn multiply(left: &[u64], right: &[u64], product: &mut [u64]) -> usize {
    if left.is_empty() || right.is_empty() {
        return 0;
    }
    let length = left.len() + right.len();
    let product = &mut product[..length];
    product.fill(0);
    for (at, &factor) in right.iter().enumerate() {
        let mut carry = 0;
        for (limb, &own) in product[at..].iter_mut().zip(left) {
            // (2^64 - 1)² + 2 (2^64 - 1) is the largest number of 128 bits.
            let sum = u128::from(own) * u128::from(factor) + u128::from(*limb) + u128::from(carry);
            [*limb, carry] = halves(sum);
        }
        product[at + left.len()] = carry;
    }
    if product[length - 1] == 0 { length - 1 } else { length }
}

/// A number moved up by less than 64 bits, with a limb above it whose top bit is zero: as two's complement it is positive.
fn shift(limbs: &[u64], bits: usize, shifted: &mut Vec<u64>) {
    shifted.clear();
    let mut carry = 0;
    for &limb in limbs {
        let [low, high] = halves(u128::from(limb) << bits);
        shifted.push(low | carry);
        carry = high;
    }
    shifted.push(carry);
}

/// The low and the high limb.
#[allow(clippy::cast_possible_truncation, reason = "a number is cut in two halves")]
fn halves(value: u128) -> [u64; 2] {
    [value as u64, (value >> 64) as u64]
}

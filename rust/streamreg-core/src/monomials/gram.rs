//! Monomials: the sums as the cross-products that the solving stages take.

use num_bigint::BigInt;

use super::Monomials;
use crate::error::Error;
use crate::exact::{Mixed, ONES, signed};
use crate::gram::{Gram, Unit};

impl Monomials {
    /// The exact cross-products of (1, features…, target), weighted if the rows are.
    ///
    /// # Errors
    /// [`Error::Invalid`] never for the sums of rows, perhaps for a state that somebody made up.
    pub fn gram(&self) -> Result<Gram, Error> {
        Self::gram_of_aged(&[(0, self)])
    }

    /// The same of several sums over the same terms, each with the number of times that its weights are halved; there is
    /// one at least, and of sums without weights no other.
    ///
    /// # Errors
    /// As [`Monomials::gram`].
    pub(crate) fn gram_of_aged(parts: &[(u64, &Self)]) -> Result<Gram, Error> {
        let Some((_, first)) = parts.first() else {
            return Err(Error::Invalid("the cross-products of no sums".to_owned()));
        };
        let oldest = parts.iter().map(|(age, _)| *age).max().unwrap_or(0);
        let features = first.terms.features();
        let powers = features.iter().map(|feature| i64::from(feature.power));
        let powers: Vec<_> = std::iter::once(0).chain(powers).chain([1]).collect();
        let weighted = first.terms.weight().is_some();
        let (weight_five, fives) = fives(parts, powers.len());
        let rows = parts.iter().map(|(_, sums)| sums.n).sum();

        let grid = -signed(ONES);
        let mut entries = Vec::with_capacity(powers.len() * (powers.len() + 1) / 2);
        for one in 0..powers.len() {
            for other in one..powers.len() {
                // Below the lowest power of any window of these sums.
                let five = weight_five + fives[one] + fives[other];
                let sums = parts.iter().map(|(age, sums)| match sums.sum(one, other) {
                    None => BigInt::from(sums.n),
                    Some(sum) => sum.to_integer(0, five) << (oldest - age),
                });
                entries.push(sums.sum());
            }
        }
        let units =
            powers.iter().zip(&fives).map(|(power, five)| Unit { two: grid * power, five: i64::from(*five) });
        let halved = i64::try_from(oldest).unwrap_or(i64::MAX);
        let weight = Unit { two: if weighted { grid - halved } else { 0 }, five: i64::from(weight_five) };
        Gram::new(rows, features.len(), entries, units.collect(), weight, weighted)
    }
}

/// Powers of five, of the weight and of each variable, that are together not above those in any sum.
fn fives(parts: &[(u64, &Monomials)], variables: usize) -> (i32, Vec<i32>) {
    let lowest = |one, other| {
        let powers = |sums: &Monomials| sums.sum(one, other).and_then(Mixed::lowest).map(|(_, five)| five);
        parts.iter().filter_map(|(_, sums)| powers(sums)).min()
    };
    let weight = lowest(0, 0).unwrap_or(0);
    let mut fives = vec![0];
    for variable in 1..variables {
        // With itself, a variable has half of what is left for each.
        let own = lowest(variable, variable).map(|five| (five - weight).div_euclid(2));
        let shared = (0..variable).filter_map(|other| Some(lowest(other, variable)? - weight - fives[other]));
        fives.push(shared.chain(own).min().unwrap_or(0));
    }
    (weight, fives)
}

//! Stage: discriminant. The inverse of a covariance; where it is singular, what may stand in its place.
//!
//! Directions in which nothing varies are excluded, as scikit-learn's linear discriminant analysis by singular values
//! does it: features are brought to the same variance (those that have one), and then the inverse is the one of E. H.
//! Moore and R. Penrose (*A generalized inverse for matrices*, Proc. Camb. Phil. Soc. 51, 1955). Let the columns of N
//! span those directions, ΣN = 0, and D² be the variances: P = I − N(NᵀD²N)⁻¹NᵀD² takes them out, and PΣ⁻Pᵀ is that
//! inverse, whatever Σ⁻ solves for features that do not follow from others. All of it is rational.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, Zero};

use super::group::{dot, unit_vector};
use super::{Reason, Singular};
use crate::infer::condition::is_near;
use crate::solve::eliminate::Elimination;

/// The inverse of a matrix, times its [determinant](Inverse::determinant).
#[derive(Clone, Debug)]
pub struct Inverse {
    /// Of the features that are kept.
    elimination: Elimination,
    kept: Vec<usize>,
    dropped: Vec<usize>,
    projection: Option<Projection>,
    determinant: BigInt,
}

/// P, times `scale`.
#[derive(Clone, Debug)]
struct Projection {
    rows: Vec<Vec<BigInt>>,
    scale: BigInt,
}

impl Inverse {
    /// Of the matrix of a covariance.
    pub(super) fn of(matrix: &[Vec<BigInt>], singular: Singular) -> Result<Self, Reason> {
        let dropped = match (eliminate(matrix.to_vec()), singular) {
            (Ok(elimination), _) => return Ok(Self::whole(elimination)),
            (Err(Reason::Singular { features }), Singular::Dropped) if features.len() < matrix.len() => {
                features
            }
            (Err(reason), _) => return Err(reason),
        };
        let kept: Vec<_> = (0..matrix.len()).filter(|at| !dropped.contains(at)).collect();
        let own = |row: &usize| kept.iter().map(|&column| matrix[*row][column].clone()).collect();
        let elimination = regular(kept.iter().map(own).collect())?;
        let projection = Projection::of(matrix, &elimination, &kept, &dropped)?;
        let determinant = elimination.determinant() * &projection.scale * &projection.scale;
        Ok(Self { elimination, kept, dropped, projection: Some(projection), determinant })
    }

    fn whole(elimination: Elimination) -> Self {
        let (kept, determinant) = (elimination.independent().to_vec(), elimination.determinant().clone());
        Self { elimination, kept, dropped: Vec::new(), projection: None, determinant }
    }

    /// What the products are multiplied by, to be of integers.
    pub fn determinant(&self) -> &BigInt {
        &self.determinant
    }

    /// The features that are constant, or follow linearly from those before them.
    pub fn dropped(&self) -> &[usize] {
        &self.dropped
    }

    /// The features that follow from those before them but for roundings; `lengths` are their squares, in the units of
    /// the matrix.
    pub fn nearly_dependent(&self, lengths: &[BigInt]) -> Vec<usize> {
        let own: Vec<_> = self.kept.iter().map(|&at| lengths[at].clone()).collect();
        nearly_dependent(&self.elimination, &own).into_iter().map(|at| self.kept[at]).collect()
    }

    /// The inverse times a vector, times the determinant.
    pub fn times(&self, right: &[BigInt]) -> Vec<BigInt> {
        let Some(projection) = &self.projection else {
            return self.elimination.solve(right).unwrap_or_default();
        };
        let own: Vec<_> = self.kept.iter().map(|&at| projection.transposed(at, right)).collect();
        let solution = self.elimination.solve(&own).unwrap_or_default();
        let of_kept = |row: &Vec<BigInt>| {
            dot(&self.kept.iter().map(|&at| row[at].clone()).collect::<Vec<_>>(), &solution)
        };
        projection.rows.iter().map(of_kept).collect()
    }
}

impl Projection {
    fn of(
        matrix: &[Vec<BigInt>],
        elimination: &Elimination,
        kept: &[usize],
        dropped: &[usize],
    ) -> Result<Self, Reason> {
        let null: Vec<_> = dropped.iter().map(|&at| direction(matrix, elimination, kept, at)).collect();
        // A feature without variance is a direction of its own: any weight will do.
        let weight =
            |at: usize| if matrix[at][at].is_zero() { BigInt::one() } else { matrix[at][at].clone() };
        let weighted: Vec<Vec<_>> = null
            .iter()
            .map(|direction| direction.iter().enumerate().map(|(at, entry)| entry * weight(at)).collect())
            .collect();
        let row = |own: &Vec<BigInt>| null.iter().map(|other| dot(own, other)).collect();
        let squares = regular(weighted.iter().map(row).collect())?;
        let scale = squares.determinant().clone();
        let mut rows: Vec<_> = (0..matrix.len()).map(|at| unit_vector(matrix.len(), at, &scale)).collect();
        for at in 0..matrix.len() {
            let column: Vec<_> = weighted.iter().map(|row| row[at].clone()).collect();
            let solved = squares.solve(&column).unwrap_or_default();
            for (factor, direction) in solved.iter().zip(&null) {
                for (row, entry) in rows.iter_mut().zip(direction) {
                    row[at] -= entry * factor;
                }
            }
        }
        Ok(Self { rows, scale })
    }

    /// An entry of Pᵀ times a vector.
    fn transposed(&self, at: usize, right: &[BigInt]) -> BigInt {
        self.rows.iter().zip(right).map(|(row, entry)| &row[at] * entry).sum()
    }
}

/// In which a feature that follows from those kept does not vary, in integers without a common divisor.
fn direction(
    matrix: &[Vec<BigInt>],
    elimination: &Elimination,
    kept: &[usize],
    feature: usize,
) -> Vec<BigInt> {
    let own: Vec<_> = kept.iter().map(|&at| matrix[at][feature].clone()).collect();
    let mut found = unit_vector(matrix.len(), feature, elimination.determinant());
    for (&at, entry) in kept.iter().zip(elimination.solve(&own).unwrap_or_default()) {
        found[at] = -entry;
    }
    let divisor = found.iter().fold(BigInt::ZERO, |divisor, entry| divisor.gcd(entry));
    found.into_iter().map(|entry| entry / &divisor).collect()
}

/// Eliminates a matrix that is not singular where rows have left a covariance.
fn regular(matrix: Vec<Vec<BigInt>>) -> Result<Elimination, Reason> {
    eliminate(matrix).map_err(|_| Reason::Inconsistent)
}

/// The variables that follow from those before them but for roundings, by their squares.
pub(super) fn nearly_dependent(elimination: &Elimination, lengths: &[BigInt]) -> Vec<usize> {
    let one = BigInt::one();
    let follows = |&(at, length): &(usize, &BigInt)| {
        let before = if at == 0 { &one } else { elimination.pivot(at - 1) };
        is_near(elimination.pivot(at), &(before * length))
    };
    lengths.iter().enumerate().filter(follows).map(|(at, _)| at).collect()
}

/// Eliminates the matrix of a covariance.
pub(super) fn eliminate(matrix: Vec<Vec<BigInt>>) -> Result<Elimination, Reason> {
    let variables = matrix.len();
    let elimination = Elimination::of(matrix);
    let independent = elimination.independent();
    if independent.len() < variables {
        let features = (0..variables).filter(|at| !independent.contains(at)).collect();
        return Err(Reason::Singular { features });
    }
    // A covariance has no pivot below zero, and where one is zero, so is all of its column.
    if elimination.is_in_order() && (0..variables).all(|at| elimination.pivot(at).is_positive()) {
        return Ok(elimination);
    }
    Err(Reason::Inconsistent)
}

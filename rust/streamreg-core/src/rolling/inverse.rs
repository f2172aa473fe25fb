//! Rolling: an approximate inverse in doubles.

/// A square matrix, row by row.
pub(super) type Matrix<const SIZE: usize> = [[f64; SIZE]; SIZE];

/// An approximate inverse of a symmetric matrix that is positive definite, by its factors L·D·Lᵀ. It is symmetric; else
/// nothing is claimed for it.
#[inline]
pub(super) fn inverse<const SIZE: usize>(matrix: &Matrix<SIZE>) -> Option<Matrix<SIZE>> {
    // L·D, and 1/D; then the inverse of L, whose diagonal of ones is not there.
    let (mut factor, mut scale) = ([[0.0; SIZE]; SIZE], [0.0; SIZE]);
    for row in 0..SIZE {
        let mut unit = [0.0; SIZE];
        let mut own = matrix[row][row];
        for column in 0..row {
            let mut rest = matrix[row][column];
            for at in 0..column {
                rest -= unit[at] * factor[column][at];
            }
            factor[row][column] = rest;
            unit[column] = rest * scale[column];
            own -= rest * unit[column];
        }
        if own.is_nan() || own <= 0.0 {
            return None;
        }
        scale[row] = 1.0 / own;
    }
    for row in &mut factor {
        for (entry, scale) in row.iter_mut().zip(&scale) {
            *entry *= scale;
        }
    }
    for row in 1..SIZE {
        let own = factor[row];
        for column in 0..row {
            let mut rest = own[column];
            for at in column + 1..row {
                rest += own[at] * factor[at][column];
            }
            factor[row][column] = -rest;
        }
    }
    for (at, row) in factor.iter_mut().enumerate() {
        row[at] = 1.0;
    }
    let mut scaled = factor;
    for (row, scale) in scaled.iter_mut().zip(&scale) {
        for entry in row {
            *entry *= scale;
        }
    }
    let mut inverse = [[0.0; SIZE]; SIZE];
    for one in 0..SIZE {
        for other in one..SIZE {
            let mut entry = 0.0;
            for row in other..SIZE {
                entry += scaled[row][one] * factor[row][other];
            }
            inverse[one][other] = entry;
            inverse[other][one] = entry;
        }
    }
    Some(inverse)
}

//! Reduce: the working memory of the states of a reduction, used for one batch after the other.

use crate::exact::sum::SumBins;
use crate::{moments, monomials};

/// A workspace for each kind of state that needs one.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) sum: SumBins,
    pub(super) moments: moments::Workspace,
    pub(super) monomials: monomials::Workspace,
}

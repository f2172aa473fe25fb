//! Stage: infer. A fit without the features that follow from those before them.
//!
//! As R's `lm` has it (J. M. Chambers, T. J. Hastie, *Statistical Models in S*, 1992, 4.4.3): of columns that depend on each
//! other exactly the later ones have no coefficient, and everything else is as if they were not there.

use std::borrow::Cow;

use super::{Fit, Model};
use crate::error::Error;
use crate::gram::Gram;

/// Where the coefficients of a fit are among those of all features.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// The number of all coefficients.
    pub size: usize,
    /// Which of all coefficients those of the fit are, in order.
    pub kept: Vec<usize>,
    /// The number of all features.
    features: usize,
    /// Which of all features those of the fit are.
    own: Vec<usize>,
}

impl Fit {
    /// Fits a model to the features that do not follow from those before them, and the intercept.
    ///
    /// # Errors
    /// As [`Fit::new`].
    pub fn dropping(gram: Gram, model: Model) -> Result<Self, Error> {
        let whole = Self::new(gram, model)?;
        let kept = whole.normal.elimination().independent().to_vec();
        let none_counts = model.intercept && kept.first() != Some(&0);
        if whole.is_determined() || whole.rows() <= 0 || none_counts {
            return Ok(whole);
        }
        let variables = kept.iter().map(|&at| whole.normal.variable(at)).filter(|&variable| variable > 0);
        let variables: Vec<_> = variables.collect();
        let gram = whole.normal.gram();
        let places = Places {
            size: whole.size(),
            kept,
            features: gram.features(),
            own: variables.iter().map(|variable| variable - 1).collect(),
        };
        Ok(Self { places: Some(places), ..Self::new(gram.of_variables(&variables), model)? })
    }

    /// How many coefficients there are, those without a value included.
    pub(super) fn all(&self) -> usize {
        self.places.as_ref().map_or_else(|| self.size(), |places| places.size)
    }

    /// How many features there are, those without a coefficient included.
    pub(super) fn all_features(&self) -> usize {
        self.places.as_ref().map_or_else(|| self.normal.gram().features(), |places| places.features)
    }

    /// Which coefficient of the fit one of all is, if it has a value.
    pub(super) fn place(&self, at: usize) -> Option<usize> {
        let Some(places) = &self.places else { return Some(at) };
        places.kept.iter().position(|&kept| kept == at)
    }

    /// What belongs to the features of the fit, of what belongs to all.
    pub(super) fn own<'a, T: Clone>(&self, all: &'a [T]) -> Cow<'a, [T]> {
        match &self.places {
            None => Cow::Borrowed(all),
            Some(places) => places.own.iter().map(|&at| all[at].clone()).collect(),
        }
    }

    /// The cross-products of the features of the fit, of those of all.
    pub(super) fn own_gram<'a>(&self, all: &'a Gram) -> Cow<'a, Gram> {
        match &self.places {
            None => Cow::Borrowed(all),
            Some(places) => {
                let variables: Vec<_> = places.own.iter().map(|at| at + 1).collect();
                Cow::Owned(all.of_variables(&variables))
            }
        }
    }

    /// The coefficients of the fit among all, NaN for those without a value.
    pub(super) fn spread(&self, coefficients: Vec<f64>) -> Vec<f64> {
        let Some(places) = &self.places else { return coefficients };
        let mut all = vec![f64::NAN; places.size];
        for (&at, coefficient) in places.kept.iter().zip(coefficients) {
            all[at] = coefficient;
        }
        all
    }
}

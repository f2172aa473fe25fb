//! Stage: discriminant, score. Which class rows are of, by the parameters that the classes have.

use super::bayes::{Added, Bayes};
use super::linear::Linear;
use super::log::Argument;
use super::posterior::Kind;
use super::present::Present;
use super::quadratic::Class;
use super::score::{Rows, Scorer, rows_of};
use super::{Method, Model};
use crate::classes::Classes;
use crate::column::Numbers;
use crate::error::Error;
use crate::plural::plural;

/// Classifies rows: among the classes that have all parameters, a prior included.
#[derive(Clone, Debug)]
pub struct Predictor {
    features: usize,
    scorer: Scorer,
    /// Which of the classes of the state those of the scorer are.
    places: Vec<i64>,
}

/// What is predicted of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// The most probable class, by its place among those of the state, of equally probable ones the first; -1 where
    /// nothing is predicted.
    pub classes: Vec<i64>,
    /// Its probability, the nearest double; NaN where nothing is predicted.
    pub posteriors: Vec<f64>,
    /// The probability of the class that the row has; NaN where nothing is predicted.
    pub own: Vec<f64>,
}

impl Predictor {
    /// Of all classes of a state; `priors` as for [`parameters`](super::parameters).
    ///
    /// # Errors
    /// As there.
    pub fn of(classes: &Classes, model: &Model, priors: Option<&[Option<f64>]>) -> Result<Self, Error> {
        let Present { places, mut groups, priors } = Present::of(classes, priors)?;
        let mut scorer = Scorer::default();
        let mut known: Vec<_> = priors.iter().map(Option::is_some).collect();
        match model.method {
            Method::Linear => {
                let priors = priors.into_iter().map(|prior| prior.unwrap_or_else(Argument::one)).collect();
                match Linear::of(&mut groups, priors, model.divisor, model.singular) {
                    Ok(linear) => {
                        scorer = linear.scorer();
                        scorer.retain(&known);
                    }
                    Err(_) => known.fill(false),
                }
            }
            Method::Quadratic => {
                for ((known, prior), group) in known.iter_mut().zip(priors).zip(groups) {
                    let class = prior.and_then(|prior| Class::of(group, prior, model.divisor).ok());
                    *known = class.is_some();
                    if let Some(class) = class {
                        scorer.extend(class.scorer());
                    }
                }
            }
            Method::Bayes => {
                let added = Added::of(&mut groups, model.smoothing)?;
                for ((known, prior), group) in known.iter_mut().zip(priors).zip(groups) {
                    let class = prior.and_then(|prior| Bayes::of(&[group], &[prior], &added).ok());
                    *known = class.is_some();
                    if let Some(class) = class {
                        scorer.extend(class.scorer());
                    }
                }
            }
        }
        let places = places.into_iter().zip(known).filter(|(_, known)| *known);
        let places = places.map(|(at, _)| i64::try_from(at).unwrap_or(i64::MAX)).collect();
        Ok(Self { features: classes.features(), scorer, places })
    }

    /// Predicts rows, of which each has the class at one of the places of the state, or none. Nothing is predicted
    /// without any class, or where a number is not finite.
    ///
    /// # Errors
    /// [`Error::Columns`] unless there is a column of doubles or integers for each feature, as long as `own`.
    pub fn rows(&self, columns: &[Numbers<'_>], own: &[i64]) -> Result<Predictions, Error> {
        let rows = rows_of(columns, self.features)?;
        if own.len() != rows {
            return Err(Error::Columns(format!(
                "{} of {}",
                plural(own.len(), "label", "labels"),
                plural(rows, "row", "rows")
            )));
        }
        let mut found = Predictions::default();
        let (mut rows, mut chances) = (Rows::new(&self.scorer, columns), Vec::new());
        for (row, own) in own.iter().enumerate() {
            chances.clear();
            let predicted = rows.go(row).ok().and_then(|()| rows.best());
            if predicted.is_some() {
                rows.posteriors(Kind::Plain, &mut chances);
            }
            let at = self.places.iter().position(|place| place == own);
            found.classes.push(predicted.map_or(-1, |best| self.places[best]));
            found.posteriors.push(predicted.map_or(f64::NAN, |best| chances[best]));
            found.own.push(predicted.map_or(f64::NAN, |_| at.map_or(0.0, |at| chances[at])));
        }
        Ok(found)
    }
}

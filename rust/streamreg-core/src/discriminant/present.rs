//! Stage: discriminant. The classes of a table that have rows, with their priors, if they have any.

use super::group::{self, Group};
use super::log::Argument;
use super::prior_of;
use crate::classes::Classes;
use crate::error::Error;
use crate::plural::plural;

/// The classes that have rows.
#[derive(Debug)]
pub struct Present {
    /// Which of the classes of the state they are.
    pub places: Vec<usize>,
    /// Their rows.
    pub groups: Vec<Group>,
    /// Their priors.
    pub priors: Vec<Option<Argument>>,
}

impl Present {
    /// Of a state: `priors` has an entry for each of its classes; without any they are the shares of the rows. There
    /// is none of what no rows can have left.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless each prior is above 0 and finite, and there is one for each class.
    pub(super) fn of(classes: &Classes, priors: Option<&[Option<f64>]>) -> Result<Self, Error> {
        let count = classes.iter().count();
        if let Some(given) = priors.filter(|given| given.len() != count) {
            return Err(Error::Invalid(format!(
                "{} for {}",
                plural(given.len(), "prior", "priors"),
                plural(count, "class", "classes")
            )));
        }
        let given = priors.unwrap_or_default().iter().map(|prior| prior.map(prior_of).transpose());
        let given = given.collect::<Result<Vec<_>, _>>()?;
        let Ok(groups) = group::groups(classes) else {
            return Ok(Self { places: Vec::new(), groups: Vec::new(), priors: Vec::new() });
        };
        let with_rows = |(at, moments): (usize, i64)| (moments != 0).then_some(at);
        let places: Vec<_> =
            classes.iter().map(|(_, moments)| moments.n()).enumerate().filter_map(with_rows).collect();
        let all = group::rows(&groups);
        let share = |group: &Group| Some(Argument::new(group.n().clone(), all.clone(), 0));
        let priors = match priors {
            None => groups.iter().map(share).collect(),
            Some(_) => places.iter().map(|&at| given[at].clone()).collect(),
        };
        Ok(Self { places, groups, priors })
    }
}

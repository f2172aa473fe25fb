//! Infer: predictions of many rows in twice the digits of doubles, which decide nearly all of them.
//!
//! About the centre c of the rows that were fitted the value of a row is that at c and β·(x − c); and its variance
//! σ²·xᵀ(XᵀWX)⁻¹x is that at c, a linear and a quadratic form of x − c. So what cancels in other forms, where the
//! features are far from 0 beside how they vary (times, say), has cancelled exactly, once for all rows.

use std::ops::Range;

use num_traits::Zero;

use super::Fit;
use super::ball::Ball;
use super::exact_rows::{Row, number};
use crate::column::Numbers;
use crate::solve::rational::Rational;

/// For fewer rows than these it does not pay to make ready (measured).
const FEW: usize = 4;

/// What values are worked out from.
#[derive(Debug)]
pub(super) struct Plane {
    /// A double close to the mean of each feature.
    centre: Vec<Ball>,
    /// The value there.
    value: Ball,
    /// The coefficient of each feature.
    slopes: Vec<Ball>,
}

/// What variances are worked out from.
#[derive(Debug)]
pub(super) struct Bowl {
    /// σ².
    variance: Ball,
    /// Those at the centre, of the mean and of a new observation.
    variances: [Ball; 2],
    linear: Vec<Ball>,
    /// The upper triangle, row by row; what is off the diagonal twice.
    quadratic: Vec<Ball>,
}

/// Rows beside the fit, one after another.
pub(super) struct FastRow<'a> {
    fit: &'a Fit,
    columns: &'a [Numbers<'a>],
    plane: Option<&'a Plane>,
    /// Where the row lies, from the centre; nothing if that is not known.
    offsets: Vec<Ball>,
}

impl Fit {
    /// Rows of these columns, of which there is one for each feature.
    pub(super) fn near<'a>(&'a self, columns: &'a [Numbers<'a>]) -> FastRow<'a> {
        let many = columns.first().is_some_and(|column| column.len() >= FEW);
        let plane = (many && !self.exactly).then(|| self.plane.get_or_init(|| self.make_plane()));
        let plane = plane.and_then(Option::as_ref);
        FastRow { fit: self, columns, plane, offsets: Vec::with_capacity(columns.len()) }
    }

    fn make_plane(&self) -> Option<Plane> {
        let centre = self.centre();
        let value = Ball::of_rational(&self.value(&self.centre_row(&centre)?)?);
        let slopes = self.of_features().map(|at| Some(Ball::of_rational(&self.coefficient(at)?)));
        let slopes = slopes.collect::<Option<_>>()?;
        Some(Plane { centre: centre.into_iter().map(Ball::of_double).collect(), value, slopes })
    }

    fn make_bowl(&self) -> Option<Bowl> {
        let centre = self.centre_row(&self.centre())?;
        let variances = self.variances(&centre)?.map(|variance| Ball::of_rational(&variance));
        let linear = self.of_features().map(|at| Some(Ball::of_rational(&self.gradient(&centre, at)?)));
        let linear = linear.collect::<Option<_>>()?;
        let pairs = self.of_features().flat_map(|one| (one..self.size()).map(move |other| (one, other)));
        let quadratic = pairs.map(|(one, other)| {
            let entry = Ball::of_rational(&self.covariance(one, other)?);
            Some(if one == other { entry } else { entry + entry })
        });
        let variance = Ball::of_rational(&self.variance()?);
        Some(Bowl { variance, variances, linear, quadratic: quadratic.collect::<Option<_>>()? })
    }

    /// The coefficients of the features: all but the intercept.
    fn of_features(&self) -> Range<usize> {
        usize::from(self.model().intercept)..self.size()
    }

    /// The doubles closest to the means of the features.
    fn centre(&self) -> Vec<f64> {
        let gram = self.normal.gram();
        let rows = gram.entry(0, 0);
        let mean = |feature| {
            let unit = gram.unit(feature) / gram.unit(0);
            Rational::new(gram.entry(0, feature).clone(), rows.clone(), unit).nearest()
        };
        (1..=gram.features()).map(|feature| if rows.is_zero() { 0.0 } else { mean(feature) }).collect()
    }

    fn centre_row(&self, centre: &[f64]) -> Option<Row> {
        let centre = Numbers::Float(centre);
        Some(self.scaled((0..centre.len()).map(|feature| number(&centre, feature)).collect::<Option<_>>()?))
    }
}

impl FastRow<'_> {
    /// Goes to a row.
    #[inline]
    pub(super) fn go(&mut self, at: usize) {
        let Some(plane) = self.plane else { return };
        self.offsets.clear();
        for (feature, (column, centre)) in self.columns.iter().zip(&plane.centre).enumerate() {
            let Some(number) = Ball::of_number(column, at) else {
                self.offsets.clear();
                return;
            };
            let powers = self.fit.powers.as_ref().and_then(|powers| powers.get(feature));
            let number = powers.map_or(number, |power| number.power(*power));
            self.offsets.push(number - *centre);
        }
    }

    fn known(&self) -> Option<&Plane> {
        self.plane.filter(|_| !self.offsets.is_empty())
    }

    /// The fitted value.
    #[inline]
    pub(super) fn value(&self) -> Option<Ball> {
        let plane = self.known()?;
        let terms = plane.slopes.iter().zip(&self.offsets);
        Some(terms.fold(plane.value, |sum, (slope, offset)| sum + *slope * *offset))
    }

    /// That of the errors.
    pub(super) fn variance(&self) -> Option<Ball> {
        Some(self.bowl()?.variance)
    }

    fn bowl(&self) -> Option<&Bowl> {
        self.known().and_then(|_| self.fit.bowl.get_or_init(|| self.fit.make_bowl()).as_ref())
    }

    /// The variances of the mean and of a new observation.
    #[inline]
    pub(super) fn variances(&self) -> Option<[Ball; 2]> {
        let bowl = self.bowl()?;
        let mut entries = bowl.quadratic.iter();
        let mut rise = Ball::of_double(0.0);
        for (at, (slope, offset)) in bowl.linear.iter().zip(&self.offsets).enumerate() {
            let terms = self.offsets[at..].iter().zip(entries.by_ref());
            let slope = terms.fold(*slope, |sum, (other, entry)| sum + *entry * *other);
            rise = rise + slope * *offset;
        }
        Some(bowl.variances.map(|variance| variance + rise))
    }
}

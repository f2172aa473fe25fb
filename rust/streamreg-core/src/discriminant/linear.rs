//! Stage: discriminant. Linear: all classes have one covariance.
//!
//! The score of a class is βᵀx − ½μᵀβ + ln π with β = Σ⁻¹μ, where Σ is the sum of squares within the classes over
//! a divisor d, n or n − K. With A = L·d·Σ in integers, L being the least common multiple of the sizes of the classes, one
//! elimination of A serves all classes. Where Σ is singular, Σ⁻¹ may be what [`Inverse`] puts in its place.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed};

use super::exact_score::{ExactScore, Form};
use super::fast_score::{self, FastScore, View};
use super::group::{Group, Origin, dot, rows};
use super::inverse::Inverse;
use super::log::{Argument, plus_half_log};
use super::score::Scorer;
use super::{Divisor, Reason, Singular, Undefined};
use crate::infer::ball::Ball;
use crate::solve::round::ratio;

/// The solved classes; features are counted in common units.
#[derive(Clone, Debug)]
pub struct Linear {
    classes: Vec<Class>,
    origin: Origin,
    units: Vec<i64>,
    /// The diagonal of A.
    variances: Vec<BigInt>,
    /// What A⁻¹ is multiplied by to be of integers, and L·d.
    determinant: BigInt,
    scale: BigInt,
    dropped: Vec<usize>,
    /// Features that follow from those before them but for roundings.
    near: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Class {
    n: BigInt,
    prior: Argument,
    /// The sums of the features, from zero and from the origin.
    sums: [Vec<BigInt>; 2],
    /// A⁻¹ times these, times the determinant.
    solutions: [Vec<BigInt>; 2],
}

/// (Σ coefficient·x + constant) / denominator, the rational part of a score.
struct Centred {
    coefficients: Vec<BigInt>,
    denominator: BigInt,
    /// (μ − m)ᵀΣ⁻¹(μ − m) times half of the denominator.
    length: BigInt,
    rows: BigInt,
}

impl Centred {
    /// The constant, if these are the sums of all rows.
    fn constant(&self, sums: &[BigInt]) -> BigInt {
        -(&self.length + dot(&self.coefficients, sums) / &self.rows)
    }

    fn balls(&self, units: &[i64], view: &View) -> Vec<Ball> {
        let ball = |(at, entry): (usize, &BigInt)| {
            let two = -units[at] - view.shift(at);
            fast_score::coefficient(entry.clone(), self.denominator.clone(), two)
        };
        self.coefficients.iter().enumerate().map(ball).collect()
    }
}

/// Where a class's features are counted from.
#[derive(Clone, Copy)]
enum From {
    Zero,
    Origin,
}

/// The covariance within classes as A over L·d.
struct Pooled {
    matrix: Vec<Vec<BigInt>>,
    scale: BigInt,
    units: Vec<i64>,
    /// L times the squares of the features.
    lengths: Vec<BigInt>,
}

impl Pooled {
    fn of(groups: &mut [Group], divisor: Divisor) -> Result<Self, Undefined> {
        let divisor = match divisor {
            Divisor::Rows => rows(groups),
            Divisor::Freedom => rows(groups) - groups.iter().map(Group::one).sum::<BigInt>(),
        };
        if !divisor.is_positive() {
            return Err(Undefined { reason: Reason::TooFewRows, label: None });
        }
        let variables = groups.first().map_or(0, Group::variables);
        let smallest = |at| groups.iter().map(|group| group.unit(at)).min().unwrap_or(0);
        let units: Vec<_> = (0..variables).map(smallest).collect();
        let multiple = groups.iter().fold(BigInt::one(), |multiple, group| multiple.lcm(group.n()));
        let mut matrix = vec![vec![BigInt::ZERO; variables]; variables];
        let mut lengths = vec![BigInt::ZERO; variables];
        for group in groups {
            for (at, &unit) in units.iter().enumerate() {
                group.refine(at, unit);
                lengths[at] += group.squares(at) * &multiple;
            }
            let weight = &multiple / group.n();
            for (row, own) in matrix.iter_mut().zip(group.deviations()) {
                for (entry, deviation) in row.iter_mut().zip(own) {
                    *entry += deviation * &weight;
                }
            }
        }
        Ok(Self { matrix, scale: multiple * divisor, units, lengths })
    }
}

/// The covariance matrix within classes, row by row.
pub(super) fn covariance(groups: &mut [Group], divisor: Divisor) -> Result<Vec<f64>, Undefined> {
    let Pooled { matrix, scale, units, .. } = Pooled::of(groups, divisor)?;
    let rounded = |a: usize, b: usize| ratio(&matrix[a][b], &scale, units[a] + units[b]);
    Ok((0..units.len())
        .flat_map(|a| (0..units.len()).map(move |b| (a, b)))
        .map(|(a, b)| rounded(a, b))
        .collect())
}

impl Linear {
    pub(super) fn of(
        groups: &mut [Group],
        priors: Vec<Argument>,
        divisor: Divisor,
        singular: Singular,
    ) -> Result<Self, Undefined> {
        let Pooled { matrix, scale, units, lengths } = Pooled::of(groups, divisor)?;
        let inverse = Inverse::of(&matrix, singular).map_err(|reason| Undefined { reason, label: None })?;
        let total = |at| groups.iter().map(|group| group.sum(at)).sum();
        let totals: Vec<BigInt> = (0..units.len()).map(total).collect();
        let inconsistent = Undefined { reason: Reason::Inconsistent, label: None };
        let origin = Origin::near(&totals, &rows(groups), &units).ok_or(inconsistent)?;
        let of_origin = inverse.times(&origin.integers);
        let classes = groups.iter().zip(priors).map(|(group, prior)| {
            let from_origin = origin.sums(group);
            let from_zero = (0..units.len()).map(|at| group.sum(at).clone()).collect();
            let solution = inverse.times(&from_origin);
            let moved =
                solution.iter().zip(&of_origin).map(|(own, origin)| own + origin * group.n()).collect();
            Class {
                n: group.n().clone(),
                prior,
                sums: [from_zero, from_origin],
                solutions: [moved, solution],
            }
        });
        let (classes, determinant) = (classes.collect(), inverse.determinant().clone());
        let variances = matrix.iter().enumerate().map(|(at, row)| row[at].clone()).collect();
        let dropped = inverse.dropped().to_vec();
        let near = inverse.nearly_dependent(&lengths);
        Ok(Self { classes, origin, units, variances, determinant, scale, dropped, near })
    }

    /// The features that are constant, or follow linearly from those before them.
    pub fn dropped(&self) -> &[usize] {
        &self.dropped
    }

    /// The features that follow from those before them but for roundings.
    pub fn nearly_dependent(&self) -> &[usize] {
        &self.near
    }

    /// Scores of rows: (μ − m)ᵀΣ⁻¹(x − m) − ½(μ − m)ᵀΣ⁻¹(μ − m) + ln π, m being the mean of all rows. They differ from
    /// those by coefficients and intercepts by what all classes share, and keep their digits however far m is from zero.
    pub fn scorer(&self) -> Scorer {
        let variances = self.units.iter().zip(&self.variances);
        let variances = variances.map(|(&unit, variance)| (variance.clone(), self.scale.clone(), unit));
        let view = View::new(&self.origin.doubles, variances);
        let rows = self.classes.iter().map(|class| &class.n).sum();
        let totals = [From::Zero, From::Origin].map(|from| self.total(|class| &class.sums[from as usize]));
        let solution = self.total(|class| &class.solutions[From::Origin as usize]);
        let mut scorer = Scorer::default();
        for class in &self.classes {
            let centred = self.centred(class, &rows, &totals[From::Origin as usize], &solution);
            let odds = class.prior.squared();
            let fast = FastScore::Linear {
                constant: fast_score::constant(
                    centred.constant(&totals[From::Origin as usize]),
                    centred.denominator.clone(),
                    &odds,
                ),
                coefficients: centred.balls(&self.units, &view),
            };
            let form = Form::Linear {
                constant: centred.constant(&totals[From::Zero as usize]),
                coefficients: centred.coefficients,
                denominator: centred.denominator,
            };
            scorer.push(view.clone(), fast, ExactScore::new(self.units.clone(), form, odds));
        }
        scorer
    }

    fn total<'a>(&'a self, of: impl Fn(&'a Class) -> &'a Vec<BigInt>) -> Vec<BigInt> {
        (0..self.units.len()).map(|at| self.classes.iter().map(|class| &of(class)[at]).sum()).collect()
    }

    /// With d = N·s − n·S for the sums s of the class and S of all, from wherever, and g = A⁻¹d times the determinant.
    fn centred(&self, class: &Class, rows: &BigInt, sums: &[BigInt], solution: &[BigInt]) -> Centred {
        let from = From::Origin as usize;
        let less = |own: &[BigInt], all: &[BigInt]| -> Vec<BigInt> {
            own.iter().zip(all).map(|(own, all)| own * rows - all * &class.n).collect()
        };
        let away = less(&class.sums[from], sums);
        let solved = less(&class.solutions[from], solution);
        let both = &class.n * rows;
        let times = &self.scale * &both * 2;
        Centred {
            length: dot(&away, &solved) * &self.scale,
            coefficients: solved.iter().map(|entry| entry * &times).collect(),
            denominator: &self.determinant * &both * &both * 2,
            rows: rows.clone(),
        }
    }

    /// Σ⁻¹μ of each class; of two classes the second's less the first's.
    pub fn coefficients(&self) -> Vec<f64> {
        self.contrasts().flat_map(|(class, other)| self.gradient(class, other, From::Zero)).collect()
    }

    /// −½μᵀΣ⁻¹μ + ln π of each class; of two classes the second's less the first's.
    pub fn intercepts(&self) -> Vec<f64> {
        self.contrasts().map(|(class, other)| self.constant(class, other, From::Zero)).collect()
    }

    /// −½μᵀΣ⁻¹μ + ln π and Σ⁻¹μ of each class.
    pub fn each(&self) -> impl Iterator<Item = (f64, Vec<f64>)> {
        let parameters =
            |class| (self.constant(class, None, From::Zero), self.gradient(class, None, From::Zero));
        self.classes.iter().map(parameters)
    }

    fn contrasts(&self) -> impl Iterator<Item = (&Class, Option<&Class>)> {
        let (from, other) = match self.classes.as_slice() {
            [first, _] => (1, Some(first)),
            _ => (0, None),
        };
        self.classes[from..].iter().map(move |class| (class, other))
    }

    /// Σ⁻¹μ, less that of another class.
    fn gradient(&self, class: &Class, other: Option<&Class>, from: From) -> Vec<f64> {
        let denominator =
            &self.determinant * &class.n * other.map_or_else(BigInt::one, |other| other.n.clone());
        let coefficient = |(at, unit): (usize, &i64)| {
            let own = &class.solutions[from as usize][at];
            let numerator = match other {
                None => own.clone(),
                Some(other) => own * &other.n - &other.solutions[from as usize][at] * &class.n,
            };
            ratio(&(numerator * &self.scale), &denominator, -unit)
        };
        self.units.iter().enumerate().map(coefficient).collect()
    }

    /// −½μᵀΣ⁻¹μ + ln π, less that of another class.
    fn constant(&self, class: &Class, other: Option<&Class>, from: From) -> f64 {
        let length = |class: &Class| dot(&class.sums[from as usize], &class.solutions[from as usize]);
        let square = &class.n * &class.n;
        let denominator = &self.determinant * &square * 2;
        match other {
            None => plus_half_log(&-(length(class) * &self.scale), &denominator, &class.prior.squared()),
            Some(other) => {
                let others = &other.n * &other.n;
                let numerator = (length(other) * square - length(class) * &others) * &self.scale;
                let odds = class.prior.over(&other.prior);
                plus_half_log(&numerator, &(denominator * others), &odds.squared())
            }
        }
    }
}

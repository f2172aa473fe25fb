//! Sums of monomials: the laws of an abelian group, the sums against rationals, hostile bytes.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "../support/mod.rs"]
mod support;

mod hostile;
mod laws;
mod oracle;
mod reduction;
mod renumber;

use std::sync::Arc;

use proptest::prelude::*;
use streamreg_core::accumulate::Accumulator;
use streamreg_core::column::NumberType;
use streamreg_core::decimal::Decimal;
use streamreg_core::monomials::{Monomials, Power, Terms};
use streamreg_core::time::TimeType;
use support::{Column, decimal, double, integer, numbers};

/// A regression, and rows for it.
#[derive(Clone, Debug)]
struct Case {
    terms: Arc<Terms>,
    columns: Vec<Column>,
}

impl Case {
    fn empty(&self) -> Monomials {
        Monomials::new(Arc::clone(&self.terms))
    }

    fn of(&self, columns: &[Column]) -> Monomials {
        let mut monomials = self.empty();
        monomials.add(&numbers(columns)).unwrap();
        monomials
    }
}

fn column(kind: NumberType, rows: usize) -> BoxedStrategy<Column> {
    let broken = prop_oneof![20 => double(), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)];
    match kind {
        NumberType::Float => prop::collection::vec(broken, rows).prop_map(Column::Float).boxed(),
        NumberType::Int => prop::collection::vec(integer(), rows).prop_map(Column::Int).boxed(),
        NumberType::Decimal => prop::collection::vec(decimal().prop_map(Decimal::to_words), rows)
            .prop_map(Column::Decimal)
            .boxed(),
        NumberType::Time(kind) => {
            let micros =
                integer().prop_map(move |micros| if kind.holds(micros) { micros } else { micros >> 6 });
            prop::collection::vec(micros, rows).prop_map(move |micros| Column::Time(kind, micros)).boxed()
        }
    }
}

/// Regressions of up to three features over columns of every type, with powers and with weights.
fn cases(rows: std::ops::Range<usize>) -> impl Strategy<Value = Case> {
    let times = [TimeType::Datetime, TimeType::Timedelta].map(NumberType::Time);
    let kinds = [NumberType::Float, NumberType::Int, NumberType::Decimal].into_iter().chain(times);
    let kind = prop::sample::select(kinds.collect::<Vec<_>>());
    (prop::collection::vec(kind, 1..5), rows).prop_flat_map(|(kinds, rows)| {
        let columns: Vec<_> = kinds.iter().map(|kind| column(*kind, rows)).collect();
        let place = 0..kinds.len();
        let feature = (place.clone(), 1u32..5).prop_map(|(column, power)| Power { column, power });
        let terms = (prop::collection::vec(feature, 1..4), place.clone(), prop::option::of(place)).prop_map(
            move |(features, target, weight)| {
                Arc::new(Terms::new(kinds.clone(), features, target, weight).unwrap())
            },
        );
        (terms, columns).prop_map(|(terms, columns)| Case { terms, columns })
    })
}

/// The powers of the first column up to a degree, with the second column as the target.
fn polynomial(kind: NumberType, degree: u32, weight: Option<usize>) -> Arc<Terms> {
    let columns = vec![kind; 2 + usize::from(weight.is_some())];
    let features = (1..=degree).map(|power| Power { column: 0, power }).collect();
    Arc::new(Terms::new(columns, features, 1, weight).unwrap())
}

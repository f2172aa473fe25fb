//! A rival of the benchmark `benches.numerics`: the crate bitrep's exact regression of the rows on standard input, each the
//! features, then the target, as decimal text. Writes the intercept and the coefficients.

#![allow(clippy::unwrap_used, reason = "what comes in is the benchmark's own")]

use std::io::{Read, stdin};

use bitrep::CovMatrixF64;

fn main() {
    let mut text = String::new();
    stdin().read_to_string(&mut text).unwrap();
    let mut rows = text.lines().map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect());
    let first: Vec<f64> = rows.next().unwrap();
    let mut moments = CovMatrixF64::new(first.len() - 1);
    for row in std::iter::once(first).chain(rows) {
        let (target, features) = row.split_last().unwrap();
        moments.add(features, *target);
    }
    let found: Vec<String> = moments.regression_exact().iter().map(|value| format!("{value:e}")).collect();
    println!("{}", found.join(","));
}

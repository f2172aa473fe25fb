//! streamreg's core: what a message's bytes become on their way to a row of the changelog.
//!
//! The stages, in the order of the flow: [`decode`] (bytes to columns) → [`reduce`] (columns to exact
//! states that obey the law of [`accumulate`], built on [`exact`] and [`moments`]; by [`windows`] of time too) → [`gram`] (their cross-products) → [`solve`] and [`infer`] (states
//! to correctly rounded results) → [`write`](mod@write) (results and rows to CSV text) → [`changelog`] (what changed since the last result)
//! → [`lines`] (what changes come to, for what is no file).
//! Beside the flow, for the estimators: [`classes`] (columns and labels to exact states) → [`discriminant`]
//! (classification), and [`rolling`] (a fit for the window of each row of a frame).
//!
//! Nothing here does I/O, reads a clock, starts a thread or knows of Python.

pub mod accumulate;
pub mod changelog;
pub mod checksum;
pub mod classes;
pub mod column;
pub mod decimal;
pub mod decode;
pub mod discriminant;
pub mod error;
pub mod exact;
pub mod fading;
pub mod gram;
pub mod infer;
pub mod lines;
pub mod moments;
pub mod monomials;
mod plural;
pub mod reduce;
pub mod rolling;
pub mod solve;
pub mod time;
pub mod tracked_map;
pub mod windows;
pub mod wire;
pub mod write;

//! Windows: the aggregates of rows by windows of time, for each instance: exact states that merge in any order.
//!
//! Which rows a window holds is a function of the topic alone. A worker makes of each batch a
//! [partial](WindowReduction::partial) of the rows that are not late, judged by the greatest time before each in its own
//! partition. The parent [merges](WindowReduction::merge) partials and knows how far the time of all partitions has
//! come: by that it gives [results](WindowReduction::results) and [closes](WindowReduction::close) windows, which leave
//! the state then.
//!
//! `moment` compares times without rounding, `grid` numbers the windows of a grid, `assign` says for each row whether it
//! is in a window, late, or outside. What rows come to, with or without labels, is said by `states`. How windows are kept
//! is said by `store` and done by one file for each kind: `direct`,
//! `difference`, `sessions`, `last`. Who keeps the windows of some instances only finds in `sharded` what it needs.

mod assign;
mod batch_labels;
mod difference;
mod direct;
mod grid;
mod kept;
mod labelled;
mod last;
mod moment;
mod opened;
mod panes;
mod range;
mod reduction;
mod row_times;
mod scored;
mod sessions;
mod sharded;
mod spans;
mod spec;
mod states;
mod store;
mod stored;
mod window_rows;

pub use assign::SetAside;
pub use moment::{Moment, TimeKind};
pub use opened::KeptWindow;
pub use reduction::{WindowPartial, WindowReduction};
pub use row_times::{Row, RowTimes, Times, Watermark};
pub use spec::{MOST_PANES, Spec, Window};
pub use store::NextDue;

#[cfg(test)]
mod tests;

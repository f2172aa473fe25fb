//! Windows: sets of indexes, as ranges.

/// Indexes as ranges from the first to the last one, in order, none of which touches the next.
#[derive(Debug, Default)]
pub(super) struct Spans(Vec<(i64, i64)>);

impl Spans {
    /// Adds the indexes from the first to the last one.
    pub(super) fn add(&mut self, first: i64, last: i64) {
        let from = self.0.partition_point(|&(_, end)| end.saturating_add(1) < first);
        let to = self.0.partition_point(|&(start, _)| start <= last.saturating_add(1));
        let touching = &self.0[from..to.max(from)];
        let first = touching.first().map_or(first, |&(start, _)| start.min(first));
        let last = touching.last().map_or(last, |&(_, end)| end.max(last));
        self.0.splice(from..to.max(from), [(first, last)]);
    }

    /// The ranges in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, i64)> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Spans;

    /// Ranges added in any order hold the indexes of all of them, and as few ranges as there can be.
    #[test]
    fn law_ranges_are_sets() {
        // All orders of a few ranges that touch, overlap, contain each other or stand apart.
        let ranges = [(0, 2), (3, 4), (6, 9), (1, 7), (20, 20), (22, 30), (21, 21), (i64::MAX - 1, i64::MAX)];
        for start in 0..ranges.len() {
            for step in [1, 3, 5, 7] {
                let (mut spans, mut set) = (Spans::default(), BTreeSet::new());
                for turn in 0..ranges.len() {
                    let (first, last) = ranges[(start + turn * step) % ranges.len()];
                    spans.add(first, last);
                    set.extend(first..=last);
                    let found: Vec<_> = spans.iter().collect();
                    assert_eq!(found.iter().flat_map(|&(a, b)| a..=b).collect::<BTreeSet<_>>(), set);
                    assert!(found.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
                }
            }
        }
    }
}

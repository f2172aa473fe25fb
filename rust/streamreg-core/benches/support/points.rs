//! Points to measure text with: the same in every run.

/// Two columns of doubles with 16 or 17 digits, by the multiplicative generator of Lewis, Goodman and Miller (1969).
pub fn points(rows: usize) -> (Vec<f64>, Vec<f64>) {
    let mut state = 1u64;
    let mut next = move || {
        state = state * 16_807 % 2_147_483_647;
        f64::from(u32::try_from(state).unwrap()) / 2_147_483_647.0
    };
    (0..rows).map(|_| (next(), next() * 0.9)).unzip()
}

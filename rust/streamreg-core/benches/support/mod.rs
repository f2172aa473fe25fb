//! Numbers to measure with: the same in every run.

/// Doubles in (0, 1), by the generator `SplitMix64` (G. L. Steele, D. Lea, C. H. Flood, 2014).
pub fn uniform(seed: u64) -> impl Iterator<Item = f64> {
    (1u64..).map(move |step| {
        let mut bits = step.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(seed);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        f64::from_bits((bits >> 12) | 1.0f64.to_bits()) - 1.0 + f64::EPSILON
    })
}

/// Nearly normal doubles: mean 0, deviation 1.
pub fn normal(seed: u64, count: usize) -> Vec<f64> {
    let mut numbers = uniform(seed);
    (0..count).map(|_| numbers.by_ref().take(12).sum::<f64>() - 6.0).collect()
}

use streamreg_core::column::Numbers;
use streamreg_core::infer::Statistic;
use streamreg_core::reduce::Regression;
use streamreg_core::rolling::{Frame, Rolling, Wanted, Width};
fn main() {
    let p: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let rows: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let mut state = 88172645463325252u64;
    let mut next = || { let mut s = 0.0; for _ in 0..6 { state ^= state << 13; state ^= state >> 7; state ^= state << 17; s += (state >> 11) as f64 / (1u64<<53) as f64 - 0.5; } s };
    let mut columns: Vec<Vec<f64>> = (0..=p).map(|_| (0..rows).map(|_| next()).collect()).collect();
    for r in 0..rows { let s: f64 = columns.iter().map(|c| c[r]).sum(); columns[p][r] = s; }
    let numbers: Vec<_> = columns.iter().map(|c| Numbers::Float(c)).collect();
    let none = vec![false; rows]; let ends = [rows];
    let c0: f64 = std::fs::read_to_string("/proc/self/schedstat").unwrap().split(' ').next().unwrap().parse().unwrap(); let t = std::time::Instant::now();
    let frame = Frame { columns: &numbers, present: None, ends: &ends, width: Width::Rows(252), half_life: None };
    let wanted = Wanted { statistics: (0..=p).map(Statistic::Coefficient).collect(), regression: Regression { zeros: false, ..Regression::default() }, min_rows: 252, rows: if std::env::args().nth(3).is_some() { Some(&none) } else { None } };
    let mut r = Rolling::new(frame, wanted).unwrap();
    while r.advance().unwrap() {}
    let res = r.results();
    let clock = std::fs::read_to_string("/proc/self/schedstat").unwrap(); println!("{} {} {:?}", (clock.split(' ').next().unwrap().parse::<f64>().unwrap() - c0) / rows as f64, res[1][rows-1], t.elapsed());
}

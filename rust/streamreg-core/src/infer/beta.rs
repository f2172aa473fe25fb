//! Infer: upper tails of Fisher's F and Student's t: the regularised incomplete beta function Iₓ(a, b) for
//! halves of integers.
//!
//! The tail of F beyond f with d₁ and d₂ degrees of freedom is Iₓ(d₂/2, d₁/2) at x = d₂/(d₂ + d₁·f), the two-sided
//! tail of t with ν is that of F = t² with 1 and ν (Abramowitz & Stegun, *Handbook of Mathematical Functions*, 26.5.27,
//! 26.6.2). By NIST's Digital Library of Mathematical Functions, with y = 1 − x:
//!
//! - 8.17.8: Iₓ(a, ½) = xᵃ·√y/(a·B(a, ½)) · Σ Π (a + ½ + k)/(a + 1 + k) · xⁿ, used for x ≤ ½;
//! - 8.17.4 and 8.17.8: Iₓ(a, ½) = 1 − I₁₋ₓ(½, a), I₁₋ₓ(½, a) = 2·√y·xᵃ/B(a, ½) · Σ Π (a + ½ + k)/(3/2 + k) · yⁿ,
//!   used for x > ½; what the difference will lose is known beforehand from xᵃ, and so many bits more are taken;
//! - 8.17.21: Iₓ(a, b + 1) = Iₓ(a, b) + xᵃ·yᵇ/(b·B(a, b)), and Iₓ(a, 1) = xᵃ, lead to any b.
//!
//! All terms are positive.

use num_bigint::BigInt;
use num_traits::Zero;

use super::bigfloat::{Precision, Wide, shifted};

/// If xᵃ is below 2^-this then the tail of t is nothing beside any double, and beside the other terms of F.
const NEGLIGIBLE: i64 = 1500;

/// x : y, two shares of 1; both as integers that are not negative, not both zero.
#[derive(Clone, Debug)]
pub struct Shares {
    /// x.
    pub x: BigInt,
    /// y.
    pub y: BigInt,
}

impl Shares {
    fn x(&self, precision: Precision) -> Wide {
        precision.ratio(&self.x, &(&self.x + &self.y))
    }

    fn y(&self, precision: Precision) -> Wide {
        precision.ratio(&self.y, &(&self.x + &self.y))
    }
}

/// Iₓ(d₂/2, d₁/2), to a relative error of about 2^(16 − bits).
#[must_use]
pub fn tail(precision: Precision, d1: u64, d2: u64, shares: &Shares) -> Wide {
    if shares.y.is_zero() {
        return Wide::of(1);
    }
    if shares.x.is_zero() {
        return Wide::zero();
    }
    let (half, y) = (half_power(precision, d2, shares), shares.y(precision));
    let (mut sum, mut term, mut b) = if d1.is_multiple_of(2) {
        // xᵃ·y/B(a, 1), where B(a, 1) = 1/a.
        let term = precision.multiply(&precision.multiply(&half, &y), &Wide::of(d2).scaled(-1));
        (half, term, 2)
    } else {
        let front = Front::new(precision, d2);
        (student(&front, shares, &half), front.at(&half, &y), 1)
    };
    while b < d1 {
        sum = precision.add(&sum, &term);
        let factor = precision.ratio(&BigInt::from(u128::from(d2) + u128::from(b)), &BigInt::from(b + 2));
        term = precision.multiply(&precision.multiply(&term, &y), &factor);
        b += 2;
    }
    sum
}

/// Iₓ(ν/2, ½), given xᵃ.
fn student(front: &Front, shares: &Shares, half: &Wide) -> Wide {
    let lost = half.magnitude().saturating_neg();
    if lost > NEGLIGIBLE {
        return Wide::zero();
    }
    if shares.x <= shares.y {
        return front.outer(shares, &front.at(half, &shares.y(front.precision)));
    }
    // What is left of 1 is at least about xᵃ/a.
    let more = front.precision.plus(72 + u32::try_from(lost).unwrap_or(0));
    let (within, _) = Front::new(more, front.freedom).within(shares);
    more.subtract(&Wide::of(1), &within)
}

/// xᵃ for a = ν/2.
fn half_power(precision: Precision, freedom: u64, shares: &Shares) -> Wide {
    // The power multiplies the relative error of x, and it has up to 63 bits.
    let inner = precision.plus(64);
    precision.root(&inner.power(&shares.x(inner), freedom))
}

/// What the series for ν degrees of freedom begin with: 2·√y·xᵃ/B(a, ½), where only the powers change.
#[derive(Clone, Debug)]
pub struct Front {
    precision: Precision,
    freedom: u64,
    /// 2/B(a, ½).
    constant: Wide,
}

impl Front {
    /// That of so many degrees of freedom, at least 1.
    ///
    /// 1/B(a, ½) is W/√π with W = Γ(a + ½)/Γ(a), and W² a quarter of Brouncker's continued fraction
    /// s + 1²/(2s + 3²/(2s + 5²/(2s + …))) at s = 4a − 1 (O. Perron, *Die Lehre von den Kettenbrüchen*, volume 2, §9;
    /// S. Khrushchev, *Orthogonal polynomials and continued fractions*, 2008, theorem 3.17).
    #[must_use]
    pub fn new(precision: Precision, freedom: u64) -> Self {
        let inner = precision.plus(16);
        // For s ≥ bits the first bits/4 levels are enough: each takes (2k − 1)²/(2s)² or less of the error on, all
        // together less than (bits/4 / (e·s))^(bits/2). To come there a is raised, and W(a + 1) = W(a)·(a + ½)/a.
        let levels = inner.bits() / 4;
        let wanted = u64::try_from(inner.bits()).unwrap_or(0);
        let raises = wanted.saturating_sub(freedom.saturating_mul(2)).div_ceil(4) + 1;
        let (mut down, mut up) = (BigInt::from(1), BigInt::from(1));
        for raise in 0..raises {
            down *= u128::from(freedom) + 2 * u128::from(raise);
            up *= u128::from(freedom) + 2 * u128::from(raise) + 1;
        }
        let s = Wide::of(2 * (u128::from(freedom) + 2 * u128::from(raises)) - 1);
        let twice = s.clone().scaled(1);
        let mut fraction = twice.clone();
        for level in (2..=levels).rev() {
            let square = Wide::of((2 * level - 1) * (2 * level - 1));
            fraction = inner.add(&twice, &inner.divide(&square, &fraction));
        }
        let square = inner.add(&s, &inner.divide(&Wide::of(1), &fraction));
        // 2·W/√π, and W is half of the root.
        let root = inner.root(&inner.divide(&square, &inner.pi()));
        let constant = inner.multiply(&root, &inner.ratio(&down, &up));
        Self { precision, freedom, constant }
    }

    /// 2/B(a, ½).
    #[must_use]
    pub fn constant(&self) -> &Wide {
        &self.constant
    }

    /// The front, given xᵃ and y.
    fn at(&self, half: &Wide, y: &Wide) -> Wide {
        let powers = self.precision.multiply(half, &self.precision.root(y));
        self.precision.multiply(&self.constant, &powers)
    }

    /// I₁₋ₓ(½, ν/2), the share of Student's t within, and the front there.
    #[must_use]
    pub fn within(&self, shares: &Shares) -> (Wide, Wide) {
        let half = half_power(self.precision, self.freedom, shares);
        let y = shares.y(self.precision);
        let front = self.at(&half, &y);
        let within = if shares.x <= shares.y {
            self.precision.subtract(&Wide::of(1), &self.outer(shares, &front))
        } else {
            self.precision.multiply(&front, &self.series(3, &y))
        };
        (within, front)
    }

    /// Iₓ(ν/2, ½) for x ≤ ½, given the front there.
    fn outer(&self, shares: &Shares, front: &Wide) -> Wide {
        let x = shares.x(self.precision);
        let series = self.series(u128::from(self.freedom) + 2, &x);
        self.precision.divide(&self.precision.multiply(front, &series), &Wide::of(self.freedom))
    }

    /// Σ Π (ν + 1 + 2k)/(below + 2k) · zⁿ.
    fn series(&self, below: u128, z: &Wide) -> Wide {
        // A factor of up to 64 bits multiplies the error of z.
        let bits = self.precision.bits() + 96;
        let (mantissa, exponent) = z.parts();
        let z = shifted(mantissa, exponent + bits);
        let one = BigInt::from(1) << bits;
        let (mut sum, mut term) = (one.clone(), one);
        let (mut above, mut below) = (u128::from(self.freedom) + 1, below);
        while !term.is_zero() {
            term = ((term * above * &z) >> bits) / below;
            sum += &term;
            (above, below) = (above + 2, below + 2);
        }
        Wide::of(sum).scaled(-bits)
    }
}

//! From samples to figures: medians over rounds, and nothing that a noisy moment can carry off.

use serde::{Deserialize, Serialize};

/// What a program says of one turn.
#[derive(Deserialize)]
pub(super) struct Turn {
    count: u64,
    seconds: f64,
    nanoseconds: Vec<u64>,
}

/// One quantity, round by round.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Figure {
    pub(super) median: f64,
    pub(super) rounds: Vec<f64>,
}

impl Figure {
    pub(super) fn add(&mut self, value: f64) {
        self.rounds.push(value);
        self.median = median(&self.rounds);
    }

    /// How often `other` goes into this, as the median of the rounds' own ratios: what slowed a
    /// whole round down leaves it as it is.
    pub(super) fn ratio_to(&self, other: &Self) -> Option<f64> {
        let pairs = self.rounds.iter().zip(&other.rounds);
        let ratios: Vec<f64> = pairs.map(|(mine, theirs)| mine / theirs).collect();
        (!ratios.is_empty()).then(|| median(&ratios))
    }
}

impl Turn {
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn per_second(&self) -> f64 {
        self.count as f64 / self.seconds
    }

    /// The sample below which this share of them lies, in µs.
    pub(super) fn quantile_us(&self, share: f64) -> Option<f64> {
        let mut sorted = self.nanoseconds.clone();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        let index = (share * last as f64).round() as usize;
        sorted.get(index).map(|&it| it as f64 / 1000.0)
    }
}

pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(rounds: &[f64]) -> Figure {
        let mut figure = Figure::default();
        rounds.iter().for_each(|&it| figure.add(it));
        figure
    }

    #[test]
    fn one_slow_round_does_not_move_the_median() {
        assert!((figure(&[2.0, 900.0, 1.0, 3.0, 2.0]).median - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_round_that_is_slow_for_both_leaves_the_ratio() {
        let ratio = figure(&[2.0, 200.0, 2.0]).ratio_to(&figure(&[1.0, 100.0, 1.0]));
        assert!((ratio.unwrap() - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_quantile_is_one_of_the_samples() {
        let turn = Turn {
            count: 101,
            seconds: 1.0,
            nanoseconds: (0..=100).rev().map(|it| it * 1000).collect(),
        };
        assert!((turn.quantile_us(0.99).unwrap() - 99.0).abs() < f64::EPSILON);
        assert!((turn.quantile_us(0.5).unwrap() - 50.0).abs() < f64::EPSILON);
    }
}

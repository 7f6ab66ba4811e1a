//! Drawing from the candidates of one level of a pool: in turn, by weight, and the less loaded of
//! two.
//!
//! A draw tries candidates at random and falls back to looking at all of them: constant time while
//! a fair share is eligible, and never an endless loop.

use rand::{Rng, RngExt};

use super::{Admission, Candidate, Pool};
use crate::{identity::InstanceId, spec::WEIGHT_MAX, time::Moment};

/// How often a candidate is drawn before all are looked at: with half of a pool eligible, one draw
/// in 65,536 looks at all.
const DRAWS_MAX: u32 = 16;
/// The same by weight, where a candidate of the default weight, 100 of 1,000, accepts one draw in
/// ten: one draw in 900 looks at all.
const WEIGHTED_DRAWS_MAX: u32 = 64;
/// Pools up to this size are looked at as a whole, which costs less than drawing by weight.
const SMALL_POOL_LEN: usize = 16;

/// The candidates of a pool that are of one level now.
pub(super) struct Eligible<'p, 't, P: ?Sized> {
    pool: &'p P,
    tried: &'t [InstanceId],
    level: Admission,
    now: Moment,
}

impl<'p, 't, P: Pool + ?Sized> Eligible<'p, 't, P> {
    /// The candidates of this level; one that was tried is a last resort.
    pub(super) const fn new(
        pool: &'p P,
        tried: &'t [InstanceId],
        level: Admission,
        now: Moment,
    ) -> Self {
        Self {
            pool,
            tried,
            level,
            now,
        }
    }

    /// Each of them, in the pool's order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'p P::Item> {
        (0..self.pool.len()).filter_map(|index| self.get(index))
    }

    /// The one whose turn it is. The turn of one that is not eligible passes to the others, evenly:
    /// by the number of the round, as a turn's number modulo the rest would favour some of them.
    pub(super) fn in_turn(&self, turn: u64) -> Option<&'p P::Item> {
        let len = self.pool.len() as u64;
        let index = turn.checked_rem(len)?;
        self.get(index as usize).or_else(|| {
            let round = turn / len;
            let skipped = round.checked_rem(self.iter().count() as u64)?;
            self.iter().nth(skipped as usize)
        })
    }

    /// One at random, in proportion to the weights: by stochastic acceptance (A. Lipowski and
    /// D. Lipowska, "Roulette-wheel selection via stochastic acceptance", Physica A 391, 2012), which
    /// draws one at random and accepts it with a probability in proportion to its weight, or else
    /// draws again; in a small pool and after many refusals by walking along the sums.
    pub(super) fn by_weight(&self, random: &mut impl Rng) -> Option<&'p P::Item> {
        let len = self.pool.len();
        if len > SMALL_POOL_LEN {
            for _ in 0..WEIGHTED_DRAWS_MAX {
                let drawn = self.get(random.random_range(0..len));
                let threshold = random.random_range(0..WEIGHT_MAX);
                if let Some(candidate) = drawn.filter(|drawn| threshold < weight(*drawn)) {
                    return Some(candidate);
                }
            }
        }
        let sum: u64 = self.iter().map(|each| u64::from(weight(each))).sum();
        if sum == 0 {
            return None;
        }
        let mut left = random.random_range(0..sum);
        self.iter().find(|each| {
            let weight = u64::from(weight(*each));
            let found = left < weight;
            left = left.saturating_sub(weight);
            found
        })
    }

    /// The less loaded of two different ones at random: nearly as good as the least loaded of all,
    /// without the stampede towards it (M. Mitzenmacher, "The power of two choices in randomized
    /// load balancing", IEEE Transactions on Parallel and Distributed Systems 12, 2001).
    pub(super) fn less_loaded_of_two(&self, random: &mut impl Rng) -> Option<&'p P::Item> {
        let (index, first) = self.draw(None, random)?;
        let Some((_, second)) = self.draw(Some(index), random) else {
            return Some(first);
        };
        let loads = second.load(self.now).compare(&first.load(self.now));
        let is_lighter = loads.is_lt() || loads.is_eq() && second.is_local() && !first.is_local();
        Some(if is_lighter { second } else { first })
    }

    /// One at random with its index, each with the same probability, leaving out one index.
    fn draw(&self, except: Option<usize>, random: &mut impl Rng) -> Option<(usize, &'p P::Item)> {
        let len = self
            .pool
            .len()
            .saturating_sub(usize::from(except.is_some()));
        if len == 0 {
            return None;
        }
        // The indices without the one left out: those from it on are one higher.
        let at = |nth: usize| match except {
            Some(except) if nth >= except => nth + 1,
            _ => nth,
        };
        let get = |nth: usize| Some((at(nth), self.get(at(nth))?));
        for _ in 0..DRAWS_MAX {
            if let Some(drawn) = get(random.random_range(0..len)) {
                return Some(drawn);
            }
        }
        let found = || (0..len).filter_map(get);
        match found().count() {
            0 => None,
            count => found().nth(random.random_range(0..count)),
        }
    }

    /// The candidate at an index, if it is eligible.
    fn get(&self, index: usize) -> Option<&'p P::Item> {
        let candidate = self.pool.get(index)?;
        let admission = match candidate.admits(self.now) {
            Admission::Preferred if self.tried.contains(&candidate.id()) => Admission::LastResort,
            admission => admission,
        };
        (admission == self.level).then_some(candidate)
    }
}

/// A weight within the bounds that acceptance relies on.
pub(super) fn weight(candidate: &impl Candidate) -> u32 {
    candidate.weight().clamp(1, WEIGHT_MAX)
}

//! Which of several instances answers a call. It owns the choice and nothing else: what an
//! instance is, how loaded it is and whether it admits calls is said by [`Candidate`].

mod candidate;
mod draw;
mod latency;
mod rendezvous;

use rand::Rng;

use self::draw::Eligible;
pub use self::{
    candidate::{Admission, Candidate, Pool, Standing},
    latency::{LatencyAverage, Load},
};
use crate::{identity::InstanceId, time::Moment};

/// How a call chooses one of several instances that could answer it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Balance {
    /// Each in turn.
    RoundRobin,
    /// At random, in proportion to the instances' weights.
    Weighted,
    /// The less loaded of two drawn at random.
    #[default]
    LeastLoaded,
    /// Always the same instance for the same routing key, while the set of instances is the same;
    /// a call that has no routing key is balanced as [`Balance::LeastLoaded`].
    ConsistentHash,
}

/// What one call asks of the choice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pick<'a> {
    /// How to choose.
    pub balance: Balance,
    /// The key by which [`Balance::ConsistentHash`] chooses.
    pub routing_key: Option<&'a str>,
    /// The number of the call, rising by one from call to call, by which [`Balance::RoundRobin`]
    /// chooses.
    pub turn: u64,
    /// Instances that the call has tried in vain: they are chosen only when no other is left.
    pub tried: &'a [InstanceId],
}

/// Chooses the instance that answers a call; none if every candidate refuses.
///
/// A candidate of [`Admission::LastResort`] is chosen only when none is [`Admission::Preferred`].
/// Nothing is allocated. Drawing is in constant time while a fair share of the pool is preferred;
/// [`Balance::ConsistentHash`] looks at every candidate.
///
/// ```
/// use std::time::Duration;
/// use commy_core::balance::{Admission, Balance, Candidate, Load, Pick, pick};
/// use commy_core::{InstanceId, Moment, NodeId};
/// use rand::{SeedableRng, rngs::StdRng};
///
/// struct Server(u64);
///
/// impl Candidate for Server {
///     fn id(&self) -> InstanceId {
///         InstanceId { node: NodeId::from_u128(1), serial: self.0 }
///     }
///     fn weight(&self) -> u32 {
///         100
///     }
///     fn admits(&self, _now: Moment) -> Admission {
///         Admission::Preferred
///     }
///     fn load(&self, _now: Moment) -> Load {
///         Load::new(Duration::from_millis(self.0), 0)
///     }
/// }
///
/// let servers = [Server(7), Server(3)];
/// let least_loaded = Pick { balance: Balance::LeastLoaded, ..Pick::default() };
/// let mut random = StdRng::seed_from_u64(1);
/// let picked = pick(&servers[..], &least_loaded, Moment::default(), &mut random);
/// assert_eq!(picked.map(|server| server.0), Some(3));
/// ```
pub fn pick<'p, P: Pool + ?Sized>(
    pool: &'p P,
    pick: &Pick<'_>,
    now: Moment,
    random: &mut impl Rng,
) -> Option<&'p P::Item> {
    pick_among(pool, pick, Admission::Preferred, now, random)
        .or_else(|| pick_among(pool, pick, Admission::LastResort, now, random))
}

/// Chooses as [`pick`] does, and prefers what is near: a preferred candidate of the caller's own
/// zone comes before any other, and a preferred one elsewhere before a last resort in the zone.
pub fn pick_near<'p, P: Pool + ?Sized>(
    zone: Option<&'p P>,
    all: &'p P,
    pick: &Pick<'_>,
    now: Moment,
    random: &mut impl Rng,
) -> Option<&'p P::Item> {
    zone.and_then(|zone| pick_among(zone, pick, Admission::Preferred, now, random))
        .or_else(|| self::pick(all, pick, now, random))
}

/// Chooses among the candidates of one level.
fn pick_among<'p, P: Pool + ?Sized>(
    pool: &'p P,
    pick: &Pick<'_>,
    level: Admission,
    now: Moment,
    random: &mut impl Rng,
) -> Option<&'p P::Item> {
    let eligible = Eligible::new(pool, pick.tried, level, now);
    match (pick.balance, pick.routing_key) {
        (Balance::RoundRobin, _) => eligible.in_turn(pick.turn),
        (Balance::Weighted, _) => eligible.by_weight(random),
        (Balance::ConsistentHash, Some(key)) => rendezvous::choose(eligible.iter(), key),
        (Balance::LeastLoaded, _) | (Balance::ConsistentHash, None) => {
            eligible.less_loaded_of_two(random)
        }
    }
}

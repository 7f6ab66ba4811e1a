//! What a node takes from outside of its inputs: the time and randomness. Both can be given by a
//! test, so that a run can be repeated.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use commy_core::Moment;
use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::placement::Placement;

/// The clock of a node's decisions. It begins when the node does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// The operating system's.
    System(Instant),
    /// That of the tokio runtime that the node runs in, which may be paused.
    Tokio(tokio::time::Instant),
}

impl Clock {
    pub(crate) fn started(placement: Placement) -> Self {
        match placement {
            Placement::Process | Placement::Alone => Self::System(Instant::now()),
            Placement::Here { .. } => Self::Tokio(tokio::time::Instant::now()),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::after_start(match self {
            Self::System(started) => started.elapsed(),
            Self::Tokio(started) => started.elapsed(),
        })
    }
}

/// What the wall clock shows, in microseconds since the epoch. A node that is to do the same in
/// every run sees none.
pub(crate) fn wall_clock_us(placement: Placement) -> u64 {
    match placement {
        Placement::Process | Placement::Alone => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_micros() as u64),
        Placement::Here { .. } => 0,
    }
}

/// The randomness of a node.
pub(crate) enum Randomness {
    /// The thread's own.
    Thread,
    /// All from one seed.
    Seeded(Box<Mutex<StdRng>>),
}

impl Randomness {
    pub(crate) fn of(placement: Placement) -> Self {
        match placement {
            Placement::Process | Placement::Alone => Self::Thread,
            Placement::Here { seed, .. } => {
                Self::Seeded(Box::new(Mutex::new(StdRng::seed_from_u64(seed))))
            }
        }
    }

    /// Draws something.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut dyn Rng) -> T) -> T {
        match self {
            Self::Thread => draw(&mut rand::rng()),
            Self::Seeded(random) => draw(&mut *random.lock()),
        }
    }
}

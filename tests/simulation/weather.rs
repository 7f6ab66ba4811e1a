//! What the network does to messages: what it may do, and what it must not.

use std::time::Duration;

use rand::{Rng, RngExt};

/// What the network may do. Every node has to bear it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// The share of messages that get lost, but for news of presence, which links repeat.
    pub(crate) loss: f64,
    /// The share of news that arrive twice.
    pub(crate) duplication: f64,
    /// The longest time that a message takes; those of one kind overtake each other, but events.
    pub(crate) delay_max: Duration,
    /// The longest time until a node is missed that was cut off or paused.
    pub(crate) lease_max: Duration,
}

impl Weather {
    /// Messages take a few milliseconds, and arrive.
    pub(crate) const CALM: Self = Self {
        loss: 0.0,
        duplication: 0.0,
        delay_max: Duration::from_millis(5),
        lease_max: Duration::from_millis(1500),
    };

    /// Anything from calm to a network that is hardly one.
    pub(crate) fn random(random: &mut impl Rng) -> Self {
        Self {
            loss: [0.0, 0.02, 0.1, 0.4][random.random_range(0..4)],
            duplication: [0.0, 0.1, 0.5][random.random_range(0..3)],
            delay_max: Duration::from_millis([1, 10, 50, 300][random.random_range(0..4)]),
            ..Self::CALM
        }
    }
}

/// What a network must not do. Each is done once, to see that it is caught.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// A call is told to its peer twice.
    TwiceInvoked,
    /// A call that was executed is said to have been refused.
    FalseRefusal,
    /// Events overtake each other.
    OvertakingEvents,
    /// A node is not told that another one is gone.
    HiddenLoss,
    /// Nobody is told anything but presence: no record, no update.
    Silence,
    /// Updates take a second, so that nobody knows in time that an instance drains.
    LateUpdates,
    /// A cancellation is not passed on, nor is the deadline.
    Forgetfulness,
}

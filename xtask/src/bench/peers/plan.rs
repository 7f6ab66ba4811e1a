//! What is measured, how often and for how long.

use std::time::Duration;

pub(super) const KIB: usize = 1024;
pub(super) const MIB: usize = 1024 * KIB;

/// How thorough a run is.
pub(super) struct Plan {
    pub(super) name: &'static str,
    /// How often each system has its turn; the first turn of all warms up, and is not counted.
    pub(super) rounds: usize,
    pub(super) turn: Duration,
    /// How often one of two servers is killed, and how often it is stopped.
    pub(super) kills: usize,
    pub(super) stops: usize,
    /// How long it is waited for a stopped server to get no more calls.
    pub(super) stop_patience: Duration,
}

impl Plan {
    pub(super) fn of(quick: bool) -> Self {
        if quick {
            Self {
                name: "quick",
                rounds: 3,
                turn: Duration::from_millis(250),
                kills: 1,
                stops: 1,
                stop_patience: Duration::from_secs(3),
            }
        } else {
            Self {
                name: "reference",
                rounds: 7,
                turn: Duration::from_millis(500),
                kills: 3,
                stops: 2,
                stop_patience: Duration::from_secs(15),
            }
        }
    }
}

/// One thing that is measured of every system that has it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Measure {
    /// Calls of this size, one after the other: how long one takes.
    Echo { size: usize },
    /// Calls of this size with so many under way: how many are answered in a second.
    Calls { size: usize, in_flight: usize },
    /// An event of this size that is sent back as one: how long that takes.
    Event { size: usize },
    /// Events of this size, at most a window of them unsaid: how many arrive in a second.
    Events { size: usize, window: usize },
}

/// A window fits into the queues that systems have by default.
pub(super) const MEASURES: [Measure; 6] = [
    Measure::Echo { size: 16 },
    Measure::Echo { size: 64 * KIB },
    Measure::Echo { size: MIB },
    Measure::Calls {
        size: 16,
        in_flight: 64,
    },
    Measure::Event { size: 16 },
    Measure::Events {
        size: 16,
        window: 512,
    },
];

impl Measure {
    pub(super) fn is_event(self) -> bool {
        matches!(self, Self::Event { .. } | Self::Events { .. })
    }

    /// Whether it is told whom it wakes: only where one thing happens at a time does that say much.
    pub(super) fn is_profiled(self) -> bool {
        matches!(self, Self::Echo { size: 16 })
    }

    /// What the program is told.
    pub(super) fn command(self, turn: Duration) -> String {
        let seconds = turn.as_secs_f64();
        match self {
            Self::Echo { size } => format!("echo {size} {seconds} 1"),
            Self::Calls { size, in_flight } => format!("echo {size} {seconds} {in_flight}"),
            Self::Event { size } => format!("events {size} {seconds} 1"),
            Self::Events { size, window } => format!("events {size} {seconds} {window}"),
        }
    }

    /// The name of its figures.
    pub(super) fn key(self) -> String {
        match self {
            Self::Echo { size } => format!("echo_{size}"),
            Self::Calls { size, in_flight } => format!("calls_{size}_by_{in_flight}"),
            Self::Event { size } => format!("event_{size}"),
            Self::Events { size, window } => format!("events_{size}_by_{window}"),
        }
    }

    /// Whether what counts is how long one takes, not how many there are.
    pub(super) fn is_latency(self) -> bool {
        matches!(self, Self::Echo { .. } | Self::Event { .. })
    }
}

//! Refusing calls to an instance of which too large a share fails, and finding out by single calls
//! when it answers again.

use crate::{
    deadline::Deadline, error::Status, evidence::Evidence, options::CircuitBreaker, time::Moment,
};

/// The circuit breaker of one instance.
///
/// Closed, it counts the outcomes of one window after another. Open, it refuses calls for a time.
/// Then it is half open: it lets one call try, and closes or opens again by how that ends. A try
/// of which nothing is heard for as long as a circuit stays open makes room for another.
#[derive(Clone, Debug)]
pub struct Breaker {
    settings: CircuitBreaker,
    state: State,
    /// Rises whenever outcomes of calls sent before say nothing more about the instance now.
    epoch: u64,
}

/// A call that the breaker let pass; its outcome belongs with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "the breaker needs the outcome of what it lets pass"]
pub struct Pass {
    epoch: u64,
}

/// What a breaker does with calls now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Circuit {
    /// It lets them pass.
    Closed,
    /// It refuses them.
    Open,
    /// It lets one pass, to try.
    HalfOpen,
}

#[derive(Clone, Debug)]
enum State {
    /// Outcomes are counted until the window ends; the first one after that begins a new window.
    Closed {
        window_end: Option<Deadline>,
        requests: u32,
        failures: u32,
    },
    /// Calls are refused until then. A try that is on its way is another reason to refuse.
    Open { until: Deadline, is_trying: bool },
}

const CLOSED: State = State::Closed {
    window_end: None,
    requests: 0,
    failures: 0,
};

impl Breaker {
    /// A closed circuit, with checked settings.
    #[must_use]
    pub const fn new(settings: CircuitBreaker) -> Self {
        Self {
            settings,
            state: CLOSED,
            epoch: 0,
        }
    }

    /// What the breaker does with calls now.
    #[must_use]
    pub const fn circuit(&self, now: Moment) -> Circuit {
        match &self.state {
            State::Closed { .. } => Circuit::Closed,
            State::Open {
                is_trying: true, ..
            } => Circuit::HalfOpen,
            State::Open { until, .. } if until.is_past(now) => Circuit::HalfOpen,
            State::Open { .. } => Circuit::Open,
        }
    }

    /// Whether a call may be sent now.
    #[must_use]
    pub const fn admits(&self, now: Moment) -> bool {
        match &self.state {
            State::Closed { .. } => true,
            State::Open { until, .. } => until.is_past(now),
        }
    }

    /// Takes note that a call is sent now. None if it must not be, as when another caller took the
    /// only try since [`Breaker::admits`] said yes.
    pub fn on_sent(&mut self, now: Moment) -> Option<Pass> {
        if !self.admits(now) {
            return None;
        }
        if let State::Open { .. } = self.state {
            self.epoch += 1;
            self.state = State::Open {
                until: Deadline::of(now, self.settings.open),
                is_trying: true,
            };
        }
        Some(Pass { epoch: self.epoch })
    }

    /// Learns how a call that passed ended: with a reply (no status) or with an error. The outcome
    /// of a call from before the circuit opened is ignored.
    pub fn on_outcome(&mut self, now: Moment, pass: Pass, outcome: Option<Status>) {
        if pass.epoch != self.epoch {
            return;
        }
        let evidence = Evidence::of(outcome);
        match (&self.state, evidence) {
            (State::Closed { .. }, Evidence::None) => {}
            (State::Closed { .. }, Evidence::Good) => self.count(now, 0),
            (State::Closed { .. }, Evidence::Bad) => self.count(now, 1),
            (State::Open { .. }, Evidence::Good) => {
                self.state = CLOSED;
            }
            (State::Open { .. }, Evidence::Bad) => self.open(now),
            // The try said nothing: another may have it.
            (State::Open { .. }, Evidence::None) => {
                self.state = State::Open {
                    until: Deadline::of(now, std::time::Duration::ZERO),
                    is_trying: false,
                };
            }
        }
    }

    fn count(&mut self, now: Moment, failure: u32) {
        let State::Closed {
            window_end,
            requests,
            failures,
        } = &mut self.state
        else {
            return;
        };
        if window_end.is_none_or(|end| end.is_past(now)) {
            *window_end = Some(Deadline::of(now, self.settings.window));
            *requests = 0;
            *failures = 0;
        }
        *requests = requests.saturating_add(1);
        *failures = failures.saturating_add(failure);
        let ratio = f64::from(*failures) / f64::from(*requests);
        if *requests >= self.settings.requests_min && ratio >= self.settings.failure_ratio {
            self.open(now);
        }
    }

    fn open(&mut self, now: Moment) {
        self.epoch += 1;
        self.state = State::Open {
            until: Deadline::of(now, self.settings.open),
            is_trying: false,
        };
    }
}

//! How an instance is reached from this node, and what is known of how it has answered lately.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use actix::Recipient;
use commy_core::{
    Moment, Status,
    balance::{Admission, LatencyAverage, Load, Standing},
    breaker::{Breaker, Pass},
    evidence::Evidence,
    options::CircuitBreaker,
    outlier::Outlier,
};
use parking_lot::Mutex;

use crate::actors::instance::Invoke;

/// The way to one instance. Cheap to clone; all clones share what they learn.
#[derive(Clone)]
pub(crate) struct Route(Arc<Shared>);

struct Shared {
    way: Way,
    in_flight: AtomicU32,
    record: Mutex<Record>,
}

/// What leads to an instance.
enum Way {
    /// It is hosted here, and this is its mailbox.
    Hosted(Recipient<Invoke>),
    /// It is hosted by another node, over the link.
    Afar(Arc<Neighbour>),
    /// It is advertised, and its users dial it themselves.
    Advertised,
}

/// What the routes to all instances of one other node share: a node that hangs is silent for each
/// of them, and one call should find that out rather than one for each.
#[derive(Default)]
pub(crate) struct Neighbour {
    silence: Mutex<Outlier>,
}

/// How an instance has answered lately, written by those who called it.
struct Record {
    latency: LatencyAverage,
    outlier: Outlier,
    breaker: Option<Breaker>,
}

impl Route {
    /// The way to an instance that is hosted here. The breaker's settings are those of its mesh.
    pub(crate) fn hosted(mailbox: Recipient<Invoke>, breaker: Option<CircuitBreaker>) -> Self {
        Self::new(Way::Hosted(mailbox), breaker)
    }

    /// The way to an instance of another node. The breaker's settings are those of this node.
    pub(crate) fn afar(neighbour: Arc<Neighbour>, breaker: Option<CircuitBreaker>) -> Self {
        Self::new(Way::Afar(neighbour), breaker)
    }

    /// The way to an instance that is dialled by its users, which is none of commy's.
    pub(crate) fn advertised() -> Self {
        Self::new(Way::Advertised, None)
    }

    fn new(way: Way, breaker: Option<CircuitBreaker>) -> Self {
        Self(Arc::new(Shared {
            way,
            in_flight: AtomicU32::new(0),
            record: Mutex::new(Record {
                latency: LatencyAverage::default(),
                outlier: Outlier::default(),
                breaker: breaker.map(Breaker::new),
            }),
        }))
    }

    /// The mailbox, if the instance is hosted here.
    pub(crate) fn mailbox(&self) -> Option<&Recipient<Invoke>> {
        match &self.0.way {
            Way::Hosted(mailbox) => Some(mailbox),
            Way::Afar(_) | Way::Advertised => None,
        }
    }

    /// Whether the instance is hosted by another node.
    pub(crate) fn is_afar(&self) -> bool {
        self.neighbour().is_some()
    }

    fn neighbour(&self) -> Option<&Neighbour> {
        match &self.0.way {
            Way::Afar(neighbour) => Some(neighbour),
            Way::Hosted(_) | Way::Advertised => None,
        }
    }

    /// Takes note that a call is sent; none when the circuit breaker refuses it after all.
    pub(crate) fn send(&self, now: Moment) -> Option<Sent> {
        let pass = match &mut self.0.record.lock().breaker {
            Some(breaker) => Some(breaker.on_sent(now)?),
            None => None,
        };
        self.0.in_flight.fetch_add(1, Relaxed);
        Some(Sent {
            route: self.clone(),
            pass,
            sent: now,
            is_over: false,
        })
    }
}

impl Standing for Route {
    fn admits(&self, now: Moment) -> Admission {
        let record = self.0.record.lock();
        if record
            .breaker
            .as_ref()
            .is_some_and(|breaker| !breaker.admits(now))
        {
            Admission::Refused
        } else if record.outlier.is_ejected(now)
            || self
                .neighbour()
                .is_some_and(|neighbour| neighbour.silence.lock().is_ejected(now))
        {
            Admission::LastResort
        } else {
            Admission::Preferred
        }
    }

    fn load(&self, now: Moment) -> Load {
        let in_flight = self.0.in_flight.load(Relaxed);
        self.0.record.lock().latency.load(now, in_flight)
    }
}

/// A call on its way to an instance. One that is dropped before it is over was given up.
pub(crate) struct Sent {
    route: Route,
    pass: Option<Pass>,
    sent: Moment,
    is_over: bool,
}

impl Sent {
    /// Takes note of how the call ended: with a reply (no status) or with an error.
    pub(crate) fn over(mut self, now: Moment, outcome: Option<Status>) {
        // An error that concerns the request took the instance its time as well.
        let is_answer = Evidence::of(outcome) == Evidence::Good;
        let latency = is_answer.then(|| now.since(self.sent));
        self.note(now, outcome, latency);
        if let Some(neighbour) = self.route.neighbour() {
            // Any answer is one, but what says nothing of the instance says nothing of its node.
            neighbour.silence.lock().on_outcome(
                now,
                outcome.filter(|status| {
                    matches!(status, Status::Cancelled | Status::ResourceExhausted)
                }),
            );
        }
    }

    /// Takes note that there was no answer from another node.
    pub(crate) fn silent(mut self, now: Moment, outcome: Status) {
        self.note(now, Some(outcome), None);
        if let Some(neighbour) = self.route.neighbour() {
            neighbour.silence.lock().on_silence(now);
        }
    }

    fn note(&mut self, now: Moment, outcome: Option<Status>, latency: Option<Duration>) {
        self.is_over = true;
        let shared = &self.route.0;
        shared.in_flight.fetch_sub(1, Relaxed);
        let mut record = shared.record.lock();
        if let Some(latency) = latency {
            record.latency.observe(now, latency);
        }
        record.outlier.on_outcome(now, outcome);
        if let (Some(breaker), Some(pass)) = (&mut record.breaker, self.pass) {
            breaker.on_outcome(now, pass, outcome);
        }
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        if !self.is_over {
            self.note(self.sent, Some(Status::Cancelled), None);
        }
    }
}

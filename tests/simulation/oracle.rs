//! What must hold: it watches from outside of all nodes, and knows nothing of how they decide.

use std::{collections::BTreeMap, fmt, time::Duration};

use commy_core::{InstanceId, NodeId, peers::PeerRules, record::NodeLife};

/// How much later than the clock says something may happen: tokio's timers round up to the next
/// millisecond, and one may wait for another.
pub(crate) const SLACK: Duration = Duration::from_millis(5);
/// A loss that lasts no longer may go unseen.
const GLIMPSE: Duration = Duration::from_millis(2);
/// How often a call may be executed when twice does no harm.
const ATTEMPTS_MAX: u32 = 3;

/// A property that every run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
    Convergence,
    AtMostOnce,
    NoCallToTheDead,
    FlapDamping,
    OrderOfEvents,
    Deadline,
    Drain,
    Answers,
}

/// Where a property did not hold.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) property: Property,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.property, self.what)
    }
}

/// What was seen, and what was wrong with it.
#[derive(Default)]
pub(crate) struct Oracle {
    pub(crate) violations: Vec<Violation>,
    executions: BTreeMap<u64, u32>,
    sightings: BTreeMap<(NodeId, NodeId), Sighting>,
    events: BTreeMap<(u64, NodeId, String), u64>,
    taken: BTreeMap<(u64, NodeId), u64>,
    /// Handlers at work: since when, and how long their caller may wait.
    working: BTreeMap<u64, (Duration, Duration)>,
    works: u64,
}

/// What one node was told of another's presence.
#[derive(Clone, Copy, Debug, Default)]
struct Sighting {
    life: Option<NodeLife>,
    latest: Option<NodeLife>,
    /// Since when it is told so.
    since: Duration,
    losses: u32,
    lost_at: Duration,
}

impl Oracle {
    pub(crate) fn violated(&mut self, property: Property, what: impl Into<String>) {
        let what = what.into();
        self.violations.push(Violation { property, what });
    }

    /// An observer forgets everything: it begins a new life.
    pub(crate) fn began(&mut self, observer: NodeId) {
        self.sightings.retain(|(node, _), _| *node != observer);
    }

    /// A node was told of another one's presence.
    pub(crate) fn told(
        &mut self,
        now: Duration,
        observer: NodeId,
        life: Option<NodeLife>,
        of: NodeId,
    ) {
        let rules = PeerRules::default();
        let seen = self.sightings.entry((observer, of)).or_default();
        if seen.life == life {
            return;
        }
        match (seen.life, life) {
            (Some(_), None) => {
                if now - seen.lost_at >= rules.steady {
                    seen.losses = 0;
                }
                seen.losses += 1;
                seen.lost_at = now;
            }
            // Who begins a new life begins it with a clean record.
            (_, Some(new)) if seen.latest != Some(new) => {
                seen.losses = 0;
                seen.latest = Some(new);
            }
            // Gone and back at once: whoever looks once sees nothing of it.
            (None, Some(_)) if seen.losses > 0 && now - seen.lost_at < GLIMPSE => {
                seen.losses -= 1;
            }
            _ => {}
        }
        seen.life = life;
        seen.since = now;
    }

    /// A node sends a call to an instance of another one.
    pub(crate) fn invoked(&mut self, now: Duration, caller: NodeId, to: InstanceId) {
        let seen = self.sightings.get(&(caller, to.node));
        let seen = seen.copied().unwrap_or_default();
        let told_for = now - seen.since;
        if seen.life.is_none() && told_for > SLACK {
            self.violated(
                Property::NoCallToTheDead,
                format!(
                    "{caller} calls {to}, of which it was told {told_for:?} ago that it is gone"
                ),
            );
        }
        let hold = hold(seen.losses);
        if seen.life.is_some() && told_for + SLACK < hold {
            self.violated(
                Property::FlapDamping,
                format!(
                    "{caller} calls {to}, which was lost {} times and is back for {told_for:?}, not {hold:?}",
                    seen.losses
                ),
            );
        }
    }

    /// A handler was given a call.
    pub(crate) fn executed(&mut self, call: u64, is_idempotent: bool) {
        let times = self.executions.entry(call).or_default();
        *times += 1;
        let (times, most) = (*times, if is_idempotent { ATTEMPTS_MAX } else { 1 });
        if times > most {
            self.violated(
                Property::AtMostOnce,
                format!("call {call} was executed {times} times, at most {most} is allowed"),
            );
        }
    }

    /// A handler begins to work for a caller who waits this long at most.
    pub(crate) fn begin_work(&mut self, now: Duration, patience: Duration) -> u64 {
        self.works += 1;
        self.working.insert(self.works, (now, patience));
        self.works
    }

    /// A handler is done, or was dropped.
    pub(crate) fn end_work(&mut self, now: Duration, work: u64) {
        if let Some((since, patience)) = self.working.remove(&work)
            && now - since > patience + SLACK
        {
            self.violated(
                Property::Deadline,
                format!(
                    "a handler worked for {:?}, its caller waited {patience:?}",
                    now - since
                ),
            );
        }
    }

    /// The run is over: nobody should be at work any more.
    pub(crate) fn over(&mut self, now: Duration) {
        let working: Vec<_> = self.working.keys().copied().collect();
        for work in working {
            self.end_work(now, work);
        }
    }

    pub(crate) fn executions(&self, call: u64) -> u32 {
        self.executions.get(&call).copied().unwrap_or_default()
    }

    /// A subscription took an event.
    pub(crate) fn took(
        &mut self,
        subscription: u64,
        publisher: NodeId,
        topic: &str,
        sequence: u64,
    ) {
        let place = (subscription, publisher, topic.to_owned());
        let before = self.events.insert(place, sequence).unwrap_or_default();
        *self.taken.entry((subscription, publisher)).or_default() += 1;
        if sequence <= before {
            self.violated(
                Property::OrderOfEvents,
                format!("subscription {subscription} took event {sequence} of {publisher} on {topic} after {before}"),
            );
        }
    }
}

impl Oracle {
    /// How many events of a publisher a subscription took.
    pub(crate) fn taken(&self, subscription: u64, publisher: NodeId) -> u64 {
        self.taken
            .get(&(subscription, publisher))
            .copied()
            .unwrap_or_default()
    }
}

/// How long one who was lost so many times has to stay: worked out a second time, by doubling.
fn hold(losses: u32) -> Duration {
    let rules = PeerRules::default();
    let mut hold = Duration::ZERO;
    for loss in 2..=losses {
        hold = if loss == 2 { rules.hold } else { hold * 2 };
        hold = hold.min(rules.hold_max);
    }
    hold
}

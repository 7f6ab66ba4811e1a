//! The simulated network: it decides when each message arrives, and whether. Everything random in
//! it comes from the seed, and everything happens on one thread, in the order of a queue.

mod delivery;

use std::{
    collections::{BTreeMap, BinaryHeap},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use commy_core::{Error, NodeId, Status, record::NodeLife};
use commy_mesh::{Listener, RemoteAnswer, Traffic};
use parking_lot::{Mutex, MutexGuard};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

use crate::{
    oracle::Oracle,
    packet::{Load, Packet, Scheduled},
    topology::{Member, State, Topology},
    weather::{Fault, Weather},
};

/// The least time that anything takes.
const DELAY_MIN: Duration = Duration::from_micros(50);
/// The least time between two pieces of news of one node's presence: within less, they are one.
const PRESENCE_INTERVAL: Duration = Duration::from_millis(3);

/// The network that all nodes of a run are on.
pub(crate) struct Network {
    inner: Mutex<Inner>,
    sent: Notify,
    started: Instant,
    is_shown: bool,
    pub(crate) fault: Fault,
}

/// What the network knows and holds.
pub(crate) struct Inner {
    pub(crate) random: StdRng,
    pub(crate) weather: Weather,
    pub(crate) topology: Topology,
    pub(crate) oracle: Oracle,
    queue: BinaryHeap<Scheduled>,
    number: u64,
    calls: u64,
    /// Callers that wait for an answer.
    waiting: BTreeMap<u64, oneshot::Sender<RemoteAnswer>>,
    /// What stops the work on a call; dropped with the call.
    working: BTreeMap<u64, oneshot::Sender<()>>,
    /// When the last event between two nodes arrives.
    events_due: BTreeMap<(NodeId, NodeId), Duration>,
    trace: DefaultHasher,
}

impl Network {
    pub(crate) fn new(seed: u64, weather: Weather, fault: Fault, is_shown: bool) -> Arc<Self> {
        let network = Arc::new(Self {
            inner: Mutex::new(Inner {
                random: StdRng::seed_from_u64(seed),
                weather,
                topology: Topology::default(),
                oracle: Oracle::default(),
                queue: BinaryHeap::new(),
                number: 0,
                calls: 0,
                waiting: BTreeMap::new(),
                working: BTreeMap::new(),
                events_due: BTreeMap::new(),
                trace: DefaultHasher::new(),
            }),
            sent: Notify::new(),
            started: Instant::now(),
            is_shown,
            fault,
        });
        actix_rt::spawn(Arc::clone(&network).carry());
        network
    }

    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }

    /// What happened so far, as one number.
    pub(crate) fn trace(&self) -> u64 {
        self.lock().trace.finish()
    }

    /// Takes note of something that a replay must repeat.
    pub(crate) fn note(&self, what: &str) {
        let now = self.now();
        (now, what).hash(&mut self.lock().trace);
        if self.is_shown {
            println!("{:>9.3} ms  {what}", now.as_secs_f64() * 1e3);
        }
    }

    pub(crate) fn join(&self, life: NodeLife, listener: Arc<dyn Listener>) {
        let mut inner = self.lock();
        inner.oracle.began(life.node);
        inner
            .topology
            .views
            .retain(|(observer, _), _| *observer != life.node);
        let member = Member {
            life,
            listener,
            record: None,
            filters: Vec::new(),
            state: State::Running,
            held: Vec::new(),
            traffic: Traffic::default(),
        };
        inner.topology.members.insert(life.node, member);
        drop(inner);
        self.topology_changed();
    }

    /// A member pauses, goes on, leaves or dies.
    pub(crate) fn set(&self, node: NodeId, state: State) {
        let mut inner = self.lock();
        let Some(member) = inner.topology.members.get_mut(&node) else {
            return;
        };
        if matches!(member.state, State::Closed | State::Crashed) {
            return;
        }
        member.state = state;
        let held = std::mem::take(&mut member.held);
        drop(inner);
        self.note(&format!("{node} is {state:?}"));
        let mut inner = self.lock();
        // They are due already, so they come before all that has not arrived yet; and in their old
        // order, also among those that another pause held.
        inner.queue.extend(held);
        drop(inner);
        self.topology_changed();
    }

    /// Tells everybody whom they see now, after the time that it takes to find out.
    pub(crate) fn topology_changed(&self) {
        let now = self.now();
        let mut inner = self.lock();
        for (observer, node, seen) in inner.topology.news() {
            let is_cut_off =
                seen.is_none() && inner.topology.is_up(node) && inner.topology.is_up(observer);
            let (least, most) = if is_cut_off {
                (inner.weather.lease_max / 2, inner.weather.lease_max)
            } else {
                (DELAY_MIN, Duration::from_millis(20))
            };
            let due = now + inner.random.random_range(least..=most);
            inner.tell_presence(observer, node, seen, due);
        }
        drop(inner);
        self.sent.notify_one();
    }

    /// One node is told that another is gone and back, as when a router fails over.
    pub(crate) fn flicker(&self, observer: NodeId, node: NodeId) {
        let now = self.now();
        let mut inner = self.lock();
        let life = inner
            .topology
            .views
            .get(&(observer, node))
            .and_then(|view| view.wanted);
        if let Some(life) = life {
            let gap = inner
                .random
                .random_range(PRESENCE_INTERVAL..PRESENCE_INTERVAL * 4);
            inner.tell_presence(observer, node, None, now + DELAY_MIN);
            inner.tell_presence(observer, node, Some(life), now + gap);
        }
        drop(inner);
        self.sent.notify_one();
    }

    /// Sends a message that takes as long as the weather says, if it arrives at all.
    pub(crate) fn post(&self, packet: Packet) {
        let mut inner = self.lock();
        inner.topology.count_sent(packet.from, &packet.load);
        let Weather {
            loss, delay_max, ..
        } = inner.weather;
        let is_lost = loss > 0.0 && inner.random.random_bool(loss);
        let mut delay = inner.random.random_range(DELAY_MIN..=delay_max);
        if matches!(packet.load, Load::Update(_)) && self.fault == Fault::LateUpdates {
            delay = Duration::from_secs(1);
        }
        if let Load::Event(_) = packet.load
            && self.fault != Fault::OvertakingEvents
        {
            let now = self.now();
            let due = inner
                .events_due
                .entry((packet.from, packet.to))
                .or_default();
            *due = (now + delay).max(*due);
            delay = *due - now;
        }
        drop(inner);
        if is_lost || self.is_silenced(&packet.load) {
            self.note(&format!(
                "{} -> {} is lost: {}",
                packet.from, packet.to, packet.load
            ));
            self.lost(&packet);
        } else {
            self.send(packet, delay);
        }
    }

    /// Whether news are to arrive a second time.
    pub(crate) fn is_doubled(&self) -> bool {
        let mut inner = self.lock();
        let duplication = inner.weather.duplication;
        duplication > 0.0 && inner.random.random_bool(duplication)
    }

    fn is_silenced(&self, load: &Load) -> bool {
        matches!(load, Load::Record(_) | Load::Update(_)) && self.fault == Fault::Silence
            || matches!(load, Load::Cancel { .. }) && self.fault == Fault::Forgetfulness
    }

    fn send(&self, packet: Packet, delay: Duration) {
        let due = self.now() + delay;
        self.lock().schedule(due, packet);
        self.sent.notify_one();
    }

    /// A message did not arrive. Only for a call may somebody notice.
    fn lost(&self, packet: &Packet) {
        let (caller, call) = match packet.load {
            Load::Invoke { call, .. } => (packet.from, call),
            Load::Answer { call, .. } => (packet.to, call),
            _ => return,
        };
        let mut inner = self.lock();
        let notices = inner.random.random_bool(0.5);
        let lease = inner.weather.lease_max;
        let delay = inner.random.random_range(DELAY_MIN..=lease);
        drop(inner);
        if notices {
            let error = Error::new(Status::Unavailable, "the connection was lost");
            let answer = RemoteAnswer::Lost(error);
            let load = Load::Answer { call, answer };
            let (from, to) = (caller, caller);
            self.send(Packet { from, to, load }, delay);
        }
    }
}

impl Inner {
    /// Begins a call: its number, and where its answer arrives.
    pub(crate) fn begin_call(&mut self) -> (u64, oneshot::Receiver<RemoteAnswer>) {
        self.calls += 1;
        let (waiting, answer) = oneshot::channel();
        self.waiting.insert(self.calls, waiting);
        (self.calls, answer)
    }

    /// A caller waits no longer; says whether it did.
    pub(crate) fn end_call(&mut self, call: u64) -> bool {
        self.waiting.remove(&call).is_some()
    }

    fn tell_presence(
        &mut self,
        observer: NodeId,
        node: NodeId,
        life: Option<NodeLife>,
        due: Duration,
    ) {
        let view = self.topology.views.entry((observer, node)).or_default();
        view.wanted = life;
        let due = due.max(view.last_due + PRESENCE_INTERVAL);
        view.last_due = due;
        let duplication = self.weather.duplication;
        let times = if duplication > 0.0 && self.random.random_bool(duplication) {
            2
        } else {
            1
        };
        for _ in 0..times {
            let load = Load::Presence(life);
            self.schedule(
                due,
                Packet {
                    from: node,
                    to: observer,
                    load,
                },
            );
        }
    }

    fn schedule(&mut self, due: Duration, packet: Packet) {
        self.number += 1;
        let number = self.number;
        let life = self.topology.members.get(&packet.to).map(|to| to.life);
        self.queue.push(Scheduled {
            due,
            number,
            life,
            packet,
        });
    }
}

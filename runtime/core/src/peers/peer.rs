//! One peer: its life, whether it is there, its record, and how far it is trusted.

use std::collections::BTreeMap;

use super::{Effect, Flaps, PeerRules, fetching::Fetching, graves::Grave};
use crate::{
    instance::Health,
    record::{Incarnation, InstanceRecord, NodeLife, NodeRecord, RecordUpdate},
    time::Moment,
};

/// One life of one peer, as it is known.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    life: NodeLife,
    presence: Presence,
    flaps: Flaps,
    /// The revision of what is known of its instances; none when nothing is.
    known: Option<u64>,
    /// The latest revision that there is, as far as anyone said.
    heard: u64,
    /// Below this revision a record is out of date, even if no other is known.
    floor: u64,
    instances: BTreeMap<u64, InstanceRecord>,
    fetching: Option<Fetching>,
}

/// Whether a peer is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// It is, and may be called.
    Trusted,
    /// It is, and has to stay until then before it is called.
    Held { until: Moment },
    /// It is not, and will be forgotten then.
    Absent { forgotten_at: Moment },
}

impl Peer {
    /// A peer of which nothing is known but, perhaps, that it was there before. It counts as absent
    /// until it is said to be there.
    pub(super) fn unknown(life: NodeLife, grave: Option<&Grave>) -> Self {
        let same_life = grave.filter(|grave| grave.incarnation == life.incarnation);
        Self {
            life,
            presence: Presence::Absent {
                forgotten_at: Moment::default(),
            },
            flaps: same_life.map(|grave| grave.flaps).unwrap_or_default(),
            known: None,
            heard: 0,
            floor: same_life.map_or(0, |grave| grave.revision),
            instances: BTreeMap::new(),
            fetching: None,
        }
    }

    pub(super) const fn incarnation(&self) -> Incarnation {
        self.life.incarnation
    }

    pub(super) const fn flaps(&self) -> Flaps {
        self.flaps
    }

    /// The latest revision that is known to have been reached.
    pub(super) const fn revision(&self) -> u64 {
        match self.known {
            Some(revision) => revision,
            None => self.floor,
        }
    }

    pub(super) const fn is_present(&self) -> bool {
        !matches!(self.presence, Presence::Absent { .. })
    }

    pub(super) fn is_forgotten(&self, now: Moment) -> bool {
        matches!(self.presence, Presence::Absent { forgotten_at } if forgotten_at <= now)
    }

    pub(super) fn next_tick(&self) -> Option<Moment> {
        let presence = match self.presence {
            Presence::Trusted => None,
            Presence::Held { until: at } | Presence::Absent { forgotten_at: at } => Some(at),
        };
        let fetching = self.fetching.map(|fetching| fetching.again_at);
        presence.into_iter().chain(fetching).min()
    }

    /// It is there. What was known of it counts again, and is asked for again.
    pub(super) fn on_arrival(&mut self, now: Moment, rules: &PeerRules, effects: &mut Vec<Effect>) {
        if self.is_present() {
            return;
        }
        let hold = self.flaps.hold(rules);
        if hold.is_zero() {
            self.presence = Presence::Trusted;
            self.show_all(effects);
        } else {
            self.presence = Presence::Held { until: now + hold };
        }
        self.fetch(now, rules, effects);
    }

    /// It is not there.
    pub(super) fn on_loss(&mut self, now: Moment, rules: &PeerRules, effects: &mut Vec<Effect>) {
        if !self.is_present() {
            return;
        }
        let was_trusted = self.is_trusted();
        self.flaps.on_loss(now, rules);
        self.presence = Presence::Absent {
            forgotten_at: now + rules.grace,
        };
        self.fetching = None;
        if was_trusted {
            self.show_all(effects);
        }
    }

    /// Its whole record arrived.
    pub(super) fn on_record(&mut self, record: NodeRecord, effects: &mut Vec<Effect>) {
        if record.revision < self.revision() {
            return;
        }
        let is_trusted = self.is_trusted();
        let id = |serial: u64| crate::InstanceId {
            node: self.life.node,
            serial,
        };
        for serial in self.instances.keys() {
            if !record.instances.contains_key(serial) {
                effects.push(Effect::Remove(id(*serial)));
            }
        }
        for (serial, instance) in &record.instances {
            if self.instances.get(serial) != Some(instance) {
                effects.push(Effect::Put(seen(instance, is_trusted)));
            }
        }
        self.instances = record.instances;
        self.reached(record.revision);
    }

    /// A change of its record arrived. One that begins at or before what is known holds the latest
    /// state of all that changed since, so it may overlap.
    pub(super) fn on_update(
        &mut self,
        now: Moment,
        rules: &PeerRules,
        update: RecordUpdate,
        effects: &mut Vec<Effect>,
    ) {
        self.heard = self.heard.max(update.revision);
        match self.known {
            Some(known) if update.revision <= known => {}
            Some(known) if update.since <= known => self.apply(update, effects),
            _ => self.fetch(now, rules, effects),
        }
    }

    /// Asks for its record, unless it is awaited already or nobody is there to give it.
    pub(super) fn fetch(&mut self, now: Moment, rules: &PeerRules, effects: &mut Vec<Effect>) {
        if self.is_present() && self.fetching.is_none() {
            self.fetching = Some(Fetching::begun(now, rules));
            effects.push(Effect::Fetch(self.life.node));
        }
    }

    pub(super) fn tick(&mut self, now: Moment, rules: &PeerRules, effects: &mut Vec<Effect>) {
        if let Presence::Held { until } = self.presence
            && until <= now
        {
            self.presence = Presence::Trusted;
            self.show_all(effects);
        }
        if let Some(fetching) = self.fetching
            && fetching.again_at <= now
        {
            self.fetching = Some(fetching.repeated(now, rules));
            effects.push(Effect::Fetch(self.life.node));
        }
    }

    /// It is gone for good, and its instances with it.
    pub(super) fn end(&mut self, effects: &mut Vec<Effect>) {
        let instances = std::mem::take(&mut self.instances);
        effects.extend(instances.into_values().map(|each| Effect::Remove(each.id)));
    }

    fn is_trusted(&self) -> bool {
        self.presence == Presence::Trusted
    }

    fn apply(&mut self, update: RecordUpdate, effects: &mut Vec<Effect>) {
        let is_trusted = self.is_trusted();
        for serial in update.removed {
            if let Some(instance) = self.instances.remove(&serial) {
                effects.push(Effect::Remove(instance.id));
            }
        }
        for instance in update.put {
            let shown = Effect::Put(seen(&instance, is_trusted));
            let old = self.instances.insert(instance.id.serial, instance.clone());
            if old != Some(instance) {
                effects.push(shown);
            }
        }
        self.reached(update.revision);
    }

    /// Its instances are known at this revision.
    fn reached(&mut self, revision: u64) {
        self.known = Some(revision);
        if revision >= self.heard {
            self.heard = revision;
            self.fetching = None;
        }
    }

    /// Tells all its instances again, as its standing has changed.
    fn show_all(&self, effects: &mut Vec<Effect>) {
        let is_trusted = self.is_trusted();
        let shown = self.instances.values().map(|each| seen(each, is_trusted));
        effects.extend(shown.map(Effect::Put));
    }
}

/// An instance as this node sees it: whatever its own node said, one whose node cannot be trusted
/// is not healthy.
fn seen(instance: &InstanceRecord, is_trusted: bool) -> InstanceRecord {
    let health = match instance.health {
        Health::Starting | Health::Healthy if !is_trusted => Health::Unhealthy,
        health => health,
    };
    InstanceRecord {
        health,
        ..instance.clone()
    }
}

//! The true history of one node, and what is told of it.
#![expect(
    clippy::unwrap_used,
    reason = "a constant that is wrong fails the test"
)]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use commy_core::{
    Health, Instance, InstanceId, Moment, NodeId, Reach, ServiceSpec,
    peers::{Effect, PeerRules, Peers},
    record::{Incarnation, NodeLife, NodeRecord, OwnRecord, RecordUpdate},
    registry::{Change, ChangeKind},
};
use proptest::{prelude::*, sample::Index};

pub(crate) const NODE: NodeId = NodeId::from_u128(7);
pub(crate) const OWN: NodeId = NodeId::from_u128(1);

/// One life of the node: every record that it ever had, and the updates between them.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) life: NodeLife,
    pub(crate) records: Vec<NodeRecord>,
    pub(crate) updates: Vec<RecordUpdate>,
}

impl Life {
    pub(crate) fn last(&self) -> NodeRecord {
        self.records[self.records.len() - 1].clone()
    }
}

pub(crate) fn life(incarnation: u64) -> NodeLife {
    NodeLife {
        node: NODE,
        incarnation: Incarnation(incarnation),
    }
}

/// A life in which batches of instances come, change and go.
pub(crate) fn lived(incarnation: u64, batches: &[Vec<(u64, Option<Health>)>]) -> Life {
    let mut own = OwnRecord::new(life(incarnation));
    let mut lived = Life {
        life: life(incarnation),
        records: vec![NodeRecord::clone(own.record())],
        updates: Vec::new(),
    };
    for batch in batches {
        let changes = batch.iter().map(|(serial, health)| Change {
            kind: health.map_or(ChangeKind::Removed, |_| ChangeKind::Updated),
            instance: instance(
                incarnation * 100 + serial,
                health.unwrap_or(Health::Healthy),
            ),
            revision: 0,
        });
        if let Some(update) = own.change(changes) {
            lived.updates.push(update);
            lived.records.push(NodeRecord::clone(own.record()));
        }
    }
    lived
}

pub(crate) fn instance(serial: u64, health: Health) -> Instance {
    Instance {
        id: InstanceId { node: NODE, serial },
        spec: Arc::new(ServiceSpec::new("orders").check().unwrap()),
        endpoint: None,
        reach: Reach::InProcess,
        health,
        revision: 0,
    }
}

/// One piece of news.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Presence(Index, bool),
    Record(Index, Index),
    Update(Index, Index),
    Missed,
    Wait(u64),
}

pub(crate) fn lives() -> impl Strategy<Value = Vec<Life>> {
    let health = prop::sample::select(Health::ALL.to_vec());
    let batch = prop::collection::vec((0_u64..6, prop::option::weighted(0.7, health)), 1..4);
    prop::collection::vec(prop::collection::vec(batch, 0..6), 1..4).prop_map(|lives| {
        let numbered = lives.iter().zip(1_u64..);
        numbered
            .map(|(batches, number)| lived(number, batches))
            .collect()
    })
}

pub(crate) fn news() -> impl Strategy<Value = Vec<News>> {
    let index = any::<Index>;
    prop::collection::vec(
        prop_oneof![
            2 => (index(), any::<bool>()).prop_map(|(life, there)| News::Presence(life, there)),
            2 => (index(), index()).prop_map(|(life, record)| News::Record(life, record)),
            3 => (index(), index()).prop_map(|(life, update)| News::Update(life, update)),
            1 => Just(News::Missed),
            2 => (0_u64..15_000).prop_map(News::Wait),
        ],
        0..40,
    )
}

/// A node that hears news, and the table that its effects make.
pub(crate) struct Hearer {
    pub(crate) peers: Peers,
    pub(crate) now: Moment,
    pub(crate) shown: BTreeMap<InstanceId, Health>,
    pub(crate) fetches: usize,
}

impl Hearer {
    pub(crate) fn new() -> Self {
        Self {
            peers: Peers::new(OWN, PeerRules::default()),
            now: Moment::default(),
            shown: BTreeMap::new(),
            fetches: 0,
        }
    }

    pub(crate) fn hear(&mut self, lives: &[Life], news: &News) -> Vec<Effect> {
        let effects = match news {
            News::Presence(life, there) => {
                self.peers
                    .on_presence(self.now, life.get(lives).life, *there)
            }
            News::Record(life, record) => self
                .peers
                .on_record(record.get(&life.get(lives).records).clone()),
            News::Update(life, update) => {
                let updates = &life.get(lives).updates;
                if updates.is_empty() {
                    return Vec::new();
                }
                self.peers.on_update(self.now, update.get(updates).clone())
            }
            News::Missed => self.peers.on_missed(self.now, NODE),
            News::Wait(ms) => return self.wait(Duration::from_millis(*ms)),
        };
        self.carry_out(effects)
    }

    /// Lets time pass, ticking when asked to.
    pub(crate) fn wait(&mut self, time: Duration) -> Vec<Effect> {
        let until = self.now + time;
        let mut all = Vec::new();
        while let Some(due) = self.peers.next_tick().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            let effects = self.peers.tick(self.now);
            all.extend(self.carry_out(effects));
            let next = self.peers.next_tick();
            assert!(
                next.is_none_or(|next| next > self.now),
                "a tick leaves nothing due"
            );
        }
        self.now = until;
        all
    }

    pub(crate) fn carry_out(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        for effect in &effects {
            match effect {
                Effect::Fetch(node) => {
                    assert_eq!(*node, NODE);
                    self.fetches += 1;
                }
                Effect::Put(instance) => {
                    self.shown.insert(instance.id, instance.health);
                }
                Effect::Remove(id) => {
                    assert!(
                        self.shown.remove(id).is_some(),
                        "{id} was removed and not there"
                    );
                }
            }
        }
        effects
    }
}

/// What a trusting node shows of a record.
pub(crate) fn view(record: &NodeRecord) -> BTreeMap<InstanceId, Health> {
    let instances = record.instances.values();
    instances
        .map(|instance| (instance.id, instance.health))
        .collect()
}

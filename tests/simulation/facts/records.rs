//! What nodes tell of themselves.

use std::sync::Arc;

use commy_core::{
    Health, InstanceId, NodeId, Query, ServiceSpec,
    record::{InstanceRecord, NodeLife, NodeRecord, RecordUpdate},
};
use commy_mesh::Listener;

use super::{fact, known};
use crate::host::Hosts;

fn life(hosts: &Hosts, host: usize) -> NodeLife {
    hosts.network.lock().topology.members[&hosts.hosts[host].id].life
}

fn listener(hosts: &Hosts, host: usize) -> Arc<dyn Listener> {
    Arc::clone(&hosts.network.lock().topology.members[&hosts.hosts[host].id].listener)
}

fn found(hosts: &Hosts, host: usize) -> usize {
    let query = Query::all().health(Health::ALL);
    hosts.hosts[host]
        .mesh
        .discover(&query)
        .expect("it runs")
        .len()
}

#[test]
fn a_burst_of_registrations_makes_few_updates() {
    fact(2, async |hosts| {
        for _ in 0..2000 {
            hosts.register(0, "a").await;
        }
        known().await;
        assert_eq!(found(hosts, 1), 2000);
        let inner = hosts.network.lock();
        let record = inner.topology.members[&hosts.hosts[0].id].record.as_ref();
        let revision = record.expect("it was announced").revision;
        assert!(revision < 20, "{revision} updates for 2000 registrations");
    });
}

#[test]
fn a_node_cannot_speak_for_another_one() {
    fact(2, async |hosts| {
        let instance = |node| InstanceRecord {
            id: InstanceId { node, serial: 7 },
            spec: Arc::new(ServiceSpec::new("a").check().expect("it is valid")),
            endpoint: None,
            health: Health::Healthy,
        };
        let life = life(hosts, 1);
        let listener = listener(hosts, 0);
        let record = |node| NodeRecord {
            life,
            revision: 5,
            instances: [(7, instance(node))].into(),
        };
        for node in [NodeId::from_u128(1), hosts.hosts[0].id] {
            listener.record(record(node));
            listener.update(RecordUpdate {
                life,
                since: 0,
                revision: 9,
                put: vec![instance(node)],
                removed: Vec::new(),
            });
        }
        known().await;
        assert_eq!(found(hosts, 0), 0);
        listener.record(record(life.node));
        known().await;
        assert_eq!(found(hosts, 0), 1);
    });
}

#[test]
fn news_that_do_not_fit_the_inbox_are_made_up_for_by_a_fetch() {
    fact(2, async |hosts| {
        let life = life(hosts, 1);
        let listener = listener(hosts, 0);
        hosts.register(1, "a").await;
        // Far more than fits, while the uplink has no chance to take any of it.
        for _ in 0..20_000 {
            listener.update(RecordUpdate {
                life,
                since: 0,
                revision: 0,
                put: Vec::new(),
                removed: Vec::new(),
            });
        }
        known().await;
        assert_eq!(found(hosts, 0), 1);
        assert_eq!(hosts.hosts[0].mesh.stats().peers, 1);
    });
}

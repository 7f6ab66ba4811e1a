//! The simulated network as a fabric: what a node sees of it.

use std::{sync::Arc, time::Duration};

use commy_core::{
    Error, Event, NodeId, Result, Status, TopicFilter,
    record::{NodeLife, NodeRecord, RecordUpdate},
};
use commy_mesh::{BoxFuture, Fabric, Link, Listener, OutgoingCall, RemoteAnswer, Traffic};

use crate::{
    network::{Inner, Network},
    packet::{Load, Packet},
    topology::State,
};

/// The way of a node onto the network.
pub(crate) struct Simulated(pub(crate) Arc<Network>);

/// A node's connection to the network, in one of its lives.
struct Connected {
    network: Arc<Network>,
    life: NodeLife,
}

impl Fabric for Simulated {
    fn connect(
        &self,
        life: NodeLife,
        listener: Arc<dyn Listener>,
    ) -> BoxFuture<'static, Result<Arc<dyn Link>>> {
        let network = Arc::clone(&self.0);
        Box::pin(async move {
            network.join(life, listener);
            let link: Arc<dyn Link> = Arc::new(Connected { network, life });
            Ok(link)
        })
    }
}

impl Connected {
    fn send(&self, to: NodeId, load: Load) {
        let from = self.life.node;
        self.network.post(Packet { from, to, load });
    }

    fn others(&self) -> Vec<NodeId> {
        let inner = self.network.lock();
        let others = inner.topology.members.keys().copied();
        others.filter(|node| *node != self.life.node).collect()
    }

    fn count(inner: &mut Inner, node: NodeId, bytes_sent: usize) {
        if let Some(member) = inner.topology.members.get_mut(&node) {
            member.traffic.messages_sent += 1;
            member.traffic.bytes_sent += bytes_sent as u64;
        }
    }
}

impl Link for Connected {
    fn announce(&self, record: Arc<NodeRecord>, update: RecordUpdate) {
        if let Some(member) = self
            .network
            .lock()
            .topology
            .members
            .get_mut(&self.life.node)
        {
            member.record = Some(record);
        }
        let update = Arc::new(update);
        for node in self.others() {
            let times = if self.network.is_doubled() { 2 } else { 1 };
            for _ in 0..times {
                self.send(node, Load::Update(Arc::clone(&update)));
            }
        }
    }

    fn fetch(&self, node: NodeId) {
        self.send(node, Load::Fetch);
    }

    fn invoke(&self, call: OutgoingCall) -> BoxFuture<'static, RemoteAnswer> {
        let OutgoingCall { to, request } = call;
        let (network, from) = (Arc::clone(&self.network), self.life.node);
        let now = network.now();
        let mut inner = network.lock();
        if inner.topology.is_up(from) {
            inner.oracle.invoked(now, from, to);
        }
        Self::count(&mut inner, from, request.message.payload.len());
        let is_known = inner
            .topology
            .views
            .get(&(from, to.node))
            .is_some_and(|view| view.told.is_some());
        if !is_known {
            drop(inner);
            return Box::pin(async {
                RemoteAnswer::Refused(Error::new(Status::Unavailable, "its node is not there"))
            });
        }
        let (number, answer) = inner.begin_call();
        drop(inner);
        let asked = Asked {
            network: Arc::clone(&network),
            from,
            to: to.node,
            call: number,
        };
        self.send(
            to.node,
            Load::Invoke {
                call: number,
                to,
                request,
            },
        );
        Box::pin(async move {
            let answer = answer.await;
            drop(asked);
            // Its sender is kept until it is used, or the network is gone.
            answer.unwrap_or_else(|_| {
                RemoteAnswer::Lost(Error::new(Status::Unavailable, "the network is gone"))
            })
        })
    }

    fn publish(&self, event: Arc<Event>) -> Result<()> {
        for node in self.others() {
            let mut inner = self.network.lock();
            let is_wanted = inner.topology.members.get(&node).is_some_and(|member| {
                member
                    .filters
                    .iter()
                    .any(|filter| filter.matches(&event.topic))
            });
            if is_wanted {
                Self::count(&mut inner, self.life.node, event.message.payload.len());
                drop(inner);
                self.send(node, Load::Event(Arc::clone(&event)));
            }
        }
        Ok(())
    }

    fn subscribe(&self, filter: &TopicFilter) {
        if let Some(member) = self
            .network
            .lock()
            .topology
            .members
            .get_mut(&self.life.node)
        {
            member.filters.push(filter.clone());
        }
    }

    fn unsubscribe(&self, filter: &TopicFilter) {
        if let Some(member) = self
            .network
            .lock()
            .topology
            .members
            .get_mut(&self.life.node)
            && let Some(place) = member.filters.iter().position(|each| each == filter)
        {
            member.filters.remove(place);
        }
    }

    fn traffic(&self) -> Traffic {
        let inner = self.network.lock();
        let member = inner.topology.members.get(&self.life.node);
        member.map(|member| member.traffic).unwrap_or_default()
    }

    fn close(&self, _: Duration) -> BoxFuture<'static, ()> {
        let (network, node) = (Arc::clone(&self.network), self.life.node);
        Box::pin(async move { network.set(node, State::Closed) })
    }
}

/// A call that somebody waits for. One that is dropped before there is an answer is cancelled.
struct Asked {
    network: Arc<Network>,
    from: NodeId,
    to: NodeId,
    call: u64,
}

impl Drop for Asked {
    fn drop(&mut self) {
        let (from, to, call) = (self.from, self.to, self.call);
        if self.network.lock().end_call(call) {
            self.network.post(Packet {
                from,
                to,
                load: Load::Cancel { call },
            });
        }
    }
}

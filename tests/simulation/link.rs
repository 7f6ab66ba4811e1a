//! The simulated network as a fabric: what a node sees of it.

use std::{sync::Arc, time::Duration};

use commy_core::{
    Error, Event, NodeId, Result, Status, TopicFilter,
    record::{NodeLife, NodeRecord, RecordUpdate},
};
use commy_mesh::{BoxFuture, Fabric, Link, Listener, OutgoingCall, RemoteAnswer, Traffic};
use futures_util::future;

use crate::{
    network::{Inner, Network},
    packet::{Load, Packet},
    topology::{Member, State},
};

/// The way of a node onto the network.
pub(crate) struct Simulated(pub(crate) Arc<Network>);

/// A node's connection to the network, in one of its lives. It is closed when that life is over,
/// whatever the node does in its next one: then nothing goes out over it.
#[derive(Clone)]
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

    /// The member that this is the link of, unless it is closed.
    fn member<'i>(&self, inner: &'i mut Inner) -> Option<&'i mut Member> {
        let is_up = inner.topology.is_up(self.life.node);
        let member = inner.topology.members.get_mut(&self.life.node);
        member.filter(|member| is_up && member.life == self.life)
    }

    fn is_closed(&self) -> bool {
        self.member(&mut self.network.lock()).is_none()
    }
}

impl Link for Connected {
    fn announce(&self, record: Arc<NodeRecord>, update: RecordUpdate) {
        match self.member(&mut self.network.lock()) {
            Some(member) => member.record = Some(record),
            None => return,
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
        let from = self.life.node;
        let now = self.network.now();
        let mut inner = self.network.lock();
        if self.member(&mut inner).is_none() {
            return refused("the link is closed");
        }
        inner.oracle.invoked(now, from, to);
        let is_known = inner
            .topology
            .views
            .get(&(from, to.node))
            .is_some_and(|view| view.told.is_some());
        if !is_known {
            return refused("its node is not there");
        }
        let (number, answer) = inner.begin_call();
        drop(inner);
        let asked = Asked {
            link: self.clone(),
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

    fn publish(&self, event: Arc<Event>) -> BoxFuture<'static, Result<()>> {
        if self.is_closed() {
            let error = Error::new(Status::Unavailable, "the link is closed");
            return Box::pin(future::ready(Err(error)));
        }
        for node in self.others() {
            let inner = self.network.lock();
            let is_wanted = inner.topology.members.get(&node).is_some_and(|member| {
                member
                    .filters
                    .iter()
                    .any(|filter| filter.matches(&event.topic))
            });
            if is_wanted {
                drop(inner);
                self.send(node, Load::Event(Arc::clone(&event)));
            }
        }
        Box::pin(future::ready(Ok(())))
    }

    fn subscribe(&self, filter: &TopicFilter) {
        if let Some(member) = self.member(&mut self.network.lock()) {
            member.filters.push(filter.clone());
        }
    }

    fn unsubscribe(&self, filter: &TopicFilter) {
        if let Some(member) = self.member(&mut self.network.lock())
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

fn refused(reason: &str) -> BoxFuture<'static, RemoteAnswer> {
    let error = Error::new(Status::Unavailable, reason);
    Box::pin(future::ready(RemoteAnswer::Refused(error)))
}

/// A call that somebody waits for. One that is dropped before there is an answer is cancelled.
struct Asked {
    link: Connected,
    to: NodeId,
    call: u64,
}

impl Drop for Asked {
    fn drop(&mut self) {
        let (link, call) = (&self.link, self.call);
        let is_waiting = link.network.lock().end_call(call);
        if is_waiting && !link.is_closed() {
            link.send(self.to, Load::Cancel { call });
        }
    }
}

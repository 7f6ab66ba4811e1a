//! What happens when a message arrives: it is handed to its node, and what the node answers is sent
//! back.

use std::{sync::Arc, time::Duration};

use commy_core::{Error, NodeId, Status, record::NodeLife};
use commy_mesh::{Listener, LocalAnswer, RemoteAnswer};
use rand::RngExt;
use tokio::sync::oneshot;

use super::Network;
use crate::{
    packet::{Load, Packet, Scheduled},
    weather::Fault,
};

impl Network {
    /// Delivers what is due, for ever.
    pub(super) async fn carry(self: Arc<Self>) {
        loop {
            let due = self.lock().queue.peek().map(|next| next.due);
            match due {
                Some(due) if due <= self.now() => {
                    let next = self.lock().queue.pop();
                    if let Some(next) = next {
                        self.deliver(next);
                    }
                    // Sometimes the nodes get to work before the next message arrives.
                    if self.lock().random.random() {
                        tokio::task::yield_now().await;
                    }
                }
                Some(due) => tokio::select! {
                    biased;
                    () = self.sent.notified() => {}
                    () = tokio::time::sleep_until(self.started + due) => {}
                },
                None => self.sent.notified().await,
            }
        }
    }

    fn deliver(self: &Arc<Self>, scheduled: Scheduled) {
        let mut inner = self.lock();
        let Packet { from, to, load } = &scheduled.packet;
        // News of presence do not come from the node that they are of.
        let is_news_of_presence = matches!(load, Load::Presence(_));
        let receiver = inner.topology.members.get(to);
        // What was meant for an earlier life of the receiver does not wait for the next one.
        let receiver = receiver.filter(|member| Some(member.life) == scheduled.life);
        let listener = receiver.map(|member| Arc::clone(&member.listener));
        let holder = [to, from]
            .into_iter()
            .take(if is_news_of_presence { 1 } else { 2 })
            .find(|node| listener.is_some() && inner.topology.is_paused(**node));
        if let Some(holder) = holder.copied() {
            if let Some(member) = inner.topology.members.get_mut(&holder) {
                member.held.push(scheduled);
            }
            return;
        }
        let arrives = if is_news_of_presence {
            inner.topology.is_up(*to)
        } else {
            inner.topology.delivers(*from, *to)
        };
        drop(inner);
        if let Some(listener) = listener.filter(|_| arrives) {
            self.note(&format!("{from} -> {to}: {load}"));
            self.hand_over(scheduled.packet, &listener);
        } else {
            self.note(&format!("{from} -> {to} lost: {load}"));
            self.lost(&scheduled.packet);
        }
    }

    fn hand_over(self: &Arc<Self>, packet: Packet, listener: &Arc<dyn Listener>) {
        let Packet { from, to, load } = packet;
        self.lock().topology.count_received(to, &load);
        match load {
            Load::Presence(life) => self.show(to, from, life, listener),
            Load::Fetch => {
                let record = self
                    .lock()
                    .topology
                    .members
                    .get(&to)
                    .and_then(|member| member.record.clone());
                if let Some(record) = record {
                    let load = Load::Record(record);
                    self.post(Packet {
                        from: to,
                        to: from,
                        load,
                    });
                }
            }
            Load::Record(record) => listener.record(Arc::unwrap_or_clone(record)),
            Load::Update(update) => listener.update(Arc::unwrap_or_clone(update)),
            Load::Event(event) => listener.event(Arc::unwrap_or_clone(event)),
            Load::Invoke {
                call,
                to: instance,
                mut request,
            } => {
                if self.fault == Fault::Forgetfulness {
                    request.time_left = Duration::from_secs(3600);
                }
                if self.fault == Fault::TwiceInvoked {
                    let twin = listener.invoke(instance, request.clone());
                    actix_rt::spawn(async move { drop(twin.await) });
                }
                let answer = listener.invoke(instance, request);
                actix_rt::spawn(Arc::clone(self).answer(call, from, to, answer));
            }
            Load::Answer { call, answer } => {
                if let Some(waiting) = self.lock().waiting.remove(&call) {
                    let _ = waiting.send(answer);
                }
            }
            Load::Cancel { call } => {
                self.lock().working.remove(&call);
            }
        }
    }

    fn show(
        &self,
        observer: NodeId,
        node: NodeId,
        life: Option<NodeLife>,
        listener: &Arc<dyn Listener>,
    ) {
        let now = self.now();
        let mut inner = self.lock();
        let view = inner.topology.views.entry((observer, node)).or_default();
        let before = std::mem::replace(&mut view.told, life);
        inner.oracle.told(now, observer, life, node);
        drop(inner);
        if let Some(before) = before.filter(|_| life.is_none())
            && self.fault != Fault::HiddenLoss
        {
            listener.presence(before, false);
        }
        if let Some(life) = life {
            listener.presence(life, true);
        }
    }

    /// Waits for the answer of an instance, and sends it back unless nobody wants it any more.
    async fn answer(
        self: Arc<Self>,
        call: u64,
        caller: NodeId,
        callee: NodeId,
        answer: oneshot::Receiver<LocalAnswer>,
    ) {
        let (working, cancelled) = oneshot::channel::<()>();
        self.lock().working.insert(call, working);
        let answer = tokio::select! {
            biased;
            answer = answer => answer,
            _ = cancelled => return,
        };
        self.lock().working.remove(&call);
        let mut answer = match answer {
            Ok(LocalAnswer::Handled(outcome)) => RemoteAnswer::Handled(outcome),
            Ok(LocalAnswer::Refused(error)) => RemoteAnswer::Refused(error),
            Err(_) => RemoteAnswer::Lost(Error::new(Status::Unavailable, "the instance ended")),
        };
        if self.fault == Fault::FalseRefusal {
            let error = Error::new(Status::Unavailable, "refused, it says");
            answer = RemoteAnswer::Refused(error);
        }
        let load = Load::Answer { call, answer };
        self.post(Packet {
            from: callee,
            to: caller,
            load,
        });
    }
}

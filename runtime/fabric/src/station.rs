//! A node's place on the fabric: what it hears from the others and what it tells them, once it is
//! connected. Everything here is called on threads of Zenoh, of actors and of users, and never
//! makes them wait.

use std::sync::{Arc, Weak};

use commy_core::{Bytes, Error, IncomingRequest, InstanceId, Message, Status, record::NodeLife};
use commy_mesh::{Listener, LocalAnswer, Origin, OutgoingCall, RemoteAnswer};
use tokio::{runtime::Handle, sync::oneshot};
use zenoh::{
    bytes::ZBytes,
    sample::{Sample, SampleKind},
};

use crate::{
    calls::Calls,
    carrier::{Carrier, Parcel},
    events::{Gate, Outgoing},
    farewell::Farewell,
    keys::Keys,
    lane::{Full, Lane},
    nearby::Nearby,
    peers::Peers,
    serving::{Replies, Serving},
    shortcut::Shortcut,
    upkeep::Upkeep,
    wire::{self, Answer, Envelope, Malformed, RequestId},
};

/// Up to how many bytes of a payload are copied out of Zenoh's receive buffer: a smaller payload
/// that is kept would keep all of the buffer.
const COPIED_BYTES_MAX: usize = 16 * 1024;

/// A node's place on the fabric.
pub(crate) struct Station {
    pub(crate) me: NodeLife,
    pub(crate) origin: Origin,
    pub(crate) keys: Arc<Keys>,
    pub(crate) carrier: Arc<Carrier>,
    pub(crate) listener: Arc<dyn Listener>,
    /// Where lanes have their threads.
    pub(crate) runtime: Handle,
    pub(crate) payload_bytes_max: u64,
    pub(crate) peers: Peers,
    /// Those of this host, unless all goes through a router.
    pub(crate) nearby: Option<Nearby>,
    pub(crate) calls: Calls,
    pub(crate) serving: Arc<Serving>,
    pub(crate) outgoing: Outgoing,
    pub(crate) gate: Gate,
    pub(crate) upkeep: Upkeep,
    pub(crate) farewell: Farewell,
    pub(crate) this: Weak<Station>,
}

/// A call that waits. Dropping it tells the peer that nobody does.
pub(crate) struct Waiting {
    station: Arc<Station>,
    id: RequestId,
    to: NodeLife,
    answer: oneshot::Receiver<RemoteAnswer>,
}

impl Waiting {
    pub(crate) async fn answer(mut self) -> RemoteAnswer {
        (&mut self.answer).await.unwrap_or_else(|_| {
            RemoteAnswer::Lost(Error::new(Status::Unavailable, "the mesh was stopped"))
        })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.station.calls.forget(self.id)
            && let Some(peer) = self.station.peers.get_life(self.to)
        {
            let cancel = wire::cancel(self.id, self.station.me);
            // A peer that reads nothing is not told; its deadline ends the work.
            let _ = peer.lane.cancel(cancel);
        }
    }
}

impl Station {
    /// Whether calls and events are taken.
    pub(crate) fn check_open(&self) -> commy_core::Result<()> {
        self.origin.check()?;
        if self.carrier.is_closing() {
            return Err(Error::new(Status::Unavailable, "the mesh was stopped"));
        }
        Ok(())
    }

    /// Sends a call to a peer, and gives what waits for its answer; or what became of it at once.
    pub(crate) fn call(self: &Arc<Self>, call: &OutgoingCall) -> Result<Waiting, RemoteAnswer> {
        self.check_open().map_err(RemoteAnswer::Refused)?;
        let node = call.to.node;
        let refuse = |status, reason: String| RemoteAnswer::Refused(Error::new(status, reason));
        let absent = || refuse(Status::Unavailable, format!("node {node} is not connected"));
        let peer = self.peers.get(node).ok_or_else(absent)?;
        let (id, answer) = self.calls.begin(peer.life, &peer.lane);
        let mut waiting = Waiting {
            station: Arc::clone(self),
            id,
            to: peer.life,
            answer,
        };
        // Looked up again: from here on, losing the peer ends this call.
        if self.peers.get_life(peer.life).is_none() {
            self.calls.forget(id);
            return Err(absent());
        }
        let envelope = wire::request(id, self.me, call.to.serial, &call.request);
        let payload = call.request.message.payload.clone();
        if let Err(full) = peer.lane.carry(envelope, payload) {
            self.calls.forget(id);
            return Err(refuse(
                Status::ResourceExhausted,
                does_not_read(peer.life, &full),
            ));
        }
        if let Ok(answer) = waiting.answer.try_recv() {
            return Err(answer);
        }
        Ok(waiting)
    }

    /// Asks a peer for its record.
    pub(crate) fn fetch(&self, node: commy_core::NodeId) {
        if let Some(peer) = self.peers.get(node)
            && let Err(full) = peer.lane.send(Parcel::upkeep(wire::fetch(self.me)))
        {
            tracing::warn!("{}", does_not_read(peer.life, &full));
        }
    }

    /// A token came or went.
    pub(crate) fn hear_token(&self, sample: &Sample) {
        let Some(life) = self.keys.life_of_token(sample.key_expr().as_str()) else {
            return;
        };
        if life.node == self.me.node {
            return;
        }
        match sample.kind() {
            SampleKind::Put => {
                let arrival = self.peers.arrive(life, || {
                    let nearby = self.nearby.as_ref();
                    self.lane_to(life, nearby.and_then(|nearby| nearby.shortcut(life)))
                });
                if let Some(earlier) = arrival.replaced {
                    self.lose(earlier, "began another life");
                }
                if arrival.is_new {
                    self.listener.presence(life, true);
                }
            }
            SampleKind::Delete => {
                if self.peers.vanish(life) {
                    self.lose(life, "was lost");
                }
            }
        }
    }

    /// A node is not there any more: calls to it end, and calls of it.
    fn lose(&self, life: NodeLife, why: &str) {
        self.farewell.heard_by(life);
        self.listener.presence(life, false);
        self.calls.lose(life, why);
        self.serving.cancel_all_of(life);
        self.gate.forget(life);
    }

    /// Something was written to this node.
    pub(crate) fn hear(&self, sample: &Sample) {
        let Some(envelope) = sample.attachment() else {
            return;
        };
        match Envelope::read(&envelope.to_bytes()) {
            Ok(envelope) => self.understand(envelope, Carried::Zenoh(sample.payload())),
            Err(malformed) => self.refuse(&malformed),
        }
    }

    /// A neighbour wrote a call, a reply or a cancellation to this node.
    pub(crate) fn hear_nearby(&self, envelope: &[u8], payload: &[u8]) {
        match Envelope::read(envelope) {
            Ok(
                envelope @ (Envelope::Request { .. }
                | Envelope::Reply { .. }
                | Envelope::Cancel { .. }),
            ) => self.understand(envelope, Carried::Nearby(payload)),
            Ok(_) => misplaced(),
            Err(malformed) => self.refuse(&malformed),
        }
    }

    /// What cannot be understood is answered if it was a request, and noted otherwise.
    fn refuse(&self, malformed: &Malformed) {
        if let Malformed::Version {
            request: Some((id, from)),
            ..
        } = malformed
        {
            let error = Error::new(
                Status::FailedPrecondition,
                format!(
                    "node {} does not understand the request: {malformed}",
                    self.me.node
                ),
            );
            self.reply(*from, *id, LocalAnswer::Refused(error));
        } else {
            tracing::warn!(%malformed, "a message from another node was dropped");
        }
    }

    fn understand(&self, envelope: Envelope, payload: Carried<'_>) {
        match envelope {
            Envelope::Request {
                id,
                from,
                to,
                attempt,
                time_left,
                service,
                method,
                content,
            } => {
                self.heard(from);
                self.carrier.traffic.received(payload.len());
                if self.serving.has(from, id) {
                    return;
                }
                match content.with_payload(payload.bytes(), self.payload_bytes_max) {
                    Ok(message) => self.serve(
                        id,
                        from,
                        to,
                        IncomingRequest {
                            service,
                            method,
                            message,
                            time_left,
                            caller: from.node,
                            attempt,
                        },
                    ),
                    Err(error) => self.reply(from, id, LocalAnswer::Refused(error)),
                }
            }
            Envelope::Reply { id, answer } => {
                self.carrier.traffic.received(payload.len());
                self.calls.end(id, || self.remote_answer(answer, payload));
            }
            Envelope::Cancel { id, from } => {
                self.heard(from);
                self.serving.cancel(from, id);
            }
            Envelope::Fetch { from } => {
                self.heard(from);
                self.upkeep.ask(from);
            }
            Envelope::Record => match wire::decode_record(&payload.bytes()) {
                Ok(record) => {
                    self.heard(record.life);
                    self.listener.record(record);
                }
                Err(malformed) => tracing::warn!(%malformed, "a node's record was dropped"),
            },
            Envelope::Goodbye { from, is_settled } => self.hear_last(from, is_settled),
            Envelope::GoodbyeHeard { from } => self.farewell.heard_by(from),
            Envelope::Update | Envelope::Event { .. } => misplaced(),
        }
    }

    fn serve(&self, id: RequestId, from: NodeLife, to: u64, request: IncomingRequest) {
        let to = InstanceId {
            node: self.me.node,
            serial: to,
        };
        let begin = || self.listener.invoke(to, request);
        let replies: Weak<dyn Replies> = self.this.clone();
        self.serving.attend(from, id, begin, &replies);
    }

    fn remote_answer(&self, answer: Answer, payload: Carried<'_>) -> RemoteAnswer {
        match answer {
            Answer::Replied(content) => {
                RemoteAnswer::Handled(content.with_payload(payload.bytes(), self.payload_bytes_max))
            }
            Answer::Failed(error) => RemoteAnswer::Handled(Err(error)),
            Answer::Refused(error) => RemoteAnswer::Refused(error),
        }
    }

    /// A peer leaves. What it wrote to this node past Zenoh before that is heard first.
    fn hear_last(&self, from: NodeLife, is_settled: bool) {
        let Some(nearby) = &self.nearby else {
            return self.hear_goodbye(from, is_settled);
        };
        let this = Weak::clone(&self.this);
        nearby.then(move || {
            if let Some(station) = this.upgrade() {
                station.hear_goodbye(from, is_settled);
            }
        });
    }

    /// A peer leaves. All its replies were heard before, so calls that still wait never get one; if
    /// it answered all that it took, they may be tried elsewhere.
    fn hear_goodbye(&self, from: NodeLife, is_settled: bool) {
        let lane = self.lane_of(from);
        if self.peers.leave(from) {
            if is_settled {
                self.calls.refuse(from);
            }
            self.lose(from, "left");
        }
        let _ = lane.send(Parcel::upkeep(wire::goodbye_heard(self.me)));
    }

    /// Something changed in a node's record.
    pub(crate) fn hear_update(&self, sample: &Sample) {
        let Some(envelope) = sample.attachment() else {
            return;
        };
        match Envelope::read(&envelope.to_bytes()) {
            Ok(Envelope::Update) => {}
            Ok(_) => return misplaced(),
            Err(malformed) => return self.refuse(&malformed),
        }
        let node = self.keys.node_of_record(sample.key_expr().as_str());
        match wire::decode_update(&sample.payload().to_bytes()) {
            Ok(update) if Some(update.life.node) == node => {
                if update.life.node != self.me.node {
                    self.listener.update(update);
                }
            }
            Ok(update) => tracing::warn!(
                node = %update.life.node,
                key = %sample.key_expr(),
                "a node's record changed under another's key"
            ),
            Err(malformed) => tracing::warn!(%malformed, "a change of a node's record was dropped"),
        }
    }

    /// An event was published.
    pub(crate) fn hear_event(&self, sample: &Sample) {
        let Some(topic) = self.keys.topic_of_event(sample.key_expr().as_str()) else {
            return;
        };
        let Some(envelope) = sample.attachment() else {
            return;
        };
        match Envelope::read(&envelope.to_bytes()) {
            Ok(Envelope::Event {
                from,
                sequence,
                position,
                content,
            }) => {
                if !self.gate.pass(from, position) {
                    return;
                }
                let payload = Carried::Zenoh(sample.payload()).bytes();
                self.carrier.traffic.received(payload.len());
                match content.with_payload(payload, self.payload_bytes_max) {
                    Ok(message) => self.listener.event(commy_core::Event {
                        topic,
                        message,
                        publisher: from.node,
                        sequence,
                    }),
                    Err(error) => tracing::warn!(%error, %topic, "an event was dropped"),
                }
            }
            Ok(_) => misplaced(),
            Err(malformed) => tracing::warn!(%malformed, %topic, "an event was dropped"),
        }
    }

    fn heard(&self, from: NodeLife) {
        if let Some(peer) = self.peers.get_life(from) {
            peer.lane.heard();
        }
    }

    /// The way to a node, also to one whose token is not known yet or not any more.
    pub(crate) fn lane_of(&self, life: NodeLife) -> Arc<Lane> {
        match self.peers.get_life(life) {
            Some(peer) => Arc::clone(&peer.lane),
            None => Arc::new(self.lane_to(life, None)),
        }
    }

    fn lane_to(&self, life: NodeLife, shortcut: Option<Arc<Shortcut>>) -> Lane {
        Lane::new(
            self.keys.inbox(life),
            Arc::clone(&self.carrier),
            self.runtime.clone(),
            shortcut,
        )
    }
}

impl Replies for Station {
    fn reply(&self, to: NodeLife, id: RequestId, answer: LocalAnswer) {
        let (envelope, payload) = match answer {
            LocalAnswer::Handled(Ok(Message {
                payload,
                content_type,
                headers,
            })) => {
                let reply = Message {
                    payload: Bytes::new(),
                    content_type,
                    headers,
                };
                (wire::replied(id, &reply), payload)
            }
            LocalAnswer::Handled(Err(error)) => (wire::failed(id, &error), Bytes::new()),
            LocalAnswer::Refused(error) => (wire::refused(id, &error), Bytes::new()),
        };
        if let Err(full) = self.lane_of(to).carry(envelope, payload) {
            self.serving.leave_unanswered(to);
            tracing::warn!("a reply was dropped: {}", does_not_read(to, &full));
        }
    }
}

fn misplaced() {
    tracing::warn!("a message came under a key where it does not belong");
}

fn does_not_read(life: NodeLife, full: &Full) -> String {
    format!(
        "node {} does not read what is sent to it: {} messages of {} bytes wait",
        life.node, full.messages, full.bytes
    )
}

/// A payload as it came.
#[derive(Clone, Copy)]
enum Carried<'a> {
    Zenoh(&'a ZBytes),
    Nearby(&'a [u8]),
}

/// Keeps Zenoh's buffer, which is in one piece.
struct Contiguous(ZBytes);

impl AsRef<[u8]> for Contiguous {
    fn as_ref(&self) -> &[u8] {
        self.0.slices().next().unwrap_or_default()
    }
}

impl Carried<'_> {
    fn len(self) -> usize {
        match self {
            Self::Zenoh(payload) => payload.len(),
            Self::Nearby(payload) => payload.len(),
        }
    }

    /// Bytes of its own, or those of Zenoh's buffer if it is large.
    fn bytes(self) -> Bytes {
        match self {
            Self::Zenoh(payload)
                if payload.len() > COPIED_BYTES_MAX && payload.slices().count() == 1 =>
            {
                Bytes::from_owner(Contiguous(payload.clone()))
            }
            Self::Zenoh(payload) => Bytes::from(payload.to_bytes().into_owned()),
            Self::Nearby(payload) => Bytes::copy_from_slice(payload),
        }
    }
}

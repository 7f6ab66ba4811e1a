//! What comes in over the link: calls go straight to the mailbox of their instance and events into
//! the queues of their subscribers, on the link's own threads; news of other nodes go to the
//! uplink. Nothing here blocks, and everything is checked.

use std::sync::Arc;

use actix::dev::SendError;
use actix_rt::ArbiterHandle;
use arc_swap::ArcSwap;
use commy_core::{
    Error, Event, IncomingRequest, InstanceId, NodeId, Status,
    record::{NodeLife, NodeRecord, RecordUpdate},
    registry::Snapshot,
};
use tokio::sync::oneshot;

use crate::{
    actors::{broker::Subscriptions, instance::Invoke, uplink::inbox::Inbox},
    fabric::{Listener, LocalAnswer},
    route::Route,
};

/// Where what comes in over a node's link goes.
pub(crate) struct Inbound {
    pub(crate) own: NodeId,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) snapshot: Arc<ArcSwap<Snapshot<Route>>>,
    pub(crate) subscriptions: Arc<ArcSwap<Subscriptions>>,
    /// Where events wait for subscribers that make their publishers wait.
    pub(crate) control: ArbiterHandle,
    pub(crate) payload_bytes_max: u64,
}

impl Listener for Inbound {
    fn presence(&self, life: NodeLife, is_present: bool) {
        self.inbox.presence(life, is_present);
    }

    fn record(&self, record: NodeRecord) {
        self.inbox.record(record);
    }

    fn update(&self, update: RecordUpdate) {
        self.inbox.update(update);
    }

    fn invoke(&self, to: InstanceId, request: IncomingRequest) -> oneshot::Receiver<LocalAnswer> {
        let (reply, answer) = oneshot::channel();
        let invoke = Invoke { request, reply };
        if let Err((invoke, status, reason)) = self.pass_on(to, invoke) {
            let error = Error::new(status, format!("instance {to} {reason}"));
            let refusal = LocalAnswer::Refused(error.with_instance(to.to_string()));
            // The receiver is in the next line.
            let _ = invoke.reply.send(refusal);
        }
        answer
    }

    fn event(&self, event: Event) {
        if event.publisher == self.own {
            tracing::warn!(topic = %event.topic, "an own event came back over the link, and is ignored");
            return;
        }
        if let Err(error) = event.message.check(self.payload_bytes_max) {
            tracing::warn!(topic = %event.topic, publisher = %event.publisher, %error, "an event was dropped");
            return;
        }
        let event = Arc::new(event);
        for queue in self.subscriptions.load().matching(&event.topic) {
            queue.offer_from_afar(&event, &self.control);
        }
    }
}

impl Inbound {
    /// Puts a call into the mailbox of its instance, or gives it back with the reason why not.
    #[expect(
        clippy::result_large_err,
        reason = "what is given back is the request itself, which is dealt with at once"
    )]
    fn pass_on(&self, to: InstanceId, invoke: Invoke) -> Result<(), (Invoke, Status, &str)> {
        let snapshot = self.snapshot.load();
        let Some(entry) = snapshot.entry(&to).filter(|_| to.node == self.own) else {
            return Err((
                invoke,
                Status::Unavailable,
                "is not registered on its node any more",
            ));
        };
        if entry.instance.spec.service != invoke.request.service {
            return Err((invoke, Status::Unavailable, "is of another service"));
        }
        let Some(mailbox) = entry.route.mailbox() else {
            return Err((
                invoke,
                Status::FailedPrecondition,
                "is advertised, not hosted",
            ));
        };
        mailbox.try_send(invoke).map_err(|error| match error {
            SendError::Full(invoke) => (invoke, Status::ResourceExhausted, "has a full mailbox"),
            SendError::Closed(invoke) => (invoke, Status::Unavailable, "was withdrawn"),
        })
    }
}

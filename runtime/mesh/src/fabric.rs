//! How nodes reach each other: the seam between the actors and whatever carries their messages. It
//! is thin, and it decides nothing. What is known of other nodes, which instance is called, what is
//! retried and when a node is forgotten are decided on this side of it.
//!
//! `commy-fabric` implements it over Zenoh; the tests implement it over a simulated network.

use std::{sync::Arc, time::Duration};

use commy_core::{
    Bytes, Error, Event, IncomingRequest, InstanceId, Message, NodeId, Result, TopicFilter,
    record::{NodeLife, NodeRecord, RecordUpdate},
};
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

/// A way for the nodes of a mesh to reach each other.
pub trait Fabric: Send + Sync + 'static {
    /// Connects a node. The listener may be told of peers before this resolves. A future that is
    /// dropped before it has resolved leaves nothing open.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `FAILED_PRECONDITION` or `UNAVAILABLE`, saying what could not be opened.
    fn connect(
        &self,
        life: NodeLife,
        listener: Arc<dyn Listener>,
    ) -> BoxFuture<'static, Result<Arc<dyn Link>>>;
}

/// A node's connection to the others. None of its methods blocks, and its futures may be polled on
/// any thread.
pub trait Link: Send + Sync + 'static {
    /// Tells all peers, and all who come later, what this node's record is from now on. The update
    /// is what changed since the record before, which is told to those who have that one. An update
    /// that leads to the revision that it is based on changes nothing, and reminds those who missed
    /// an earlier one.
    fn announce(&self, record: Arc<NodeRecord>, update: RecordUpdate);

    /// Asks a peer for its whole record, which the listener is told when it arrives. Nothing is
    /// told when the peer does not answer; whoever needs it asks again.
    fn fetch(&self, node: NodeId);

    /// Calls an instance of a peer, whose listener is told of it once at most. Dropping the future
    /// tells the peer that nobody waits.
    fn invoke(&self, call: OutgoingCall) -> BoxFuture<'static, RemoteAnswer>;

    /// Copies a payload to where it is sent from without another copy, if there is such a place.
    fn payload(&self, content: &[u8]) -> Bytes {
        Bytes::copy_from_slice(content)
    }

    /// Sends an event to every peer that subscribed to its topic, never back to this node. Each
    /// peer is told once at most, and in order for a caller that waits for each. Waits for room
    /// while the way out is congested.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the link is closed.
    fn publish(&self, event: Arc<Event>) -> BoxFuture<'static, Result<()>>;

    /// Tells peers that events on topics that match this filter are wanted here. Filters are
    /// counted: each needs as many [`Link::unsubscribe`]s.
    fn subscribe(&self, filter: &TopicFilter);

    /// Takes one [`Link::subscribe`] back.
    fn unsubscribe(&self, filter: &TopicFilter);

    /// What went over this link so far.
    fn traffic(&self) -> Traffic;

    /// Leaves the fabric, telling the peers so. Resolves within the time, whatever the network
    /// does; afterwards the link has no thread, no socket and no file.
    fn close(&self, time: Duration) -> BoxFuture<'static, ()>;
}

/// What a link tells its node. Called on the link's own threads, and never blocks them.
pub trait Listener: Send + Sync + 'static {
    /// A peer is there, in this life, or is not any more. Repeated and contradicting news are
    /// normal; the latest counts.
    fn presence(&self, life: NodeLife, is_present: bool);

    /// A peer's whole record, as it was asked for.
    fn record(&self, record: NodeRecord);

    /// What changed in a peer's record.
    fn update(&self, update: RecordUpdate);

    /// A peer calls an instance of this node. Dropping the receiver cancels the handler's work.
    fn invoke(&self, to: InstanceId, request: IncomingRequest) -> oneshot::Receiver<LocalAnswer>;

    /// An event that this node subscribed to.
    fn event(&self, event: Event);
}

/// A call on its way to a peer.
#[derive(Clone, Debug)]
pub struct OutgoingCall {
    /// The instance that is called.
    pub to: InstanceId,
    /// What is asked; its time left is the deadline of this attempt, which the link enforces on
    /// neither side: the caller's and the callee's node each do.
    pub request: IncomingRequest,
}

/// What became of a call that a peer made on this node.
#[derive(Debug)]
pub enum LocalAnswer {
    /// The handler was given the request, and this is its outcome.
    Handled(Result<Message>),
    /// The handler never saw the request.
    Refused(Error),
}

/// What became of a call to a peer.
#[derive(Debug)]
pub enum RemoteAnswer {
    /// The handler was given the request, and this is its outcome.
    Handled(Result<Message>),
    /// The request was provably not given to the handler: the peer refused it, or it never left.
    Refused(Error),
    /// There was no answer, and nobody knows why: the peer was lost.
    Lost(Error),
}

/// What went over a link since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages handed to the link: calls, replies and events, not its own upkeep.
    pub messages_sent: u64,
    /// Messages that came from it.
    pub messages_received: u64,
    /// Payload bytes sent.
    pub bytes_sent: u64,
    /// Payload bytes received.
    pub bytes_received: u64,
}

//! What travels through the simulated network.

use std::{cmp::Ordering, fmt, sync::Arc, time::Duration};

use commy_core::{
    Event, IncomingRequest, InstanceId, NodeId,
    record::{NodeLife, NodeRecord, RecordUpdate},
};
use commy_mesh::RemoteAnswer;

/// A message on its way.
pub(crate) struct Packet {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    pub(crate) load: Load,
}

/// What a message says.
pub(crate) enum Load {
    /// The sender is there, in this life, or is not any more.
    Presence(Option<NodeLife>),
    Fetch,
    Record(Arc<NodeRecord>),
    Update(Arc<RecordUpdate>),
    Invoke {
        call: u64,
        to: InstanceId,
        request: IncomingRequest,
    },
    Answer {
        call: u64,
        answer: RemoteAnswer,
    },
    Cancel {
        call: u64,
    },
    Event(Arc<Event>),
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Presence(Some(life)) => write!(f, "present in life {}", life.incarnation.0),
            Self::Presence(None) => write!(f, "absent"),
            Self::Fetch => write!(f, "fetch"),
            Self::Record(record) => {
                write!(
                    f,
                    "record at {} of {}",
                    record.revision,
                    record.instances.len()
                )
            }
            Self::Update(update) => write!(f, "update {}..{}", update.since, update.revision),
            Self::Invoke { call, to, request } => {
                write!(
                    f,
                    "call {call} of {} #{} attempt {}",
                    request.service, to.serial, request.attempt
                )
            }
            Self::Answer { call, answer } => match answer {
                RemoteAnswer::Handled(Ok(_)) => write!(f, "reply to {call}"),
                RemoteAnswer::Handled(Err(error)) => write!(f, "failure of {call}: {error}"),
                RemoteAnswer::Refused(error) => write!(f, "refusal of {call}: {error}"),
                RemoteAnswer::Lost(error) => write!(f, "loss of {call}: {error}"),
            },
            Self::Cancel { call } => write!(f, "cancel {call}"),
            Self::Event(event) => write!(f, "event {} on {}", event.sequence, event.topic),
        }
    }
}

/// A message and when it arrives. The earliest is the greatest, as heaps have it; of two that
/// arrive at once, it is the one that was sent first.
pub(crate) struct Scheduled {
    pub(crate) due: Duration,
    pub(crate) number: u64,
    /// The life of the receiver that it is meant for.
    pub(crate) life: Option<NodeLife>,
    pub(crate) packet: Packet,
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.number).cmp(&(self.due, self.number))
    }
}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Scheduled {}

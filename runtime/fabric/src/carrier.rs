//! The one place that writes to Zenoh: a session that can be taken away. Zenoh's last handle of a
//! session must not be dropped on a current-thread runtime, such as actors live on; so no one
//! outside holds one, and closing takes it from here.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use commy_core::Bytes;
use parking_lot::RwLock;
use zenoh::{
    Session, Wait,
    bytes::ZBytes,
    key_expr::KeyExpr,
    qos::{CongestionControl, Priority},
    sample::Locality,
    shm::ZShm,
};

use crate::{shared::Shared, traffic::Counters};

/// An envelope and its payload, on their way out.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) envelope: Vec<u8>,
    pub(crate) payload: Bytes,
    /// Where neighbours find the payload, if it is not sent itself.
    pub(crate) place: Option<ZShm>,
    /// Whether it is a call, a reply or an event, which are counted, or the link's own upkeep.
    pub(crate) is_counted: bool,
}

impl Parcel {
    /// A call, a reply or an event.
    pub(crate) fn new(envelope: Vec<u8>, payload: Bytes) -> Self {
        Self {
            envelope,
            payload,
            place: None,
            is_counted: true,
        }
    }

    /// What the link says for itself.
    pub(crate) fn upkeep(envelope: Vec<u8>) -> Self {
        Self {
            envelope,
            payload: Bytes::new(),
            place: None,
            is_counted: false,
        }
    }

    /// How much of the way out it takes.
    pub(crate) fn bytes(&self) -> usize {
        let payload = match self.place {
            Some(_) => 0,
            None => self.payload.len(),
        };
        self.envelope.len() + payload
    }
}

/// What happens when the way out is congested.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Congestion {
    /// The writer waits until there is room or the peer is given up.
    Wait,
    /// It is lost on that way.
    Lose,
}

/// What a message does for the next ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Haste {
    /// It leaves by itself, at once.
    Express,
    /// It leaves at once if the way out is idle, and otherwise with whatever comes next: one write,
    /// and one read at the peer, for all of them.
    Together,
}

/// The link is closed.
#[derive(Debug)]
pub(crate) struct Closed;

/// Writes to a session until it is taken away.
pub(crate) struct Carrier {
    session: RwLock<Option<Session>>,
    is_closing: AtomicBool,
    pub(crate) traffic: Counters,
    pub(crate) shared: Arc<Shared>,
}

impl Carrier {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session: RwLock::new(Some(session)),
            is_closing: AtomicBool::new(false),
            traffic: Counters::default(),
            shared: Arc::default(),
        }
    }

    /// Writes to a key. Never back to this node: what is between two parties of one process does
    /// not come here.
    pub(crate) fn put(
        &self,
        key: &KeyExpr<'static>,
        parcel: Parcel,
        congestion: Congestion,
        haste: Haste,
    ) -> Result<(), Closed> {
        let Parcel {
            envelope,
            payload,
            place,
            is_counted,
        } = parcel;
        if is_counted {
            self.traffic.sent(payload.len());
        }
        let session = self.session.read();
        session
            .as_ref()
            .ok_or(Closed)?
            .put(
                key,
                place.map_or_else(|| ZBytes::from(payload), ZBytes::from),
            )
            .attachment(ZBytes::from(envelope))
            .congestion_control(match congestion {
                Congestion::Wait => CongestionControl::Block,
                Congestion::Lose => CongestionControl::Drop,
            })
            .priority(Priority::Data)
            .express(haste == Haste::Express)
            .allowed_destination(Locality::Remote)
            .wait()
            .map_err(|error| tracing::debug!(%error, "zenoh refused a message"))
            .map_err(|()| Closed)
    }

    /// A call or a reply. A large payload is put where the neighbours find it.
    pub(crate) fn parcel(&self, envelope: Vec<u8>, payload: Bytes) -> Parcel {
        let place = self.with(|session| self.shared.place_of(session, &payload));
        Parcel {
            place: place.flatten(),
            ..Parcel::new(envelope, payload)
        }
    }

    /// A copy of a payload, made where the neighbours find it if it is large.
    pub(crate) fn payload(&self, content: &[u8]) -> Bytes {
        self.with(|session| self.shared.place(session, content))
            .flatten()
            .unwrap_or_else(|| Bytes::copy_from_slice(content))
    }

    /// Does something with the session, while there is one.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&Session) -> T) -> Option<T> {
        self.session.read().as_ref().map(act)
    }

    /// From now on only what is on its way leaves.
    pub(crate) fn begin_closing(&self) {
        self.is_closing.store(true, Relaxed);
    }

    /// Whether calls and events are not taken any more.
    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Relaxed)
    }

    /// Takes the session away; whoever gets it closes it, on a runtime that allows that. Waits for
    /// those who write, so it is not called where waiting is forbidden.
    pub(crate) fn take(&self) -> Option<Session> {
        self.session.write().take()
    }
}

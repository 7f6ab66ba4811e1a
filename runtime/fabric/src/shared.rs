//! Payloads in memory that the processes of this host share.
//!
//! Zenoh copies a large payload there when it is sent, and its own queue is too short for one that
//! it could not copy. A payload that is put there before it is sent needs no more room on the way
//! than the message about it, so nobody waits and no other thread is needed; and one that is put
//! there when it is made is never copied again before its reader has it.

use std::{collections::HashMap, sync::Arc};

use commy_core::Bytes;
use parking_lot::{Mutex, RwLock};
use zenoh::{
    Session, Wait as _,
    sample::SampleKind,
    session::{TransportEvent, ZenohId},
    shm::{Defragment, GarbageCollect, ShmProviderState, ZShm},
};

use crate::shortcut;

/// The least that is worth a place of its own: what neighbours do not simply write to each other.
const PLACED_BYTES_MIN: usize = shortcut::PAYLOAD_BYTES_MAX + 1;

/// What is shared with the neighbours, and whether all neighbours share it.
#[derive(Default)]
pub(crate) struct Shared {
    /// The payloads that were made in a place and are still held here, by their addresses.
    placed: Mutex<HashMap<usize, ZShm>>,
    /// Whom this node is connected to, and whether they share memory: those on another host do
    /// not, nor those that are set not to. To them a payload is written as a whole.
    neighbours: RwLock<HashMap<ZenohId, bool>>,
}

/// A payload in its place, until nobody needs it here.
struct Placed {
    memory: ZShm,
    shared: Arc<Shared>,
}

impl Shared {
    /// A connection came or went.
    pub(crate) fn hear(&self, event: &TransportEvent) {
        let transport = event.transport();
        let mut neighbours = self.neighbours.write();
        match event.kind() {
            SampleKind::Put => neighbours.insert(*transport.zid(), transport.is_shm()),
            SampleKind::Delete => neighbours.remove(transport.zid()),
        };
    }

    /// Copies a payload to a place, if there is one and all neighbours would see it there.
    pub(crate) fn place(self: &Arc<Self>, session: &Session, payload: &[u8]) -> Option<Bytes> {
        let memory = self.copy(session, payload)?;
        let address = memory.as_ptr().addr();
        self.placed.lock().insert(address, memory.clone());
        let shared = Arc::clone(self);
        Some(Bytes::from_owner(Placed { memory, shared }))
    }

    /// The place of a payload, if it has one, or is given one now.
    pub(crate) fn place_of(&self, session: &Session, payload: &Bytes) -> Option<ZShm> {
        if payload.len() < PLACED_BYTES_MIN {
            return None;
        }
        let placed = self.placed.lock().get(&payload.as_ptr().addr()).cloned();
        match placed.filter(|memory| memory.len() == payload.len()) {
            Some(memory) => self.is_seen_by_all().then_some(memory),
            None => self.copy(session, payload),
        }
    }

    fn copy(&self, session: &Session, payload: &[u8]) -> Option<ZShm> {
        if payload.len() < PLACED_BYTES_MIN || !self.is_seen_by_all() {
            return None;
        }
        // Made at the first try, which does not wait for it.
        let ShmProviderState::Ready(provider) = session.get_shm_provider() else {
            return None;
        };
        let place = provider.alloc(payload.len());
        // There is none while the neighbours have not read what was sent.
        let mut place = place
            .with_policy::<Defragment<GarbageCollect>>()
            .wait()
            .ok()?;
        place.copy_from_slice(payload);
        Some(place.into())
    }

    fn is_seen_by_all(&self) -> bool {
        let neighbours = self.neighbours.read();
        !neighbours.is_empty() && neighbours.values().all(|shares| *shares)
    }
}

impl AsRef<[u8]> for Placed {
    fn as_ref(&self) -> &[u8] {
        &self.memory
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        let address = self.memory.as_ptr().addr();
        self.shared.placed.lock().remove(&address);
    }
}

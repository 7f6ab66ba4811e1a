//! The short way to a neighbour: a socket that the neighbour's node reads on one thread, and that
//! whoever has something to say writes to on its own. Between two threads of two processes lies
//! nothing else; over Zenoh it is two more threads on each side, and waking them is most of the time
//! that a small call takes.
//!
//! It takes calls and replies, and only what it can write at once: a large payload, or a neighbour
//! that does not keep up, is for the lane over Zenoh.

use std::{
    io::{self, IoSlice},
    path::Path,
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::mpsc::UnboundedSender;

use crate::{nearby::Order, platform::socket::Socket};

/// The most bytes of a payload that goes this way. Writing it takes about as long as waking a
/// thread, and it fits into a socket's buffer.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 64 * 1024;
/// The bytes before each message: how many its envelope has, and how many its payload.
pub(crate) const HEAD_BYTES: usize = 8;

/// The way to one neighbour.
pub(crate) struct Shortcut {
    socket: Socket,
    /// The rest of a message of which the beginning is written.
    rest: Mutex<Vec<u8>>,
    orders: UnboundedSender<Order>,
}

impl Shortcut {
    /// Connects to the neighbour that reads at a path.
    pub(crate) fn connect(path: &Path, orders: UnboundedSender<Order>) -> io::Result<Self> {
        Ok(Self {
            socket: Socket::connect(path)?,
            rest: Mutex::default(),
            orders,
        })
    }

    /// Writes a message, or says that it has to go another way. Never waits.
    pub(crate) fn write(self: &Arc<Self>, envelope: &[u8], payload: &[u8]) -> bool {
        let Some(head) = head(envelope, payload) else {
            return false;
        };
        let parts = [
            IoSlice::new(&head),
            IoSlice::new(envelope),
            IoSlice::new(payload),
        ];
        let mut rest = self.rest.lock();
        if !rest.is_empty() {
            return false;
        }
        let Ok(mut written) = again_if_interrupted(|| self.socket.write(&parts)) else {
            // It is full, or the neighbour is gone, which its token will say.
            return false;
        };
        for part in &parts {
            rest.extend_from_slice(&part[written.min(part.len())..]);
            written = written.saturating_sub(part.len());
        }
        if !rest.is_empty() {
            // Without a thread that takes orders the link is closed, and nobody waits.
            let _ = self.orders.send(Order::Finish(Arc::clone(self)));
        }
        true
    }

    /// Whether all that was taken is on its way.
    pub(crate) fn is_idle(&self) -> bool {
        self.rest.lock().is_empty()
    }

    /// Writes the rest, as the neighbour makes room.
    pub(crate) async fn finish(self: Arc<Self>) {
        let write_some = || {
            let mut rest = self.rest.lock();
            let written = again_if_interrupted(|| self.socket.write(&[IoSlice::new(&rest)]))?;
            rest.drain(..written);
            match rest.is_empty() {
                true => Err(io::Error::other("all is written")),
                false => Ok(()),
            }
        };
        let _ = self.socket.each_write(write_some).await;
    }
}

/// What says how long a message is, if it may go this way.
pub(crate) fn head(envelope: &[u8], payload: &[u8]) -> Option<[u8; HEAD_BYTES]> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return None;
    }
    let mut head = [0; HEAD_BYTES];
    let (first, second) = head.split_at_mut(HEAD_BYTES / 2);
    first.copy_from_slice(&u32::try_from(envelope.len()).ok()?.to_le_bytes());
    second.copy_from_slice(&u32::try_from(payload.len()).ok()?.to_le_bytes());
    Some(head)
}

/// Does it again while a signal came between.
pub(crate) fn again_if_interrupted<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match act() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

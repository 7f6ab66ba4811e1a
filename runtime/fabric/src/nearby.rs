//! What the neighbours write to this node through their shortcuts, and the thread that reads it: the
//! link's own, which waits for nothing else. It hands a request to its instance, and a reply to
//! whoever waits, with no other thread between.

use std::{
    cell::RefCell,
    io,
    path::{Path, PathBuf},
    rc::Rc,
    sync::{Arc, Weak},
    time::Duration,
};

use commy_core::{Error, Result, Status, record::NodeLife};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::spawn_local,
    time::sleep,
};

use crate::{
    platform::{
        self,
        socket::{Listener, Socket},
    },
    rendezvous,
    shortcut::{HEAD_BYTES, PAYLOAD_BYTES_MAX, Shortcut, again_if_interrupted},
    station::Station,
    wire::ENVELOPE_BYTES_MAX,
};

/// How much is read at once.
const READ_BYTES: usize = 256 * 1024;
/// How often one neighbour is read before it is the others' turn.
const READS_MAX: usize = 16;
/// How long it takes until one who connected is accepted, if that failed.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// What the reading thread is to do besides.
pub(crate) enum Order {
    /// The rest of a message waits for room.
    Finish(Arc<Shortcut>),
    /// Something comes after all that neighbours have written until now.
    Then(Box<dyn FnOnce() + Send>),
}

/// The neighbours, as a station has them.
pub(crate) struct Nearby {
    directory: PathBuf,
    orders: UnboundedSender<Order>,
}

/// Where neighbours write to this node.
pub(crate) struct Entrance {
    listener: Listener,
    orders: UnboundedReceiver<Order>,
}

impl Nearby {
    /// Opens a node's entrance, where the platform has them.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` when the directory cannot be used.
    pub(crate) fn open(directory: &Path, id: &str) -> Result<Option<(Self, Entrance)>> {
        let path = platform::entrance(directory, id);
        let listener = Listener::bind(&path).map_err(|error| {
            Error::new(
                Status::FailedPrecondition,
                format!("{} cannot be used: {error}", path.display()),
            )
        })?;
        let (orders, received) = mpsc::unbounded_channel();
        let nearby = Self {
            directory: directory.to_owned(),
            orders,
        };
        Ok(listener.map(|listener| {
            let orders = received;
            (nearby, Entrance { listener, orders })
        }))
    }

    /// The short way to a node, if it is a neighbour.
    pub(crate) fn shortcut(&self, life: NodeLife) -> Option<Arc<Shortcut>> {
        let path = platform::entrance(&self.directory, &rendezvous::id_of(life));
        Shortcut::connect(&path, self.orders.clone())
            .map_err(|error| tracing::debug!(%error, node = %life.node, "there is no short way"))
            .map(Arc::new)
            .ok()
    }

    /// Does something once all is read that neighbours have written until now.
    pub(crate) fn then(&self, act: impl FnOnce() + Send + 'static) {
        // Without the thread the link is closed.
        let _ = self.orders.send(Order::Then(Box::new(act)));
    }
}

impl Entrance {
    /// Reads what neighbours write, as long as the station is there.
    pub(crate) async fn serve(self, station: Weak<Station>) {
        let Self {
            listener,
            mut orders,
        } = self;
        let readers = Rc::new(Readers {
            listener,
            station,
            open: RefCell::default(),
        });
        let accepting = Rc::clone(&readers);
        spawn_local(async move {
            loop {
                let error = accepting.listener.each(|| accepting.accept()).await;
                // Too many files are open, say. What neighbours write meanwhile waits in the socket.
                tracing::warn!(%error, "a neighbour that has connected cannot be read yet");
                sleep(ACCEPT_RETRY).await;
            }
        });
        while let Some(order) = orders.recv().await {
            match order {
                Order::Finish(shortcut) => drop(spawn_local(shortcut.finish())),
                Order::Then(act) => {
                    readers.read_all();
                    act();
                }
            }
        }
    }
}

/// All that is read.
struct Readers {
    listener: Listener,
    station: Weak<Station>,
    open: RefCell<Vec<Rc<Reader>>>,
}

/// What one neighbour writes.
struct Reader {
    socket: Socket,
    station: Weak<Station>,
    /// The beginning of a message of which the end has not come.
    rest: RefCell<Vec<u8>>,
}

impl Readers {
    /// Begins to read from one who connected.
    fn accept(self: &Rc<Self>) -> io::Result<()> {
        let socket = self.listener.accept()?;
        let reader = Rc::new(Reader {
            socket,
            station: Weak::clone(&self.station),
            rest: RefCell::default(),
        });
        self.open.borrow_mut().push(Rc::clone(&reader));
        let readers = Rc::clone(self);
        spawn_local(async move {
            let end = reader.socket.each_read(|| reader.read()).await;
            if end.kind() != io::ErrorKind::UnexpectedEof {
                tracing::warn!(error = %end, "a neighbour is not read any more");
            }
            readers
                .open
                .borrow_mut()
                .retain(|other| !Rc::ptr_eq(other, &reader));
        });
        Ok(())
    }

    /// Reads what everybody has written until now.
    fn read_all(self: &Rc<Self>) {
        while self.accept().is_ok() {}
        let open = self.open.borrow().clone();
        for reader in open {
            let end = loop {
                if let Err(end) = reader.read() {
                    break end;
                }
            };
            if end.kind() != io::ErrorKind::WouldBlock {
                // What is wrong with it is not read again; whoever waits for more sees it end.
                reader.socket.hang_up();
            }
        }
    }
}

thread_local! {
    /// Where what is read lies until it is understood.
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

impl Reader {
    /// Reads some. An error says that there is no more now, or ever.
    fn read(&self) -> io::Result<()> {
        let Some(station) = self.station.upgrade() else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        READ.with_borrow_mut(|buffer| {
            for _ in 0..READS_MAX {
                let bytes = again_if_interrupted(|| self.socket.read(buffer))?;
                if bytes == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.take(&buffer[..bytes], &station)?;
                if bytes < buffer.len() {
                    // Whatever came meanwhile wakes this again.
                    return Err(io::ErrorKind::WouldBlock.into());
                }
            }
            Ok(())
        })
    }

    /// Takes all messages that are complete, and keeps the rest.
    fn take(&self, new: &[u8], station: &Station) -> io::Result<()> {
        let mut rest = self.rest.borrow_mut();
        if rest.is_empty() {
            let used = hear_each(new, station)?;
            rest.extend_from_slice(&new[used..]);
        } else {
            rest.extend_from_slice(new);
            let used = hear_each(&rest, station)?;
            rest.drain(..used);
        }
        Ok(())
    }
}

/// Has the station hear each complete message, and gives how many bytes they take.
fn hear_each(bytes: &[u8], station: &Station) -> io::Result<usize> {
    let mut used = 0;
    while let Some((envelope, payload)) = message(&bytes[used..])? {
        used += HEAD_BYTES + envelope.len() + payload.len();
        station.hear_nearby(envelope, payload);
    }
    Ok(used)
}

/// The first message's envelope and payload, if all of it is there.
///
/// # Errors
/// When it says that it is longer than any can be.
fn message(bytes: &[u8]) -> io::Result<Option<(&[u8], &[u8])>> {
    let Some((head, bytes)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
        return Ok(None);
    };
    let [a, b, c, d, e, f, g, h] = *head;
    let envelope = bounded([a, b, c, d], "envelope", ENVELOPE_BYTES_MAX)?;
    let payload = bounded([e, f, g, h], "payload", PAYLOAD_BYTES_MAX)?;
    let Some(bytes) = bytes.get(..envelope + payload) else {
        return Ok(None);
    };
    Ok(Some(bytes.split_at(envelope)))
}

fn bounded(bytes: [u8; 4], what: &str, bytes_max: usize) -> io::Result<usize> {
    let number = u32::from_le_bytes(bytes) as usize;
    if number > bytes_max {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a message's {what} has {number} bytes, and at most {bytes_max} are allowed"),
        ));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shortcut;

    /// Messages as they are written, one after the other.
    fn written(messages: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (envelope, payload) in messages {
            bytes.extend(shortcut::head(envelope, payload).expect("it may go this way"));
            bytes.extend(envelope);
            bytes.extend(payload);
        }
        bytes
    }

    proptest! {
        #[test]
        fn messages_are_read_as_they_were_written(
            messages in proptest::collection::vec(any::<(Vec<u8>, Vec<u8>)>(), 0..8)
        ) {
            let bytes = written(&messages);
            let mut rest = &bytes[..];
            for (envelope, payload) in &messages {
                let read = message(rest).expect("it is well-formed");
                prop_assert_eq!(read, Some((&envelope[..], &payload[..])));
                rest = &rest[HEAD_BYTES + envelope.len() + payload.len()..];
            }
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn one_that_is_not_all_there_is_waited_for(
            one in any::<(Vec<u8>, Vec<u8>)>(),
            part in 0.0..1.0_f64,
        ) {
            let bytes = written(&[one]);
            let part = (bytes.len() as f64 * part) as usize;
            prop_assert_eq!(message(&bytes[..part]).expect("it may become one"), None);
        }

        #[test]
        fn nonsense_is_an_error_or_waited_for(bytes in any::<Vec<u8>>()) {
            if let Ok(Some((envelope, payload))) = message(&bytes) {
                prop_assert!(HEAD_BYTES + envelope.len() + payload.len() <= bytes.len());
            }
        }
    }

    #[test]
    fn what_is_longer_than_it_may_be_is_an_error_before_it_has_come() {
        for (envelope, payload) in [
            (ENVELOPE_BYTES_MAX as u32 + 1, 0),
            (0, PAYLOAD_BYTES_MAX as u32 + 1),
            (u32::MAX, u32::MAX),
        ] {
            let head = [envelope.to_le_bytes(), payload.to_le_bytes()].concat();
            let error = message(&head).expect_err("it is too long");
            assert!(error.to_string().contains("at most"), "{error}");
        }
        let largest = [ENVELOPE_BYTES_MAX as u32, PAYLOAD_BYTES_MAX as u32];
        assert!(message(&largest.map(u32::to_le_bytes).concat()).is_ok());
        assert!(shortcut::head(&[], &vec![0; PAYLOAD_BYTES_MAX + 1]).is_none());
    }
}

//! Services that tests call.

use commy::{Bytes, Failure, Message, Service, ServiceSpec};
use tokio::sync::watch;

use crate::Signal;

/// A service whose method `echo` answers with the message that it was given.
pub fn echo(spec: impl Into<ServiceSpec>) -> Service {
    Service::new(spec).message("echo", |message: Message, _| async move { Ok(message) })
}

/// What a test knows of a service of [`gate`], and how it lets its calls pass.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// Raised when the handler is given a request.
    pub entered: Signal,
    /// Raised when the handler's work on a request is dropped before its end.
    pub dropped: Signal,
    opened: watch::Sender<bool>,
}

impl Gate {
    /// Lets every call pass from now on.
    pub fn open(&self) {
        self.opened.send_replace(true);
    }
}

/// A service whose method `wait` answers once its gate is open.
pub fn gate(spec: impl Into<ServiceSpec>) -> (Service, Gate) {
    let gate = Gate::default();
    let shared = gate.clone();
    let service = Service::new(spec).bytes("wait", move |payload: Bytes, _| {
        let gate = shared.clone();
        async move {
            let mut unfinished = Unfinished(Some(&gate.dropped));
            gate.entered.raise();
            let mut opened = gate.opened.subscribe();
            let _ = opened.wait_for(|opened| *opened).await;
            unfinished.0 = None;
            Ok::<_, Failure>(payload)
        }
    });
    (service, gate)
}

/// Raises a signal when it is dropped with it.
struct Unfinished<'a>(Option<&'a Signal>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(dropped) = self.0 {
            dropped.raise();
        }
    }
}

//! What is asked of handlers, and what they do: the request says it.

use std::{sync::Arc, time::Duration};

use commy_core::{Failure, IncomingRequest, Message};
use commy_mesh::Handler;
use rand::{Rng, RngExt};

use crate::network::Network;

/// A call, as its payload tells it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) call: u64,
    pub(crate) is_idempotent: bool,
    pub(crate) ending: Ending,
    pub(crate) work_ms: u64,
    pub(crate) timeout_ms: u64,
}

/// How a handler's work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Reply,
    Fail,
    Never,
}

impl Task {
    pub(crate) fn random(call: u64, random: &mut impl Rng) -> Self {
        Self {
            call,
            is_idempotent: random.random(),
            ending: match random.random_range(0..10) {
                0 => Ending::Fail,
                1 => Ending::Never,
                _ => Ending::Reply,
            },
            work_ms: [0, 1, 10, 200][random.random_range(0..4)],
            timeout_ms: [1, 50, 500, 3000][random.random_range(0..4)],
        }
    }

    pub(crate) const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    pub(crate) fn message(&self) -> Message {
        let mut bytes = Vec::with_capacity(26);
        bytes.extend(self.call.to_be_bytes());
        bytes.push(u8::from(self.is_idempotent));
        bytes.push(self.ending as u8);
        bytes.extend(self.work_ms.to_be_bytes());
        bytes.extend(self.timeout_ms.to_be_bytes());
        Message::bytes(bytes)
    }

    fn of(message: &Message) -> Option<Self> {
        let bytes: &[u8; 26] = message.payload.as_ref().try_into().ok()?;
        let number = |from: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[from..from + 8]);
            u64::from_be_bytes(number)
        };
        Some(Self {
            call: number(0),
            is_idempotent: bytes[8] == 1,
            ending: [Ending::Reply, Ending::Fail, Ending::Never][usize::from(bytes[9])],
            work_ms: number(10),
            timeout_ms: number(18),
        })
    }
}

/// A handler that does what it is asked for, in sight of the oracle.
pub(crate) fn handler(network: &Arc<Network>) -> Arc<dyn Handler> {
    let network = Arc::clone(network);
    Arc::new(move |request: IncomingRequest| {
        let network = Arc::clone(&network);
        async move {
            let task = Task::of(&request.message)
                .ok_or_else(|| Failure::new("BROKEN", "not what was sent"))?;
            let _work = Work::begin(&network, task);
            tokio::time::sleep(Duration::from_millis(task.work_ms)).await;
            match task.ending {
                Ending::Reply => Ok(request.message),
                Ending::Fail => Err(Failure::new("ASKED_TO", "it was asked to fail")),
                Ending::Never => std::future::pending().await,
            }
        }
    })
}

/// A handler at work, until it is dropped.
struct Work {
    network: Arc<Network>,
    number: u64,
}

impl Work {
    fn begin(network: &Arc<Network>, task: Task) -> Self {
        network.note(&format!("call {} is executed", task.call));
        let now = network.now();
        let mut inner = network.lock();
        inner.oracle.executed(task.call, task.is_idempotent);
        let number = inner.oracle.begin_work(now, task.timeout());
        drop(inner);
        Self {
            number,
            network: Arc::clone(network),
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // When the run is over there is no clock any more, nor anything to find out.
        if actix_rt::System::is_registered() && tokio::runtime::Handle::try_current().is_ok() {
            let now = self.network.now();
            self.network.lock().oracle.end_work(now, self.number);
        }
    }
}

//! Where one event loop hands calls over and picks up what came for it, many things at a time.
//!
//! UniFFI's own way costs four crossings a call and two a request, and calls into the language from
//! the runtime's threads, which in Python wait for the interpreter's lock. Over a desk, a call is
//! one crossing, and so are an event that is published and one that is taken; replies, failures and
//! requests lie on it until the loop, woken by a descriptor that it watches, takes all of them at
//! once. `docs/adr/0009-event-loops-have-a-desk.md` says why.
//!
//! This is the private half of an SDK whose language has event loops and no cheap crossings, not an
//! interface of its own: what is called and answered is of `commy.udl`, and so is its encoding.

mod abi;
mod bell;
mod counter;
mod follower;
mod page;
mod publishing;
mod window;

use std::sync::Arc;

use commy::{CallOptions, Message, Roaming};

use self::{
    counter::{Counter, News},
    publishing::Publishing,
};
use crate::mesh::Mesh;

/// A mesh's desk in one event loop.
pub(crate) struct Desk {
    mesh: Arc<Mesh>,
    counter: Arc<Counter>,
}

/// A call, as it was handed over.
struct Order {
    service: String,
    method: String,
    message: Message,
    options: CallOptions,
}

impl Desk {
    fn open(mesh: Arc<Mesh>) -> std::io::Result<Self> {
        Ok(Self {
            mesh,
            counter: Arc::new(Counter::open()?),
        })
    }

    /// Sends a call. Whatever becomes of it is told under its ticket.
    fn call(&self, ticket: u64, order: Order) {
        let mesh = Arc::clone(&self.mesh);
        let counter = Arc::clone(&self.counter);
        let errand = Roaming::new(Box::pin(async move {
            let call = mesh.inner().call(&order.service, order.method);
            let answer = call.message(order.message).options(order.options).await;
            counter.settle(
                ticket,
                match answer {
                    Ok(reply) => News::Replied(ticket, reply),
                    Err(error) => News::Failed(ticket, error.into()),
                },
            );
        }));
        let expected = Arc::clone(&errand);
        self.counter.expect(ticket, expected);
        // At once and on this thread: what can be sent is on its way when this returns.
        errand.go();
    }

    /// Publishes an event, and says whether that is done already, as it is where there is room. If
    /// not, what becomes of it is told under its ticket.
    fn publish(&self, ticket: u64, topic: String, message: Message) -> bool {
        let mesh = Arc::clone(&self.mesh);
        let work = async move { mesh.inner().publish(topic).message(message).await };
        let publishing = Publishing::new(ticket, Arc::clone(&self.counter), Box::pin(work));
        match publishing.go() {
            Some(News::Published(_)) => return true,
            Some(outcome) => {
                self.counter.tell(outcome);
            }
            None => self.counter.expect(ticket, publishing),
        }
        false
    }
}

//! A queue of events, for languages that have no streams.

use std::task::{Context, Poll};

use crate::{message::Event, turns::Turns};

/// A queue of events whose topics match a filter.
#[derive(Debug)]
pub struct Subscription {
    events: Turns<commy::Subscription>,
    closer: commy::Closer,
}

impl Subscription {
    /// Waits for the next event; none when the subscription is closed or its mesh stopped, and all
    /// that was queued has been taken.
    pub async fn next(&self) -> Option<Event> {
        self.events.next().await.map(Event::from)
    }

    /// The next event, for a desk: of all that wait for one, only who polled last is woken.
    pub(crate) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<commy::Event>> {
        self.events.poll_next(context)
    }

    /// How many events this subscription has lost by its overflow policy so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.events.look(commy::Subscription::dropped)
    }

    /// Ends the subscription.
    pub fn close(&self) {
        self.closer.close();
    }
}

impl From<commy::Subscription> for Subscription {
    fn from(subscription: commy::Subscription) -> Self {
        Self {
            closer: subscription.closer(),
            events: Turns::new(subscription),
        }
    }
}

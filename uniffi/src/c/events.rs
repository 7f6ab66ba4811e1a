//! Publishing, and subscriptions whose events are waited for or handed to a callback.

use std::{
    ffi::{c_char, c_void},
    mem::MaybeUninit,
    sync::Arc,
    thread,
};

use commy::Status;

use super::{
    error::{fenced, problem},
    handles::Handles,
    input::{message, one_of, or, place, sized, structure, text},
    mesh::{CommyMesh, MESHES},
    message::CommyMessage,
    output::Shown,
    status::CommyStatus,
    wait::{hurried, wait, wait_for},
    watch::late,
};
use crate::{
    error::CommyError,
    message::Event,
    options::{Overflow, SubscribeOptions},
    subscription::Subscription,
};

/// A queue of events whose topics match a filter.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommySubscription {
    /// 0 for none.
    pub id: u64,
}

/// An event.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyEvent {
    /// 0 for none.
    pub id: u64,
}

static SUBSCRIPTIONS: Handles<Queue> = Handles::new(9, "subscription");
static EVENTS: Handles<Shown<CommyEventView>> = Handles::new(10, "event");

struct Queue {
    subscription: Arc<Subscription>,
    has_callback: bool,
}

/// What an event is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommyEventView {
    /// The topic that it was published on.
    pub topic: *const c_char,
    /// The content.
    pub message: CommyMessage,
    /// The id of the node that published it.
    pub publisher: *const c_char,
    /// The number of the event, rising for each event of one publisher.
    pub sequence: u64,
    /// How many events this subscription lost, by its own overflow policy, just before this one.
    pub missed: u64,
}

/// What happens to an event when a subscriber's queue is full.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub enum CommyOverflow {
    /// The oldest queued event makes room.
    DropOldest = 0,
    /// The new event is dropped.
    DropNewest = 1,
    /// The publisher waits for room, at most the mesh's `call_timeout_ms`.
    Block = 2,
}

/// How events are queued for a subscriber, and what they are handed to. Everything but the size may
/// be zero, which stands for the default.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CommySubscribeOptions {
    /// `sizeof(CommySubscribeOptions)`.
    pub size: usize,
    /// How many events may wait, 1 to 65,536; 0 for 256.
    pub capacity: u32,
    /// What happens to one more.
    pub overflow: MaybeUninit<CommyOverflow>,
    /// Takes the events, one after the other, in a thread of the subscription's own; it may block
    /// and call. NULL where they are waited for with `commy_next_event`. The event lasts until it
    /// returns.
    pub on_event: Option<unsafe extern "C" fn(event: *const CommyEventView, context: *mut c_void)>,
    /// What the callbacks are given: it is not looked at.
    pub context: *mut c_void,
    /// Frees the context. It is called once, after the last event, if subscribing succeeded with an
    /// `on_event`; functions that wait are `COMMY_STATUS_FAILED_PRECONDITION` in it. May be NULL.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

sized!(CommySubscribeOptions);

/// Publishes an event on a topic: 1 to 256 bytes of segments joined by `/`, each of ASCII letters,
/// digits, `_`, `-`, `.` and `:`. A message of NULL is empty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_publish(
    mesh: CommyMesh,
    topic: *const c_char,
    event: *const CommyMessage,
) -> CommyStatus {
    fenced(|| {
        let joined = MESHES.get(mesh.id)?;
        let topic = unsafe { text("topic", topic) }?;
        let event = unsafe { message(event) }?;
        wait(joined.mesh.publish(topic, event))?
    })
}

/// Subscribes to the topics that match a filter, in which a segment `*` stands for any one segment
/// and `**` for any number of them, also none. Options of NULL are the defaults. End it with
/// `commy_close_subscription`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_subscribe(
    mesh: CommyMesh,
    filter: *const c_char,
    options: *const CommySubscribeOptions,
    subscription: *mut CommySubscription,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("subscription", subscription) }?;
        place.id = 0;
        let joined = MESHES.get(mesh.id)?;
        let filter = unsafe { text("filter", filter) }?;
        let (options, callback) = unsafe { subscribe_options(options) }?;
        let subscription = wait(joined.mesh.subscribe(filter, options))??;
        let has_callback = callback.is_some();
        if let Some(callback) = callback {
            callback.run(Arc::clone(&subscription))?;
        }
        place.id = SUBSCRIPTIONS.insert(Queue {
            subscription,
            has_callback,
        });
        Ok(())
    })
}

/// Waits for the next event, for at most `timeout_ms` milliseconds, or `COMMY_FOREVER`; when they
/// have passed, this is `COMMY_STATUS_DEADLINE_EXCEEDED`. The event is null when the subscription
/// was closed or its mesh stopped, and all that was queued has been taken. Free it with
/// `commy_free_event`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_next_event(
    subscription: CommySubscription,
    timeout_ms: u64,
    event: *mut CommyEvent,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("event", event) }?;
        place.id = 0;
        let queue = SUBSCRIPTIONS.get(subscription.id)?;
        if queue.has_callback {
            return Err(problem(
                Status::FailedPrecondition,
                "this subscription hands its events to a callback",
            ));
        }
        let next = wait_for(timeout_ms, queue.subscription.next())?;
        if let Some(event) = next.ok_or_else(|| late(timeout_ms))? {
            place.id = EVENTS.insert(show(event));
        }
        Ok(())
    })
}

/// Shows an event; what is shown lasts until `commy_free_event`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_view_event(
    event: CommyEvent,
    view: *mut *const CommyEventView,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("view", view) }?;
        *place = std::ptr::null();
        *place = EVENTS.get(event.id)?.view();
        Ok(())
    })
}

/// Frees an event.
#[unsafe(no_mangle)]
pub extern "C" fn commy_free_event(event: CommyEvent) -> CommyStatus {
    fenced(|| EVENTS.remove(event.id).map(drop))
}

/// How many events a subscription has lost by its overflow policy so far.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn commy_dropped_events(
    subscription: CommySubscription,
    count: *mut u64,
) -> CommyStatus {
    fenced(|| {
        let place = unsafe { place("count", count) }?;
        *place = 0;
        *place = SUBSCRIPTIONS.get(subscription.id)?.subscription.dropped();
        Ok(())
    })
}

/// Ends a subscription and frees its handle: whoever waits in `commy_next_event` gets a null event,
/// and a callback gets what was queued and no more.
#[unsafe(no_mangle)]
pub extern "C" fn commy_close_subscription(subscription: CommySubscription) -> CommyStatus {
    fenced(|| {
        SUBSCRIPTIONS.remove(subscription.id)?.subscription.close();
        Ok(())
    })
}

fn show(event: Event) -> Shown<CommyEventView> {
    Shown::new(|texts| {
        let Event {
            topic,
            message,
            publisher,
            sequence,
            missed,
        } = event;
        CommyEventView {
            topic: texts.text(topic),
            message: texts.message(message),
            publisher: texts.text(publisher),
            sequence,
            missed,
        }
    })
}

/// The functions that take a subscription's events.
struct Callback(CommySubscribeOptions);

// SAFETY: the header says that callbacks are called from a thread of the subscription's own.
unsafe impl Send for Callback {}

impl Callback {
    /// Hands over events until there are no more, in a thread of its own.
    fn run(self, subscription: Arc<Subscription>) -> Result<(), CommyError> {
        thread::Builder::new()
            .name("commy events".to_owned())
            .spawn(move || self.take(&subscription))
            .map(drop)
            .map_err(|error| {
                let reason = format!("no thread can be had for the events: {error}");
                problem(Status::ResourceExhausted, reason)
            })
    }

    fn take(self, subscription: &Subscription) {
        // Waiting fails in hurried callbacks only, and this is none.
        while let Ok(Some(event)) = wait(subscription.next()) {
            let shown = show(event);
            if let Some(on_event) = self.0.on_event {
                // SAFETY: it is what C gave for this, with its context.
                unsafe { on_event(shown.view(), self.0.context) };
            }
        }
        if let Some(release) = self.0.release {
            // SAFETY: it is what C gave for this, and no callback is called after it.
            hurried(|| unsafe { release(self.0.context) });
        }
    }
}

unsafe fn subscribe_options(
    pointer: *const CommySubscribeOptions,
) -> Result<(SubscribeOptions, Option<Callback>), CommyError> {
    let mut options = SubscribeOptions {
        capacity: 256,
        overflow: Overflow::DropOldest,
    };
    // SAFETY: as the caller's.
    let Some(it) = unsafe { structure(pointer) }? else {
        return Ok((options, None));
    };
    options.capacity = or(it.capacity, 256);
    options.overflow = one_of(
        "overflow policy",
        &it.overflow,
        &[
            (CommyOverflow::DropOldest, Overflow::DropOldest),
            (CommyOverflow::DropNewest, Overflow::DropNewest),
            (CommyOverflow::Block, Overflow::Block),
        ],
    )?;
    Ok((options, it.on_event.map(|_| Callback(*it))))
}

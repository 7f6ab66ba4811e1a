//! The uplink: sole writer of the link to other nodes and of what is known of them. It announces
//! what this node registers, and tells the registry what the others do. Calls and events go past
//! it, straight over the link; it must not know of them.

pub(crate) mod inbox;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, Recipient,
    ResponseActFuture, SpawnHandle, StreamHandler, WrapFuture,
};
use arc_swap::ArcSwap;
use commy_core::{
    Moment,
    peers::{Effect, PeerRules, Peers},
    query::Selector,
    record::{NodeLife, OwnRecord},
    registry::{Cursor, Snapshot},
};
use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use self::inbox::{Inbox, News, Told};
use super::{
    CONTROL_MAILBOX_CAPACITY, ask,
    registry::{RemoteChange, RemoteChanges},
};
use crate::{fabric::Link, node::Clock, route::Route};

/// The least time between two announcements. The first change after a quiet time is announced at
/// once; of a burst, all that happens within this time makes one update. So the work of announcing
/// grows with the time that registering takes, not with the square of what is registered.
const ANNOUNCE_INTERVAL: Duration = Duration::from_millis(10);
/// The time between two reminders of this node's revision, by which peers find out that they missed
/// the latest update. Each is one small message.
const REMIND_INTERVAL: Duration = Duration::from_secs(5);

/// The actor that keeps this node and the others informed of each other.
pub(crate) struct Uplink {
    link: Arc<dyn Link>,
    inbox: Arc<Inbox>,
    registry: Recipient<RemoteChanges>,
    snapshot: Arc<ArcSwap<Snapshot<Route>>>,
    revisions: watch::Receiver<u64>,
    clock: Clock,
    own: OwnRecord,
    /// What of the service table was announced.
    announced: Cursor<Route>,
    announced_at: Option<Moment>,
    is_announcing: bool,
    peers: Peers,
    present: Arc<AtomicU64>,
    tick: Option<SpawnHandle>,
}

/// Announce what there is, and close the link within this time.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Close(pub(crate) Duration);

/// There is news of others.
struct Arrived;

/// The service table changed.
struct Changed;

impl Uplink {
    #[expect(
        clippy::too_many_arguments,
        reason = "it connects the parts of a node, once"
    )]
    pub(crate) fn new(
        life: NodeLife,
        rules: PeerRules,
        clock: Clock,
        link: Arc<dyn Link>,
        inbox: Arc<Inbox>,
        snapshot: Arc<ArcSwap<Snapshot<Route>>>,
        revisions: watch::Receiver<u64>,
        registry: Recipient<RemoteChanges>,
    ) -> Self {
        Self {
            link,
            inbox,
            registry,
            snapshot,
            revisions,
            clock,
            own: OwnRecord::new(life),
            announced: Cursor::new(Selector::of_node(life.node)),
            announced_at: None,
            is_announcing: false,
            peers: Peers::new(life.node, rules),
            present: Arc::default(),
            tick: None,
        }
    }

    /// How many peers are present, kept up to date.
    pub(crate) fn present(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.present)
    }
}

impl Actor for Uplink {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(CONTROL_MAILBOX_CAPACITY);
        // Who asks before anything is registered gets an empty record.
        self.remind();
        let inbox = Arc::clone(&self.inbox);
        ctx.add_stream(stream::unfold(inbox, |inbox| async {
            inbox.arrived().await;
            Some((Arrived, inbox))
        }));
        ctx.add_stream(WatchStream::new(self.revisions.clone()).map(|_| Changed));
        ctx.run_interval(REMIND_INTERVAL, |uplink, _| {
            if uplink.peers.present() > 0 {
                uplink.remind();
            }
        });
    }
}

impl StreamHandler<Changed> for Uplink {
    fn handle(&mut self, Changed: Changed, ctx: &mut Self::Context) {
        if self.is_announcing {
            return;
        }
        let elapsed = self.announced_at.map(|at| self.clock.now().since(at));
        match elapsed.and_then(|elapsed| ANNOUNCE_INTERVAL.checked_sub(elapsed)) {
            None => self.announce(),
            Some(wait) => {
                self.is_announcing = true;
                ctx.run_later(wait, |uplink, _| uplink.announce());
            }
        }
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

impl StreamHandler<Arrived> for Uplink {
    fn handle(&mut self, Arrived: Arrived, ctx: &mut Self::Context) {
        let News {
            presence,
            told,
            missed,
        } = self.inbox.take();
        let now = self.clock.now();
        let mut effects = Vec::new();
        for (life, is_present) in presence {
            tracing::debug!(node = %life.node, is_present, "presence");
            effects.extend(self.peers.on_presence(now, life, is_present));
        }
        for told in told {
            let checked = match &told {
                Told::Record(record) => record.check().map_err(|error| (record.life, error)),
                Told::Update(update) => update.check().map_err(|error| (update.life, error)),
            };
            if let Err((life, error)) = checked {
                tracing::warn!(node = %life.node, %error, "what it told of itself is ignored");
                continue;
            }
            effects.extend(match told {
                Told::Record(record) => self.peers.on_record(record),
                Told::Update(update) => self.peers.on_update(now, update),
            });
        }
        for node in missed {
            effects.extend(self.peers.on_missed(now, node));
        }
        self.carry_out(effects, ctx);
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

impl Handler<Close> for Uplink {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, Close(time): Close, _: &mut Self::Context) -> Self::Result {
        self.announce();
        let closing = self.link.close(time);
        Box::pin(closing.into_actor(self).map(|(), _, ctx| ctx.stop()))
    }
}

impl Uplink {
    /// Tells the others what changed here since the last time.
    fn announce(&mut self) {
        self.is_announcing = false;
        let changes = self.announced.advance(&self.snapshot.load());
        if let Some(update) = self.own.change(changes) {
            self.announced_at = Some(self.clock.now());
            self.link.announce(Arc::clone(self.own.record()), update);
        }
    }

    fn remind(&self) {
        self.link
            .announce(Arc::clone(self.own.record()), self.own.reminder());
    }

    /// Does what core made of news, and takes no more of them until the registry has.
    fn carry_out(&mut self, effects: Vec<Effect>, ctx: &mut Context<Self>) {
        let mut changes = Vec::new();
        for effect in effects {
            match effect {
                Effect::Fetch(node) => self.link.fetch(node),
                Effect::Put(instance) => changes.push(RemoteChange::Put(instance)),
                Effect::Remove(id) => changes.push(RemoteChange::Remove(id)),
            }
        }
        self.present.store(self.peers.present() as u64, Relaxed);
        if !changes.is_empty() {
            let registry = self.registry.clone();
            let telling = async move { ask(&registry, RemoteChanges(changes)).await };
            ctx.wait(telling.into_actor(self).map(|told, _, _| {
                if let Err(error) = told {
                    tracing::debug!(%error, "the registry ended before the uplink");
                }
            }));
        }
        self.schedule_tick(ctx);
    }

    fn schedule_tick(&mut self, ctx: &mut Context<Self>) {
        if let Some(tick) = self.tick.take() {
            ctx.cancel_future(tick);
        }
        if let Some(due) = self.peers.next_tick() {
            let wait = due.since(self.clock.now());
            self.tick = Some(ctx.run_later(wait, |uplink, ctx| {
                uplink.tick = None;
                let effects = uplink.peers.tick(uplink.clock.now());
                uplink.carry_out(effects, ctx);
            }));
        }
    }
}

//! Opening and closing a link: the thread that a link lives on, which reads what neighbours write to
//! it, and the runtime that owns every handle of Zenoh. Zenoh panics when its handles are closed or
//! dropped on a current-thread runtime, and its closing may take ten seconds: here is neither.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, Weak},
    thread,
    time::{Duration, Instant},
};

use commy_core::{
    Bytes, Error, MeshName, Result, Status, TopicFilter,
    options::{FabricMode, FabricOptions},
    record::NodeLife,
};
use commy_mesh::{Listener, Origin};
use rand::RngExt;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::{oneshot, watch},
    task::{JoinHandle, LocalSet},
    time::{timeout, timeout_at},
};
use zenoh::{
    Session,
    internal::runtime::{Runtime as ZenohRuntime, RuntimeBuilder, ZRuntime},
    liveliness::LivelinessToken,
    pubsub::Subscriber,
    sample::Locality,
};

use crate::{
    calls::Calls,
    carrier::{Carrier, Congestion, Haste, Parcel},
    config, events,
    keys::Keys,
    nearby::{Entrance, Nearby},
    platform,
    rendezvous::{self, Rendezvous},
    siblings,
    station::Station,
    upkeep::Encoded,
    wire,
};

/// The name of a link's threads.
const THREAD: &str = "commy-fabric";
/// How many threads a link has for its own work; Zenoh has its own.
const WORKERS: usize = 2;
/// How long a thread that waited for a slow peer lives on.
const IDLE_THREAD_TIME: Duration = Duration::from_millis(500);
/// How long a link that is dropped without being closed may take to close.
const UNASKED_CLOSE_TIME: Duration = Duration::from_secs(1);
/// How long closing lets replies and events leave, and how long it waits for peers to say that
/// they heard the goodbye. A peer that hangs does neither.
const FAREWELL_TIME: Duration = Duration::from_millis(500);
/// How often closing looks whether all has left.
const EMPTY_POLL: Duration = Duration::from_millis(1);

/// The process in which Zenoh's threads are, once there are some. They are made once for a process
/// and all that is forked from it, and a forked child has none of them.
static ZENOH_THREADS: OnceLock<Origin> = OnceLock::new();

/// What a link is opened with.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) mesh: MeshName,
    pub(crate) options: FabricOptions,
    pub(crate) payload_bytes_max: u64,
}

impl Plan {
    /// Whether all other nodes are connected to this one directly.
    fn has_neighbours_only(&self) -> bool {
        let FabricOptions {
            mode,
            listen,
            connect,
            multicast,
            ..
        } = &self.options;
        *mode == FabricMode::Peer && listen.is_empty() && connect.is_empty() && !multicast
    }
}

/// An open link, as its owner holds it.
pub(crate) struct Opened {
    pub(crate) station: Arc<Station>,
    /// Told until when to close.
    pub(crate) close: oneshot::Sender<Instant>,
    /// True once the link is closed.
    pub(crate) closed: watch::Receiver<bool>,
}

/// Opens a link on a thread of its own.
pub(crate) async fn open(
    plan: Plan,
    life: NodeLife,
    listener: Arc<dyn Listener>,
) -> Result<Opened> {
    if !ZENOH_THREADS.get_or_init(Origin::here).is_here() {
        return Err(Error::new(
            Status::FailedPrecondition,
            format!(
                "process {} was forked from one that had opened a link to other nodes, and the threads that serve links are not in it: open links only in children, begin children with exec, or set local_only",
                std::process::id()
            ),
        ));
    }
    let (opened, result) = oneshot::channel();
    thread::Builder::new()
        .name(THREAD.into())
        .spawn(move || live(plan, life, listener, opened))
        .map_err(|error| no_threads(&error))?;
    result.await.unwrap_or_else(|_| {
        Err(Error::new(
            Status::Internal,
            "the thread of the link to other nodes ended while it was opened",
        ))
    })
}

fn no_threads(error: &std::io::Error) -> Error {
    Error::new(
        Status::ResourceExhausted,
        format!("no threads for the link to other nodes: {error}"),
    )
}

/// The life of a link, on its thread.
fn live(
    plan: Plan,
    life: NodeLife,
    listener: Arc<dyn Listener>,
    opened: oneshot::Sender<Result<Opened>>,
) {
    // Zenoh's threads are started from here, too.
    platform::shut_out_broken_pipes();
    let (runtime, reading) = match runtimes() {
        Ok(runtimes) => runtimes,
        Err(error) => {
            // Whoever opened the link may have given up meanwhile, here and below.
            let _ = opened.send(Err(no_threads(&error)));
            return;
        }
    };
    let neighbours = LocalSet::new();
    let (entrance, entered) = oneshot::channel();
    neighbours.spawn_local(async move {
        // Who goes through a router has no entrance.
        if let Ok((entrance, station)) = entered.await {
            Entrance::serve(entrance, station).await;
        }
    });
    let life_of_link = runtime.spawn(live_on_workers(plan, life, listener, entrance, opened));
    let ended = neighbours.block_on(&reading, life_of_link);
    let end = ended.unwrap_or_else(|error| {
        tracing::error!(%error, "a link ended by a defect");
        End::default()
    });
    runtime.shutdown_timeout(end.deadline.saturating_duration_since(Instant::now()));
    // All sockets go before anybody is told that they are gone.
    drop(neighbours);
    drop(reading);
    if let Some(is_closed) = end.is_closed {
        is_closed.send_replace(true);
    }
}

/// The runtime for all that has to do with Zenoh, and the one that reads what neighbours write.
fn runtimes() -> std::io::Result<(Runtime, Runtime)> {
    let workers = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name(THREAD)
        .thread_keep_alive(IDLE_THREAD_TIME)
        .enable_all()
        .build()?;
    let reading = Builder::new_current_thread().enable_all().build()?;
    Ok((workers, reading))
}

/// How a link ended: by when all of it is to be gone, and who is told that it is.
struct End {
    deadline: Instant,
    is_closed: Option<watch::Sender<bool>>,
}

impl Default for End {
    fn default() -> Self {
        Self {
            deadline: Instant::now() + UNASKED_CLOSE_TIME,
            is_closed: None,
        }
    }
}

/// Opens a link, and closes it when it is asked to.
async fn live_on_workers(
    plan: Plan,
    life: NodeLife,
    listener: Arc<dyn Listener>,
    entrance: EntranceSender,
    opened: oneshot::Sender<Result<Opened>>,
) -> End {
    let connection = match Connection::open(&plan, life, listener, entrance).await {
        Ok(connection) => connection,
        Err(error) => {
            let _ = opened.send(Err(error));
            return End::default();
        }
    };
    let (close, asked) = oneshot::channel();
    let (is_closed, closed) = watch::channel(false);
    let link = Opened {
        station: Arc::clone(&connection.station),
        close,
        closed,
    };
    let deadline = match opened.send(Ok(link)) {
        Ok(()) => asked.await.ok(),
        Err(_) => None,
    };
    let deadline = deadline.unwrap_or_else(|| Instant::now() + UNASKED_CLOSE_TIME);
    connection.close(deadline).await;
    End {
        deadline,
        is_closed: Some(is_closed),
    }
}

/// Everything of Zenoh that belongs to one link.
struct Connection {
    station: Arc<Station>,
    zenoh: ZenohRuntime,
    rendezvous: Option<Arc<Rendezvous>>,
    /// Undeclared when it is dropped, and all peers see it.
    token: LivelinessToken,
    /// What sends events and tells what changed here, and holds declarations of the session.
    tasks: [JoinHandle<()>; 2],
}

/// Where the entrance of a link goes, with the station that hears what comes through it.
type EntranceSender = oneshot::Sender<(Entrance, Weak<Station>)>;

impl Connection {
    async fn open(
        plan: &Plan,
        life: NodeLife,
        listener: Arc<dyn Listener>,
        entrances: EntranceSender,
    ) -> Result<Self> {
        let id = rendezvous::id_of(life);
        // A client reaches even its neighbours through its router.
        let rendezvous = match plan.options.mode {
            FabricMode::Client => None,
            FabricMode::Peer | FabricMode::Router => {
                Some(Arc::new(Rendezvous::mark(&plan.mesh, &id)?))
            }
        };
        let config = config::config(
            &id,
            &plan.options,
            rendezvous.as_deref().map(Rendezvous::listener),
            plan.payload_bytes_max,
        )?;
        let entrance = match &rendezvous {
            Some(rendezvous) => rendezvous.open_entrance()?,
            None => None,
        };
        let (nearby, entrance) = entrance.unzip();
        let opening = async {
            let zenoh = RuntimeBuilder::new(config).build().await?;
            let session = zenoh::session::init(zenoh.clone().into()).await?;
            zenoh::Result::Ok((zenoh, session))
        };
        let (zenoh, session) = opening
            .await
            .map_err(|error| unopened("Zenoh does not start", &*error))?;
        let (station, sending) = station(plan, life, listener, session, nearby);
        if let Some(entrance) = entrance {
            // Its thread lives as long as this.
            let _ = entrances.send((entrance, Arc::downgrade(&station)));
        }
        let sending = sending.run(
            life,
            Arc::clone(&station.keys),
            Arc::clone(&station.carrier),
            events::Interest::new(plan.has_neighbours_only()),
        );
        let tasks = [
            tokio::spawn(sending),
            tokio::spawn(keep_up(Arc::clone(&station))),
        ];
        let token = declare(&station)
            .await
            .map_err(|error| unopened("Zenoh does not declare this node", &*error))?;
        let connection = Self {
            station,
            zenoh,
            rendezvous,
            token,
            tasks,
        };
        match connection.meet().await {
            Ok(()) => Ok(connection),
            Err(error) => {
                connection.close(Instant::now() + UNASKED_CLOSE_TIME).await;
                Err(error)
            }
        }
    }

    /// Listens, and connects to the nodes that are there.
    async fn meet(&self) -> Result<()> {
        let start = || async {
            let mut zenoh = self.zenoh.clone();
            let started = ZRuntime::Acceptor.spawn(async move { zenoh.start().await });
            match started.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(unopened("an endpoint cannot be opened", &*error)),
                Err(error) => Err(unopened("Zenoh does not start", &error)),
            }
        };
        let Some(rendezvous) = &self.rendezvous else {
            return start().await;
        };
        let gate = tokio::task::block_in_place(|| rendezvous.enter())?;
        start().await?;
        let locators = self.zenoh.get_locators();
        let locators: Vec<_> = locators.iter().map(ToString::to_string).collect();
        rendezvous.note(&locators)?;
        let siblings = rendezvous.siblings()?;
        drop(gate);
        siblings::connect_all(&self.zenoh, siblings, &self.station).await;
        tokio::spawn(siblings::look_around(
            self.zenoh.clone(),
            Arc::clone(rendezvous),
            Arc::downgrade(&self.station),
        ));
        Ok(())
    }

    /// Says goodbye and closes everything, until the deadline.
    async fn close(self, deadline: Instant) {
        let Self {
            station,
            zenoh,
            rendezvous,
            token,
            tasks,
        } = self;
        let time_left = move || deadline.saturating_duration_since(Instant::now());
        let leaving = Arc::clone(&station);
        // On its own, so that a call of Zenoh that blocks does not hold up the deadline.
        let closing = tokio::spawn(async move {
            say_goodbye(&leaving, time_left().min(FAREWELL_TIME)).await;
            drop(token);
            // A declaration that outlives its session keeps it from being freed.
            for task in tasks {
                task.abort();
                // It ends by being aborted, unless it writes to a peer that does not read.
                let _ = timeout(time_left() / 2, task).await;
            }
            if let Some(session) = leaving.carrier.with(Session::clone)
                && let Err(error) = session.close().timeout(time_left()).await
            {
                tracing::debug!(%error, "zenoh's session was not closed in time");
            }
            if let Err(error) = zenoh.close().timeout(time_left()).await {
                tracing::debug!(%error, "zenoh was not closed in time");
            }
            drop(leaving.carrier.take());
        });
        let is_closed = timeout(time_left(), closing).await.is_ok();
        // With them go the sockets to neighbours.
        station.peers.forget_all();
        station.calls.end_all();
        drop(rendezvous);
        if !is_closed {
            tracing::warn!("the link to other nodes was not closed in time, and was left as it is");
            // What is left of it would be closed, with waiting, by whoever drops it last.
            std::mem::forget(station);
        }
    }
}

fn unopened(what: &str, error: &(dyn std::error::Error + 'static)) -> Error {
    Error::new(Status::Unavailable, format!("{what}: {error}"))
}

fn station(
    plan: &Plan,
    life: NodeLife,
    listener: Arc<dyn Listener>,
    session: Session,
    nearby: Option<Nearby>,
) -> (Arc<Station>, events::Sending) {
    let (outgoing, sending) = events::queue();
    let station = Arc::new_cyclic(|this| Station {
        me: life,
        origin: Origin::here(),
        keys: Arc::new(Keys::of(&plan.mesh)),
        carrier: Arc::new(Carrier::new(session)),
        listener,
        runtime: Handle::current(),
        payload_bytes_max: plan.payload_bytes_max,
        peers: Default::default(),
        nearby,
        calls: Calls::beginning_at(rand::rng().random()),
        serving: Default::default(),
        outgoing,
        gate: Default::default(),
        upkeep: Default::default(),
        farewell: Default::default(),
        this: this.clone(),
    });
    (station, sending)
}

/// Declares where this node is written to, and that it is there: in this order, so that whoever
/// sees it can reach it.
async fn declare(station: &Arc<Station>) -> zenoh::Result<LivelinessToken> {
    let session = station
        .carrier
        .with(Session::clone)
        .ok_or("the session is closed")?;
    let shared = Arc::clone(&station.carrier.shared);
    session
        .info()
        .transport_events_listener()
        .history(true)
        .callback(move |event| shared.hear(&event))
        .background()
        .await?;
    let keys = &station.keys;
    let hearing = Arc::clone(station);
    session
        .declare_subscriber(keys.inbox(station.me))
        .allowed_origin(Locality::Remote)
        .callback(move |sample| hearing.hear(&sample))
        .background()
        .await?;
    let hearing = Arc::clone(station);
    session
        .declare_subscriber(keys.records())
        .allowed_origin(Locality::Remote)
        .callback(move |sample| hearing.hear_update(&sample))
        .background()
        .await?;
    let hearing = Arc::clone(station);
    session
        .liveliness()
        .declare_subscriber(keys.tokens())
        .history(true)
        .callback(move |sample| hearing.hear_token(&sample))
        .background()
        .await?;
    session
        .liveliness()
        .declare_token(keys.token(station.me))
        .await
}

/// Does what is due, as long as the link is open.
async fn keep_up(station: Arc<Station>) {
    let mut subscribed: HashMap<TopicFilter, Subscriber<()>> = HashMap::new();
    let mut encoded = Encoded::default();
    loop {
        let due = station.upkeep.due().await;
        subscribed.retain(|filter, _| due.filters.contains(filter));
        for filter in due.filters {
            if !subscribed.contains_key(&filter)
                && let Some(subscriber) = subscribe(&station, &filter).await
            {
                subscribed.insert(filter, subscriber);
            }
        }
        if let Some(update) = due.update {
            let parcel = Parcel {
                payload: Bytes::from(wire::encode_update(&update)),
                ..Parcel::upkeep(wire::update())
            };
            let key = station.keys.record(station.me.node);
            // Lost, it would leave all peers with an old record; so this waits for the slowest.
            let put = tokio::task::block_in_place(|| {
                station
                    .carrier
                    .put(&key, parcel, Congestion::Wait, Haste::Express)
            });
            if put.is_err() {
                return;
            }
        }
        let Some(record) = due.record else {
            continue;
        };
        for peer in due.asking {
            let parcel = Parcel {
                payload: encoded.of(&record),
                ..Parcel::upkeep(wire::record())
            };
            if station.lane_of(peer).send(parcel).is_err() {
                tracing::debug!(node = %peer.node, "a node that reads nothing gets no record");
            }
        }
    }
}

async fn subscribe(station: &Arc<Station>, filter: &TopicFilter) -> Option<Subscriber<()>> {
    let session = station.carrier.with(Session::clone)?;
    let hearing = Arc::clone(station);
    let subscriber = session
        .declare_subscriber(station.keys.events(filter))
        .allowed_origin(Locality::Remote)
        .callback(move |sample| hearing.hear_event(&sample))
        .await;
    subscriber
        .map_err(|error| tracing::error!(%error, %filter, "zenoh refused a subscription"))
        .ok()
}

/// Lets what was said leave, and tells all peers that no more comes.
async fn say_goodbye(station: &Station, time: Duration) {
    station.carrier.begin_closing();
    // What has not left by then is given up, as every stop with a deadline does.
    let patience = tokio::time::Instant::now() + time / 2;
    let _ = timeout_at(patience, emptied(station)).await;
    station.serving.close();
    // Some may have begun in that instant; none does from now on.
    let _ = timeout_at(patience, emptied(station)).await;
    let peers = station.peers.all();
    station.farewell.tell(peers.iter().map(|peer| peer.life));
    for peer in peers {
        let is_settled = station.serving.is_settled(peer.life) && peer.lane.is_shortcut_idle();
        let goodbye = Parcel::upkeep(wire::goodbye(station.me, is_settled));
        if peer.lane.send(goodbye).is_err() {
            station.farewell.heard_by(peer.life);
        }
    }
    station.farewell.all_heard(time / 2).await;
}

/// Waits until all that was begun is answered, and all that was said has left.
async fn emptied(station: &Station) {
    let is_empty = || {
        let peers = station.peers.all();
        station.serving.len() == 0
            && station.outgoing.is_empty()
            && peers.iter().all(|peer| peer.lane.is_shortcut_idle())
    };
    while !is_empty() {
        tokio::time::sleep(EMPTY_POLL).await;
    }
}

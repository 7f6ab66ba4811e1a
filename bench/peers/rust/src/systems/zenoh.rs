//! Zenoh: a query to a queryable, between two peers over TCP, by callbacks.
//!
//! The client listens at HOST:PORT and the server connects.

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use zenoh::bytes::ZBytes;
use zenoh::pubsub::Publisher;
use zenoh::qos::CongestionControl;
use zenoh::query::{Querier, Reply};
use zenoh::{Config, Session, Wait as _};

use crate::measure::{self, Relay, TIMEOUT, answer};

async fn open(side: &str, address: &str, is_shared: bool) -> Result<Session> {
    let mut config = Config::default();
    let endpoints = format!("{side}/endpoints");
    let settings = [
        ("mode", "\"peer\"".to_owned()),
        ("scouting/multicast/enabled", "false".to_owned()),
        ("listen/endpoints", "[]".to_owned()),
        ("transport/shared_memory/enabled", is_shared.to_string()),
        (endpoints.as_str(), format!("[\"tcp/{address}\"]")),
    ];
    for (key, value) in settings {
        let set = config.insert_json5(key, &value);
        set.map_err(|error| anyhow!("{key}: {error}"))?;
    }
    let session = zenoh::open(config).await;
    session.map_err(|error| anyhow!("no session: {error}"))
}

fn bytes(payload: &ZBytes) -> Bytes {
    Bytes::from(payload.to_bytes().into_owned())
}

pub(crate) async fn serve(address: &str, is_shared: bool) -> Result<Session> {
    let session = open("connect", address, is_shared).await?;
    let queryable = session
        .declare_queryable("bench/echo")
        .complete(true)
        .callback(|query| {
            // As it came: Zenoh's own type goes back uncopied.
            let reply = match query.payload() {
                Some(payload) if !payload.is_empty() => payload.clone(),
                _ => ZBytes::from(answer(Bytes::new()).to_vec()),
            };
            if let Err(error) = query.reply("bench/echo", reply).express(true).wait() {
                eprintln!("cannot reply: {error}");
            }
        });
    let queryable = queryable.background().await;
    queryable.map_err(|error| anyhow!("no queryable: {error}"))?;
    let back = session
        .declare_publisher("bench/back")
        .express(true)
        .congestion_control(CongestionControl::Block)
        .await
        .map_err(|error| anyhow!("no publisher: {error}"))?;
    let relay = Relay::default();
    let subscriber = session
        .declare_subscriber("bench/there")
        .callback(move |sample| {
            if let Some(event) = relay.take(&sample.payload().to_bytes())
                && let Err(error) = back.put(event.to_vec()).wait()
            {
                eprintln!("cannot send back: {error}");
            }
        });
    let subscriber = subscriber.background().await;
    subscriber.map_err(|error| anyhow!("no subscriber: {error}"))?;
    Ok(session)
}

pub(crate) struct Client {
    querier: Querier<'static>,
    publisher: Publisher<'static>,
    _session: Session,
}

pub(crate) async fn connect(
    address: &str,
    is_shared: bool,
    events: UnboundedSender<Bytes>,
) -> Result<Client> {
    let session = open("listen", address, is_shared).await?;
    let back = session
        .declare_subscriber("bench/back")
        .callback(move |sample| {
            // Nobody listens any more when this process ends.
            let _ = events.send(bytes(sample.payload()));
        });
    let back = back.background().await;
    back.map_err(|error| anyhow!("no subscriber: {error}"))?;
    let querier = session.declare_querier("bench/echo").express(true);
    let querier = querier.timeout(TIMEOUT).await;
    let publisher = session.declare_publisher("bench/there");
    let publisher = publisher.congestion_control(CongestionControl::Block).await;
    Ok(Client {
        querier: querier.map_err(|error| anyhow!("no querier: {error}"))?,
        publisher: publisher.map_err(|error| anyhow!("no publisher: {error}"))?,
        _session: session,
    })
}

impl measure::Client for Client {
    async fn call(&self, payload: Bytes) -> Result<Bytes> {
        let (sender, receiver) = oneshot::channel();
        let sender = std::sync::Mutex::new(Some(sender));
        let take = move |reply: Reply| {
            let sender = sender.lock().ok().and_then(|mut it| it.take());
            if let (Some(sender), Ok(sample)) = (sender, reply.result()) {
                // The caller may have given up.
                let _ = sender.send(bytes(sample.payload()));
            }
        };
        let query = self.querier.get().payload(payload).callback(take);
        query.wait().map_err(|error| anyhow!("{error}"))?;
        // Zenoh drops the callback when its own timeout is over.
        receiver.await.context("no reply")
    }

    async fn publish(&self, event: Bytes) -> Result<()> {
        let put = self.publisher.put(event).await;
        put.map_err(|error| anyhow!("{error}"))
    }
}

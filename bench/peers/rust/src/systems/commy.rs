//! commy: the address is the name of a mesh, and there is nothing else to configure.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytes::Bytes;
use commy::{Mesh, Overflow, Service, Subscription};
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use crate::measure::{self, Relay, TIMEOUT, answer};

/// More than a window of events.
const CAPACITY: u32 = 1024;
/// How often is crossed between two looks at the clock.
const BETWEEN: usize = 20;

async fn start(name: &str) -> Result<Mesh> {
    let mesh = Mesh::builder(name).build()?;
    mesh.start().await?;
    Ok(mesh)
}

async fn subscribe(mesh: &Mesh, topic: &str) -> Result<Subscription> {
    let events = mesh.subscribe(topic);
    Ok(events.capacity(CAPACITY).overflow(Overflow::Block).await?)
}

async fn echo(mesh: &Mesh) -> Result<()> {
    let echo = Service::new("echo");
    let echo = echo.bytes("", |payload, _| async move { Ok(answer(payload)) });
    mesh.serve(echo).await?;
    Ok(())
}

pub(crate) async fn serve(address: &str) -> Result<Mesh> {
    let mesh = start(address).await?;
    let mut there = subscribe(&mesh, "bench/there").await?;
    echo(&mesh).await?;
    let publisher = mesh.clone();
    tokio::spawn(async move {
        let relay = Relay::default();
        while let Some(event) = there.next().await {
            if let Some(back) = relay.take(&event.message.payload) {
                publisher.publish("bench/back").bytes(back).await?;
            }
        }
        anyhow::Ok(())
    });
    Ok(mesh)
}

pub(crate) struct Client(Mesh);

pub(crate) async fn connect(address: &str, events: UnboundedSender<Bytes>) -> Result<Client> {
    let mesh = start(address).await?;
    let mut back = subscribe(&mesh, "bench/back").await?;
    tokio::spawn(async move {
        while let Some(event) = back.next().await {
            if events.send(event.message.payload).is_err() {
                return;
            }
        }
    });
    Ok(Client(mesh))
}

impl measure::Client for Client {
    async fn call(&self, payload: Bytes) -> Result<Bytes> {
        let call = self.0.call("echo", "").bytes(payload).timeout(TIMEOUT);
        Ok(call.await?.message.payload)
    }

    async fn publish(&self, event: Bytes) -> Result<()> {
        Ok(self.0.publish("bench/there").bytes(event).await?)
    }
}

/// The ways into the runtime, within one process: what other languages pay is beside this.
pub(crate) struct Crossings(Mesh);

impl Crossings {
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let mesh = Mesh::builder(address).local_only().build()?;
        mesh.start().await?;
        echo(&mesh).await?;
        Ok(Self(mesh))
    }

    pub(crate) async fn cost(&self, kind: &str, seconds: f64) -> Result<Value> {
        let mut count = 0;
        let begin = Instant::now();
        let end = begin + Duration::from_secs_f64(seconds);
        while Instant::now() < end {
            for _ in 0..BETWEEN {
                match kind {
                    "sync" => {
                        std::hint::black_box(self.0.is_running());
                    }
                    "awaited" => {
                        let nobody = self.0.publish("nobody/listens");
                        nobody.bytes(Bytes::new()).await?;
                    }
                    "callback" => {
                        self.0.call("echo", "").bytes(Bytes::new()).await?;
                    }
                    _ => bail!("no crossing is called {kind:?}"),
                }
            }
            count += BETWEEN;
        }
        Ok(measure::result(count, begin.elapsed(), Vec::new()))
    }
}

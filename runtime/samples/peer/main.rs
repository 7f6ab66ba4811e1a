//! The peer of the interop matrix: a node that does what lines on its standard input tell it to, and
//! answers by lines on its standard output. docs/interop.md says which. This file owns the lines;
//! what is called is in `service`.

mod service;

use std::{collections::BTreeMap, error::Error, io::Write as _, sync::Arc, time::Duration};

use commy::{ChangeKind, Instance, Mesh, Query, Reply, ServiceSpec, Status};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinHandle,
};

/// How long an instance is waited for.
const FIND: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Order {
    id: u64,
    #[serde(flatten)]
    command: Command,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Command {
    Serve {
        service: String,
        version: String,
        tags: Vec<String>,
        metadata: BTreeMap<String, String>,
    },
    Find {
        service: String,
    },
    Call {
        service: String,
        method: String,
        value: Value,
        timeout_ms: Option<u64>,
    },
    Bytes {
        service: String,
        size: usize,
    },
    Hold {
        service: String,
    },
    Cancel,
    Watch {
        service: String,
    },
    Subscribe {
        topic: String,
    },
    Publish {
        topic: String,
        value: Value,
    },
    Stop,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).ok_or("peer MESH")?;
    let mesh = match started(name).await {
        Ok(mesh) => mesh,
        Err(error) => {
            say(&json!({ "failed": error.to_string() }));
            std::process::exit(1);
        }
    };
    say(&json!({ "ready": mesh.node_id().to_string() }));
    let peer = Arc::new(Peer {
        mesh,
        held: Mutex::default(),
    });
    let mut lines = lines();
    let mut stopping = None;
    while let Some(line) = lines.recv().await {
        let Order { id, command } = serde_json::from_str(&line)?;
        if matches!(command, Command::Stop) {
            stopping = Some(id);
            break;
        }
        let peer = Arc::clone(&peer);
        tokio::spawn(async move { answer(id, peer.obey(command).await) });
    }
    let stopped = peer.mesh.stop().await;
    if let Some(id) = stopping {
        answer(id, stopped.map(|()| Value::Null));
    }
    Ok(())
}

async fn started(name: String) -> commy::Result<Mesh> {
    let mesh = Mesh::builder(name).build()?;
    mesh.start().await?;
    Ok(mesh)
}

/// The lines of the standard input, read by a thread, until it ends.
fn lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

struct Peer {
    mesh: Mesh,
    /// The call that `hold` began.
    held: Mutex<Option<JoinHandle<commy::Result<Reply>>>>,
}

impl Peer {
    async fn obey(&self, command: Command) -> commy::Result<Value> {
        let mesh = &self.mesh;
        match command {
            Command::Serve {
                service,
                version,
                tags,
                metadata,
            } => {
                let mut spec = ServiceSpec::new(service).version(version);
                spec.tags = tags;
                spec.metadata = metadata;
                let registration = mesh.serve(service::all(spec)).await?;
                return Ok(json!(registration.instance().id.to_string()));
            }
            Command::Find { service } => return Ok(shown(&self.find(service).await?)),
            Command::Call {
                service,
                method,
                value,
                timeout_ms,
            } => {
                let mut call = mesh.call(&service, method).json(&value);
                if let Some(ms) = timeout_ms {
                    call = call.timeout(Duration::from_millis(ms));
                }
                return call.await?.json();
            }
            Command::Bytes { service, size } => {
                let payload: Vec<u8> = (0..size)
                    .map(|i| (7 * i + i / 256).to_le_bytes()[0])
                    .collect();
                let reply = mesh.call(&service, "bytes").bytes(payload).await?;
                return Ok(json!({
                    "size": reply.message.payload.len(),
                    "fnv1a": fnv1a(&reply.message.payload),
                }));
            }
            Command::Hold { service } => {
                let mesh = mesh.clone();
                let call = tokio::spawn(async move { mesh.call(&service, "hold").json(&()).await });
                *self.held.lock().await = Some(call);
            }
            Command::Cancel => return Ok(self.cancel().await),
            Command::Watch { service } => {
                let mut changes = mesh.watch(&Query::service(service))?;
                tokio::spawn(async move {
                    while let Some(change) = changes.next().await {
                        let told = match change.kind {
                            ChangeKind::Added => "added",
                            ChangeKind::Removed => "removed",
                            ChangeKind::Updated => continue,
                        };
                        say(&json!({ "told": told, "instance": change.instance.id.to_string() }));
                    }
                });
            }
            Command::Subscribe { topic } => {
                let mut events = mesh.subscribe(topic).await?;
                tokio::spawn(async move {
                    while let Some(event) = events.next().await {
                        say(&json!({
                            "told": "event",
                            "topic": event.topic.as_str(),
                            "value": event.json::<Value>().unwrap_or_else(|error| json!(error.to_string())),
                            "publisher": event.publisher.to_string(),
                        }));
                    }
                });
            }
            Command::Publish { topic, value } => mesh.publish(topic).json(&value).await?,
            Command::Stop => {}
        }
        Ok(Value::Null)
    }

    async fn find(&self, service: String) -> commy::Result<Instance> {
        let mut changes = self.mesh.watch(&Query::service(&service))?;
        match tokio::time::timeout(FIND, changes.next()).await {
            Ok(Some(change)) => Ok(change.instance),
            Ok(None) | Err(_) => Err(commy::Error::new(
                Status::NotFound,
                format!("{service} is not there"),
            )),
        }
    }

    /// Dropping a call cancels it, and so does aborting the task that owns it.
    async fn cancel(&self) -> Value {
        let Some(call) = self.held.lock().await.take() else {
            return json!("no call is held");
        };
        call.abort();
        match call.await {
            Err(end) if end.is_cancelled() => Value::Null,
            Err(end) => json!(end.to_string()),
            Ok(Ok(reply)) => json!(format!("{:?}", reply.message)),
            Ok(Err(error)) => json!(error.to_string()),
        }
    }
}

fn shown(instance: &Instance) -> Value {
    let metadata = instance.spec.metadata.iter();
    let metadata: BTreeMap<_, _> = metadata.map(|(key, value)| (key.as_str(), value)).collect();
    json!({
        "id": instance.id.to_string(),
        "node": instance.id.node.to_string(),
        "version": instance.spec.version.to_string(),
        "tags": instance.spec.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(),
        "metadata": metadata,
    })
}

fn answer(id: u64, outcome: commy::Result<Value>) {
    say(&match outcome {
        Ok(value) => json!({ "id": id, "ok": value }),
        Err(error) => {
            let mut told = json!({ "status": error.status().name(), "reason": error.reason() });
            let place = error.context();
            if let Some(code) = &place.code {
                told["code"] = json!(code);
            }
            if let Some(details) = &place.details_json {
                told["details"] = serde_json::from_str(details).unwrap_or_else(|_| json!(details));
            }
            json!({ "id": id, "error": told })
        }
    });
}

/// Says a line at once.
fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    // Whoever reads it may be gone; then the input ends as well, and with it this program.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn fnv1a(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

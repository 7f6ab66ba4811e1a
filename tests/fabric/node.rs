//! A node in this process: a link, and a listener that keeps what it is told.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use commy_core::{
    Bytes, Event, IncomingRequest, InstanceId, MeshName, Message, MethodName, NodeId, Result,
    ServiceName, ServiceSpec, TopicFilter,
    options::FabricOptions,
    record::{Incarnation, InstanceRecord, NodeLife, NodeRecord, RecordUpdate},
};
use commy_fabric::ZenohFabric;
use commy_mesh::{Fabric, Link, Listener, LocalAnswer, OutgoingCall, RemoteAnswer};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, oneshot},
    time::timeout,
};

/// How long a test waits for what must happen. Machines that build meanwhile are slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Held by a test that measures or begins many processes: one at a time.
pub(crate) static HEAVY: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// How long a call of the method `stall` holds up the thread that brings it.
const STALL: Duration = Duration::from_millis(60);

/// A mesh name that no other test uses.
pub(crate) fn fresh_mesh(topic: &str) -> String {
    format!("test-{topic}-{:08x}", rand::random::<u32>())
}

/// What a node was told.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) present: HashMap<NodeId, NodeLife>,
    pub(crate) presences: Vec<(NodeLife, bool)>,
    pub(crate) records: Vec<NodeRecord>,
    pub(crate) updates: Vec<RecordUpdate>,
    pub(crate) events: Vec<Event>,
    pub(crate) requests: Vec<(InstanceId, IncomingRequest)>,
    /// Calls of the method `hold`, which are answered by the test.
    pub(crate) held: Vec<oneshot::Sender<LocalAnswer>>,
}

/// Keeps what it is told, and answers calls of a few methods.
#[derive(Default)]
pub(crate) struct Ears {
    told: Mutex<Told>,
    changed: Notify,
}

impl Ears {
    fn tell(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told.lock());
        self.changed.notify_waiters();
    }
}

impl Listener for Ears {
    fn presence(&self, life: NodeLife, is_present: bool) {
        self.tell(|told| {
            told.presences.push((life, is_present));
            if is_present {
                told.present.insert(life.node, life);
            } else if told.present.get(&life.node) == Some(&life) {
                told.present.remove(&life.node);
            }
        });
    }

    fn record(&self, record: NodeRecord) {
        self.tell(|told| told.records.push(record));
    }

    fn update(&self, update: RecordUpdate) {
        self.tell(|told| told.updates.push(update));
    }

    fn invoke(&self, to: InstanceId, request: IncomingRequest) -> oneshot::Receiver<LocalAnswer> {
        let (sender, receiver) = oneshot::channel();
        let message = request.message.clone();
        let method = request.method.as_str().to_owned();
        self.tell(|told| told.requests.push((to, request)));
        let answer = match method.as_str() {
            "hold" => {
                self.tell(|told| told.held.push(sender));
                return receiver;
            }
            "stall" => {
                // Whoever waits for this thread waits for so long.
                std::thread::sleep(STALL);
                LocalAnswer::Handled(Ok(message))
            }
            "fail" => {
                LocalAnswer::Handled(Err(commy_core::Failure::new("BROKEN", "on purpose").into()))
            }
            "refuse" => LocalAnswer::Refused(commy_core::Error::new(
                commy_core::Status::NotFound,
                "no such instance",
            )),
            _ => LocalAnswer::Handled(Ok(message)),
        };
        // The caller may be gone.
        let _ = sender.send(answer);
        receiver
    }

    fn event(&self, event: Event) {
        self.tell(|told| told.events.push(event));
    }
}

/// A node in this process.
pub(crate) struct Node {
    pub(crate) life: NodeLife,
    pub(crate) link: Arc<dyn Link>,
    pub(crate) ears: Arc<Ears>,
}

impl Node {
    pub(crate) async fn join(mesh: &str) -> Self {
        Self::open(mesh, &FabricOptions::default())
            .await
            .expect("a node with no options")
    }

    pub(crate) async fn open(mesh: &str, options: &FabricOptions) -> Result<Self> {
        Self::open_as(mesh, options, new_life()).await
    }

    pub(crate) async fn open_as(
        mesh: &str,
        options: &FabricOptions,
        life: NodeLife,
    ) -> Result<Self> {
        let mesh = MeshName::new(mesh)?;
        let fabric = ZenohFabric::new(&mesh, options, 64 << 20)?;
        let ears = Arc::new(Ears::default());
        let listener: Arc<dyn Listener> = ears.clone();
        let link = fabric.connect(life, listener).await?;
        Ok(Self { life, link, ears })
    }

    /// Waits until the condition holds of what the node was told.
    pub(crate) async fn wait<T>(
        &self,
        what: &str,
        mut condition: impl FnMut(&mut Told) -> Option<T>,
    ) -> T {
        let waiting = async {
            loop {
                let changed = self.ears.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(found) = condition(&mut self.ears.told.lock()) {
                    return found;
                }
                changed.await;
            }
        };
        timeout(PATIENCE, waiting)
            .await
            .unwrap_or_else(|_| panic!("not seen in {PATIENCE:?}: {what}"))
    }

    pub(crate) async fn sees(&self, peer: NodeId) -> NodeLife {
        self.wait("a peer", |told| told.present.get(&peer).copied())
            .await
    }

    pub(crate) async fn misses(&self, peer: NodeId) {
        self.wait("a peer that is gone", |told| {
            (!told.present.contains_key(&peer)).then_some(())
        })
        .await;
    }

    pub(crate) fn told<T>(&self, look: impl FnOnce(&mut Told) -> T) -> T {
        look(&mut self.ears.told.lock())
    }

    /// Calls an instance of a peer.
    pub(crate) async fn call(&self, to: NodeId, method: &str, payload: &[u8]) -> RemoteAnswer {
        timeout(
            PATIENCE,
            self.link.invoke(call(self.life.node, to, method, payload)),
        )
        .await
        .expect("an answer")
    }

    /// Publishes an event.
    pub(crate) async fn publish(&self, topic: &str, sequence: u64, payload: &[u8]) -> Result<()> {
        let publishing = self.link.publish(Arc::new(Event {
            topic: commy_core::Topic::new(topic).expect("a topic"),
            message: Message::bytes(payload.to_vec()),
            publisher: self.life.node,
            sequence,
        }));
        publishing.await
    }

    pub(crate) fn subscribe(&self, filter: &str) {
        self.link
            .subscribe(&TopicFilter::new(filter).expect("a filter"));
    }

    pub(crate) async fn close(&self) {
        timeout(PATIENCE, self.link.close(Duration::from_secs(2)))
            .await
            .expect("closing within its time");
    }
}

pub(crate) fn new_life() -> NodeLife {
    NodeLife {
        node: NodeId::from_u128(rand::random()),
        incarnation: Incarnation(1),
    }
}

pub(crate) fn call(caller: NodeId, to: NodeId, method: &str, payload: &[u8]) -> OutgoingCall {
    OutgoingCall {
        to: InstanceId {
            node: to,
            serial: 7,
        },
        request: IncomingRequest {
            service: ServiceName::new("orders").expect("a name"),
            method: MethodName::new(method).expect("a name"),
            message: Message {
                payload: Bytes::copy_from_slice(payload),
                ..Message::default()
            }
            .with_header("traceparent", "00-1-2-01"),
            time_left: PATIENCE,
            caller,
            attempt: 1,
        },
    }
}

/// The payload of a call that a handler answered.
pub(crate) fn replied(answer: RemoteAnswer) -> Bytes {
    match answer {
        RemoteAnswer::Handled(Ok(message)) => message.payload,
        other => panic!("not a reply: {other:?}"),
    }
}

/// A record of this many instances, with what an ordinary one has.
pub(crate) fn record(life: NodeLife, revision: u64, instances: u64) -> NodeRecord {
    NodeRecord {
        life,
        revision,
        instances: (1..=instances)
            .map(|serial| (serial, instance(life, serial)))
            .collect::<BTreeMap<_, _>>(),
    }
}

pub(crate) fn instance(life: NodeLife, serial: u64) -> InstanceRecord {
    let spec = ServiceSpec::new(format!("service-{serial}"))
        .version("1.2.3")
        .tag("eu")
        .metadata("owner", "sales")
        .zone("eu-1a");
    InstanceRecord {
        id: InstanceId {
            node: life.node,
            serial,
        },
        spec: Arc::new(spec.check().expect("a valid spec")),
        endpoint: None,
        health: commy_core::Health::Healthy,
    }
}

//! commy's link, without the mesh above it.

use std::{sync::Arc, time::Duration};

use commy_core::{
    Event, IncomingRequest, InstanceId, MeshName, Message, MethodName, NodeId, ServiceName,
    options::FabricOptions,
    record::{Incarnation, NodeLife, NodeRecord, RecordUpdate},
};
use commy_fabric::ZenohFabric;
use commy_mesh::{Fabric, Link, Listener, LocalAnswer, OutgoingCall, RemoteAnswer};
use tokio::sync::{oneshot, watch};

use crate::{Caller, Way};

/// Answers with what it was asked.
struct Echo(watch::Sender<Option<NodeId>>);

impl Listener for Echo {
    fn presence(&self, life: NodeLife, is_present: bool) {
        self.0.send_replace(is_present.then_some(life.node));
    }

    fn record(&self, _: NodeRecord) {}

    fn update(&self, _: RecordUpdate) {}

    fn invoke(&self, _: InstanceId, request: IncomingRequest) -> oneshot::Receiver<LocalAnswer> {
        let (sender, receiver) = oneshot::channel();
        // The receiver is in this function.
        let _ = sender.send(LocalAnswer::Handled(Ok(request.message)));
        receiver
    }

    fn event(&self, _: Event) {}
}

/// What makes the link go this way: over TCP only if the nodes do not meet on the host, for which
/// one is a client.
pub(crate) fn options(way: Way, port: u16, is_caller: bool) -> FabricOptions {
    let mut options = FabricOptions {
        no_shared_memory: way != Way::Shared,
        ..FabricOptions::default()
    };
    if way == Way::Tcp {
        let endpoint = format!("tcp/127.0.0.1:{port}");
        if is_caller {
            options.mode = commy_core::options::FabricMode::Client;
            options.connect.push(endpoint);
        } else {
            options.mode = commy_core::options::FabricMode::Router;
            options.listen.push(endpoint);
        }
    }
    options
}

async fn open(
    way: Way,
    mesh: &str,
    port: u16,
    is_caller: bool,
) -> (NodeLife, Arc<dyn Link>, watch::Receiver<Option<NodeId>>) {
    let life = NodeLife {
        node: NodeId::from_u128(rand::random()),
        incarnation: Incarnation(1),
    };
    let mesh = MeshName::new(&format!("{mesh}-link")).expect("a name");
    let fabric =
        ZenohFabric::new(&mesh, &options(way, port, is_caller), 64 << 20).expect("options");
    let (sender, peer) = watch::channel(None);
    let link = fabric
        .connect(life, Arc::new(Echo(sender)))
        .await
        .expect("a link");
    (life, link, peer)
}

pub(crate) async fn answer(way: Way, mesh: &str, port: u16) -> Arc<dyn Link> {
    open(way, mesh, port, false).await.1
}

pub(crate) struct LinkCaller {
    life: NodeLife,
    link: Arc<dyn Link>,
    to: NodeId,
}

impl LinkCaller {
    pub(crate) async fn open(way: Way, mesh: &str, port: u16) -> Self {
        let (life, link, mut peer) = open(way, mesh, port, true).await;
        let to = peer
            .wait_for(Option::is_some)
            .await
            .expect("a peer")
            .expect("a node");
        Self { life, link, to }
    }
}

impl Caller for LinkCaller {
    fn name(&self) -> &'static str {
        "commy link"
    }

    async fn call(&self, bytes: usize) {
        let call = OutgoingCall {
            to: InstanceId {
                node: self.to,
                serial: 1,
            },
            request: IncomingRequest {
                service: ServiceName::new("echo").expect("a name"),
                method: MethodName::new("echo").expect("a name"),
                message: Message::bytes(vec![7; bytes]),
                time_left: Duration::from_secs(5),
                caller: self.life.node,
                attempt: 1,
            },
        };
        match self.link.invoke(call).await {
            RemoteAnswer::Handled(Ok(message)) => assert_eq!(message.payload.len(), bytes),
            other => panic!("not a reply: {other:?}"),
        }
    }
}

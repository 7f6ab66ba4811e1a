//! How a mesh gets its node, and the node its link: on threads, as programs have them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use commy_core::{
    Error, Event, MeshOptions, Result, ServiceSpec, Status, TopicFilter,
    options::FabricOptions,
    record::{NodeLife, NodeRecord, RecordUpdate},
};
use commy_mesh::{
    BoxFuture, Fabric, Link, Listener, Mesh, OutgoingCall, Placement, RemoteAnswer, Traffic,
};
use futures_util::future;

/// A fabric on which nobody else is.
#[derive(Default)]
struct Nowhere {
    lives: AtomicU64,
    links: Arc<AtomicU64>,
    incarnation: AtomicU64,
    is_broken: bool,
}

struct Lonely(Arc<AtomicU64>);

impl Fabric for Nowhere {
    fn connect(
        &self,
        life: NodeLife,
        _: Arc<dyn Listener>,
    ) -> BoxFuture<'static, Result<Arc<dyn Link>>> {
        if self.is_broken {
            let error = Error::new(Status::Unavailable, "there is no way out");
            return Box::pin(future::ready(Err(error)));
        }
        self.lives.fetch_add(1, Relaxed);
        let before = self.incarnation.swap(life.incarnation.0, Relaxed);
        assert!(life.incarnation.0 > before, "incarnations rise");
        self.links.fetch_add(1, Relaxed);
        let link: Arc<dyn Link> = Arc::new(Lonely(Arc::clone(&self.links)));
        Box::pin(future::ready(Ok(link)))
    }
}

impl Link for Lonely {
    fn announce(&self, _: Arc<NodeRecord>, _: RecordUpdate) {}
    fn fetch(&self, _: commy_core::NodeId) {}
    fn invoke(&self, _: OutgoingCall) -> BoxFuture<'static, RemoteAnswer> {
        Box::pin(future::pending())
    }
    fn publish(&self, _: Arc<Event>) -> BoxFuture<'static, Result<()>> {
        Box::pin(future::ready(Ok(())))
    }
    fn subscribe(&self, _: &TopicFilter) {}
    fn unsubscribe(&self, _: &TopicFilter) {}
    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
    fn close(&self, _: Duration) -> BoxFuture<'static, ()> {
        self.0.fetch_sub(1, Relaxed);
        Box::pin(future::ready(()))
    }
}

fn options(name: &str) -> MeshOptions {
    MeshOptions::new(format!("nodes-{name}"))
}

#[tokio::test]
async fn meshes_of_one_name_share_one_link_and_have_the_same_fabric_options() {
    let fabric = Arc::new(Nowhere::default());
    let mesh = |options| Mesh::with_fabric(options, Arc::clone(&fabric) as _).expect("valid");
    let (first, second) = (mesh(options("shared")), mesh(options("shared")));
    first.start().await.expect("it starts");
    second.start().await.expect("it starts");
    assert_eq!(fabric.lives.load(Relaxed), 1);

    let other = MeshOptions {
        fabric: FabricOptions {
            connect: vec!["tcp/127.0.0.1:7447".into()],
            ..FabricOptions::default()
        },
        ..options("shared")
    };
    let third = mesh(other);
    let error = third.start().await.expect_err("they differ");
    assert_eq!(error.status(), Status::FailedPrecondition);
    assert!(error.reason().contains("tcp/127.0.0.1:7447"), "{error}");
    let local = Mesh::new(options("shared")).expect("valid");
    let error = local.start().await.expect_err("it has no fabric at all");
    assert_eq!(error.status(), Status::FailedPrecondition);

    first.stop().await.expect("it stops");
    assert_eq!(fabric.links.load(Relaxed), 1);
    second.stop().await.expect("it stops");
    assert_eq!(fabric.links.load(Relaxed), 0);
    third.start().await.expect("now there is no other");
    third.stop().await.expect("it stops");
    assert_eq!(
        (fabric.lives.load(Relaxed), fabric.links.load(Relaxed)),
        (2, 0)
    );
}

#[tokio::test]
async fn a_fabric_that_cannot_be_opened_fails_the_start_and_says_why() {
    let broken = Arc::new(Nowhere {
        is_broken: true,
        ..Nowhere::default()
    });
    let mesh = Mesh::with_fabric(options("broken"), broken).expect("valid");
    let error = mesh.start().await.expect_err("it cannot start");
    assert_eq!(
        error,
        Error::new(Status::Unavailable, "there is no way out")
    );
    assert!(!mesh.is_running());
    let mesh = Mesh::new(options("broken")).expect("valid");
    mesh.start().await.expect("nothing was left behind");
    mesh.stop().await.expect("it stops");
}

#[tokio::test]
async fn an_instance_id_is_not_given_again_after_a_restart() {
    let fabric = Arc::new(Nowhere::default());
    let mesh = Mesh::placed(options("ids"), Some(fabric), Placement::Alone).expect("valid");
    let mut ids = Vec::new();
    for _ in 0..3 {
        mesh.start().await.expect("it starts");
        let handler =
            Arc::new(|request: commy_core::IncomingRequest| async { Ok(request.message) });
        let registered = mesh.register(ServiceSpec::new("a"), handler).await;
        ids.push(registered.expect("it is registered").instance().id);
        mesh.stop().await.expect("it stops");
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

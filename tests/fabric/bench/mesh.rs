//! A call by the name of a service, as a program makes it.

use std::{sync::Arc, time::Duration};

use commy_core::{
    CallOptions, IncomingRequest, MeshName, MeshOptions, Message, Query, Request, ServiceSpec,
};
use commy_fabric::ZenohFabric;
use commy_mesh::{Handler, Mesh};
use futures_util::future::BoxFuture;

use crate::{Caller, Way, link};

struct Echo;

impl Handler for Echo {
    fn handle(
        &self,
        request: IncomingRequest,
    ) -> BoxFuture<'static, Result<Message, commy_core::Failure>> {
        Box::pin(std::future::ready(Ok(request.message)))
    }
}

async fn open(way: Way, mesh: &str, port: u16, is_caller: bool) -> Mesh {
    let mut options = MeshOptions::new(format!("{mesh}-mesh"));
    options.fabric = link::options(way, port, is_caller);
    let name = MeshName::new(&options.name).expect("a name");
    let fabric = ZenohFabric::new(&name, &options.fabric, 64 << 20).expect("options");
    let mesh = Mesh::with_fabric(options, Arc::new(fabric)).expect("a mesh");
    mesh.start().await.expect("a started mesh");
    mesh
}

pub(crate) async fn answer(way: Way, mesh: &str, port: u16) -> Mesh {
    let mesh = open(way, mesh, port, false).await;
    mesh.register(ServiceSpec::new("echo"), Arc::new(Echo))
        .await
        .expect("a registration");
    mesh
}

pub(crate) struct MeshCaller(Mesh);

impl MeshCaller {
    pub(crate) async fn open(way: Way, mesh: &str, port: u16) -> Self {
        let mesh = open(way, mesh, port, true).await;
        while mesh
            .discover(&Query::service("echo"))
            .expect("an answer")
            .is_empty()
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self(mesh)
    }
}

impl Caller for MeshCaller {
    fn name(&self) -> &'static str {
        "commy call"
    }

    async fn call(&self, bytes: usize) {
        let request = Request::new("echo", Message::bytes(vec![7; bytes]));
        let reply = self
            .0
            .call("echo", request, &CallOptions::default())
            .await
            .expect("a reply");
        assert_eq!(reply.message.payload.len(), bytes);
    }
}

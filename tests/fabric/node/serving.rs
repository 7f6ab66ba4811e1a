//! A whole mesh in a process of its own, which serves: `fabric-node serve MESH SERVICE COUNT MS`
//! registers COUNT services of the name (with a number, if there are several), whose handler takes
//! MS and replies with the id of its node. `stop` on standard input stops it, with a drain.

use std::{io::BufRead, sync::Arc, time::Duration};

use commy_core::{Failure, IncomingRequest, MeshName, MeshOptions, Message, ServiceSpec};
use commy_fabric::ZenohFabric;
use commy_mesh::Mesh;

use super::say;

pub(super) async fn serve(mesh: &str, service: &str, count: usize, time: Duration) {
    let options = MeshOptions::new(mesh);
    let name = MeshName::new(mesh).expect("a name");
    let fabric = ZenohFabric::new(&name, &options.fabric, options.max_payload_bytes);
    let fabric = Arc::new(fabric.expect("no options"));
    let mesh = Mesh::with_fabric(options, fabric).expect("a mesh");
    mesh.start().await.expect("a started mesh");
    let node = mesh.node_id().to_string();
    let mut registrations = Vec::new();
    for number in 0..count {
        let name = if count == 1 {
            service.to_owned()
        } else {
            format!("{service}-{number}")
        };
        let reply = node.clone();
        let handler = move |_: IncomingRequest| {
            let reply = Message::bytes(reply.clone().into_bytes());
            async move {
                if !time.is_zero() {
                    tokio::time::sleep(time).await;
                }
                Ok::<_, Failure>(reply)
            }
        };
        let registration = mesh.register(ServiceSpec::new(name), Arc::new(handler));
        registrations.push(registration.await.expect("a registration"));
    }
    say(&format!("ready {node}"));
    let told = tokio::task::spawn_blocking(|| std::io::stdin().lock().lines().next());
    // Told to stop, or left alone by a test that ended.
    let _ = told.await;
    mesh.stop().await.expect("a stopped mesh");
    say("stopped");
}

//! Meshes of one process: strangers by different names, one node by the same name.

use commy::{Mesh, MeshBuilder, Query, Status};
use commy_tests::{Outcome, echo, mesh, soon, started};
use futures_util::StreamExt;

#[tokio::test]
async fn meshes_of_one_name_are_one_node() {
    let one = mesh().await;
    let other = started(Mesh::builder(one.name())).await;
    assert_eq!(one.node_id(), other.node_id());
    let id = one.serve(echo("orders")).await.unwrap().instance().id;
    let reply = other.call("orders", "echo").await.unwrap();
    assert_eq!(reply.served_by, id);
    assert_eq!(other.stats().fabric_messages, 0);
}

#[tokio::test]
async fn each_mesh_counts_what_it_did_itself() {
    let one = mesh().await;
    let other = started(Mesh::builder(one.name())).await;
    one.serve(echo("orders")).await.unwrap();
    let _events = one.subscribe("a").await.unwrap();
    other.call("orders", "echo").await.unwrap();
    other.publish("a").await.unwrap();

    let (one, other) = (one.stats(), other.stats());
    assert_eq!(
        (one.calls_ok, one.requests_handled, one.registrations),
        (0, 1, 1)
    );
    assert_eq!(
        (other.calls_ok, other.requests_handled, other.registrations),
        (1, 0, 0)
    );
    assert_eq!((one.events_published, one.events_delivered), (0, 1));
    assert_eq!((other.events_published, other.events_delivered), (1, 0));
}

#[tokio::test]
async fn a_mesh_that_stops_takes_only_its_own_with_it() {
    let one = mesh().await;
    let other = started(Mesh::builder(one.name())).await;
    one.serve(echo("orders")).await.unwrap();
    let kept = [other.serve(echo("orders")).await.unwrap().instance()];
    let mut gone = one.subscribe("**").await.unwrap();
    let mut events = other.subscribe("**").await.unwrap();
    let mut watch = other.watch(&Query::all()).unwrap();
    one.stop().await.unwrap();

    assert_eq!(other.discover(&Query::all()).unwrap(), kept);
    one.call("orders", "echo")
        .await
        .fails_as(Status::FailedPrecondition);
    assert_eq!(
        other.call("orders", "echo").await.unwrap().served_by,
        kept[0].id
    );
    other.publish("a").await.unwrap();
    assert!(soon(events.next()).await.is_some());
    assert_eq!(soon(gone.next()).await, None);
    assert!(soon(watch.next()).await.is_some());
}

#[tokio::test]
async fn what_is_registered_while_its_mesh_stops_is_not_left_behind() {
    for _ in 0..20 {
        let one = mesh().await;
        let other = started(Mesh::builder(one.name())).await;
        let mesh = one.clone();
        let registering = tokio::spawn(async move { mesh.serve(echo("orders")).await });
        tokio::task::yield_now().await;
        soon(one.stop()).await.unwrap();
        // It was refused, or it was withdrawn; whichever, nothing is found once both are over.
        let outcome = soon(registering).await.unwrap();
        if let Ok(registration) = outcome {
            soon(registration.deregister()).await.unwrap();
        }
        other.serve(echo("last")).await.unwrap();
        assert_eq!(other.discover(&Query::service("orders")).unwrap(), []);
        assert_eq!(one.stats().registrations, 0);
    }
}

/// A mesh whose control thread no other test's is taken for: Linux keeps 15 bytes of its name.
fn short(letter: char) -> MeshBuilder {
    Mesh::builder(format!("{letter}{}", std::process::id()))
}

/// How many control threads there are of a mesh's name.
fn threads(mesh: &Mesh) -> usize {
    let name = format!("commy-{}", mesh.name());
    assert!(name.len() <= 15, "{name} is cut");
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|comm| comm.trim_end() == name)
        .count()
}

/// Resolves when there is none. Linux wakes who joins a thread a moment before it takes the thread off
/// this list.
async fn none_of(mesh: &Mesh) {
    while threads(mesh) > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_last_mesh_of_a_name_ends_its_threads() {
    let one = started(short('a')).await;
    assert_eq!(threads(&one), 1);
    let other = started(Mesh::builder(one.name())).await;
    one.stop().await.unwrap();
    assert_eq!(threads(&one), 1);
    other.stop().await.unwrap();
    soon(none_of(&one)).await;
}

#[tokio::test]
async fn a_start_that_is_given_up_leaves_nothing() {
    for _ in 0..10 {
        let mesh = short('b').build().unwrap();
        let mut start = Box::pin(mesh.start());
        let _ = futures_util::poll!(&mut start);
        drop(start);
        mesh.stop().await.unwrap();
        soon(none_of(&mesh)).await;
        assert!(!mesh.is_running());
    }
}

#[tokio::test]
async fn thousands_of_registrations_at_one_instant_all_succeed() {
    const REGISTRATIONS: usize = 3000;
    let mesh = mesh().await;
    let registrations = (0..REGISTRATIONS).map(|_| mesh.serve(echo("orders")));
    let registrations = soon(futures_util::future::join_all(registrations)).await;
    assert!(registrations.iter().all(Result::is_ok));
    assert_eq!(
        mesh.discover(&Query::service("orders")).unwrap().len(),
        REGISTRATIONS
    );
}

//! What is over is freed, and what goes on does not grow. Each test runs in a process of its own,
//! where every byte is counted.

use std::sync::Arc;

use commy::{Mesh, Message, Query, Service};
use commy_tests::{alone, echo, live_bytes, mesh, soon, started};
use futures_util::StreamExt;

/// What may be left over: growth of tables and queues that are kept, far less than one byte for
/// each of the things that are done between two measurements.
const LEFT_OVER_BYTES_MAX: i64 = 16 * 1024;

/// How many changes of the service table a node remembers for those who watch it.
const CHANGES_REMEMBERED: usize = 1024;

/// Does the same work over and over, and checks that what it leaves does not grow with it.
fn does_not_grow(rounds: usize, work: &impl AsyncFn(&Mesh)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mesh = mesh().await;
        mesh.serve(echo("orders")).await.unwrap();
        let round = async || {
            for _ in 0..rounds {
                work(&mesh).await;
            }
            settle(&mesh).await;
            live_bytes()
        };
        // The first rounds fill caches, tables and the memory of changes.
        for _ in 0..CHANGES_REMEMBERED / 4 {
            settle(&mesh).await;
        }
        round().await;
        let before = round().await;
        let after = round().await;
        assert!(
            after - before < LEFT_OVER_BYTES_MAX,
            "{rounds} rounds left {} bytes",
            after - before
        );
    });
}

/// Waits until the actors have done what they were told: they take messages in order.
async fn settle(mesh: &Mesh) {
    for _ in 0..3 {
        mesh.serve(echo("settled"))
            .await
            .unwrap()
            .deregister()
            .await
            .unwrap();
        mesh.subscribe("settled").await.unwrap();
    }
}

#[test]
fn calls_leave_nothing() {
    alone("memory::calls_leave_nothing", || {
        does_not_grow(20_000, &async |mesh| {
            mesh.call("orders", "echo")
                .bytes(vec![7; 64])
                .await
                .unwrap();
        });
    });
}

#[test]
fn failed_and_cancelled_calls_leave_nothing() {
    alone("memory::failed_and_cancelled_calls_leave_nothing", || {
        does_not_grow(5_000, &async |mesh| {
            mesh.call("orders", "nothing").await.unwrap_err();
            mesh.call("nobody", "echo").await.unwrap_err();
            let mut call = mesh.call("orders", "echo").into_future();
            let _ = futures_util::poll!(&mut call);
        });
    });
}

#[test]
fn registrations_leave_nothing() {
    alone("memory::registrations_leave_nothing", || {
        does_not_grow(3_000, &async |mesh| {
            let registration = mesh.serve(echo("billing")).await.unwrap();
            registration.deregister().await.unwrap();
        });
    });
}

#[test]
fn subscriptions_and_events_leave_nothing() {
    alone("memory::subscriptions_and_events_leave_nothing", || {
        does_not_grow(3_000, &async |mesh| {
            let mut events = mesh.subscribe("orders/*").capacity(4).await.unwrap();
            for _ in 0..8 {
                mesh.publish("orders/created")
                    .bytes(vec![7; 64])
                    .await
                    .unwrap();
            }
            assert!(soon(events.next()).await.is_some());
        });
    });
}

#[test]
fn watches_leave_nothing() {
    alone("memory::watches_leave_nothing", || {
        does_not_grow(3_000, &async |mesh| {
            let mut watch = mesh.watch(&Query::all()).unwrap();
            assert!(soon(watch.next()).await.is_some());
        });
    });
}

#[test]
fn meshes_leave_nothing() {
    alone("memory::meshes_leave_nothing", || {
        does_not_grow(50, &async |_| {
            let mesh = mesh().await;
            mesh.serve(echo("orders")).await.unwrap();
            mesh.call("orders", "echo").await.unwrap();
            mesh.stop().await.unwrap();
        });
    });
}

#[tokio::test]
async fn a_handler_is_freed_when_its_instance_is_withdrawn() {
    let mesh = mesh().await;
    let kept = Arc::new(());
    let held = Arc::clone(&kept);
    let service = Service::new("orders").message("echo", move |message: Message, _| {
        let _held = Arc::clone(&held);
        async move { Ok(message) }
    });
    let registration = mesh.serve(service).await.unwrap();
    mesh.call("orders", "echo").await.unwrap();
    assert_eq!(Arc::strong_count(&kept), 2);
    registration.deregister().await.unwrap();
    soon(freed(&kept)).await;
}

#[tokio::test]
async fn a_handler_is_freed_when_its_mesh_is_stopped_or_dropped() {
    for is_stopped in [true, false] {
        let mesh = started(commy_tests::builder()).await;
        let kept = Arc::new(());
        let held = Arc::clone(&kept);
        let service = Service::new("orders").message("echo", move |message: Message, _| {
            let _held = Arc::clone(&held);
            async move { Ok(message) }
        });
        mesh.serve(service).await.unwrap();
        if is_stopped {
            mesh.stop().await.unwrap();
        } else {
            drop(mesh);
        }
        soon(freed(&kept)).await;
    }
}

/// Waits until nobody else holds it; an actor that has ended is dropped by its thread, soon after.
async fn freed(kept: &Arc<()>) {
    while Arc::strong_count(kept) > 1 {
        tokio::task::yield_now().await;
    }
}

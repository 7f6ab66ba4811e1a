//! A mesh is created, started, stopped and dropped, once or twice, in any order.

use std::time::Duration;

use commy::{CircuitBreaker, Mesh, MeshOptions, Message, Query, Service, Status};
use commy_tests::{Outcome, builder, echo, gate, invalid, mesh, soon, started};
use futures_util::{StreamExt, future::join_all};

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(commy::VERSION, env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn creating_a_mesh_starts_nothing() {
    let mesh = builder().build().unwrap();
    assert!(!mesh.is_running());
    assert_eq!(mesh.node_id().to_string().len(), 32);
}

#[tokio::test]
async fn a_mesh_runs_from_start_to_stop() {
    let mesh = builder().build().unwrap();
    mesh.start().await.unwrap();
    assert!(mesh.is_running());
    mesh.stop().await.unwrap();
    assert!(!mesh.is_running());
}

#[tokio::test]
async fn starting_twice_does_nothing() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    mesh.start().await.unwrap();
    assert_eq!(mesh.discover(&Query::all()).unwrap().len(), 1);
}

#[tokio::test]
async fn many_starts_at_once_are_one() {
    let mesh = builder().build().unwrap();
    for outcome in join_all((0..8).map(|_| mesh.start())).await {
        outcome.unwrap();
    }
    mesh.serve(echo("orders")).await.unwrap();
    mesh.stop().await.unwrap();
    assert!(!mesh.is_running());
}

#[tokio::test]
async fn stopping_twice_does_nothing() {
    let mesh = mesh().await;
    mesh.stop().await.unwrap();
    mesh.stop().await.unwrap();
    assert!(!mesh.is_running());
}

#[tokio::test]
async fn stopping_a_mesh_that_never_ran_does_nothing() {
    let mesh = builder().build().unwrap();
    mesh.stop().await.unwrap();
    assert!(!mesh.is_running());
}

#[tokio::test]
async fn a_stopped_mesh_starts_again_empty_and_as_the_same_node() {
    let mesh = mesh().await;
    let node = mesh.node_id();
    mesh.serve(echo("orders")).await.unwrap();
    mesh.stop().await.unwrap();

    mesh.start().await.unwrap();
    assert_eq!(mesh.node_id(), node);
    assert_eq!(mesh.discover(&Query::all()).unwrap(), []);
    mesh.serve(echo("orders")).await.unwrap();
    mesh.call("orders", "echo").await.unwrap();
}

#[tokio::test]
async fn nothing_works_before_the_start() {
    refuses_everything(&builder().build().unwrap()).await;
}

#[tokio::test]
async fn nothing_works_after_the_stop() {
    let mesh = mesh().await;
    mesh.stop().await.unwrap();
    refuses_everything(&mesh).await;
}

async fn refuses_everything(mesh: &Mesh) {
    let status = Status::FailedPrecondition;
    let reasons = [
        mesh.serve(echo("orders")).await.fails_as(status),
        mesh.advertise("web", "http://127.0.0.1:8080", None)
            .await
            .fails_as(status),
        mesh.discover(&Query::all()).fails_as(status),
        mesh.watch(&Query::all()).fails_as(status),
        mesh.active_service_count().fails_as(status),
        mesh.call("orders", "echo").await.fails_as(status),
        mesh.publish("orders/created").await.fails_as(status),
        mesh.subscribe("orders/*").await.fails_as(status),
    ];
    for error in reasons {
        assert!(error.reason().contains(mesh.name()), "{error}");
        assert!(error.reason().contains("not running"), "{error}");
    }
}

#[tokio::test]
async fn what_was_registered_is_gone_after_the_stop() {
    let mesh = mesh().await;
    let registration = mesh.serve(echo("orders")).await.unwrap();
    let id = registration.instance().id;
    mesh.stop().await.unwrap();

    assert_eq!(registration.instance().id, id);
    registration
        .set_health(commy::Health::Unhealthy)
        .await
        .fails_as(Status::FailedPrecondition);
    registration
        .drain(Duration::ZERO)
        .await
        .fails_as(Status::FailedPrecondition);
    registration.deregister().await.unwrap();
    assert_eq!(mesh.stats().registrations, 0);
}

#[tokio::test]
async fn stopping_lets_calls_in_flight_finish() {
    let mesh = mesh().await;
    let (service, gate) = gate("orders");
    mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("orders", "wait").bytes("paid").await });
    gate.entered.reaches(1).await;

    let stopping = mesh.clone();
    let stop = tokio::spawn(async move { stopping.stop().await });
    while mesh.is_running() {
        tokio::task::yield_now().await;
    }
    gate.open();
    assert_eq!(soon(call).await.unwrap().unwrap().message.payload, "paid");
    soon(stop).await.unwrap().unwrap();
    assert_eq!(gate.dropped.count(), 0);
}

#[tokio::test]
async fn stopping_waits_no_longer_than_the_drain_timeout() {
    let mesh = started(builder().drain_timeout(Duration::from_millis(20))).await;
    let (service, gate) = gate("orders");
    mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("orders", "wait").await });
    gate.entered.reaches(1).await;

    soon(mesh.stop()).await.unwrap();
    soon(call).await.unwrap().fails_as(Status::Unavailable);
    gate.dropped.reaches(1).await;
}

#[tokio::test]
async fn dropping_a_mesh_without_a_stop_stops_it() {
    let mesh = mesh().await;
    let (service, gate) = gate("orders");
    mesh.serve(service).await.unwrap();
    let mut watch = mesh.watch(&Query::all()).unwrap();
    let mut events = mesh.subscribe("**").await.unwrap();
    assert!(soon(watch.next()).await.is_some());

    drop(mesh);
    while soon(watch.next()).await.is_some() {}
    assert_eq!(soon(events.next()).await, None);
    assert_eq!(gate.entered.count(), 0);
}

#[tokio::test]
async fn a_handle_that_is_left_keeps_the_mesh() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    drop(mesh.clone());
    mesh.call("orders", "echo").await.unwrap();
}

#[tokio::test]
async fn meshes_of_different_names_do_not_see_each_other() {
    let (one, other) = (mesh().await, mesh().await);
    one.serve(echo("orders")).await.unwrap();
    let mut events = other.subscribe("**").await.unwrap();
    one.publish("orders/created").await.unwrap();

    assert_ne!(one.node_id(), other.node_id());
    assert_eq!(other.discover(&Query::all()).unwrap(), []);
    other
        .call("orders", "echo")
        .await
        .fails_as(Status::NotFound);
    other.stop().await.unwrap();
    assert_eq!(soon(events.next()).await, None);
}

#[tokio::test]
async fn meshes_of_one_name_in_one_process_see_each_other() {
    let one = mesh().await;
    let other = started(Mesh::builder(one.name())).await;
    one.serve(echo("orders")).await.unwrap();
    let mut events = other.subscribe("orders/*").await.unwrap();

    assert_eq!(other.discover(&Query::service("orders")).unwrap().len(), 1);
    other.call("orders", "echo").bytes("hi").await.unwrap();
    one.publish("orders/created").await.unwrap();
    assert_eq!(
        soon(events.next()).await.unwrap().topic.as_str(),
        "orders/created"
    );

    one.stop().await.unwrap();
    assert_eq!(other.discover(&Query::all()).unwrap(), []);
    assert!(other.is_running());
}

#[tokio::test]
async fn a_handler_that_blocks_its_thread_does_not_keep_the_mesh_from_stopping() {
    let mesh = started(builder().drain_timeout(Duration::ZERO)).await;
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Arc::new(std::sync::Mutex::new(released));
    let entered = commy_tests::Signal::default();
    let signal = entered.clone();
    let service = Service::new("orders").message("block", move |_, _| {
        signal.raise();
        // The one thing that a handler must not do.
        let _ = released.lock().unwrap().recv();
        async { Ok(Message::default()) }
    });
    mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("orders", "block").await });
    entered.reaches(1).await;

    soon(mesh.stop()).await.unwrap();
    assert!(!mesh.is_running());
    drop(release);
    let _ = soon(call).await.unwrap();
}

#[test]
fn the_name_of_a_mesh_follows_its_rule() {
    let refused = |name: &str, value: &str, rule: &str| {
        invalid(
            Mesh::builder(name).build(),
            &format!("mesh name \"{value}"),
            rule,
        );
    };
    refused("", "\"", "it must not be empty");
    refused(
        &"m".repeat(65),
        "mmm",
        "it has 65 bytes, and at most 64 are allowed",
    );
    refused("a..b", "a..b\"", "no segment between dots may be empty");
    refused("shop.", "shop.\"", "no segment between dots may be empty");
    refused(
        "-shop",
        "-shop\"",
        "each segment begins with an ASCII letter or digit",
    );
    refused("sh op", "sh op\"", "' ' is not an ASCII letter");
    refused("läden", "läden\"", "'ä' is not an ASCII letter");
    refused("a\0b", "a\\0b\"", "is not an ASCII letter");
    assert!(Mesh::builder("m".repeat(64)).build().is_ok());
    assert!(Mesh::builder("eu.shop-1_a").build().is_ok());
}

#[test]
fn the_options_of_a_mesh_follow_their_rules() {
    let build = |change: &dyn Fn(&mut MeshOptions)| {
        let mut options = MeshOptions::new("shop");
        change(&mut options);
        Mesh::new(options)
    };
    let breaker = |breaker: CircuitBreaker| build(&|options| options.breaker = Some(breaker));
    let usual = CircuitBreaker::default();
    let zero = Duration::ZERO;

    invalid(
        build(&|options| options.zone = Some("eu 1".into())),
        "eu 1",
        "' '",
    );
    invalid(
        build(&|options| options.region = Some(String::new())),
        "\"\"",
        "empty",
    );
    invalid(
        build(&|options| options.call_timeout = zero),
        "call_timeout_ms 0",
        "between 1",
    );
    invalid(
        build(&|options| options.drain_timeout = Duration::MAX),
        "drain_timeout_ms",
        "between 0",
    );
    invalid(
        build(&|options| options.max_payload_bytes = 0),
        "max_payload_bytes 0",
        "between 1",
    );
    invalid(
        build(&|options| options.max_payload_bytes = (1 << 30) + 1),
        "1073741825",
        "1073741824",
    );
    invalid(
        breaker(CircuitBreaker {
            requests_min: 0,
            ..usual
        }),
        "requests_min 0",
        "between 1",
    );
    invalid(
        breaker(CircuitBreaker {
            failure_ratio: 0.0,
            ..usual
        }),
        "failure_ratio 0",
        "above 0",
    );
    invalid(
        breaker(CircuitBreaker {
            failure_ratio: 1.5,
            ..usual
        }),
        "failure_ratio 1.5",
        "at most 1",
    );
    invalid(
        breaker(CircuitBreaker {
            failure_ratio: f64::NAN,
            ..usual
        }),
        "NaN",
        "above 0",
    );
    invalid(
        breaker(CircuitBreaker {
            window: zero,
            ..usual
        }),
        "window_ms 0",
        "between 1",
    );
    invalid(
        breaker(CircuitBreaker {
            open: zero,
            ..usual
        }),
        "open_ms 0",
        "between 1",
    );
}

//! What one handler does wrong stays with it.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use commy::{Message, Service, ServiceSpec, Status};
use commy_tests::{Outcome, Signal, echo, gate, mesh, soon};
use futures_util::future::join_all;

#[tokio::test]
async fn a_panic_leaves_the_calls_beside_it_alone() {
    let mesh = mesh().await;
    let (waiting, gate) = gate("orders");
    let service = waiting.message("panic", |_, _| async move {
        tokio::task::yield_now().await;
        panic!("no luck")
    });
    mesh.serve(service).await.unwrap();
    let beside = mesh.clone();
    let beside = tokio::spawn(async move { beside.call("orders", "wait").await });
    gate.entered.reaches(1).await;

    mesh.call("orders", "panic")
        .await
        .fails_as(Status::Internal);
    gate.open();
    soon(beside).await.unwrap().unwrap();
    assert_eq!(gate.dropped.count(), 0);
}

#[tokio::test]
async fn a_panic_in_the_drop_of_a_cancelled_handler_harms_nobody() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let mesh = mesh().await;
    let entered = Signal::default();
    let signal = entered.clone();
    let service = Service::new("orders")
        .message("bomb", move |message: Message, _| {
            let signal = signal.clone();
            async move {
                let _bomb = Bomb;
                signal.raise();
                std::future::pending::<()>().await;
                Ok(message)
            }
        })
        .message("echo", |message, _| async move { Ok(message) });
    mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("orders", "bomb").await });
    entered.reaches(1).await;
    call.abort();
    let _ = call.await;
    for _ in 0..10 {
        mesh.call("orders", "echo").await.unwrap();
    }
    soon(mesh.stop()).await.unwrap();
}

#[tokio::test]
async fn a_full_instance_refuses_at_once_and_takes_calls_again_when_it_has_room() {
    let mesh = mesh().await;
    let (service, gate) = gate(ServiceSpec::new("orders").max_in_flight(2));
    mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let calls = tokio::spawn(async move {
        join_all((0..2).map(|_| caller.call("orders", "wait").into_future())).await
    });
    gate.entered.reaches(2).await;
    let outcomes = join_all((0..50).map(|_| mesh.call("orders", "wait").into_future())).await;
    for outcome in outcomes {
        outcome.fails_as(Status::ResourceExhausted);
    }
    assert_eq!(gate.entered.count(), 2);
    gate.open();
    for outcome in soon(calls).await.unwrap() {
        outcome.unwrap();
    }
    mesh.call("orders", "wait").await.unwrap();
}

/// A service whose method blocks the instances' thread until what is returned is dropped.
fn blocking(spec: ServiceSpec) -> (Service, Signal, mpsc::Sender<()>) {
    let (release, released) = mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let entered = Signal::default();
    let signal = entered.clone();
    let service = Service::new(spec).message("block", move |message: Message, _| {
        signal.raise();
        let _ = released.lock().unwrap().recv();
        async move { Ok(message) }
    });
    (service, entered, release)
}

#[tokio::test]
async fn a_mailbox_that_is_full_refuses_at_once() {
    let mesh = mesh().await;
    let (service, entered, release) = blocking(ServiceSpec::new("orders").max_in_flight(65_536));
    mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let first = tokio::spawn(async move { caller.call("orders", "block").await });
    entered.reaches(1).await;

    // Nobody takes from the mailbox now, so it fills; whoever finds it full is told.
    let mut waiting = Vec::new();
    let refused = loop {
        assert!(waiting.len() < 100_000, "a mailbox has a bound");
        let mut call = mesh.call("orders", "block").into_future();
        if let std::task::Poll::Ready(outcome) = futures_util::poll!(&mut call) {
            break outcome;
        }
        waiting.push(call);
    };
    let error = refused.fails_as(Status::ResourceExhausted);
    assert!(error.reason().contains("mailbox"), "{error}");
    assert!(waiting.len() >= 1000, "{} calls found room", waiting.len());

    drop(waiting);
    drop(release);
    soon(first).await.unwrap().unwrap();
    soon(async {
        while mesh.call("orders", "block").await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_whose_caller_gives_up_before_it_is_taken_is_not_executed() {
    let mesh = mesh().await;
    let (service, entered, release) = blocking(ServiceSpec::new("orders"));
    mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let first = tokio::spawn(async move { caller.call("orders", "block").await });
    entered.reaches(1).await;

    let mut second = mesh.call("orders", "block").into_future();
    assert!(futures_util::poll!(&mut second).is_pending());
    drop(second);
    drop(release);
    soon(first).await.unwrap().unwrap();
    mesh.call("orders", "block").await.unwrap();
    assert_eq!(entered.count(), 2);
    assert_eq!(mesh.stats().requests_handled, 2);
}

#[tokio::test]
async fn a_handler_that_blocks_delays_no_deadline_and_no_registration() {
    let mesh = mesh().await;
    let (service, entered, release) = blocking(ServiceSpec::new("orders"));
    mesh.serve(service).await.unwrap();
    let call = mesh
        .call("orders", "block")
        .timeout(Duration::from_millis(20));
    soon(call.into_future())
        .await
        .fails_as(Status::DeadlineExceeded);
    entered.reaches(1).await;

    soon(mesh.serve(echo("billing"))).await.unwrap();
    soon(mesh.advertise("db", "tcp://db:5432", None))
        .await
        .unwrap();
    assert_eq!(mesh.active_service_count().unwrap(), 3);
    drop(release);
    soon(mesh.call("billing", "echo").into_future())
        .await
        .unwrap();
}

//! An instance that fails is set aside, and found again when it is well.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use commy::{Balance, CircuitBreaker, Failure, FailureKind, Mesh, Message, Service, Status};
use commy_tests::{Outcome, builder, echo, mesh, started};

/// A service that is broken while it is told to be.
fn moody(broken: &Arc<AtomicBool>) -> Service {
    let broken = Arc::clone(broken);
    Service::new("orders").message("echo", move |message: Message, _| {
        let is_broken = broken.load(Relaxed);
        async move {
            if is_broken {
                return Err(Failure::of_kind(FailureKind::Internal, "broken"));
            }
            Ok(message)
        }
    })
}

async fn with_breaker(open: Duration) -> Mesh {
    let breaker = CircuitBreaker {
        requests_min: 4,
        failure_ratio: 0.5,
        window: Duration::from_secs(3600),
        open,
    };
    started(builder().breaker(breaker)).await
}

#[tokio::test]
async fn a_circuit_opens_when_too_many_calls_fail_and_then_refuses_them_unsent() {
    let mesh = with_breaker(Duration::from_secs(3600)).await;
    let broken = Arc::new(AtomicBool::new(true));
    mesh.serve(moody(&broken)).await.unwrap();
    for _ in 0..4 {
        mesh.call("orders", "echo").await.fails_as(Status::Internal);
    }
    let handled = mesh.stats().requests_handled;
    broken.store(false, Relaxed);
    let error = mesh
        .call("orders", "echo")
        .await
        .fails_as(Status::Unavailable);
    assert!(error.reason().contains("circuit breaker"), "{error}");
    assert_eq!(mesh.stats().requests_handled, handled);
}

#[tokio::test]
async fn an_open_circuit_lets_one_call_try_and_closes_when_it_succeeds() {
    let mesh = with_breaker(Duration::from_millis(1)).await;
    let broken = Arc::new(AtomicBool::new(true));
    mesh.serve(moody(&broken)).await.unwrap();
    for _ in 0..4 {
        mesh.call("orders", "echo").await.fails_as(Status::Internal);
    }
    broken.store(false, Relaxed);
    // The circuit is open for a millisecond: it closes by itself, with no call from outside of
    // this loop, or the loop ends the test.
    let mut tries = 0;
    while mesh.call("orders", "echo").await.is_err() {
        tries += 1;
        assert!(tries < 1_000_000, "the circuit never closed");
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        mesh.call("orders", "echo").await.unwrap();
    }
}

#[tokio::test]
async fn without_a_breaker_every_call_is_sent() {
    let mesh = mesh().await;
    let broken = Arc::new(AtomicBool::new(true));
    mesh.serve(moody(&broken)).await.unwrap();
    for _ in 0..100 {
        mesh.call("orders", "echo").await.fails_as(Status::Internal);
    }
    assert_eq!(mesh.stats().requests_handled, 100);
    broken.store(false, Relaxed);
    mesh.call("orders", "echo").await.unwrap();
}

#[tokio::test]
async fn an_answer_of_the_handler_opens_no_circuit_whatever_it_says() {
    let mesh = with_breaker(Duration::from_secs(3600)).await;
    let service = Service::new("orders").message("fail", |_, _| async move {
        Err(Failure::new("SOLD_OUT", "no tea is left"))
    });
    mesh.serve(service).await.unwrap();
    for _ in 0..50 {
        mesh.call("orders", "fail")
            .await
            .fails_as(Status::HandlerFailed);
        mesh.call("orders", "missing")
            .await
            .fails_as(Status::Unimplemented);
    }
}

#[tokio::test]
async fn an_instance_that_fails_time_after_time_is_set_aside_for_the_others() {
    let mesh = started(builder().balance(Balance::RoundRobin)).await;
    let broken = Arc::new(AtomicBool::new(true));
    mesh.serve(moody(&broken)).await.unwrap();
    let well = mesh.serve(echo("orders")).await.unwrap().instance().id;
    let mut failures = 0;
    for _ in 0..10 {
        failures += u32::from(mesh.call("orders", "echo").await.is_err());
    }
    assert_eq!(
        failures, 5,
        "in turn, half of the calls found the broken one"
    );
    // It is ejected for a second, and these calls take far less.
    for _ in 0..50 {
        assert_eq!(mesh.call("orders", "echo").await.unwrap().served_by, well);
    }
}

#[tokio::test]
async fn when_all_are_set_aside_all_may_be_called() {
    let mesh = mesh().await;
    let broken = Arc::new(AtomicBool::new(true));
    mesh.serve(moody(&broken)).await.unwrap();
    mesh.serve(moody(&broken)).await.unwrap();
    for _ in 0..50 {
        mesh.call("orders", "echo").await.fails_as(Status::Internal);
    }
    broken.store(false, Relaxed);
    mesh.call("orders", "echo").await.unwrap();
}

//! A call is executed at most once, unless its caller said that twice does no harm.

use std::time::Duration;

use commy::{Balance, Message, Service, ServiceSpec, Status};
use commy_tests::{Gate, Outcome, Signal, builder, echo, gate, mesh, soon, started};

/// An instance whose one place is taken by a call that waits.
async fn full(mesh: &commy::Mesh) -> Gate {
    let (service, gate) = gate(ServiceSpec::new("orders").version("1.0.0").max_in_flight(1));
    mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    tokio::spawn(async move { caller.call("orders", "wait").await });
    gate.entered.reaches(1).await;
    gate
}

#[tokio::test]
async fn a_call_that_was_provably_not_accepted_is_made_elsewhere() {
    let mesh = started(builder().balance(Balance::RoundRobin)).await;
    let gate = full(&mesh).await;
    let (other, open) = commy_tests::gate(ServiceSpec::new("orders").version("2.0.0"));
    open.open();
    let other = mesh.serve(other).await.unwrap().instance().id;
    for _ in 0..10 {
        let reply = mesh.call("orders", "wait").await.unwrap();
        assert_eq!(reply.served_by, other);
    }
    assert_eq!(gate.entered.count(), 1);
}

#[tokio::test]
async fn when_nobody_accepts_the_last_refusal_is_told_with_the_attempts() {
    let mesh = mesh().await;
    let one = full(&mesh).await;
    let error = mesh
        .call("orders", "wait")
        .await
        .fails_as(Status::ResourceExhausted);
    assert!(error.context().attempts >= 1, "{error:?}");
    assert!(error.context().instance_id.is_some(), "{error:?}");
    assert_eq!(one.entered.count(), 1);
}

/// A service that counts its calls and never answers.
fn silent(spec: ServiceSpec, entered: &Signal) -> Service {
    let entered = entered.clone();
    Service::new(spec).message("echo", move |message: Message, _| {
        entered.raise();
        async move {
            std::future::pending::<()>().await;
            Ok(message)
        }
    })
}

#[tokio::test]
async fn a_call_that_may_have_been_executed_is_not_repeated() {
    let mesh = started(builder().balance(Balance::RoundRobin)).await;
    let entered = Signal::default();
    for _ in 0..3 {
        mesh.serve(silent(ServiceSpec::new("orders"), &entered))
            .await
            .unwrap();
    }
    let call = mesh
        .call("orders", "echo")
        .timeout(Duration::from_millis(50));
    let error = soon(call.into_future())
        .await
        .fails_as(Status::DeadlineExceeded);
    assert_eq!(error.context().attempts, 1);
    // A busy machine gets to a handler after its attempt is over.
    entered.reaches(1).await;
    assert_eq!(entered.count(), 1);
}

#[tokio::test]
async fn an_idempotent_call_is_repeated_on_another_instance() {
    let mesh = started(builder().balance(Balance::RoundRobin)).await;
    let entered = Signal::default();
    mesh.serve(silent(ServiceSpec::new("orders"), &entered))
        .await
        .unwrap();
    let well = mesh.serve(echo("orders")).await.unwrap().instance().id;
    for _ in 0..4 {
        let call = mesh
            .call("orders", "echo")
            .timeout(Duration::from_secs(1))
            .idempotent();
        assert_eq!(soon(call.into_future()).await.unwrap().served_by, well);
    }
    assert!(entered.count() >= 1);
}

#[tokio::test]
async fn an_idempotent_call_that_nobody_answers_ends_at_its_deadline() {
    let mesh = mesh().await;
    let entered = Signal::default();
    for _ in 0..5 {
        mesh.serve(silent(ServiceSpec::new("orders"), &entered))
            .await
            .unwrap();
    }
    let call = mesh
        .call("orders", "echo")
        .timeout(Duration::from_millis(60))
        .idempotent();
    let error = soon(call.into_future())
        .await
        .fails_as(Status::DeadlineExceeded);
    assert!((1..=3).contains(&error.context().attempts), "{error:?}");
    let attempts = u64::from(error.context().attempts);
    entered.reaches(attempts).await;
    assert_eq!(entered.count(), attempts);
}

#[tokio::test]
async fn an_answer_of_the_handler_is_never_asked_for_twice() {
    let mesh = mesh().await;
    let entered = Signal::default();
    for _ in 0..3 {
        let entered = entered.clone();
        let service = Service::new("orders").message("panic", move |_, _| {
            entered.raise();
            async move { panic!("no luck") }
        });
        mesh.serve(service).await.unwrap();
    }
    mesh.call("orders", "panic")
        .idempotent()
        .await
        .fails_as(Status::Internal);
    assert_eq!(entered.count(), 1);
}

#[tokio::test]
async fn each_attempt_is_numbered() {
    let mesh = started(builder().balance(Balance::RoundRobin)).await;
    let entered = Signal::default();
    mesh.serve(silent(ServiceSpec::new("orders"), &entered))
        .await
        .unwrap();
    let service = Service::new("orders").method("echo", |(): (), context| async move {
        let context: commy::Context = context;
        Ok(context.attempt)
    });
    mesh.serve(service).await.unwrap();
    // In turn, the first call finds the silent one first or last.
    let call = mesh
        .call("orders", "echo")
        .json(&())
        .timeout(Duration::from_secs(1));
    let reply = soon(call.idempotent().into_future()).await.unwrap();
    assert_eq!(u64::from(reply.json::<u32>().unwrap()), entered.count() + 1);
}

#[tokio::test]
async fn retries_do_not_multiply_the_load_of_a_service_in_trouble() {
    let mesh = mesh().await;
    let entered = Signal::default();
    for _ in 0..3 {
        mesh.serve(silent(ServiceSpec::new("orders"), &entered))
            .await
            .unwrap();
    }
    let calls = (0..200).map(|_| {
        mesh.call("orders", "echo")
            .timeout(Duration::from_millis(100))
            .idempotent()
            .into_future()
    });
    for outcome in soon(futures_util::future::join_all(calls)).await {
        outcome.fails_as(Status::DeadlineExceeded);
    }
    entered.reaches(200).await;
    // Each call may add a fifth of a retry, beside ten at the start and ten a second.
    assert!(entered.count() <= 270, "{} requests", entered.count());
}

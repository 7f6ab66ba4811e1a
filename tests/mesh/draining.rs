//! An instance that goes finishes what it has, takes nothing new, and is gone in time.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use commy::{Health, Query, Registration, Service, ServiceSpec, Status};
use commy_tests::{Outcome, builder, echo, gate, mesh, soon, started};
use futures_util::future::join_all;

#[tokio::test]
async fn an_instance_that_drains_answers_what_it_has_and_its_calls_go_elsewhere() {
    let mesh = mesh().await;
    let (old, gate) = gate(ServiceSpec::new("orders").version("1.0.0"));
    let old = mesh.serve(old).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("orders", "wait").await });
    gate.entered.reaches(1).await;
    let new = mesh
        .serve(echo(ServiceSpec::new("orders").version("2.0.0")))
        .await
        .unwrap();

    assert!(!old.drain(Duration::ZERO).await.unwrap());
    for _ in 0..20 {
        let reply = mesh.call("orders", "echo").await.unwrap();
        assert_eq!(reply.served_by, new.instance().id);
    }
    gate.open();
    assert_eq!(
        soon(call).await.unwrap().unwrap().served_by,
        old.instance().id
    );
}

#[tokio::test]
async fn deregistering_waits_no_longer_than_the_drain_timeout() {
    let mesh = started(builder().drain_timeout(Duration::from_millis(20))).await;
    let (service, gate) = gate("orders");
    let registration = mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("orders", "wait").await });
    gate.entered.reaches(1).await;

    soon(registration.deregister()).await.unwrap();
    let error = soon(call).await.unwrap().fails_as(Status::Unavailable);
    assert!(error.reason().contains("withdrawn"), "{error}");
    assert_eq!(error.context().attempts, 1, "it may have been executed");
    gate.dropped.reaches(1).await;
}

#[tokio::test]
async fn stopping_drains_every_instance_at_the_same_time() {
    let mesh = mesh().await;
    let mut gates = Vec::new();
    for number in 0..10 {
        let (service, gate) = gate(format!("service-{number}"));
        mesh.serve(service).await.unwrap();
        gates.push(gate);
    }
    let caller = mesh.clone();
    let calls = tokio::spawn(async move {
        let calls = (0..10).map(|number| {
            let service = format!("service-{number}");
            let mesh = caller.clone();
            async move { mesh.call(&service, "wait").await }
        });
        join_all(calls).await
    });
    for gate in &gates {
        gate.entered.reaches(1).await;
    }
    let stopping = mesh.clone();
    let stop = tokio::spawn(async move { stopping.stop().await });
    while mesh.is_running() {
        tokio::task::yield_now().await;
    }
    // Opened in the reverse order: an instance that waited for the one before would hang here.
    for gate in gates.iter().rev() {
        gate.open();
    }
    for outcome in soon(calls).await.unwrap() {
        outcome.unwrap();
    }
    soon(stop).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_mesh_that_stops_refuses_new_calls_while_it_drains() {
    let mesh = mesh().await;
    let (service, gate) = gate("orders");
    mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("orders", "wait").await });
    gate.entered.reaches(1).await;
    let stopping = mesh.clone();
    let stop = tokio::spawn(async move { stopping.stop().await });
    while mesh.is_running() {
        tokio::task::yield_now().await;
    }
    mesh.call("orders", "wait")
        .await
        .fails_as(Status::FailedPrecondition);
    mesh.serve(echo("late"))
        .await
        .fails_as(Status::FailedPrecondition);
    gate.open();
    soon(call).await.unwrap().unwrap();
    soon(stop).await.unwrap().unwrap();
}

#[tokio::test]
async fn draining_an_advertised_instance_only_marks_it() {
    let mesh = mesh().await;
    let registration = mesh.advertise("db", "tcp://db:5432", None).await.unwrap();
    assert!(registration.drain(Duration::ZERO).await.unwrap());
    assert_eq!(registration.instance().health, Health::Draining);
    let draining = Query::service("db").health([Health::Draining]);
    assert_eq!(mesh.discover(&draining).unwrap().len(), 1);
}

#[tokio::test]
async fn draining_twice_at_once_is_one_drain() {
    let mesh = mesh().await;
    let (service, gate) = gate("orders");
    let registration = mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("orders", "wait").await });
    gate.entered.reaches(1).await;
    let drain = |time| {
        let registration = registration.clone();
        tokio::spawn(async move { registration.drain(time).await })
    };
    let (one, other) = (
        drain(Duration::from_secs(60)),
        drain(Duration::from_secs(60)),
    );
    while registration.instance().health != Health::Draining {
        tokio::task::yield_now().await;
    }
    gate.open();
    assert!(soon(one).await.unwrap().unwrap());
    assert!(soon(other).await.unwrap().unwrap());
    soon(call).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_handler_may_stop_its_own_mesh() {
    let mesh = started(builder().drain_timeout(Duration::from_millis(20))).await;
    let stopping = mesh.clone();
    let service = Service::new("orders").method("stop", move |(): (), _| {
        let mesh = stopping.clone();
        async move { Ok(mesh.stop().await?) }
    });
    mesh.serve(service).await.unwrap();
    // The stop waits for the call that it is made from, and gives up on it in time.
    let call = mesh.call("orders", "stop").json(&()).into_future();
    soon(call).await.fails_as(Status::Unavailable);
    assert!(!mesh.is_running());
    soon(mesh.stop()).await.unwrap();
    soon(mesh.start()).await.unwrap();
    mesh.serve(echo("orders")).await.unwrap();
    mesh.call("orders", "echo").await.unwrap();
}

#[tokio::test]
async fn a_handler_may_withdraw_its_own_instance() {
    let mesh = started(builder().drain_timeout(Duration::from_millis(20))).await;
    let own = Arc::new(OnceLock::<Registration>::new());
    let registered = Arc::clone(&own);
    let service = Service::new("orders").method("leave", move |(): (), _| {
        let registration = registered.get().cloned();
        async move {
            if let Some(registration) = registration {
                registration.deregister().await?;
            }
            Ok(())
        }
    });
    let registration = mesh.serve(service).await.unwrap();
    own.set(registration).unwrap();
    let call = mesh.call("orders", "leave").json(&()).into_future();
    soon(call).await.fails_as(Status::Unavailable);
    soon(async {
        while !mesh.discover(&Query::all()).unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    soon(mesh.stop()).await.unwrap();
}

//! Many callers, registrations and watchers at once, on many threads.

use std::collections::{BTreeMap, BTreeSet};

use commy::{ChangeKind, InstanceId, Message, Query, Service, ServiceSpec, Status};
use commy_tests::{Outcome, builder, echo, gate, mesh, soon, started};
use futures_util::{StreamExt, future::join_all};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_calls_of_many_tasks_each_get_their_own_answer() {
    let mesh = mesh().await;
    for _ in 0..4 {
        mesh.serve(echo("orders")).await.unwrap();
    }
    let mut callers = JoinSet::new();
    for caller in 0..100_u32 {
        let mesh = mesh.clone();
        callers.spawn(async move {
            for number in 0..100_u32 {
                let sent = [caller, number];
                let reply = mesh.call("orders", "echo").json(&sent).await.unwrap();
                assert_eq!(reply.json::<[u32; 2]>().unwrap(), sent);
            }
        });
    }
    while let Some(caller) = soon(callers.join_next()).await {
        caller.unwrap();
    }
    let stats = mesh.stats();
    assert_eq!((stats.calls_ok, stats.requests_handled), (10_000, 10_000));
    assert_eq!((stats.calls_in_flight, stats.requests_in_flight), (0, 0));
}

#[tokio::test]
async fn an_instance_handles_as_many_calls_at_once_as_it_allows() {
    let mesh = mesh().await;
    let (service, gate) = gate(ServiceSpec::new("orders").max_in_flight(3));
    mesh.serve(service).await.unwrap();
    let mut calls: Vec<_> = (0..3)
        .map(|_| mesh.call("orders", "wait").into_future())
        .collect();
    for call in &mut calls {
        assert!(futures_util::poll!(call).is_pending());
    }
    gate.entered.reaches(3).await;
    let error = mesh
        .call("orders", "wait")
        .await
        .fails_as(Status::ResourceExhausted);
    assert!(error.reason().contains("max_in_flight"), "{error}");
    gate.open();
    for outcome in soon(join_all(calls)).await {
        outcome.unwrap();
    }
    mesh.call("orders", "wait").await.unwrap();
}

#[tokio::test]
async fn handlers_of_one_instance_run_side_by_side() {
    let mesh = mesh().await;
    let (service, gate) = gate("orders");
    mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let calls = tokio::spawn(async move {
        let calls = (0..64).map(|_| caller.call("orders", "wait").into_future());
        join_all(calls)
            .await
            .into_iter()
            .filter(Result::is_ok)
            .count()
    });
    gate.entered.reaches(64).await;
    gate.open();
    assert_eq!(soon(calls).await.unwrap(), 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_go_on_while_instances_come_and_go() {
    let mesh = mesh().await;
    let keeper = mesh.serve(echo("orders")).await.unwrap();
    let mut churn = JoinSet::new();
    for _ in 0..4 {
        let mesh = mesh.clone();
        churn.spawn(async move {
            for _ in 0..50 {
                let registration = mesh.serve(echo("orders")).await.unwrap();
                registration.deregister().await.unwrap();
            }
        });
    }
    let caller = mesh.clone();
    let calls = tokio::spawn(async move {
        for number in 0..2000_u32 {
            // An instance that goes lets its calls finish, and one that is gone takes none, so the
            // caller never notices.
            let reply = caller.call("orders", "echo").json(&number).await.unwrap();
            assert_eq!(reply.json::<u32>().unwrap(), number);
        }
    });
    while let Some(task) = soon(churn.join_next()).await {
        task.unwrap();
    }
    soon(calls).await.unwrap();
    let left = mesh.discover(&Query::all()).unwrap();
    assert_eq!(left, [keeper.instance()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_watch_and_a_query_agree_after_any_churn() {
    let mesh = mesh().await;
    let mut watch = mesh.watch(&Query::all()).unwrap();
    let mut churn = JoinSet::new();
    for task in 0..8 {
        let mesh = mesh.clone();
        churn.spawn(async move {
            for number in 0..20 {
                let registration = mesh.serve(echo(format!("service-{task}"))).await.unwrap();
                if number % 2 == 0 {
                    registration.deregister().await.unwrap();
                }
            }
        });
    }
    while let Some(task) = soon(churn.join_next()).await {
        task.unwrap();
    }
    let last = mesh.serve(echo("last")).await.unwrap().instance().id;
    let mut seen: BTreeMap<InstanceId, commy::Instance> = BTreeMap::new();
    while !seen.contains_key(&last) {
        let change = soon(watch.next()).await.unwrap();
        match change.kind {
            ChangeKind::Added => {
                assert!(seen.insert(change.instance.id, change.instance).is_none())
            }
            ChangeKind::Updated => {
                assert!(seen.insert(change.instance.id, change.instance).is_some())
            }
            ChangeKind::Removed => assert!(seen.remove(&change.instance.id).is_some()),
        }
    }
    let found: BTreeSet<_> = mesh
        .discover(&Query::all())
        .unwrap()
        .iter()
        .map(|it| it.id)
        .collect();
    assert_eq!(seen.keys().copied().collect::<BTreeSet<_>>(), found);
    assert_eq!(found.len(), 81);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn publishers_on_many_threads_reach_every_subscriber() {
    let mesh = mesh().await;
    let events = mesh.subscribe("**").capacity(4000).await.unwrap();
    let mut publishers = JoinSet::new();
    for publisher in 0..8_u32 {
        let mesh = mesh.clone();
        publishers.spawn(async move {
            for number in 0..500_u32 {
                mesh.publish(format!("from/{publisher}"))
                    .json(&number)
                    .await
                    .unwrap();
            }
        });
    }
    while let Some(task) = soon(publishers.join_next()).await {
        task.unwrap();
    }
    mesh.stop().await.unwrap();
    let events: Vec<_> = soon(events.collect::<Vec<_>>()).await;
    assert_eq!(events.len(), 4000);
    for publisher in 0..8 {
        let topic = format!("from/{publisher}");
        let numbers = events.iter().filter(|event| event.topic.as_str() == topic);
        let numbers: Vec<u32> = numbers.map(|event| event.json().unwrap()).collect();
        assert_eq!(numbers, (0..500).collect::<Vec<_>>(), "{topic} in order");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn starting_and_stopping_from_many_tasks_ends_as_the_last_one_said() {
    let mesh = builder().build().unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let mesh = mesh.clone();
        tasks.spawn(async move {
            for _ in 0..10 {
                if task % 2 == 0 {
                    mesh.start().await.unwrap();
                } else {
                    mesh.stop().await.unwrap();
                }
            }
        });
    }
    while let Some(task) = soon(tasks.join_next()).await {
        task.unwrap();
    }
    mesh.start().await.unwrap();
    mesh.serve(echo("orders")).await.unwrap();
    mesh.call("orders", "echo").await.unwrap();
    mesh.stop().await.unwrap();
    assert!(!mesh.is_running());
}

#[tokio::test]
async fn a_mesh_works_from_an_executor_that_is_not_tokio() {
    // A plain thread with a plain executor: no future of commy needs a runtime around it.
    std::thread::spawn(|| {
        pollster::block_on(async {
            let mesh = started(builder()).await;
            mesh.serve(echo("orders")).await.unwrap();
            let mut events = mesh.subscribe("a").await.unwrap();
            mesh.publish("a").await.unwrap();
            assert!(events.next().await.is_some());
            mesh.call("orders", "echo").await.unwrap();
            let late = mesh
                .call("orders", "echo")
                .timeout(std::time::Duration::ZERO)
                .await;
            late.fails_as(Status::DeadlineExceeded);
            mesh.stop().await.unwrap();
        });
    })
    .join()
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_handler_that_calls_its_own_service_does_not_deadlock() {
    let mesh = mesh().await;
    let caller = mesh.clone();
    let service = Service::new("countdown").method("from", move |number: u32, _| {
        let mesh = caller.clone();
        async move {
            if number == 0 {
                return Ok(0);
            }
            let below: u32 = mesh
                .call("countdown", "from")
                .json(&(number - 1))
                .await?
                .json()?;
            Ok(below + 1)
        }
    });
    mesh.serve(service).await.unwrap();
    let call = mesh.call("countdown", "from").json(&100);
    assert_eq!(
        soon(call.into_future())
            .await
            .unwrap()
            .json::<u32>()
            .unwrap(),
        100
    );
    mesh.call("countdown", "from")
        .message(Message::json("-"))
        .await
        .fails_as(Status::InvalidArgument);
}

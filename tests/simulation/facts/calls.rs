//! Calls from node to node.

use std::{sync::Arc, time::Duration};

use commy_core::{CallOptions, IncomingRequest, Message, ServiceSpec, Status};

use super::{call, fact, known};
use crate::{host::Hosts, topology::State};

/// A service that answers after a time.
async fn serve(hosts: &Hosts, host: usize, spec: ServiceSpec, time: Duration) {
    let handler = Arc::new(move |request: IncomingRequest| async move {
        tokio::time::sleep(time).await;
        Ok(request.message)
    });
    let mesh = &hosts.hosts[host].mesh;
    mesh.register(spec, handler)
        .await
        .expect("it is registered");
    known().await;
}

fn echo() -> ServiceSpec {
    ServiceSpec::new("echo")
}

#[test]
fn a_call_reaches_another_node_and_is_counted() {
    fact(2, async |hosts| {
        serve(hosts, 1, echo(), Duration::ZERO).await;
        let reply = call(hosts, 0, "echo", &CallOptions::default())
            .await
            .expect("a reply");
        assert_eq!(reply.message, Message::bytes("hello"));
        assert_eq!(reply.served_by.node, hosts.hosts[1].id);
        for host in &hosts.hosts {
            let stats = host.mesh.stats();
            assert_eq!(stats.fabric_messages, 2);
            assert_eq!((stats.bytes_sent, stats.bytes_received), (5, 5));
        }
    });
}

#[test]
fn no_message_between_two_parties_in_one_process_touches_the_fabric() {
    fact(2, async |hosts| {
        serve(hosts, 0, echo(), Duration::ZERO).await;
        let options = commy_core::SubscribeOptions::default();
        hosts.subscribe(0, "**", options).await;
        for _ in 0..100 {
            call(hosts, 0, "echo", &CallOptions::default())
                .await
                .expect("a reply");
            hosts.publish(0, "t/1").await;
        }
        known().await;
        let stats = hosts.hosts[0].mesh.stats();
        assert_eq!(stats.peers, 1);
        assert_eq!((stats.requests_handled, stats.events_delivered), (100, 100));
        assert_eq!(stats.fabric_messages, 0);
    });
}

#[test]
fn of_two_equal_instances_the_local_one_answers_first() {
    fact(2, async |hosts| {
        serve(hosts, 0, echo(), Duration::ZERO).await;
        serve(hosts, 1, echo(), Duration::ZERO).await;
        let reply = call(hosts, 0, "echo", &CallOptions::default())
            .await
            .expect("a reply");
        assert_eq!(reply.served_by.node, hosts.hosts[0].id);
    });
}

#[test]
fn a_full_instance_is_left_for_another_and_the_error_says_what_was_tried() {
    fact(3, async |hosts| {
        for host in [1, 2] {
            let spec = echo().max_in_flight(1);
            serve(hosts, host, spec, Duration::from_millis(500)).await;
        }
        let calls: Vec<_> = (0..3)
            .map(|_| {
                let mesh = hosts.hosts[0].mesh.clone();
                actix_rt::spawn(async move {
                    let request = commy_core::Request::new("do", Message::bytes("hello"));
                    mesh.call("echo", request, &CallOptions::default()).await
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for call in calls {
            outcomes.push(call.await.expect("no panic"));
        }
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
        let error = outcomes
            .into_iter()
            .find_map(Result::err)
            .expect("one is too many");
        assert_eq!(error.status(), Status::ResourceExhausted);
        assert!(error.context().attempts >= 2, "{error:?}");
        for host in &hosts.hosts[1..] {
            assert!(error.reason().contains(&host.id.to_string()), "{error}");
        }
    });
}

#[test]
fn a_node_that_hangs_costs_one_attempt_and_its_other_instances_none() {
    fact(3, async |hosts| {
        for _ in 0..3 {
            serve(hosts, 1, echo(), Duration::ZERO).await;
        }
        serve(hosts, 2, echo(), Duration::ZERO).await;
        hosts.network.set(hosts.hosts[1].id, State::Paused);
        let options = CallOptions {
            timeout: Some(Duration::from_millis(300)),
            idempotent: true,
            ..CallOptions::default()
        };
        let begun = hosts.network.now();
        for _ in 0..20 {
            let reply = call(hosts, 0, "echo", &options)
                .await
                .expect("another node answers");
            assert_eq!(reply.served_by.node, hosts.hosts[2].id);
        }
        let took = hosts.network.now() - begun;
        assert!(took < Duration::from_millis(500), "{took:?}");
        hosts.network.set(hosts.hosts[1].id, State::Running);
    });
}

#[test]
fn a_call_caught_on_a_node_that_hangs_fails_by_its_deadline_and_says_so() {
    fact(2, async |hosts| {
        serve(hosts, 1, echo(), Duration::ZERO).await;
        hosts.network.set(hosts.hosts[1].id, State::Paused);
        let options = CallOptions {
            timeout: Some(Duration::from_secs(3)),
            ..CallOptions::default()
        };
        let error = call(hosts, 0, "echo", &options)
            .await
            .expect_err("nobody answers");
        assert_eq!(error.status(), Status::DeadlineExceeded);
        assert!(error.reason().contains("its node is lost"), "{error}");
        // By now it is known.
        let error = call(hosts, 0, "echo", &options)
            .await
            .expect_err("nobody is there");
        assert_eq!(error.status(), Status::Unavailable);
        hosts.network.set(hosts.hosts[1].id, State::Running);
    });
}

#[test]
fn a_payload_that_the_other_node_does_not_allow_is_refused_there() {
    fact(2, async |hosts| {
        serve(hosts, 1, echo(), Duration::ZERO).await;
        let found = hosts.hosts[1]
            .mesh
            .discover(&commy_core::Query::all())
            .expect("it runs");
        let listener = {
            let inner = hosts.network.lock();
            Arc::clone(&inner.topology.members[&hosts.hosts[1].id].listener)
        };
        let request = |bytes: usize, service: &str| IncomingRequest {
            service: commy_core::ServiceName::new(service).expect("a name"),
            method: commy_core::MethodName::new("do").expect("a name"),
            message: Message::bytes(vec![0; bytes]),
            time_left: Duration::from_secs(1),
            caller: hosts.hosts[0].id,
            attempt: 1,
        };
        let refused = async |id, request| match listener.invoke(id, request).await {
            Ok(commy_mesh::LocalAnswer::Refused(error)) => error.status(),
            other => panic!("not refused: {other:?}"),
        };
        let id = found[0].id;
        assert_eq!(
            refused(id, request(9 << 20, "echo")).await,
            Status::ResourceExhausted
        );
        assert_eq!(
            refused(id, request(1, "another")).await,
            Status::Unavailable
        );
        let unknown = commy_core::InstanceId { serial: 99, ..id };
        assert_eq!(
            refused(unknown, request(1, "echo")).await,
            Status::Unavailable
        );
    });
}

#[test]
fn stopping_waits_for_calls_to_other_nodes() {
    fact(2, async |hosts| {
        serve(hosts, 1, echo(), Duration::from_millis(300)).await;
        let mesh = hosts.hosts[0].mesh.clone();
        let calling = actix_rt::spawn({
            let mesh = mesh.clone();
            async move {
                let request = commy_core::Request::new("do", Message::bytes("hello"));
                mesh.call("echo", request, &CallOptions::default()).await
            }
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
        mesh.stop().await.expect("it stops");
        assert!(calling.is_finished());
        calling
            .await
            .expect("no panic")
            .expect("the reply came before the end");
    });
}

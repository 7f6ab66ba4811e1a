//! Calls find an instance that may answer, and bring back its answer.

use std::{collections::HashMap, time::Duration};

use commy::{
    Balance, CallOptions, Context, Failure, Health, Mesh, Query, Service, ServiceSpec, Status,
};
use commy_tests::{Outcome, builder, echo, invalid, mesh, started};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    item: String,
    count: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Receipt {
    total_cents: u64,
}

/// A service that answers with its version.
fn versioned(spec: ServiceSpec) -> Service {
    let version = spec.version.clone();
    Service::new(spec).method("which", move |(): (), _| {
        let version = version.clone();
        async move { Ok(version) }
    })
}

async fn which(call: commy::Call<'_>) -> String {
    call.json(&()).await.unwrap().json().unwrap()
}

#[tokio::test]
async fn a_typed_method_takes_and_gives_values() {
    let mesh = mesh().await;
    let service = Service::new("orders").method("create", |order: Order, _| async move {
        Ok(Receipt {
            total_cents: u64::from(order.count) * 250,
        })
    });
    let id = mesh.serve(service).await.unwrap().instance().id;

    let order = Order {
        item: "tea ☕".into(),
        count: 2,
    };
    let reply = mesh.call("orders", "create").json(&order).await.unwrap();
    assert_eq!(
        reply.json::<Receipt>().unwrap(),
        Receipt { total_cents: 500 }
    );
    assert_eq!(reply.message.content_type, "application/json");
    assert_eq!(reply.served_by, id);
}

#[tokio::test]
async fn a_method_of_bytes_takes_and_gives_them_untouched() {
    let mesh = mesh().await;
    let service = Service::new("orders").bytes("reverse", |payload: commy::Bytes, _| async move {
        Ok(payload.iter().rev().copied().collect::<Vec<_>>())
    });
    mesh.serve(service).await.unwrap();
    let reply = mesh
        .call("orders", "reverse")
        .bytes(vec![1, 2, 255])
        .await
        .unwrap();
    assert_eq!(reply.message.payload, [255, 2, 1].as_slice());
    assert_eq!(reply.message.content_type, "application/octet-stream");
}

#[tokio::test]
async fn a_service_may_have_one_method_without_a_name() {
    let mesh = mesh().await;
    let service = Service::new("ping").method("", |(): (), _| async move { Ok("pong") });
    mesh.serve(service).await.unwrap();
    assert_eq!(which(mesh.call("ping", "")).await, "pong");
}

#[tokio::test]
async fn a_handler_knows_its_request() {
    let mesh = mesh().await;
    let service = Service::new("orders").method("context", |(): (), context: Context| async move {
        Ok((
            context.service.to_string(),
            context.method.to_string(),
            context.headers.get("tenant").cloned(),
            context.caller.to_string(),
            context.attempt,
            u64::try_from(context.time_left.as_millis()).unwrap_or(u64::MAX),
        ))
    });
    mesh.serve(service).await.unwrap();
    let reply = mesh
        .call("orders", "context")
        .header("tenant", "acme")
        .json(&())
        .timeout(Duration::from_secs(7))
        .await
        .unwrap();
    type Known = (String, String, Option<String>, String, u32, u64);
    let (service, method, tenant, caller, attempt, time_left_ms) = reply.json::<Known>().unwrap();
    assert_eq!((service.as_str(), method.as_str()), ("orders", "context"));
    assert_eq!(tenant.as_deref(), Some("acme"));
    assert_eq!(caller, mesh.node_id().to_string());
    assert_eq!(attempt, 1);
    assert!(
        (1..=7000).contains(&time_left_ms),
        "{time_left_ms} ms are left"
    );
}

#[tokio::test]
async fn a_handler_may_call_other_services() {
    let mesh = mesh().await;
    let stock = Service::new("stock").method("left", |item: String, _| async move {
        Ok(if item == "tea" { 3 } else { 0 })
    });
    let caller = mesh.clone();
    let orders = Service::new("orders").method("create", move |item: String, _| {
        let mesh = caller.clone();
        async move {
            let left: u32 = mesh.call("stock", "left").json(&item).await?.json()?;
            if left == 0 {
                return Err(Failure::new("SOLD_OUT", format!("no {item} is left")));
            }
            Ok(left - 1)
        }
    });
    mesh.serve(stock).await.unwrap();
    mesh.serve(orders).await.unwrap();

    let left: u32 = mesh
        .call("orders", "create")
        .json("tea")
        .await
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(left, 2);
    let error = mesh
        .call("orders", "create")
        .json("gold")
        .await
        .fails_as(Status::HandlerFailed);
    assert_eq!(error.context().code.as_deref(), Some("SOLD_OUT"));
}

#[tokio::test]
async fn a_service_that_does_not_exist_is_not_found() {
    let mesh = mesh().await;
    mesh.serve(echo("billing")).await.unwrap();
    let error = mesh
        .call("orders", "create")
        .await
        .fails_as(Status::NotFound);
    assert!(error.reason().contains("\"orders\""), "{error}");
    assert!(error.reason().contains(mesh.name()), "{error}");
    assert_eq!(error.context().service.as_deref(), Some("orders"));
    assert_eq!(error.context().method.as_deref(), Some("create"));
}

#[tokio::test]
async fn a_method_that_does_not_exist_is_unimplemented() {
    let mesh = mesh().await;
    let id = mesh.serve(echo("orders")).await.unwrap().instance().id;
    let error = mesh
        .call("orders", "destroy")
        .await
        .fails_as(Status::Unimplemented);
    assert!(error.reason().contains("\"destroy\""), "{error}");
    assert!(error.reason().contains("\"echo\""), "{error}");
    assert_eq!(error.context().instance_id, Some(id.to_string()));
}

#[tokio::test]
async fn a_name_that_no_service_can_have_is_refused() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    for name in ["", "a b", "ö", "a..b", "orders\0"] {
        invalid(
            mesh.call(name, "echo").await,
            &format!("service name {name:?}"),
            "",
        );
    }
    invalid(
        mesh.call(&"x".repeat(129), "echo").await,
        "service name",
        "at most 128",
    );
    for method in ["a b", "ö", "a:b"] {
        invalid(
            mesh.call("orders", method).await,
            &format!("method {method:?}"),
            "is not",
        );
    }
    invalid(
        mesh.call("orders", "m".repeat(129)).await,
        "method",
        "at most 128",
    );
    mesh.call("orders", "echo").await.unwrap();
}

#[tokio::test]
async fn options_that_break_a_rule_are_refused() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    let call = || mesh.call("orders", "echo");
    invalid(
        call().routing_key("k".repeat(1025)).await,
        "routing key",
        "at most 1024 are allowed",
    );
    invalid(
        call().timeout(Duration::MAX).await,
        "timeout_ms",
        "between 0",
    );
    invalid(call().version("one").await, "\"one\"", "Cargo's syntax");
    invalid(call().tag("a b").await, "\"a b\"", "' ' is not");
    invalid(call().metadata("", "").await, "\"\"", "must not be empty");
    call().routing_key("k".repeat(1024)).await.unwrap();
}

#[tokio::test]
async fn a_call_asks_for_a_version_tags_and_metadata() {
    let mesh = mesh().await;
    let specs = [
        ServiceSpec::new("orders").version("1.0.0").tag("eu"),
        ServiceSpec::new("orders").version("1.5.0").tag("us"),
        ServiceSpec::new("orders")
            .version("2.0.0")
            .metadata("tier", "gold"),
    ];
    for spec in specs {
        mesh.serve(versioned(spec)).await.unwrap();
    }
    let call = || mesh.call("orders", "which");
    for _ in 0..10 {
        assert_eq!(which(call().version("^2")).await, "2.0.0");
        assert_eq!(which(call().tag("us")).await, "1.5.0");
        assert_eq!(which(call().metadata("tier", "gold")).await, "2.0.0");
        assert_eq!(which(call().version("^1").tag("eu")).await, "1.0.0");
    }
    let error = call().version("^3").await.fails_as(Status::NotFound);
    assert!(error.reason().contains("\"orders\""), "{error}");
    call().tag("eu").tag("us").await.fails_as(Status::NotFound);
    call()
        .metadata("tier", "iron")
        .await
        .fails_as(Status::NotFound);
}

#[tokio::test]
async fn an_instance_that_cannot_be_called_is_unavailable() {
    let mesh = mesh().await;
    let registration = mesh.serve(echo("orders")).await.unwrap();
    registration.set_health(Health::Unhealthy).await.unwrap();
    let error = mesh
        .call("orders", "echo")
        .await
        .fails_as(Status::Unavailable);
    assert!(error.reason().contains("1 unhealthy"), "{error}");

    registration.drain(Duration::ZERO).await.unwrap();
    let error = mesh
        .call("orders", "echo")
        .await
        .fails_as(Status::Unavailable);
    assert!(error.reason().contains("1 draining"), "{error}");
}

#[tokio::test]
async fn an_advertised_service_is_dialled_not_called() {
    let mesh = mesh().await;
    mesh.advertise("web", "http://127.0.0.1:8080", None)
        .await
        .unwrap();
    let error = mesh
        .call("web", "get")
        .await
        .fails_as(Status::FailedPrecondition);
    assert!(error.reason().contains("http://127.0.0.1:8080"), "{error}");

    mesh.serve(echo("web")).await.unwrap();
    mesh.call("web", "echo").await.unwrap();
}

/// How often each version answers.
async fn answers<'m>(times: u32, call: impl Fn() -> commy::Call<'m>) -> HashMap<String, u32> {
    let mut answers = HashMap::new();
    for _ in 0..times {
        *answers.entry(which(call()).await).or_default() += 1;
    }
    answers
}

async fn serve_versions(mesh: &Mesh, specs: impl IntoIterator<Item = ServiceSpec>) {
    for spec in specs {
        mesh.serve(versioned(spec)).await.unwrap();
    }
}

fn three() -> [ServiceSpec; 3] {
    [1, 2, 3].map(|major| ServiceSpec::new("orders").version(format!("{major}.0.0")))
}

#[tokio::test]
async fn round_robin_takes_each_in_turn() {
    let mesh = started(builder().balance(Balance::RoundRobin)).await;
    serve_versions(&mesh, three()).await;
    let answers = answers(30, || mesh.call("orders", "which")).await;
    assert_eq!(answers.values().copied().collect::<Vec<_>>(), [10, 10, 10]);
}

#[tokio::test]
async fn weighted_balancing_follows_the_weights() {
    let mesh = mesh().await;
    let [rare, often, _] = three();
    serve_versions(&mesh, [rare.weight(1), often.weight(1000)]).await;
    let call = || mesh.call("orders", "which").balance(Balance::Weighted);
    let answers = answers(500, call).await;
    // Of 500 draws at 1 to 1000, 50 or more rare ones are as good as impossible.
    assert!(answers["2.0.0"] > 450, "{answers:?}");
}

#[tokio::test]
async fn least_loaded_balancing_uses_every_instance() {
    let mesh = mesh().await;
    serve_versions(&mesh, three()).await;
    let answers = answers(300, || mesh.call("orders", "which")).await;
    assert_eq!(answers.len(), 3, "{answers:?}");
}

#[tokio::test]
async fn the_same_routing_key_finds_the_same_instance() {
    let mesh = mesh().await;
    serve_versions(&mesh, three()).await;
    let mut homes = std::collections::HashSet::new();
    for key in 0..50 {
        let answers = answers(4, || {
            mesh.call("orders", "which").routing_key(key.to_string())
        })
        .await;
        assert_eq!(answers.len(), 1, "key {key}: {answers:?}");
        homes.extend(answers.into_keys());
    }
    assert_eq!(homes.len(), 3);
}

#[tokio::test]
async fn the_own_zone_comes_first_until_it_has_none() {
    let mesh = started(builder().zone("here")).await;
    let [near, far, _] = three();
    let near = mesh.serve(versioned(near)).await.unwrap();
    serve_versions(&mesh, [far.zone("there")]).await;

    let first = answers(50, || mesh.call("orders", "which")).await;
    assert_eq!(first, HashMap::from([("1.0.0".into(), 50)]));
    let any = answers(50, || {
        mesh.call("orders", "which")
            .balance(Balance::RoundRobin)
            .any_zone()
    });
    assert_eq!(any.await.len(), 2);
    near.set_health(Health::Unhealthy).await.unwrap();
    assert_eq!(which(mesh.call("orders", "which")).await, "2.0.0");
}

#[tokio::test]
async fn options_may_be_given_at_once() {
    let mesh = mesh().await;
    serve_versions(&mesh, three()).await;
    let options = CallOptions {
        version: Some("=2.0.0".into()),
        ..CallOptions::default()
    };
    assert_eq!(
        which(mesh.call("orders", "which").options(options)).await,
        "2.0.0"
    );
}

#[tokio::test]
async fn calls_are_counted() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    mesh.call("orders", "echo").await.unwrap();
    mesh.call("orders", "other")
        .await
        .fails_as(Status::Unimplemented);
    mesh.call("billing", "echo")
        .await
        .fails_as(Status::NotFound);

    let stats = mesh.stats();
    assert_eq!(stats.calls_ok, 1);
    let failed: Vec<_> = stats.calls_failed.into_iter().collect();
    assert_eq!(failed, [(Status::NotFound, 1), (Status::Unimplemented, 1)]);
    assert_eq!((stats.calls_in_flight, stats.requests_in_flight), (0, 0));
    assert_eq!(stats.requests_handled, 2);
    assert_eq!((stats.peers, stats.fabric_messages), (0, 0));
}

#[tokio::test]
async fn what_is_not_found_is_found_once_it_is_served() {
    let mesh = mesh().await;
    mesh.call("orders", "echo").await.fails_as(Status::NotFound);
    mesh.serve(echo("orders")).await.unwrap();
    mesh.call("orders", "echo").await.unwrap();
    assert_eq!(mesh.discover(&Query::service("orders")).unwrap().len(), 1);
}

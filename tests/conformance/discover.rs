//! Queries find the instances that match, from local knowledge.

use commy::{Health, HealthCheck, Instance, Mesh, Query, ServiceSpec};
use commy_tests::{echo, invalid, mesh};

/// Instances to look for, each with its service and its version as name.
async fn registered() -> Mesh {
    let mesh = mesh().await;
    let specs = [
        ServiceSpec::new("orders")
            .version("1.0.0")
            .tag("eu")
            .zone("eu-1a")
            .region("eu-1"),
        ServiceSpec::new("orders")
            .version("1.5.0")
            .tag("eu")
            .tag("gpu")
            .zone("eu-1b")
            .region("eu-1"),
        ServiceSpec::new("orders")
            .version("2.0.0")
            .metadata("owner", "sales")
            .metadata("tier", "1"),
        ServiceSpec::new("billing")
            .version("0.1.0")
            .metadata("owner", "finance")
            .zone("eu-1a"),
    ];
    for spec in specs {
        mesh.serve(echo(spec)).await.unwrap();
    }
    mesh
}

fn found(mesh: &Mesh, query: Query) -> Vec<String> {
    let name = |instance: &Instance| format!("{} {}", instance.spec.service, instance.spec.version);
    mesh.discover(&query).unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn an_empty_mesh_has_nothing() {
    let mesh = mesh().await;
    assert_eq!(mesh.discover(&Query::all()).unwrap(), []);
    assert_eq!(mesh.active_service_count().unwrap(), 0);
}

#[tokio::test]
async fn everything_is_found_by_service_and_id() {
    let mesh = registered().await;
    let all = [
        "billing 0.1.0",
        "orders 1.0.0",
        "orders 1.5.0",
        "orders 2.0.0",
    ];
    assert_eq!(found(&mesh, Query::all()), all);
}

#[tokio::test]
async fn a_service_is_found_by_its_name() {
    let mesh = registered().await;
    assert_eq!(found(&mesh, Query::service("billing")), ["billing 0.1.0"]);
    assert_eq!(found(&mesh, Query::service("bill")), [""; 0]);
    assert_eq!(found(&mesh, Query::service("Billing")), [""; 0]);
}

#[tokio::test]
async fn a_version_is_found_by_its_requirement() {
    let mesh = registered().await;
    let version = |requirement| found(&mesh, Query::service("orders").version(requirement));
    assert_eq!(version("^1"), ["orders 1.0.0", "orders 1.5.0"]);
    assert_eq!(version(">=1.2, <3"), ["orders 1.5.0", "orders 2.0.0"]);
    assert_eq!(version("=2.0.0"), ["orders 2.0.0"]);
    assert_eq!(
        version("*"),
        ["orders 1.0.0", "orders 1.5.0", "orders 2.0.0"]
    );
    assert_eq!(version("^3"), [""; 0]);
}

#[tokio::test]
async fn every_tag_that_is_asked_for_must_be_there() {
    let mesh = registered().await;
    assert_eq!(
        found(&mesh, Query::all().tag("eu")),
        ["orders 1.0.0", "orders 1.5.0"]
    );
    assert_eq!(
        found(&mesh, Query::all().tag("eu").tag("gpu")),
        ["orders 1.5.0"]
    );
    assert_eq!(found(&mesh, Query::all().tag("eu").tag("tpu")), [""; 0]);
}

#[tokio::test]
async fn every_metadata_entry_that_is_asked_for_must_be_there() {
    let mesh = registered().await;
    assert_eq!(
        found(&mesh, Query::all().metadata("owner", "sales")),
        ["orders 2.0.0"]
    );
    let both = Query::all()
        .metadata("owner", "sales")
        .metadata("tier", "1");
    assert_eq!(found(&mesh, both), ["orders 2.0.0"]);
    assert_eq!(
        found(&mesh, Query::all().metadata("owner", "sale")),
        [""; 0]
    );
    assert_eq!(found(&mesh, Query::all().metadata("tier", "2")), [""; 0]);
}

#[tokio::test]
async fn an_instance_is_found_by_its_zone_and_region() {
    let mesh = registered().await;
    assert_eq!(
        found(&mesh, Query::all().zone("eu-1a")),
        ["billing 0.1.0", "orders 1.0.0"]
    );
    assert_eq!(
        found(&mesh, Query::all().region("eu-1")),
        ["orders 1.0.0", "orders 1.5.0"]
    );
    assert_eq!(
        found(&mesh, Query::all().region("eu-1").zone("eu-1b")),
        ["orders 1.5.0"]
    );
    assert_eq!(found(&mesh, Query::all().zone("us-1")), [""; 0]);
}

#[tokio::test]
async fn only_healthy_instances_are_found_unless_others_are_asked_for() {
    let mesh = mesh().await;
    let down = mesh
        .serve(echo(ServiceSpec::new("orders").version("1.0.0")))
        .await
        .unwrap();
    down.set_health(Health::Unhealthy).await.unwrap();
    mesh.serve(echo(ServiceSpec::new("orders").version("2.0.0")))
        .await
        .unwrap();

    assert_eq!(found(&mesh, Query::all()), ["orders 2.0.0"]);
    assert_eq!(
        found(&mesh, Query::all().health([Health::Unhealthy])),
        ["orders 1.0.0"]
    );
    let both = [Health::Healthy, Health::Unhealthy];
    assert_eq!(
        found(&mesh, Query::all().health(both)),
        ["orders 1.0.0", "orders 2.0.0"]
    );
    assert_eq!(found(&mesh, Query::all().health([])), [""; 0]);
}

#[tokio::test]
async fn a_service_is_active_while_it_has_a_healthy_instance() {
    let mesh = mesh().await;
    let orders = mesh.serve(echo("orders")).await.unwrap();
    let other = mesh.serve(echo("orders")).await.unwrap();
    mesh.serve(echo("billing")).await.unwrap();
    let check = HealthCheck::tcp()
        .interval(std::time::Duration::from_secs(3600))
        .thresholds(100, 100);
    mesh.advertise("db", "tcp://127.0.0.1:9", check)
        .await
        .unwrap();
    assert_eq!(
        mesh.active_service_count().unwrap(),
        2,
        "one is not probed often enough to say"
    );

    orders.set_health(Health::Unhealthy).await.unwrap();
    assert_eq!(mesh.active_service_count().unwrap(), 2);
    other.deregister().await.unwrap();
    assert_eq!(mesh.active_service_count().unwrap(), 1);
    orders.set_health(Health::Healthy).await.unwrap();
    assert_eq!(mesh.active_service_count().unwrap(), 2);
}

#[tokio::test]
async fn the_revision_of_an_instance_rises_when_it_changes() {
    let mesh = mesh().await;
    let registration = mesh.serve(echo("orders")).await.unwrap();
    let before = registration.instance().revision;
    registration.set_health(Health::Unhealthy).await.unwrap();
    assert!(registration.instance().revision > before);
}

#[tokio::test]
async fn a_query_that_breaks_a_rule_is_refused() {
    let mesh = mesh().await;
    let refused = |query: Query, value: &str, rule: &str| {
        invalid(mesh.discover(&query), value, rule);
        invalid(mesh.watch(&query), value, rule);
    };
    refused(Query::service(""), "service name \"\"", "must not be empty");
    refused(Query::service("a b"), "\"a b\"", "' ' is not");
    refused(
        Query::service("x".repeat(129)),
        "service name",
        "at most 128",
    );
    refused(
        Query::all().version("one"),
        "version requirement \"one\"",
        "Cargo's syntax",
    );
    refused(Query::all().tag("ä"), "\"ä\"", "'ä' is not");
    refused(Query::all().metadata("", ""), "\"\"", "must not be empty");
    refused(
        Query::all().metadata("k", "v".repeat(1025)),
        "metadata value",
        "at most 1024",
    );
    refused(
        Query::all().zone("-"),
        "zone or region \"-\"",
        "begins with",
    );
    refused(Query::all().region(""), "\"\"", "must not be empty");
}

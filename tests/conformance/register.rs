//! Instances are registered and advertised, report their health, drain and go.

use std::time::Duration;

use commy::{Health, HealthCheck, Instance, Mesh, Query, Reach, ServiceSpec, Status};
use commy_tests::{Outcome, builder, echo, gate, invalid, mesh, soon, started};

/// Every instance of a mesh, whatever its health.
fn everything(mesh: &Mesh) -> Vec<Instance> {
    let every = [
        Health::Starting,
        Health::Healthy,
        Health::Unhealthy,
        Health::Draining,
    ];
    mesh.discover(&Query::all().health(every)).unwrap()
}

#[tokio::test]
async fn an_instance_is_what_it_was_registered_as() {
    let mesh = mesh().await;
    let spec = ServiceSpec::new("billing.invoices")
        .version("1.4.0-rc.1")
        .tag("gpu")
        .tag("eu")
        .metadata("owner", "sales ☕")
        .weight(7)
        .zone("eu-1a")
        .region("eu-1");
    let instance = mesh.serve(echo(spec)).await.unwrap().instance();

    assert_eq!(instance.id.node, mesh.node_id());
    assert_eq!(instance.spec.service.as_str(), "billing.invoices");
    assert_eq!(instance.spec.version.to_string(), "1.4.0-rc.1");
    let tags: Vec<_> = instance.spec.tags.iter().map(commy::Tag::as_str).collect();
    assert_eq!(tags, ["eu", "gpu"]);
    assert_eq!(instance.spec.metadata.get("owner").unwrap(), "sales ☕");
    assert_eq!(instance.spec.weight, 7);
    assert_eq!(instance.spec.zone.as_ref().unwrap().as_str(), "eu-1a");
    assert_eq!(instance.spec.region.as_ref().unwrap().as_str(), "eu-1");
    assert_eq!(instance.health, Health::Healthy);
    assert_eq!(instance.reach, Reach::InProcess);
    assert_eq!(instance.endpoint, None);
    assert_eq!(mesh.discover(&Query::all()).unwrap(), [instance]);
}

#[tokio::test]
async fn an_instance_is_in_the_zone_of_its_mesh_unless_it_says_otherwise() {
    let mesh = started(builder().zone("eu-1a").region("eu-1")).await;
    let here = mesh.serve(echo("here")).await.unwrap().instance();
    let there = mesh
        .serve(echo(ServiceSpec::new("there").zone("us-2b")))
        .await
        .unwrap()
        .instance();

    let zone = |instance: &Instance| instance.spec.zone.as_ref().unwrap().to_string();
    assert_eq!(zone(&here), "eu-1a");
    assert_eq!(zone(&there), "us-2b");
    assert_eq!(there.spec.region.as_ref().unwrap().as_str(), "eu-1");
}

#[tokio::test]
async fn one_service_may_have_many_instances() {
    let mesh = mesh().await;
    let one = mesh.serve(echo("orders")).await.unwrap().instance();
    let other = mesh.serve(echo("orders")).await.unwrap().instance();
    assert_ne!(one.id, other.id);
    assert!(one.revision < other.revision);
    assert_eq!(mesh.discover(&Query::service("orders")).unwrap().len(), 2);
    assert_eq!(mesh.stats().registrations, 2);
}

#[tokio::test]
async fn a_registration_lasts_though_nobody_keeps_it() {
    let mesh = mesh().await;
    drop(mesh.serve(echo("orders")).await.unwrap());
    mesh.call("orders", "echo").await.unwrap();
}

#[tokio::test]
async fn deregistering_withdraws_the_instance_and_doing_it_twice_does_nothing() {
    let mesh = mesh().await;
    let registration = mesh.serve(echo("orders")).await.unwrap();
    registration.deregister().await.unwrap();
    registration.deregister().await.unwrap();

    assert_eq!(everything(&mesh), []);
    assert_eq!(mesh.stats().registrations, 0);
    mesh.call("orders", "echo").await.fails_as(Status::NotFound);
    registration
        .set_health(Health::Healthy)
        .await
        .fails_as(Status::FailedPrecondition);
    registration
        .drain(Duration::ZERO)
        .await
        .fails_as(Status::FailedPrecondition);
    assert_eq!(registration.instance().spec.service.as_str(), "orders");
}

#[tokio::test]
async fn deregistering_lets_calls_in_flight_finish() {
    let mesh = mesh().await;
    let (service, gate) = gate("orders");
    let registration = mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("orders", "wait").await });
    gate.entered.reaches(1).await;

    let withdrawing = tokio::spawn({
        let registration = registration.clone();
        async move { registration.deregister().await }
    });
    while registration.instance().health != Health::Draining {
        tokio::task::yield_now().await;
    }
    mesh.call("orders", "wait")
        .await
        .fails_as(Status::Unavailable);
    gate.open();
    soon(call).await.unwrap().unwrap();
    soon(withdrawing).await.unwrap().unwrap();
    assert_eq!(gate.dropped.count(), 0);
}

#[tokio::test]
async fn an_owner_reports_the_health_of_its_instance() {
    let mesh = mesh().await;
    let registration = mesh.serve(echo("orders")).await.unwrap();
    registration.set_health(Health::Unhealthy).await.unwrap();
    assert_eq!(registration.instance().health, Health::Unhealthy);
    assert_eq!(mesh.discover(&Query::all()).unwrap(), []);
    assert_eq!(everything(&mesh).len(), 1);
    mesh.call("orders", "echo")
        .await
        .fails_as(Status::Unavailable);

    registration.set_health(Health::Healthy).await.unwrap();
    mesh.call("orders", "echo").await.unwrap();
}

#[tokio::test]
async fn only_healthy_and_unhealthy_can_be_reported() {
    let mesh = mesh().await;
    let registration = mesh.serve(echo("orders")).await.unwrap();
    for health in [Health::Starting, Health::Draining] {
        invalid(
            registration.set_health(health).await,
            &health.to_string(),
            "healthy or unhealthy",
        );
    }
    assert_eq!(registration.instance().health, Health::Healthy);
}

#[tokio::test]
async fn a_drained_instance_stays_registered_and_takes_no_calls() {
    let mesh = mesh().await;
    let registration = mesh.serve(echo("orders")).await.unwrap();
    assert!(registration.drain(Duration::from_secs(5)).await.unwrap());

    assert_eq!(registration.instance().health, Health::Draining);
    assert_eq!(everything(&mesh).len(), 1);
    mesh.call("orders", "echo")
        .await
        .fails_as(Status::Unavailable);
    registration
        .set_health(Health::Healthy)
        .await
        .fails_as(Status::FailedPrecondition);
}

#[tokio::test]
async fn a_drain_says_whether_all_calls_finished() {
    let mesh = mesh().await;
    let (service, gate) = gate("orders");
    let registration = mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("orders", "wait").await });
    gate.entered.reaches(1).await;

    assert!(!registration.drain(Duration::from_millis(10)).await.unwrap());
    gate.open();
    assert!(
        soon(registration.drain(Duration::from_secs(60)))
            .await
            .unwrap()
    );
    soon(call).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_advertised_instance_is_discovered_with_its_endpoint() {
    let mesh = mesh().await;
    let registration = mesh.advertise("db", "tcp://db:5432", None).await.unwrap();
    let instance = registration.instance();
    assert_eq!(
        instance.endpoint.as_ref().unwrap().as_str(),
        "tcp://db:5432"
    );
    assert_eq!(instance.reach, Reach::Endpoint);
    assert_eq!(instance.health, Health::Healthy);
    assert_eq!(mesh.discover(&Query::service("db")).unwrap(), [instance]);

    registration.set_health(Health::Unhealthy).await.unwrap();
    assert_eq!(mesh.discover(&Query::service("db")).unwrap(), []);
    registration.deregister().await.unwrap();
    assert_eq!(everything(&mesh), []);
}

#[tokio::test]
async fn the_health_of_a_probed_instance_cannot_be_reported() {
    let mesh = mesh().await;
    let check = HealthCheck::tcp().interval(Duration::from_secs(3600));
    let registration = mesh
        .advertise("db", "tcp://127.0.0.1:9", check)
        .await
        .unwrap();
    registration
        .set_health(Health::Healthy)
        .await
        .fails_as(Status::FailedPrecondition);
}

#[tokio::test]
async fn a_registration_that_breaks_a_rule_is_refused_and_leaves_nothing() {
    let mesh = mesh().await;
    let long = |bytes| "x".repeat(bytes);
    let with = |change: &dyn Fn(ServiceSpec) -> ServiceSpec| change(ServiceSpec::new("orders"));
    let tags =
        |count: usize| (0..count).fold(ServiceSpec::new("o"), |spec, n| spec.tag(n.to_string()));
    let entries = |count: usize| {
        (0..count).fold(ServiceSpec::new("o"), |spec, n| {
            spec.metadata(n.to_string(), "")
        })
    };
    let cases = [
        (
            ServiceSpec::new(""),
            "service name \"\"",
            "must not be empty",
        ),
        (
            ServiceSpec::new(long(129)),
            "service name",
            "129 bytes, and at most 128",
        ),
        (
            ServiceSpec::new("örders"),
            "örders",
            "'ö' is not an ASCII letter",
        ),
        (
            ServiceSpec::new("a..b"),
            "a..b",
            "no segment between dots may be empty",
        ),
        (ServiceSpec::new("orders/1"), "orders/1", "'/' is not"),
        (
            with(&|spec| spec.version("one")),
            "\"one\"",
            "semantic versioning",
        ),
        (
            with(&|spec| spec.version("1.2")),
            "\"1.2\"",
            "semantic versioning",
        ),
        (with(&|spec| spec.tag("")), "tag \"\"", "must not be empty"),
        (
            with(&|spec| spec.tag(long(65))),
            "tag",
            "65 bytes, and at most 64",
        ),
        (with(&|spec| spec.tag("a b")), "\"a b\"", "' ' is not"),
        (tags(33), "number of tags 33", "at most 32"),
        (
            with(&|spec| spec.metadata("", "x")),
            "\"\"",
            "must not be empty",
        ),
        (
            with(&|spec| spec.metadata("k", long(1025))),
            "metadata value",
            "at most 1024 are allowed",
        ),
        (entries(65), "metadata entries 65", "at most 64"),
        (
            with(&|spec| spec.weight(0)),
            "weight 0",
            "between 1 and 1000",
        ),
        (
            with(&|spec| spec.weight(1001)),
            "weight 1001",
            "between 1 and 1000",
        ),
        (
            with(&|spec| spec.zone("")),
            "zone or region \"\"",
            "must not be empty",
        ),
        (with(&|spec| spec.region("eu 1")), "\"eu 1\"", "' ' is not"),
        (
            with(&|spec| spec.max_in_flight(0)),
            "max_in_flight 0",
            "between 1 and 65536",
        ),
        (
            with(&|spec| spec.max_in_flight(65_537)),
            "max_in_flight 65537",
            "between 1 and 65536",
        ),
    ];
    for (spec, value, rule) in cases {
        invalid(mesh.serve(echo(spec.clone())).await, value, rule);
        invalid(mesh.advertise(spec, "tcp://db:1", None).await, value, rule);
    }
    assert_eq!(everything(&mesh), []);
    assert_eq!(mesh.stats().registrations, 0);

    mesh.serve(echo(tags(32))).await.unwrap();
    mesh.serve(echo(entries(64))).await.unwrap();
    mesh.serve(echo(
        ServiceSpec::new(long(128))
            .weight(1000)
            .max_in_flight(65_536),
    ))
    .await
    .unwrap();
}

#[tokio::test]
async fn an_endpoint_that_breaks_a_rule_is_refused() {
    let mesh = mesh().await;
    let cases = [
        ("", "SCHEME://HOST:PORT"),
        ("db:5432", "SCHEME://HOST:PORT"),
        ("tcp://db", "only http and https have a default port"),
        ("tcp://:5432", "the host is missing"),
        ("tcp://db:0", "from 1 to 65535"),
        ("tcp://db:65536", "from 1 to 65535"),
        ("tcp://db:http", "from 1 to 65535"),
        ("http://a b:80", "no white space"),
        ("http://user:secret@db:80", "credentials"),
    ];
    for (endpoint, rule) in cases {
        invalid(
            mesh.advertise("db", endpoint, None).await,
            &format!("{endpoint:?}"),
            rule,
        );
    }
    let long = format!("http://{}", "h".repeat(600));
    invalid(
        mesh.advertise("db", &long, None).await,
        "http://hhh",
        "at most 512",
    );
    for endpoint in [
        "http://db",
        "https://db/path?q=1",
        "tcp://[::1]:5432",
        "unix+x://h:1",
    ] {
        mesh.advertise("db", endpoint, None).await.unwrap();
    }
}

#[tokio::test]
async fn a_check_that_breaks_a_rule_is_refused() {
    let mesh = mesh().await;
    let ms = Duration::from_millis;
    let cases = [
        (
            HealthCheck::tcp().interval(ms(9)),
            "interval_ms 9",
            "between 10 and 3600000",
        ),
        (
            HealthCheck::tcp().timeout(ms(0)),
            "timeout_ms 0",
            "between 1 and 60000",
        ),
        (
            HealthCheck::tcp().timeout(ms(60_001)),
            "timeout_ms 60001",
            "between 1 and 60000",
        ),
        (
            HealthCheck::tcp().thresholds(0, 1),
            "rise 0",
            "between 1 and 100",
        ),
        (
            HealthCheck::tcp().thresholds(1, 101),
            "fall 101",
            "between 1 and 100",
        ),
        (HealthCheck::http(""), "probe path \"\"", "begins with /"),
        (HealthCheck::http("health"), "\"health\"", "begins with /"),
        (HealthCheck::http("/a b"), "\"/a b\"", "white space"),
    ];
    for (check, value, rule) in cases {
        invalid(
            mesh.advertise("web", "http://127.0.0.1:9", check).await,
            value,
            rule,
        );
    }
    invalid(
        mesh.advertise("db", "tcp://127.0.0.1:9", HealthCheck::http("/"))
            .await,
        "tcp://127.0.0.1:9",
        "http://",
    );
    assert_eq!(everything(&mesh), []);
}

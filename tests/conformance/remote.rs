//! What works within one process works across two, and tells that it does.

use std::time::{Duration, Instant};

use commy::{
    Balance, Bytes, ChangeKind, FabricMode, Mesh, Query, Reach, Service, Status, TlsOptions,
};
use commy_tests::{Outcome, builder, mesh, soon, started};
use futures_util::StreamExt;

use crate::peer::{Peer, knows, until};

async fn who(call: commy::Call<'_>) -> String {
    call.json(&()).await.unwrap().json().unwrap()
}

#[tokio::test]
async fn an_instance_is_found_with_all_that_is_known_of_it() {
    let mesh = mesh().await;
    let peer = Peer::serve(mesh.name(), &["--zone", "eu-1a"]).await;
    knows(&mesh, "workers", 1).await;
    let query = Query::service("workers")
        .version("^1.2")
        .tag("a")
        .metadata("owner", "sales")
        .zone("eu-1a");
    let found = &mesh.discover(&query).unwrap()[0];
    assert_eq!(found.id.node.to_string(), peer.node);
    assert_eq!(found.reach, Reach::Fabric);
    assert_eq!(found.spec.version.to_string(), "1.2.3");
    assert_eq!(found.spec.weight, 7);
    assert_eq!(found.endpoint, None);
    assert_eq!(mesh.active_service_count().unwrap(), 1);
}

#[tokio::test]
async fn two_processes_find_each_other_within_a_second() {
    let mesh = mesh().await;
    let mut changes = mesh.watch(&Query::service("workers")).unwrap();
    let mut peer = Peer::start(mesh.name(), &[]).await;
    let begun = Instant::now();
    peer.begins("register workers");
    soon(changes.next()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn every_byte_and_a_mebibyte_arrive_as_they_were_sent() {
    let mesh = mesh().await;
    let _peer = Peer::serve(mesh.name(), &[]).await;
    knows(&mesh, "workers", 1).await;
    let every: Vec<u8> = (0..=u8::MAX).collect();
    for payload in [Vec::new(), every.clone(), every.repeat(4096)] {
        let before = mesh.stats();
        let reply = mesh.call("workers", "echo").bytes(payload.clone()).await;
        assert!(reply.unwrap().message.payload == payload);
        let after = mesh.stats();
        assert_eq!(after.peers, 1);
        assert_eq!(after.bytes_sent - before.bytes_sent, payload.len() as u64);
        assert_eq!(
            after.bytes_received - before.bytes_received,
            payload.len() as u64
        );
    }
    let reply = mesh.call("workers", "echo").json("ä").await.unwrap();
    assert_eq!(reply.json::<String>().unwrap(), "ä");
}

#[tokio::test]
async fn a_handler_learns_who_calls_and_what_is_left_of_the_deadline() {
    let mesh = mesh().await;
    let _peer = Peer::serve(mesh.name(), &[]).await;
    knows(&mesh, "workers", 1).await;
    let call = mesh
        .call("workers", "time-left")
        .json(&())
        .timeout(Duration::from_secs(15));
    let (ms, caller): (u64, String) = call.await.unwrap().json().unwrap();
    assert!(ms > 0 && ms <= 15_000, "{ms}");
    assert_eq!(caller, mesh.node_id().to_string());
}

#[tokio::test]
async fn calls_go_both_ways() {
    let mesh = mesh().await;
    let mut peer = Peer::start(mesh.name(), &[]).await;
    let here = Service::new("here").method("greet", |word: String, _| async move {
        Ok(format!("{word} to you"))
    });
    mesh.serve(here).await.unwrap();
    peer.knows("here", 1).await;
    peer.begins("call here greet");
    assert_eq!(peer.tells("answer ").await, "hello to you");
}

#[tokio::test]
async fn a_handlers_error_brings_its_code_message_and_details() {
    let mesh = mesh().await;
    let _peer = Peer::serve(mesh.name(), &[]).await;
    knows(&mesh, "workers", 1).await;
    let error = mesh
        .call("workers", "fail")
        .json(&())
        .await
        .fails_as(Status::HandlerFailed);
    let context = error.context();
    assert_eq!(context.code.as_deref(), Some("OUT_OF_STOCK"));
    assert_eq!(context.details_json.as_deref(), Some(r#"{"left":0}"#));
    assert_eq!(error.reason(), "none of tea left");
    let instance = mesh.discover(&Query::service("workers")).unwrap()[0].id;
    assert_eq!(context.instance_id, Some(instance.to_string()));
    assert_eq!(context.attempts, 1);
    mesh.call("workers", "nothing")
        .await
        .fails_as(Status::Unimplemented);
}

#[tokio::test]
async fn a_deadline_or_a_cancellation_ends_the_work() {
    let mesh = mesh().await;
    let mut peer = Peer::serve(mesh.name(), &[]).await;
    knows(&mesh, "workers", 1).await;
    mesh.call("workers", "hold")
        .timeout(Duration::from_millis(300))
        .await
        .fails_as(Status::DeadlineExceeded);
    peer.tells("held").await;
    peer.tells("dropped").await;

    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("workers", "hold").await });
    peer.tells("held").await;
    call.abort();
    peer.tells("dropped").await;
}

#[tokio::test]
async fn events_go_both_ways_in_order() {
    let mesh = mesh().await;
    let mut peer = Peer::start(mesh.name(), &[]).await;
    let mut events = mesh.subscribe("there").await.unwrap();
    peer.does("subscribe here").await;
    // Interest travels by itself: the first event that arrives tells that it has.
    meets(&mesh, &mut peer).await;
    peer.does("publish there 0 200").await;
    for value in 0..200_u64 {
        let event = soon(events.next()).await.unwrap();
        assert_eq!(event.json::<u64>().unwrap(), value);
        assert_eq!(
            (event.publisher.to_string(), event.missed),
            (peer.node.clone(), 0)
        );
    }
    for value in 0..200_u64 {
        mesh.publish("here").json(&value).await.unwrap();
    }
    let node = mesh.node_id();
    for value in 0..200 {
        assert_eq!(peer.tells("event ").await, format!("{value} {node} 0"));
    }
}

/// Waits until each is told of the other's events.
async fn meets(mesh: &Mesh, peer: &mut Peer) {
    let mut begin = mesh.subscribe("begin/there").await.unwrap();
    soon(async {
        loop {
            peer.does("publish begin/there 0 1").await;
            let wait = tokio::time::timeout(Duration::from_millis(50), begin.next());
            if wait.await.is_ok() {
                return;
            }
        }
    })
    .await;
    peer.does("subscribe begin/here").await;
    soon(async {
        loop {
            mesh.publish("begin/here").json(&7).await.unwrap();
            let wait = tokio::time::timeout(Duration::from_millis(50), peer.tells("event 7 "));
            if wait.await.is_ok() {
                break;
            }
        }
        // Those that came late.
        while tokio::time::timeout(Duration::from_millis(300), peer.tells("event 7 "))
            .await
            .is_ok()
        {}
    })
    .await;
}

#[tokio::test]
async fn what_a_slow_subscriber_loses_is_counted() {
    let mesh = mesh().await;
    let mut peer = Peer::start(mesh.name(), &[]).await;
    let mut events = mesh.subscribe("there").capacity(3).await.unwrap();
    meets(&mesh, &mut peer).await;
    peer.does("publish there 0 10").await;
    until(|| events.dropped() == 7).await;
    let mut missed = 0;
    for value in 7..10_u64 {
        let event = soon(events.next()).await.unwrap();
        assert_eq!(event.json::<u64>().unwrap(), value);
        missed += event.missed;
    }
    assert_eq!(missed, 7);
}

#[tokio::test]
async fn a_watch_sees_another_register_withdraw_and_stop() {
    let mesh = mesh().await;
    let mut changes = mesh.watch(&Query::service("workers")).unwrap();
    let mut peer = Peer::start(mesh.name(), &[]).await;
    for end in ["withdraw workers", "stop"] {
        peer.register("workers").await;
        assert_eq!(soon(changes.next()).await.unwrap().kind, ChangeKind::Added);
        peer.does(end).await;
        // A withdrawn instance drains first, which may be seen.
        let last = soon(changes.next()).await.unwrap();
        assert_eq!(last.kind, ChangeKind::Removed);
        assert_eq!(last.instance.id.node.to_string(), peer.node);
    }
    until(|| mesh.stats().peers == 0).await;
}

#[tokio::test]
async fn an_instance_in_this_process_or_zone_is_preferred() {
    let mesh = started(builder().zone("near")).await;
    let node = mesh.node_id().to_string();
    let near = Peer::serve(mesh.name(), &["--zone", "near"]).await;
    let far = Peer::serve(mesh.name(), &["--zone", "far"]).await;
    knows(&mesh, "workers", 2).await;
    for _ in 0..20 {
        assert_eq!(who(mesh.call("workers", "who")).await, near.node);
    }
    let mut served = std::collections::HashSet::new();
    for _ in 0..20 {
        let call = mesh.call("workers", "who").any_zone();
        served.insert(who(call.balance(Balance::RoundRobin)).await);
    }
    assert_eq!(served, [near.node.clone(), far.node.clone()].into());

    let answer = node.clone();
    let here = Service::new("locals").method("who", move |(): (), _| {
        let node = answer.clone();
        async move { Ok(node) }
    });
    let mut near = near;
    near.register("locals").await;
    mesh.serve(here).await.unwrap();
    knows(&mesh, "locals", 2).await;
    // Nothing is known of either yet: they are equal.
    assert_eq!(who(mesh.call("locals", "who")).await, node);
}

#[tokio::test]
async fn messages_within_a_process_never_touch_the_fabric() {
    let mesh = mesh().await;
    mesh.serve(commy_tests::echo("here")).await.unwrap();
    let mut events = mesh.subscribe("numbers").await.unwrap();
    for number in 0..20 {
        mesh.publish("numbers").json(&number).await.unwrap();
        soon(events.next()).await.unwrap();
    }
    assert_eq!(mesh.stats().fabric_messages, 0);

    let _peer = Peer::serve(mesh.name(), &[]).await;
    knows(&mesh, "workers", 1).await;
    let before = mesh.stats();
    for number in 0..20 {
        mesh.call("here", "echo").json(&number).await.unwrap();
        mesh.publish("numbers").json(&number).await.unwrap();
        soon(events.next()).await.unwrap();
    }
    let after = mesh.stats();
    assert_eq!(after.calls_ok - before.calls_ok, 20);
    assert_eq!(after.fabric_messages, before.fabric_messages);
    who(mesh.call("workers", "who")).await;
    assert!(mesh.stats().fabric_messages > after.fabric_messages);
}

#[tokio::test]
async fn only_meshes_of_one_name_meet() {
    let mesh = mesh().await;
    let _stranger = Peer::serve(&format!("{}-other", mesh.name()), &[]).await;
    let _hermit = Peer::serve(mesh.name(), &["--local-only"]).await;
    let mut later = Peer::start(mesh.name(), &[]).await;
    later.register("later").await;
    // Who came later is known, so who came earlier would be.
    knows(&mesh, "later", 1).await;
    knows(&mesh, "workers", 0).await;
    assert_eq!(mesh.stats().peers, 1);
}

#[tokio::test]
async fn nodes_meet_by_address_and_clients_through_their_router() {
    let elsewhere = elsewhere();
    let address = format!("tcp/127.0.0.1:{}", free_port());
    let mesh = started(builder().mode(FabricMode::Router).listen(&address)).await;
    let options = ["--connect", &address];
    let mut far = Peer::start_in(Some(elsewhere.path()), mesh.name(), &options).await;
    far.register("far").await;
    let options = ["--client", "--connect", &address];
    let mut client = Peer::start(mesh.name(), &options).await;
    client.register("workers").await;
    knows(&mesh, "far", 1).await;
    knows(&mesh, "workers", 1).await;
    assert_eq!(who(mesh.call("far", "who")).await, far.node);
    assert_eq!(who(mesh.call("workers", "who")).await, client.node);
}

#[tokio::test]
async fn certificates_of_one_authority_let_nodes_meet() {
    let elsewhere = elsewhere();
    let folder = camino::Utf8PathBuf::from_path_buf(elsewhere.path().to_path_buf()).unwrap();
    let address = format!("tls/localhost:{}", free_port());
    let nodes = ["localhost".to_owned(), "there".to_owned()];
    xtask::certs::write(&folder.join("ours"), &nodes).unwrap();
    xtask::certs::write(&folder.join("theirs"), &nodes).unwrap();
    let path = |authority: &str, file: &str| folder.join(authority).join(file).into_string();
    let tls = TlsOptions {
        ca: path("ours", "ca.pem"),
        certificate: path("ours", "localhost.pem"),
        key: path("ours", "localhost-key.pem"),
    };
    let mesh = started(builder().listen(&address).tls(tls)).await;
    let options = |authority: &str| {
        let [ca, certificate, key] = [
            path("ours", "ca.pem"),
            path(authority, "there.pem"),
            path(authority, "there-key.pem"),
        ];
        let connect = ["--connect".to_owned(), address.clone(), "--tls".to_owned()];
        [&connect[..], &[ca, certificate, key]].concat()
    };
    let ours = options("ours");
    let ours: Vec<_> = ours.iter().map(String::as_str).collect();
    let mut peer = Peer::start_in(Some(elsewhere.path()), mesh.name(), &ours).await;
    peer.register("workers").await;
    knows(&mesh, "workers", 1).await;
    let reply = mesh.call("workers", "echo").bytes("sealed").await.unwrap();
    assert_eq!(reply.message.payload, Bytes::from("sealed"));
    drop(peer);
    until(|| mesh.stats().peers == 0).await;

    // Another authority's node trusts ours, and is not trusted.
    let theirs = options("theirs");
    let theirs: Vec<_> = theirs.iter().map(String::as_str).collect();
    let mut stranger = Peer::start_in(Some(elsewhere.path()), mesh.name(), &theirs).await;
    stranger.register("workers").await;
    for _ in 0..100 {
        assert_eq!(mesh.stats().peers, 0);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Another run-time directory, whose path is short enough for sockets.
fn elsewhere() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("commy-")
        .rand_bytes(8)
        .tempdir_in("/tmp")
        .unwrap()
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

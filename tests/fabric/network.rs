//! Nodes that reach each other by configured endpoints: over TCP, TLS and QUIC, and through a
//! router. Each process has a run-time directory of its own, so that none meets on the host.

use std::{net::TcpListener, time::Duration};

use camino::Utf8PathBuf;
use commy_core::options::{FabricMode, FabricOptions, TlsOptions};
use futures_util::future::join_all;
use rustix::process::Signal;

use crate::{
    node::{Node, fresh_mesh, replied},
    process::Process,
};

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    socket.local_addr().expect("its address").port()
}

/// A process that meets nobody on this host.
fn lonely(mesh: &str, options: &[&str]) -> Result<Process, String> {
    let directory = tempfile::tempdir().expect("a directory").keep();
    let mut process = Process::start_in(Some(&directory), mesh, options)?;
    process.remove_when_dropped(directory);
    Ok(process)
}

/// Certificates of one authority.
struct Certificates {
    _directory: tempfile::TempDir,
    path: Utf8PathBuf,
}

impl Certificates {
    fn make() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = Utf8PathBuf::try_from(directory.path().to_owned()).expect("a path in UTF-8");
        xtask::certs::write(&path, &["localhost".into()]).expect("certificates");
        Self {
            _directory: directory,
            path,
        }
    }

    fn options<'a>(&'a self, files: &'a mut Vec<String>, endpoint: &[&'a str]) -> Vec<&'a str> {
        *files = ["ca.pem", "localhost.pem", "localhost-key.pem"]
            .map(|file| self.path.join(file).into_string())
            .into();
        let mut options = vec!["--tls"];
        options.extend(files.iter().map(String::as_str));
        options.extend(endpoint);
        options
    }
}

fn call_each_other(first: &mut Process, second: &mut Process) {
    first.sees(second.node);
    second.sees(first.node);
    first.tell(&format!("call {} echo 100000", second.node));
    first.says("replied 100000");
    second.tell(&format!("call {} echo 10", first.node));
    second.says("replied 10");
}

#[test]
fn nodes_meet_over_tcp_and_again_when_one_was_stopped() {
    let mesh = fresh_mesh("tcp");
    let endpoint = format!("tcp/127.0.0.1:{}", free_port());
    let mut first = lonely(&mesh, &["--listen", &endpoint]).expect("a listener");
    let mut second = lonely(&mesh, &["--connect", &endpoint]).expect("a node");
    call_each_other(&mut first, &mut second);
    first.signal(Signal::STOP);
    second.misses(first.node);
    first.signal(Signal::CONT);
    call_each_other(&mut first, &mut second);
}

#[test]
fn a_node_that_begins_before_the_one_it_connects_to_finds_it() {
    let mesh = fresh_mesh("early");
    let endpoint = format!("tcp/127.0.0.1:{}", free_port());
    let mut second = lonely(&mesh, &["--connect", &endpoint]).expect("a node");
    std::thread::sleep(Duration::from_millis(300));
    let mut first = lonely(&mesh, &["--listen", &endpoint]).expect("a listener");
    call_each_other(&mut first, &mut second);
}

#[test]
fn three_nodes_that_know_one_of_them_all_meet() {
    let mesh = fresh_mesh("three");
    let ports: Vec<_> = (0..3)
        .map(|_| format!("tcp/127.0.0.1:{}", free_port()))
        .collect();
    let mut first = lonely(&mesh, &["--listen", &ports[0]]).expect("a node");
    let join = |port: &str| lonely(&mesh, &["--listen", port, "--connect", &ports[0]]);
    let mut second = join(&ports[1]).expect("a node");
    let mut third = join(&ports[2]).expect("a node");
    call_each_other(&mut first, &mut second);
    call_each_other(&mut first, &mut third);
    call_each_other(&mut second, &mut third);
}

#[test]
fn clients_reach_each_other_through_a_router() {
    let mesh = fresh_mesh("router");
    let endpoint = format!("tcp/127.0.0.1:{}", free_port());
    let mut router = lonely(&mesh, &["--router", "--listen", &endpoint]).expect("a router");
    let client = || lonely(&mesh, &["--client", "--connect", &endpoint]);
    let mut first = client().expect("a client");
    let mut second = client().expect("a client");
    call_each_other(&mut first, &mut second);
    call_each_other(&mut first, &mut router);
    second.tell("subscribe **");
    second.signal(Signal::KILL);
    first.misses(second.node);
}

#[test]
fn a_client_without_its_router_says_so() {
    let endpoint = format!("tcp/127.0.0.1:{}", free_port());
    let error = lonely(&fresh_mesh("alone"), &["--client", "--connect", &endpoint])
        .err()
        .expect("no router");
    assert!(error.contains("UNAVAILABLE"), "{error}");
    assert!(error.contains(&endpoint), "{error}");
}

#[test]
fn an_endpoint_that_is_taken_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("tcp/{}", taken.local_addr().expect("its address"));
    let error = lonely(&fresh_mesh("taken"), &["--listen", &endpoint])
        .err()
        .expect("the port is taken");
    assert!(error.contains(&endpoint), "{error}");
}

/// Calls that are on their way at once, of each side.
const AT_ONCE: usize = 32;
/// How often each side makes so many.
const ROUNDS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_both_ways_at_once_over_tls_arrives() {
    both_ways("tls").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_both_ways_at_once_over_quic_arrives() {
    both_ways("quic").await;
}

async fn both_ways(protocol: &str) {
    let mesh = fresh_mesh("both-ways");
    let certificates = Certificates::make();
    let endpoint = format!("{protocol}/localhost:{}", free_port());
    let file = |name: &str| certificates.path.join(name).into_string();
    let tls = TlsOptions {
        ca: file("ca.pem"),
        certificate: file("localhost.pem"),
        key: file("localhost-key.pem"),
    };
    // Through a router, or they would meet on this host.
    let router = FabricOptions {
        mode: FabricMode::Router,
        listen: vec![endpoint.clone()],
        tls: Some(tls.clone()),
        ..FabricOptions::default()
    };
    let client = FabricOptions {
        mode: FabricMode::Client,
        connect: vec![endpoint],
        tls: Some(tls),
        ..FabricOptions::default()
    };
    let first = Node::open(&mesh, &router).await.expect("a router");
    let second = Node::open(&mesh, &client).await.expect("a client");
    first.sees(second.life.node).await;
    second.sees(first.life.node).await;
    for round in 0..ROUNDS {
        let payload = vec![round as u8; 1 + round * 100];
        let calls = (0..AT_ONCE).flat_map(|_| {
            [
                first.call(second.life.node, "echo", &payload),
                second.call(first.life.node, "echo", &payload),
            ]
        });
        for answer in join_all(calls).await {
            assert_eq!(replied(answer), payload, "round {round}");
        }
    }
    second.close().await;
    first.close().await;
}

#[test]
fn nodes_with_certificates_of_one_authority_meet() {
    for protocol in ["tls", "quic"] {
        let mesh = fresh_mesh(protocol);
        let certificates = Certificates::make();
        let endpoint = format!("{protocol}/localhost:{}", free_port());
        let (mut files, mut more) = (Vec::new(), Vec::new());
        let listen = certificates.options(&mut files, &["--listen", &endpoint]);
        let mut first = lonely(&mesh, &listen).expect("a listener");
        let connect = certificates.options(&mut more, &["--connect", &endpoint]);
        let mut second = lonely(&mesh, &connect).expect("a node");
        call_each_other(&mut first, &mut second);
    }
}

#[test]
fn a_node_with_a_certificate_of_another_authority_gets_nowhere() {
    for protocol in ["tls", "quic"] {
        let mesh = fresh_mesh("stranger");
        let (ours, theirs) = (Certificates::make(), Certificates::make());
        let endpoint = format!("{protocol}/localhost:{}", free_port());
        let (mut files, mut more) = (Vec::new(), Vec::new());
        let listen = ours.options(&mut files, &["--listen", &endpoint]);
        let first = lonely(&mesh, &listen).expect("a listener");
        let connect = theirs.options(&mut more, &["--connect", &endpoint]);
        let second = lonely(&mesh, &connect).expect("a node that is alone");
        // One that trusts our authority and has no certificate of it: it would let us in, and is
        // not let in.
        more[0] = ours.path.join("ca.pem").into_string();
        let mut half = vec!["--tls"];
        half.extend(more.iter().map(String::as_str));
        half.extend(["--connect", &endpoint]);
        let third = lonely(&mesh, &half).expect("a node that is alone");
        std::thread::sleep(Duration::from_millis(1500));
        for node in [&second, &third] {
            assert!(!first.has_seen(node.node), "{protocol}");
            assert!(!node.has_seen(first.node), "{protocol}");
        }
    }
}

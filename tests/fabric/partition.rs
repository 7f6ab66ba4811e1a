//! Two hosts, as network namespaces with a cable between them that the test cuts and mends. Making
//! them takes root.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use commy_core::NodeId;

use crate::{
    node::{PATIENCE, fresh_mesh},
    process::Process,
};

/// The addresses of the hosts.
const ADDRESSES: [&str; 2] = ["10.77.0.1", "10.77.0.2"];

/// Two namespaces and the cable between them, removed when this is dropped.
struct Hosts {
    names: [String; 2],
}

impl Hosts {
    fn make() -> Self {
        let id = std::process::id();
        let hosts = Self {
            names: [format!("commy-{id}-a"), format!("commy-{id}-b")],
        };
        let [a, b] = &hosts.names;
        ip(&["netns", "add", a]);
        ip(&["netns", "add", b]);
        ip(&[
            "link", "add", "cable", "netns", a, "type", "veth", "peer", "name", "cable", "netns", b,
        ]);
        for (name, address) in hosts.names.iter().zip(ADDRESSES) {
            let address = format!("{address}/24");
            ip(&["-n", name, "address", "add", &address, "dev", "cable"]);
            ip(&["-n", name, "link", "set", "cable", "up"]);
            ip(&["-n", name, "link", "set", "lo", "up"]);
        }
        hosts
    }

    /// A node on one of the hosts, with a run-time directory of its own.
    fn node(&self, host: usize, mesh: &str, options: &[&str]) -> Process {
        let directory = tempfile::tempdir().expect("a directory").keep();
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.names[host]])
            .arg(env!("CARGO_BIN_EXE_fabric-node"))
            .arg(mesh)
            .args(options)
            .env("XDG_RUNTIME_DIR", &directory);
        let mut process = Process::spawn(command).expect("a node");
        process.remove_when_dropped(directory);
        process
    }

    /// Everything is lost on the cable, and nobody is told: frames go to an address that none has.
    fn cut(&self) {
        for (name, other) in self.ways() {
            let nobody = "02:00:00:00:00:99";
            ip(&[
                "-n",
                name,
                "neighbour",
                "replace",
                other,
                "lladdr",
                nobody,
                "dev",
                "cable",
                "nud",
                "permanent",
            ]);
        }
    }

    fn mend(&self) {
        for (name, other) in self.ways() {
            ip(&["-n", name, "neighbour", "del", other, "dev", "cable"]);
        }
    }

    /// From each host to the other.
    fn ways(&self) -> [(&str, &'static str); 2] {
        let [a, b] = &self.names;
        [(a, ADDRESSES[1]), (b, ADDRESSES[0])]
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for name in &self.names {
            // The cable goes with the first of its ends.
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}

fn ip(arguments: &[&str]) {
    let status = Command::new("ip")
        .args(arguments)
        .status()
        .unwrap_or_else(|error| panic!("ip of iproute2 is needed: {error}"));
    assert!(status.success(), "ip {arguments:?}: {status}");
}

#[test]
fn hosts_that_were_cut_off_lose_each_other_and_meet_again() {
    let hosts = Hosts::make();
    let mesh = fresh_mesh("cut");
    let listen = ["--listen", "tcp/10.77.0.1:7447", "--allow-insecure"];
    let connect = ["--connect", "tcp/10.77.0.1:7447", "--allow-insecure"];
    let mut first = hosts.node(0, &mesh, &listen);
    let mut second = hosts.node(1, &mesh, &connect);
    first.sees(second.node);
    second.sees(first.node);
    first.tell(&format!("call {} hold 1", second.node));
    second.says("held");

    hosts.cut();
    let cut = Instant::now();
    let lost = [first.misses(second.node), second.misses(first.node)];
    println!(
        "cut: lost after {:?} and {:?}",
        lost[0] - cut,
        lost[1] - cut
    );
    first.line(|line| line.starts_with("lost UNAVAILABLE"));
    second.says("cancelled");

    hosts.mend();
    let mended = Instant::now();
    let met = first.sees(second.node).max(second.sees(first.node));
    println!("mended: met again after {:?}", met - mended);
    call_until_answered(&mut first, second.node, 100_000);
    call_until_answered(&mut second, first.node, 10);
}

/// Who met again may lose each other once more, when what is left of the old connection is closed.
fn call_until_answered(caller: &mut Process, to: NodeId, bytes: usize) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        caller.tell(&format!("call {to} echo {bytes}"));
        let (_, outcome) = caller.line(|line| {
            ["replied ", "refused ", "lost "]
                .iter()
                .any(|outcome| line.starts_with(outcome))
        });
        if outcome == format!("replied {bytes}") {
            return;
        }
        assert!(Instant::now() < deadline, "{outcome}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

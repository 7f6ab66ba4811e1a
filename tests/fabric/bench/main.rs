//! What a call between two processes of one host costs: commy's link beside a bare Zenoh query and
//! a bare pair of Zenoh topics, in one run, taking turns. Run with
//! `cargo run --release -p commy-tests --bin fabric-bench`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "this program belongs to the tests"
)]

mod bare;
mod link;
mod mesh;

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How many turns each way of calling has; they take turns, so that a busy moment hits all.
const TURNS: u32 = 6;
/// How long a turn is.
const TURN: Duration = Duration::from_millis(250);
const SIZES: [usize; 3] = [16, 64 << 10, 1 << 20];

/// What a payload goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Unix sockets, large payloads in shared memory: what commy does by itself.
    Shared,
    /// Unix sockets alone.
    Unix,
    /// TCP on loopback alone.
    Tcp,
}

impl Way {
    const ALL: [Self; 3] = [Self::Shared, Self::Unix, Self::Tcp];

    fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Unix => "unix",
            Self::Tcp => "tcp",
        }
    }

    fn of(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|way| way.name() == name)
            .expect("a way")
    }
}

/// One way of calling.
trait Caller {
    fn name(&self) -> &'static str;
    /// Calls once, and checks that the reply is as long as the request.
    async fn call(&self, bytes: usize);
}

/// The process that answers, killed when it is dropped.
struct Answerer(Child);

impl Answerer {
    fn start(way: Way, mesh: &str, endpoint: &str, port: u16) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["answer", way.name(), mesh, endpoint, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        output.read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        Self(child)
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["answer", way, mesh, endpoint, port] => {
            let port = port.parse().expect("a port");
            runtime.block_on(answer(Way::of(way), mesh, endpoint, port));
        }
        [] => runtime.block_on(ask()),
        _ => panic!("no arguments are taken"),
    }
}

async fn answer(way: Way, mesh: &str, endpoint: &str, port: u16) {
    let _bare = bare::answer(way, endpoint).await;
    let _link = link::answer(way, mesh, port).await;
    let _mesh = mesh::answer(way, mesh, port + 1).await;
    say("ready\n");
    // Until the other side is gone.
    let _ = std::io::stdin().lock().lines().count();
}

async fn ask() {
    say(&format!(
        "{:>24} {:>12} {:>12} {:>12}\n",
        "p50 of a round trip, µs", "16 B", "64 KiB", "1 MiB"
    ));
    for (index, way) in Way::ALL.into_iter().enumerate() {
        let mesh = format!("bench-{}-{index}", std::process::id());
        let socket = std::env::temp_dir().join(format!("{mesh}.sock"));
        let port = 20_000 + (std::process::id() % 20_000) as u16 + 3 * index as u16;
        let endpoint = match way {
            Way::Tcp => format!("tcp/127.0.0.1:{}", port + 2),
            Way::Shared | Way::Unix => format!("unixsock-stream/{}", socket.display()),
        };
        let answerer = Answerer::start(way, &mesh, &endpoint, port);
        let query = bare::Query::open(way, &endpoint).await;
        let topics = bare::Topics::open(way, &endpoint).await;
        let link = link::LinkCaller::open(way, &mesh, port).await;
        let mesh = mesh::MeshCaller::open(way, &mesh, port + 1).await;
        let mut times: Vec<Vec<Vec<Duration>>> = vec![vec![Vec::new(); SIZES.len()]; 4];
        for _ in 0..TURNS {
            for (index, size) in SIZES.into_iter().enumerate() {
                turn(&query, size, &mut times[0][index]).await;
                turn(&topics, size, &mut times[1][index]).await;
                turn(&link, size, &mut times[2][index]).await;
                turn(&mesh, size, &mut times[3][index]).await;
            }
        }
        let names = [query.name(), topics.name(), link.name(), mesh.name()];
        for (name, times) in names.into_iter().zip(times) {
            say(&format!("{:>24}", format!("{name}, {}", way.name())));
            for mut times in times {
                times.sort();
                let p50 = times[times.len() / 2];
                say(&format!(" {:>12.1}", p50.as_nanos() as f64 / 1000.0));
            }
            say("\n");
        }
        drop(answerer);
    }
}

async fn turn(caller: &impl Caller, bytes: usize, times: &mut Vec<Duration>) {
    let end = Instant::now() + TURN;
    while Instant::now() < end {
        let start = Instant::now();
        caller.call(bytes).await;
        times.push(start.elapsed());
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).expect("an output");
    out.flush().expect("an output");
}

//! A node in a process of its own, which a test drives by lines on standard input and reads from by
//! lines on standard output. `ready NODE` comes first.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "this program belongs to the tests"
)]

mod serving;

use std::{
    io::{BufRead, Write},
    process::ExitCode,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use commy_core::{
    Event, IncomingRequest, InstanceId, MeshName, Message, MethodName, NodeId, ServiceName,
    TopicFilter,
    options::{FabricMode, FabricOptions, TlsOptions},
    record::{Incarnation, NodeLife, NodeRecord, RecordUpdate},
};
use commy_fabric::ZenohFabric;
use commy_mesh::{Fabric, Link, Listener, LocalAnswer, OutgoingCall, RemoteAnswer};
use futures_util::FutureExt as _;
use tokio::sync::oneshot;

/// Says what it is told.
struct Mouth;

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever read it may be gone; then this process is about to be as well.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

impl Listener for Mouth {
    fn presence(&self, life: NodeLife, is_present: bool) {
        let word = if is_present { "present" } else { "absent" };
        say(&format!("{word} {}", life.node));
    }

    fn record(&self, record: NodeRecord) {
        say(&format!(
            "record {} {}",
            record.life.node,
            record.instances.len()
        ));
    }

    fn update(&self, update: RecordUpdate) {
        say(&format!("update {} {}", update.life.node, update.revision));
    }

    fn invoke(&self, _: InstanceId, request: IncomingRequest) -> oneshot::Receiver<LocalAnswer> {
        let (mut sender, receiver) = oneshot::channel();
        match request.method.as_str() {
            "hold" => {
                say("held");
                tokio::spawn(async move {
                    sender.closed().await;
                    say("cancelled");
                });
            }
            _ => {
                // The caller may be gone.
                let _ = sender.send(LocalAnswer::Handled(Ok(request.message)));
            }
        }
        receiver
    }

    fn event(&self, event: Event) {
        say(&format!("event {} {}", event.topic, event.sequence));
    }
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    // Handlers that wait are spawned on it, from threads of the link.
    let _entered = runtime.enter();
    runtime.block_on(run(std::env::args().skip(1).collect()))
}

async fn run(arguments: Vec<String>) -> ExitCode {
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    if let ["serve", mesh, service, count, ms] = words.as_slice() {
        let count = count.parse().expect("a count");
        let time = Duration::from_millis(ms.parse().expect("a time"));
        serving::serve(mesh, service, count, time).await;
        return ExitCode::SUCCESS;
    }
    let mut arguments = arguments.into_iter();
    let mesh = MeshName::new(&arguments.next().expect("the mesh's name")).expect("a mesh name");
    let mut options = FabricOptions::default();
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().expect("a value");
        match flag.as_str() {
            "--listen" => options.listen.push(value()),
            "--connect" => options.connect.push(value()),
            "--client" => options.mode = FabricMode::Client,
            "--router" => options.mode = FabricMode::Router,
            "--no-shared-memory" => options.no_shared_memory = true,
            "--allow-insecure" => options.allow_insecure = true,
            "--tls" => {
                options.tls = Some(TlsOptions {
                    ca: value(),
                    certificate: value(),
                    key: value(),
                });
            }
            _ => panic!("what is {flag}?"),
        }
    }
    let life = NodeLife {
        node: NodeId::from_u128(rand::random()),
        incarnation: Incarnation(1),
    };
    let fabric = match ZenohFabric::new(&mesh, &options, 64 << 20) {
        Ok(fabric) => fabric,
        Err(error) => {
            say(&format!("error {error}"));
            return ExitCode::FAILURE;
        }
    };
    let link = match fabric.connect(life, Arc::new(Mouth)).await {
        Ok(link) => link,
        Err(error) => {
            say(&format!("error {error}"));
            return ExitCode::FAILURE;
        }
    };
    say(&format!("ready {}", life.node));
    let (lines, commands) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    for command in commands {
        obey(life, &link, &command).await;
    }
    ExitCode::SUCCESS
}

async fn obey(life: NodeLife, link: &Arc<dyn Link>, command: &str) {
    let words: Vec<_> = command.split_whitespace().collect();
    let node = |word: &str| word.parse::<NodeId>().expect("a node id");
    match words.as_slice() {
        ["call", to, method, bytes] => {
            let answer = link
                .invoke(call(
                    life.node,
                    node(to),
                    method,
                    bytes.parse().expect("a size"),
                ))
                .await;
            match answer {
                RemoteAnswer::Handled(Ok(message)) => {
                    say(&format!("replied {}", message.payload.len()));
                }
                RemoteAnswer::Handled(Err(error)) => say(&format!("failed {error}")),
                RemoteAnswer::Refused(error) => say(&format!("refused {error}")),
                RemoteAnswer::Lost(error) => say(&format!("lost {error}")),
            }
        }
        ["time", to, bytes, count] => {
            let mut times = Vec::new();
            for _ in 0..count.parse::<u32>().expect("a count") {
                let start = Instant::now();
                let call = call(life.node, node(to), "echo", bytes.parse().expect("a size"));
                if !matches!(link.invoke(call).await, RemoteAnswer::Handled(Ok(_))) {
                    say("failed");
                    return;
                }
                times.push(start.elapsed());
            }
            times.sort();
            say(&format!("p50 {}", times[times.len() / 2].as_nanos()));
        }
        ["subscribe", filter] => link.subscribe(&TopicFilter::new(filter).expect("a filter")),
        ["close", ms] => {
            let start = Instant::now();
            let time = Duration::from_millis(ms.parse().expect("a time"));
            link.close(time).await;
            say(&format!("closed {}", start.elapsed().as_millis()));
        }
        ["fork", to] => fork(life, link, node(to)),
        ["left"] => say(&format!("left {}", left())),
        ["exit"] => std::process::exit(0),
        _ => panic!("what is {command}?"),
    }
}

/// Forks, and says in the child what becomes of a call, an event, closing and a new link there.
fn fork(life: NodeLife, link: &Arc<dyn Link>, to: NodeId) {
    // Held by this thread, which is the one that the child has; one that wrote just now would hold it
    // there for ever.
    let _held = std::io::stdout().lock();
    // SAFETY: the child calls nothing that needs another thread, which is what is tested here, and
    // ends without running what was registered to run at exit.
    let pid = unsafe { libc::fork() };
    if pid != 0 {
        return;
    }
    let now = |answer: Option<String>| answer.unwrap_or_else(|| "waits".into());
    let answer = link.invoke(call(life.node, to, "echo", 1)).now_or_never();
    say(&format!(
        "forked call {}",
        now(answer.map(|answer| format!("{answer:?}")))
    ));
    let event = Event {
        topic: commy_core::Topic::new("a").expect("a topic"),
        message: Message::default(),
        publisher: life.node,
        sequence: 1,
    };
    let published = link.publish(Arc::new(event)).now_or_never();
    say(&format!(
        "forked event {}",
        now(published.map(|published| format!("{published:?}")))
    ));
    let closed = link.close(Duration::from_secs(1)).now_or_never();
    say(&format!(
        "forked close {}",
        now(closed.map(|()| "done".into()))
    ));
    let mesh = MeshName::new("forked").expect("a name");
    let fabric = ZenohFabric::new(&mesh, &FabricOptions::default(), 1).expect("no options");
    let opened = fabric.connect(life, Arc::new(Mouth)).now_or_never();
    let opened = opened.map(|opened| format!("{:?}", opened.map(|_| "link")));
    say(&format!("forked open {}", now(opened)));
    // SAFETY: nothing of this process is needed any more.
    unsafe { libc::_exit(0) };
}

/// The threads and sockets of this process.
fn left() -> String {
    let mut names: Vec<String> = std::fs::read_dir("/proc/self/task")
        .expect("threads")
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok())
        .map(|name| format!("thread:{}", name.trim()))
        .collect();
    names.extend(
        std::fs::read_dir("/proc/self/fd")
            .expect("files")
            .flatten()
            .filter_map(|file| std::fs::read_link(file.path()).ok())
            .map(|target| target.display().to_string())
            .filter(|target| target.starts_with("socket:") || target.contains("commy")),
    );
    names.sort();
    names.join(",")
}

fn call(caller: NodeId, to: NodeId, method: &str, bytes: usize) -> OutgoingCall {
    OutgoingCall {
        to: InstanceId {
            node: to,
            serial: 1,
        },
        request: IncomingRequest {
            service: ServiceName::new("orders").expect("a name"),
            method: MethodName::new(method).expect("a name"),
            message: Message::bytes(vec![7; bytes]),
            time_left: Duration::from_secs(20),
            caller,
            attempt: 1,
        },
    }
}

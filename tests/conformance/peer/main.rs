//! A node in a process of its own, which the topics `remote` and `failure` drive by lines on its
//! standard input, and which answers and tells by lines on its standard output. `ready NODE` comes
//! first, or `error` and what went wrong.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a program of tests, which see it end"
)]

use std::{collections::HashMap, io::Write as _, time::Duration};

use commy::{
    Bytes, Context, FabricMode, Failure, Mesh, Message, Query, Registration, Service, ServiceSpec,
    TlsOptions,
};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever reads it may be gone; then this process is about to be as well.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut builder = Mesh::builder(arguments.next().expect("the mesh's name"));
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().expect("a value");
        builder = match flag.as_str() {
            "--zone" => builder.zone(value()),
            "--local-only" => builder.local_only(),
            "--router" => builder.mode(FabricMode::Router),
            "--client" => builder.mode(FabricMode::Client),
            "--listen" => builder.listen(value()),
            "--connect" => builder.connect(value()),
            "--tls" => builder.tls(TlsOptions {
                ca: value(),
                certificate: value(),
                key: value(),
            }),
            _ => panic!("what is {flag}?"),
        };
    }
    let mesh = match builder.build() {
        Ok(mesh) => mesh,
        Err(error) => return say(&format!("error {error}")),
    };
    if let Err(error) = mesh.start().await {
        return say(&format!("error {error}"));
    }
    say(&format!("ready {}", mesh.node_id()));
    let mut registrations = HashMap::new();
    let (sender, mut lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        let words: Vec<_> = line.split_whitespace().collect();
        if words == ["exit"] {
            // As it is: with a mesh that runs. A thread still reads from the input.
            std::process::exit(0);
        }
        obey(&mesh, &mut registrations, &words).await;
    }
}

async fn obey(mesh: &Mesh, registrations: &mut HashMap<String, Registration>, words: &[&str]) {
    let number = |word: &str| word.parse::<u64>().expect("a number");
    match *words {
        ["register", service] => {
            let spec = ServiceSpec::new(service)
                .version("1.2.3")
                .tag("a")
                .metadata("owner", "sales")
                .weight(7);
            let registration = mesh.serve(worker(mesh, spec)).await.unwrap();
            registrations.insert(service.to_owned(), registration);
        }
        ["withdraw", service] => {
            let registration = registrations.remove(service).expect("it is registered");
            registration.deregister().await.unwrap();
        }
        ["call", service, method] => {
            let (mesh, service, method) = (mesh.clone(), service.to_owned(), method.to_owned());
            tokio::spawn(async move {
                match mesh.call(&service, method).json("hello").await {
                    Ok(reply) => say(&format!("answer {}", reply.json::<String>().unwrap())),
                    Err(error) => say(&format!("failed {error}")),
                }
            });
        }
        ["publish", topic, first, count] => {
            for value in number(first)..number(first) + number(count) {
                mesh.publish(topic).json(&value).await.unwrap();
            }
        }
        ["subscribe", filter] => {
            let mut events = mesh.subscribe(filter).await.unwrap();
            tokio::spawn(async move {
                while let Some(event) = events.next().await {
                    let value: u64 = event.json().unwrap();
                    say(&format!(
                        "event {value} {} {}",
                        event.publisher, event.missed
                    ));
                }
            });
        }
        ["discover", service] => {
            let known = mesh.discover(&Query::service(service)).unwrap().len();
            say(&format!("known {known}"));
        }
        ["stop"] => mesh.stop().await.unwrap(),
        _ => panic!("what is {words:?}?"),
    }
    say(&format!("done {}", words[0]));
}

/// What a node serves.
fn worker(mesh: &Mesh, spec: ServiceSpec) -> Service {
    let node = mesh.node_id().to_string();
    let who = node.clone();
    Service::new(spec)
        .message("echo", |message: Message, _| async move { Ok(message) })
        .method("who", move |(): (), _| {
            let node = who.clone();
            async move { Ok(node) }
        })
        .method("work", move |ms: u64, _| {
            let node = node.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Ok(node)
            }
        })
        .method("time-left", |(): (), context: Context| async move {
            let ms = u64::try_from(context.time_left.as_millis()).unwrap_or(u64::MAX);
            Ok((ms, context.caller.to_string()))
        })
        .method("fail", |(): (), _| async move {
            Err::<(), _>(Failure {
                details_json: Some(r#"{"left":0}"#.into()),
                ..Failure::new("OUT_OF_STOCK", "none of tea left")
            })
        })
        .bytes("hold", |_: Bytes, _| async move {
            let _dropped = Dropped;
            say("held");
            std::future::pending::<()>().await;
            Ok::<_, Failure>(Bytes::new())
        })
}

/// Says when the work that owns it is dropped.
struct Dropped;

impl Drop for Dropped {
    fn drop(&mut self) {
        say("dropped");
    }
}

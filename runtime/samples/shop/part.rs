//! One part of the shop in a process of its own, which finds the other part wherever it runs.

use std::time::{Duration, Instant};

use commy::{Change, ChangeKind, Mesh, Query, Status};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::{Outcome, serve_counter, serve_warehouse};

#[derive(Clone, Copy)]
pub(crate) enum Part {
    Counter,
    Warehouse,
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Warehouse => "warehouse",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Counter => Self::Warehouse,
            Self::Warehouse => Self::Counter,
        }
    }

    /// The service by which a part is found.
    const fn service(self) -> &'static str {
        match self {
            Self::Counter => "orders",
            Self::Warehouse => "inventory",
        }
    }
}

/// Opens a part until a line on standard input closes it.
pub(crate) async fn open(part: Part) -> Outcome {
    let opened = Instant::now();
    let mesh = Mesh::builder("shop")
        .call_timeout(Duration::from_secs(5))
        .build()?;
    mesh.start().await?;
    println!(
        "the {} is open as node {}, and looks for the {} (Enter closes it)",
        part.name(),
        short(&mesh.node_id()),
        part.other().name()
    );
    tokio::select! {
        outcome = look_out(&mesh, part, opened) => outcome?,
        () = entered() => {}
    }
    mesh.stop().await?;
    Ok(())
}

/// Waits for a line on standard input; for ever if there will be none.
async fn entered() {
    let (sender, entered) = oneshot::channel();
    std::thread::spawn(move || {
        if matches!(std::io::stdin().read_line(&mut String::new()), Ok(1..)) {
            // Whoever waited may be gone.
            let _ = sender.send(());
        }
    });
    if entered.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Meets the other part each time that it opens.
async fn look_out(mesh: &Mesh, part: Part, opened: Instant) -> Outcome {
    let other = part.other();
    let mut changes = mesh.watch(&Query::service(other.service()))?;
    // The counter sells once it knows of a warehouse.
    let mut serves = matches!(part, Part::Warehouse);
    if serves {
        serve_warehouse(mesh).await?;
    }
    while let Some(Change { kind, instance, .. }) = changes.next().await {
        let place = format!("{} on node {}", other.name(), short(&instance.id.node));
        match kind {
            ChangeKind::Removed => println!("the {place} is closed"),
            ChangeKind::Updated => {}
            ChangeKind::Added => {
                let time = opened.elapsed().as_secs_f64();
                println!("found the {place}, {time:.3} s after opening");
                greet(mesh, other).await?;
                if !serves {
                    serve_counter(mesh).await?;
                    serves = true;
                }
            }
        }
    }
    Ok(())
}

/// Calls the other part, and says what it answered.
async fn greet(mesh: &Mesh, other: Part) -> Outcome {
    let (what, call) = match other {
        Part::Warehouse => (
            "in the warehouse there are",
            mesh.call("inventory", "levels").json(&()),
        ),
        Part::Counter => {
            let order = json!({ "item": "tea", "count": 1 });
            (
                "sold by the counter:",
                mesh.call("orders", "create").json(&order),
            )
        }
    };
    match call.await {
        Ok(reply) => println!("{what} {}", reply.json::<Value>()?),
        Err(error) if error.status() == Status::HandlerFailed => {
            let code = error.context().code.as_deref().unwrap_or_default();
            println!("the {} refuses: {code}, {}", other.name(), error.reason());
        }
        // It may close just now.
        Err(error) if matches!(error.status(), Status::NotFound | Status::Unavailable) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn short(node: &impl ToString) -> String {
    node.to_string().chars().take(8).collect()
}

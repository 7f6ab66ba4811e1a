//! A small shop: orders, inventory and payments call each other with JSON and tell of it in events.
//!
//! Invoices are sent by an outside HTTP server that knows nothing of commy: it is advertised,
//! probed, found and dialled, and it drops out of discovery when it is stopped.
//!
//! `cargo run -p commy --example shop` has all of it in one process, checks what it shows, and fails
//! if any of it is not as it should be. With `-- counter` and with `-- warehouse`, each in a terminal
//! of its own, there are parts that find and call each other. The shops of the other languages have
//! the same parts, and theirs will do.
#![expect(clippy::print_stdout, reason = "a sample shows what it does")]

mod invoicing;
mod part;

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::Debug,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use commy::{
    ChangeKind, Context, Event, Failure, FailureKind, HealthCheck, Mesh, Query, Service,
    ServiceSpec, Status,
};
use futures_util::{StreamExt, future::try_join_all};
use serde::{Deserialize, Serialize};

use crate::invoicing::Invoicing;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Order {
    item: String,
    count: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Sold {
    id: String,
    paid: u32,
}

/// An event on `orders/created` or `orders/declined`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Told {
    id: String,
    code: Option<String>,
}

/// What is on the shelves.
fn inventory() -> Service {
    let shelves = BTreeMap::from([("tea".to_owned(), 10_u32), ("cup".to_owned(), 2)]);
    let shelves = Arc::new(Mutex::new(shelves));
    let on_shelves = move || Arc::clone(&shelves);
    let (reserving, releasing, showing) = (on_shelves(), on_shelves(), on_shelves());
    Service::new(ServiceSpec::new("inventory").version("1.0.0"))
        .method("reserve", move |wanted: Order, _| {
            let mut shelves = reserving.lock().unwrap_or_else(PoisonError::into_inner);
            let left = shelves.entry(wanted.item.clone()).or_default();
            let outcome = if *left < wanted.count {
                Err(Failure {
                    details_json: Some(format!(r#"{{"left":{left}}}"#)),
                    ..Failure::new("OUT_OF_STOCK", format!("{left} of {} left", wanted.item))
                })
            } else {
                *left -= wanted.count;
                Ok(*left)
            };
            async move { outcome }
        })
        .method("release", move |wanted: Order, _| {
            let mut shelves = releasing.lock().unwrap_or_else(PoisonError::into_inner);
            *shelves.entry(wanted.item).or_default() += wanted.count;
            async move { Ok(()) }
        })
        .method("levels", move |(): (), _| {
            let levels = showing
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            async move { Ok(levels) }
        })
}

fn payments() -> Service {
    const LIMIT: u32 = 100;
    Service::new(ServiceSpec::new("payments").version("1.0.0")).method(
        "charge",
        |amount: u32, _| async move {
            if amount > LIMIT {
                return Err(Failure::new(
                    "DECLINED",
                    format!("{amount} is over the limit of {LIMIT}"),
                ));
            }
            Ok(amount)
        },
    )
}

fn orders(mesh: &Mesh) -> Service {
    let mesh = mesh.clone();
    let count = Arc::new(AtomicU32::new(0));
    Service::new(ServiceSpec::new("orders").version("2.1.0").tag("entrance")).method(
        "create",
        move |order: Order, context: Context| {
            create(mesh.clone(), Arc::clone(&count), order, context)
        },
    )
}

/// Reserves what is ordered, charges for it, and tells of it.
async fn create(
    mesh: Mesh,
    count: Arc<AtomicU32>,
    order: Order,
    context: Context,
) -> Result<Sold, Failure> {
    let price = match order.item.as_str() {
        "tea" => 4,
        "cup" => 60,
        other => {
            let reason = format!("{other:?} is not sold here");
            return Err(Failure::of_kind(FailureKind::BadRequest, reason));
        }
    };
    // What is left of the caller's time is all that these calls may take.
    let time = context.time_left;
    mesh.call("inventory", "reserve")
        .json(&order)
        .timeout(time)
        .await
        .map_err(pass_on)?;
    let id = format!("order-{}", count.fetch_add(1, Ordering::Relaxed) + 1);
    let charge = mesh
        .call("payments", "charge")
        .json(&(price * order.count))
        .timeout(time)
        .await;
    match charge {
        Ok(receipt) => {
            mesh.publish("orders/created")
                .json(&Told {
                    id: id.clone(),
                    code: None,
                })
                .await?;
            Ok(Sold {
                id,
                paid: receipt.json()?,
            })
        }
        Err(error) => {
            mesh.call("inventory", "release").json(&order).await?;
            let code = error.context().code.clone();
            mesh.publish("orders/declined")
                .json(&Told { id, code })
                .await?;
            Err(pass_on(error))
        }
    }
}

/// What another service refused is this one's answer too. By itself `?` would only say that a
/// nested call failed.
fn pass_on(error: commy::Error) -> Failure {
    match error.context().code.clone() {
        Some(code) => Failure::new(code, error.reason()),
        None => error.into(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    match std::env::args().nth(1).as_deref() {
        None => whole().await,
        Some("counter") => part::open(part::Part::Counter).await,
        Some("warehouse") => part::open(part::Part::Warehouse).await,
        Some(other) => Err(format!("{other:?} is not a part: counter or warehouse").into()),
    }
}

/// All of the shop in one process, which keeps to itself.
async fn whole() -> Outcome {
    let mesh = Mesh::builder("shop")
        .call_timeout(Duration::from_secs(5))
        .local_only()
        .build()?;
    mesh.start().await?;
    serve_warehouse(&mesh).await?;
    serve_counter(&mesh).await?;
    check("services", mesh.active_service_count()?, 3)?;
    sell(&mesh).await?;
    invoice(&mesh).await?;
    check(
        "messages that left this process",
        mesh.stats().fabric_messages,
        0,
    )?;
    mesh.stop().await?;
    println!("the shop is closed: all as it should be");
    Ok(())
}

async fn serve_warehouse(mesh: &Mesh) -> commy::Result<()> {
    mesh.serve(inventory()).await?;
    Ok(())
}

async fn serve_counter(mesh: &Mesh) -> commy::Result<()> {
    mesh.serve(payments()).await?;
    mesh.serve(orders(mesh)).await?;
    Ok(())
}

async fn sell(mesh: &Mesh) -> Outcome {
    let events = mesh.subscribe("orders/*").await?;
    let order = |item: &str, count| Order {
        item: item.into(),
        count,
    };
    let create = async |order: Order| mesh.call("orders", "create").json(&order).await;
    let refused = async |order: Order| match create(order).await {
        Err(error) => error
            .context()
            .code
            .clone()
            .unwrap_or_else(|| error.status().to_string()),
        Ok(_) => "it was not".into(),
    };
    let sold: Sold = create(order("tea", 3)).await?.json()?;
    check(
        "an order",
        sold,
        Sold {
            id: "order-1".into(),
            paid: 12,
        },
    )?;
    check(
        "more cups than there are",
        refused(order("cup", 3)).await.as_str(),
        "OUT_OF_STOCK",
    )?;
    check(
        "more than the card allows",
        refused(order("cup", 2)).await.as_str(),
        "DECLINED",
    )?;
    check(
        "an order for the moon",
        refused(order("moon", 1)).await,
        Status::InvalidArgument.to_string(),
    )?;
    let levels: BTreeMap<String, u32> = mesh.call("inventory", "levels").json(&()).await?.json()?;
    check(
        "what is left",
        levels,
        BTreeMap::from([("tea".into(), 7), ("cup".into(), 2)]),
    )?;

    let many = try_join_all((0..7).map(|_| create(order("tea", 1)))).await?;
    check("seven at once", many.len(), 7)?;
    check(
        "one more",
        refused(order("tea", 1)).await.as_str(),
        "OUT_OF_STOCK",
    )?;

    let told: Vec<Event> = events.take(9).collect().await;
    let declined: Told = told[1].json()?;
    check("the first event", told[0].topic.as_str(), "orders/created")?;
    check(
        "the second event",
        declined.code.as_deref(),
        Some("DECLINED"),
    )?;
    check(
        "events that were missed",
        told.iter().map(|event| event.missed).sum::<u64>(),
        0,
    )
}

async fn invoice(mesh: &Mesh) -> Outcome {
    let server = Invoicing::open()?;
    let address = format!("http://{}", server.address());
    let mut changes = mesh.watch(&Query::service("invoicing"))?;
    let probe = HealthCheck::http("/health")
        .interval(Duration::from_millis(50))
        .thresholds(1, 2);
    mesh.advertise("invoicing", &address, probe).await?;

    let change = changes.next().await.ok_or("the watch ended")?;
    check("the outside server is", change.kind, ChangeKind::Added)?;
    let endpoint = change.instance.endpoint.ok_or("it has no endpoint")?;
    check("found at its address", endpoint.as_str(), address.as_str())?;
    check(
        "dialled by us",
        invoicing::dial(&endpoint, "order-1")?.as_str(),
        "invoice for order-1",
    )?;
    let called = mesh
        .call("invoicing", "create")
        .await
        .map_err(|error| error.status());
    check(
        "and not through the mesh",
        called.err(),
        Some(Status::FailedPrecondition),
    )?;

    server.close()?;
    let change = changes.next().await.ok_or("the watch ended")?;
    check("stopped, it is", change.kind, ChangeKind::Removed)?;
    check(
        "and found no more",
        mesh.discover(&Query::service("invoicing"))?.len(),
        0,
    )
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "what is checked is often made on the spot"
)]
fn check<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Outcome {
    if found != expected {
        return Err(format!("{what}: found {found:?}, expected {expected:?}").into());
    }
    println!("{what}: {found:?}");
    Ok(())
}

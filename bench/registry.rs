//! What discovering and registering cost in a mesh of 100, 10,000 and 100,000 instances of other
//! services: nothing that grows with these.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::{collections::BTreeMap, sync::LazyLock};

use commy::{Mesh, Message, Query, Registration, Service};
use commy_bench::CALLER;
use divan::Bencher;
use futures_util::future::join_all;

/// How many instances there are already.
const SIZES: [usize; 3] = [100, 10_000, 100_000];
/// How many instances a service has.
const PER_SERVICE: usize = 10;
/// How many registrations are under way at once while a mesh is filled.
const CHUNK: usize = 100;

fn main() {
    LazyLock::force(&MESHES);
    divan::main();
}

/// A mesh of each size.
static MESHES: LazyLock<BTreeMap<usize, Mesh>> = LazyLock::new(|| {
    SIZES
        .into_iter()
        .map(|size| (size, CALLER.block_on(filled(size))))
        .collect()
});

fn orders() -> Service {
    Service::new("orders").message("", |message: Message, _| async move { Ok(message) })
}

async fn filled(size: usize) -> Mesh {
    let mesh = Mesh::builder(format!("bench-registry-{size}"))
        .build()
        .unwrap();
    mesh.start().await.unwrap();
    for chunk in 0..size / CHUNK {
        let advertising = (0..CHUNK).map(|number| {
            let service = (chunk * CHUNK + number) / PER_SERVICE;
            mesh.advertise(format!("other-{service}"), "http://127.0.0.1:8080", None)
        });
        for outcome in join_all(advertising).await {
            outcome.unwrap();
        }
    }
    mesh.serve(orders()).await.unwrap();
    mesh
}

#[divan::bench(args = SIZES)]
fn discover_one_of(bencher: Bencher<'_, '_>, size: usize) {
    let mesh = &MESHES[&size];
    let query = Query::service("orders");
    bencher.bench(|| {
        let found = mesh.discover(divan::black_box(&query)).unwrap();
        assert_eq!(found.len(), 1);
        found
    });
}

#[divan::bench(args = SIZES)]
fn call_one_of(bencher: Bencher<'_, '_>, size: usize) {
    let mesh = &MESHES[&size];
    bencher.bench(|| {
        CALLER
            .block_on(mesh.call("orders", "").into_future())
            .unwrap()
    });
}

/// Withdraws an instance when the benchmark has done with it, outside of what is timed.
struct Registered(Registration);

impl Drop for Registered {
    fn drop(&mut self) {
        CALLER.block_on(self.0.deregister()).unwrap();
    }
}

#[divan::bench(args = SIZES)]
fn register_one_more_than(bencher: Bencher<'_, '_>, size: usize) {
    let mesh = &MESHES[&size];
    bencher
        .with_inputs(|| {
            Service::new("more").message("", |message: Message, _| async move { Ok(message) })
        })
        .bench_values(|service| Registered(CALLER.block_on(mesh.serve(service)).unwrap()));
}

#[divan::bench(args = SIZES)]
fn advertise_one_more_than(bencher: Bencher<'_, '_>, size: usize) {
    let mesh = &MESHES[&size];
    bencher.bench(|| {
        let advertising = mesh.advertise("more", "http://127.0.0.1:8080", None);
        Registered(CALLER.block_on(advertising).unwrap())
    });
}

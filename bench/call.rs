//! What a call within one process costs, beside the bare actix ask that lies below it: once from
//! another thread than the callee's, where waking that thread is most of it, and once from the same
//! one, where nothing is but the work itself.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::sync::LazyLock;

use actix::{Actor, Addr, Arbiter, Context, Handler, System};
use commy::{Bytes, Mesh, Message, Service};
use commy_bench::CALLER;
use divan::{Bencher, counter::ItemsCount};
use futures_util::future::join_all;

/// How many calls one iteration makes where they are too short to be timed one by one.
const BATCH: usize = 1000;
/// How many calls are under way at once where there are many.
const IN_FLIGHT: usize = 64;
/// How often what wakes another thread is timed: often enough that it is awake most of the time.
const SAMPLES: u32 = 1000;

fn main() {
    LazyLock::force(&BARE);
    divan::main();
}

fn payload() -> Bytes {
    Bytes::from_static(b"sixteen bytes...")
}

mod bare {
    use super::{Actor, Addr, Bytes, Context, Handler};

    /// An actor that answers with what it is asked.
    pub(super) struct Echo;

    #[derive(actix::Message)]
    #[rtype(result = "Bytes")]
    pub(super) struct Ask(pub(super) Bytes);

    /// Ask another actor this often.
    #[derive(actix::Message)]
    #[rtype(result = "()")]
    pub(super) struct Many(pub(super) usize, pub(super) Addr<Echo>);

    impl Actor for Echo {
        type Context = Context<Self>;
    }

    impl Handler<Ask> for Echo {
        type Result = actix::MessageResult<Ask>;

        fn handle(&mut self, Ask(payload): Ask, _: &mut Self::Context) -> Self::Result {
            actix::MessageResult(payload)
        }
    }

    impl Handler<Many> for Echo {
        type Result = actix::ResponseFuture<()>;

        fn handle(&mut self, Many(times, other): Many, _: &mut Self::Context) -> Self::Result {
            Box::pin(async move {
                for _ in 0..times {
                    divan::black_box(other.send(Ask(super::payload())).await.unwrap());
                }
            })
        }
    }
}

/// Two actors of one arbiter.
static BARE: LazyLock<(Addr<bare::Echo>, Addr<bare::Echo>)> = LazyLock::new(|| {
    let (ready, started) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let system = System::new();
        let arbiter = Arbiter::new();
        let echo = || bare::Echo::start_in_arbiter(&arbiter.handle(), |_| bare::Echo);
        ready.send((echo(), echo())).unwrap();
        system.run().unwrap();
    });
    started.recv().unwrap()
});

/// A mesh with a service that echoes, and one that calls it as often as it is told.
static MESH: LazyLock<Mesh> = LazyLock::new(|| {
    let mesh = Mesh::builder("bench-call").build().unwrap();
    let echo = Service::new("echo").message("", |message: Message, _| async move { Ok(message) });
    let caller = mesh.clone();
    let many = Service::new("many").method("", move |times: usize, _| {
        let mesh = caller.clone();
        async move {
            for _ in 0..times {
                divan::black_box(mesh.call("echo", "").bytes(payload()).await?);
            }
            Ok(())
        }
    });
    CALLER.block_on(async {
        mesh.start().await.unwrap();
        mesh.serve(echo).await.unwrap();
        mesh.serve(many).await.unwrap();
    });
    mesh
});

#[divan::bench(sample_count = SAMPLES)]
fn across_threads_bare_ask(bencher: Bencher<'_, '_>) {
    let (echo, _) = &*BARE;
    bencher.bench(|| CALLER.block_on(echo.send(bare::Ask(payload()))).unwrap());
}

#[divan::bench(sample_count = SAMPLES)]
fn across_threads_call(bencher: Bencher<'_, '_>) {
    let mesh = &*MESH;
    let call = || mesh.call("echo", "").bytes(payload()).into_future();
    bencher.bench(|| CALLER.block_on(call()).unwrap());
}

#[divan::bench(sample_count = SAMPLES)]
fn across_threads_bare_ask_64_in_flight(bencher: Bencher<'_, '_>) {
    let (echo, _) = &*BARE;
    bencher.counter(ItemsCount::new(IN_FLIGHT)).bench(|| {
        let asks = (0..IN_FLIGHT).map(|_| echo.send(bare::Ask(payload())));
        CALLER.block_on(join_all(asks))
    });
}

#[divan::bench(sample_count = SAMPLES)]
fn across_threads_call_64_in_flight(bencher: Bencher<'_, '_>) {
    let mesh = &*MESH;
    bencher.counter(ItemsCount::new(IN_FLIGHT)).bench(|| {
        let calls = (0..IN_FLIGHT).map(|_| mesh.call("echo", "").bytes(payload()).into_future());
        CALLER.block_on(join_all(calls))
    });
}

#[divan::bench]
fn within_a_thread_1000_bare_asks(bencher: Bencher<'_, '_>) {
    let (echo, other) = &*BARE;
    bencher.counter(ItemsCount::new(BATCH)).bench(|| {
        CALLER
            .block_on(echo.send(bare::Many(BATCH, other.clone())))
            .unwrap();
    });
}

#[divan::bench]
fn within_a_thread_1000_calls(bencher: Bencher<'_, '_>) {
    let mesh = &*MESH;
    let call = || mesh.call("many", "").json(&BATCH).into_future();
    bencher
        .counter(ItemsCount::new(BATCH))
        .bench(|| CALLER.block_on(call()).unwrap());
}

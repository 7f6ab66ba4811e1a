//! What is measured, for all systems by the same code, and what the servers of all do.
//!
//! Statistics are the driver's: this gives samples.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// What any call may take that is measured.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);
/// Everybody must have met by then.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often within a window the server says how far it is.
const GROUPS: usize = 4;

/// One system's caller and publisher.
pub(crate) trait Client: Sync {
    fn has_events(&self) -> bool {
        true
    }
    fn call(&self, payload: Bytes) -> impl Future<Output = Result<Bytes>> + Send;
    fn publish(&self, event: Bytes) -> impl Future<Output = Result<()>> + Send;
}

/// What a server answers: the payload, and to an empty one who it is.
pub(crate) fn answer(payload: Bytes) -> Bytes {
    if payload.is_empty() {
        return Bytes::from(std::process::id().to_string());
    }
    payload
}

/// What a server does with the events that it gets: it counts them, and sends back those that ask
/// for it, with the count.
#[derive(Default)]
pub(crate) struct Relay(AtomicU32);

impl Relay {
    pub(crate) fn take(&self, event: &[u8]) -> Option<Bytes> {
        let count = self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if event.first() != Some(&1) || event.len() < 9 {
            return None;
        }
        let mut returned = BytesMut::with_capacity(event.len());
        returned.put_slice(&event[..5]);
        returned.put_u32(count);
        returned.put_slice(&event[9..]);
        Some(returned.freeze())
    }
}

/// The events that came back.
pub(crate) struct Returned {
    events: UnboundedReceiver<Bytes>,
    /// How many the server had got when it sent the last one back.
    count: u32,
}

impl Returned {
    pub(crate) fn new() -> (Self, UnboundedSender<Bytes>) {
        // Bounded by the window.
        let (sender, events) = unbounded_channel();
        (Self { events, count: 0 }, sender)
    }

    async fn next(&mut self) -> Result<Bytes> {
        let event = self.events.recv().await.context("no more events come")?;
        self.count = u32::from_be_bytes(event[5..9].try_into()?);
        Ok(event)
    }
}

/// Waits until a server answers.
pub(crate) async fn meet(client: &impl Client) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    while client.call(Bytes::new()).await.is_err() {
        ensure!(Instant::now() < until, "no server answers");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Waits until events go there and come back, and none of them is still on its way.
pub(crate) async fn join(client: &impl Client, returned: &mut Returned) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    for number in 1_u32.. {
        let mut event = BytesMut::new();
        event.put_u8(1);
        event.put_u32(number);
        event.put_u32(0);
        client.publish(event.freeze()).await?;
        let back = timeout(Duration::from_millis(100), async {
            while returned.next().await?[1..5] != number.to_be_bytes() {}
            anyhow::Ok(())
        });
        match back.await {
            Ok(result) => return result,
            Err(_) => ensure!(Instant::now() < until, "no event comes back"),
        }
    }
    bail!("no event comes back")
}

/// Calls, with so many under way at any time.
pub(crate) async fn echo(
    client: &impl Client,
    size: usize,
    seconds: f64,
    in_flight: usize,
) -> Result<Value> {
    let payload = Bytes::from(vec![0; size]);
    let begin = Instant::now();
    let end = begin + Duration::from_secs_f64(seconds);
    let worker = async || {
        let mut samples = Vec::new();
        let mut now = Instant::now();
        while now < end {
            let reply = client.call(payload.clone()).await?;
            let before = std::mem::replace(&mut now, Instant::now());
            samples.push((now - before).as_nanos() as u64);
            ensure!(reply.len() == size, "{} bytes of {size} came", reply.len());
        }
        anyhow::Ok(samples)
    };
    let samples = try_join_all((0..in_flight).map(|_| worker())).await?;
    let took = begin.elapsed();
    Ok(result(samples.concat().len(), took, samples.concat()))
}

/// Publishes, with at most a window of events that the server has not said that it has.
pub(crate) async fn events(
    client: &impl Client,
    returned: &mut Returned,
    size: usize,
    seconds: f64,
    window: usize,
) -> Result<Value> {
    let silent = Bytes::from(vec![0; size]);
    let mut asking = vec![0; size];
    asking[0] = 1;
    let asking = Bytes::from(asking);
    let group = (window / GROUPS).max(1);
    let (mut unsaid, mut count, known) = (0, 0_u32, returned.count);
    let mut samples = Vec::new();
    let begin = Instant::now();
    let end = begin + Duration::from_secs_f64(seconds);
    while Instant::now() < end {
        for _ in 1..group {
            client.publish(silent.clone()).await?;
        }
        let before = Instant::now();
        client.publish(asking.clone()).await?;
        count += group as u32;
        unsaid += 1;
        if unsaid * group >= window {
            returned.next().await?;
            samples.push(before.elapsed().as_nanos() as u64);
            unsaid -= 1;
        }
    }
    for _ in 0..unsaid {
        timeout(TIMEOUT, returned.next()).await??;
    }
    let took = begin.elapsed();
    let got = returned.count.wrapping_sub(known);
    ensure!(got == count, "the server got {got} events of {count}");
    Ok(result(count as usize, took, samples))
}

pub(crate) fn result(count: usize, took: Duration, samples: Vec<u64>) -> Value {
    json!({ "count": count, "seconds": took.as_secs_f64(), "nanoseconds": samples })
}

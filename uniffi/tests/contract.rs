//! What every SDK may rely on, tested on the Rust side of the interface: how handlers are started,
//! answered and cancelled, how watches and subscriptions are shared, and that nothing that is known
//! of an error is lost.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(
    clippy::result_large_err,
    reason = "the error's shape is the interface's, and it is made once a failure"
)]

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use commy_ffi::{
    Balance, CallOptions, CommyError, ErrorInfo, FabricMode, Failure, FailureKind, Handler, Health,
    IncomingRequest, Invocation, Mesh, MeshOptions, Message, Overflow, Query, Reply, Request,
    ServiceSpec, SubscribeOptions,
};
use parking_lot::Mutex;
use tokio::{sync::watch, time::timeout};

/// What a handler does with the invocations that it is given.
type Start = fn(&Scripted, Arc<Invocation>) -> Result<(), CommyError>;

/// A handler that does what its test says.
struct Scripted {
    start: Start,
    seen: watch::Sender<Vec<IncomingRequest>>,
    cancelled: watch::Sender<Vec<u64>>,
    on_cancel: fn() -> Result<(), CommyError>,
    kept: Mutex<Vec<Arc<Invocation>>>,
}

impl Scripted {
    fn new(start: Start) -> Self {
        Self {
            start,
            seen: watch::Sender::default(),
            cancelled: watch::Sender::default(),
            on_cancel: || Ok(()),
            kept: Mutex::default(),
        }
    }

    fn on_cancel(mut self, on_cancel: fn() -> Result<(), CommyError>) -> Self {
        self.on_cancel = on_cancel;
        self
    }
}

impl Handler for Scripted {
    fn start(
        &self,
        invocation: Arc<Invocation>,
        request: IncomingRequest,
    ) -> Result<(), CommyError> {
        self.seen.send_modify(|seen| seen.push(request));
        (self.start)(self, invocation)
    }

    fn cancel(&self, invocation_id: u64) -> Result<(), CommyError> {
        self.cancelled
            .send_modify(|cancelled| cancelled.push(invocation_id));
        (self.on_cancel)()
    }
}

/// Waits for something that must happen soon.
async fn soon<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(20), future).await.unwrap()
}

fn options(name: String) -> MeshOptions {
    MeshOptions {
        name,
        zone: Some("eu-1a".into()),
        region: None,
        call_timeout_ms: 30_000,
        drain_timeout_ms: 5_000,
        max_payload_bytes: 1 << 20,
        balance: Balance::LeastLoaded,
        breaker: None,
        local_only: true,
        mode: FabricMode::Peer,
        listen: Vec::new(),
        connect: Vec::new(),
        tls: None,
        multicast: false,
        allow_insecure: false,
        shared_memory: true,
    }
}

async fn mesh() -> Mesh {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mesh = Mesh::new(options(format!("ffi-{number}"))).unwrap();
    mesh.start().await.unwrap();
    mesh
}

fn spec(service: &str) -> ServiceSpec {
    ServiceSpec {
        service: service.into(),
        version: "1.2.3".into(),
        tags: vec!["b".into(), "a".into()],
        metadata: HashMap::from([("owner".into(), "sales".into())]),
        weight: 7,
        zone: None,
        region: Some("eu-1".into()),
        max_in_flight: 16,
    }
}

fn message(payload: &[u8]) -> Message {
    Message {
        payload: payload.to_vec().into(),
        content_type: "text/plain".into(),
        headers: HashMap::from([("k".into(), "v".into())]),
    }
}

fn failure(code: &str) -> Failure {
    Failure {
        kind: FailureKind::Application,
        code: code.into(),
        reason: "because".into(),
        details_json: Some("{}".into()),
    }
}

fn query() -> Query {
    Query {
        service: None,
        version: None,
        tags: Vec::new(),
        metadata: HashMap::new(),
        health: None,
        zone: None,
        region: None,
    }
}

async fn call(mesh: &Mesh, timeout_ms: Option<u64>) -> Result<Reply, CommyError> {
    let request = Request {
        method: "create".into(),
        message: message(b"order"),
    };
    let options = CallOptions {
        timeout_ms,
        idempotent: false,
        routing_key: None,
        balance: None,
        zone_first: true,
        version: None,
        tags: Vec::new(),
        metadata: HashMap::new(),
    };
    mesh.call("orders".into(), request, options).await
}

/// What a call to a handler that does this is answered with.
async fn answered(handler: &Arc<Scripted>) -> Result<Reply, CommyError> {
    let mesh = mesh().await;
    mesh.register(spec("orders"), Arc::clone(handler) as _)
        .await
        .unwrap();
    call(&mesh, None).await
}

#[tokio::test]
async fn a_handler_is_told_all_there_is_to_know() {
    let handler = Arc::new(Scripted::new(|_, invocation| {
        invocation.complete(message(b"receipt"));
        Ok(())
    }));
    let mesh = mesh().await;
    let registration = mesh
        .register(spec("orders"), Arc::clone(&handler) as _)
        .await
        .unwrap();
    let reply = call(&mesh, Some(7_000)).await.unwrap();
    assert_eq!(reply.message, message(b"receipt"));
    assert_eq!(reply.served_by, registration.instance().id);

    let seen = handler.seen.borrow().clone();
    let [request] = seen.as_slice() else {
        unreachable!("it was called once")
    };
    assert_eq!(
        (request.service.as_str(), request.method.as_str()),
        ("orders", "create")
    );
    assert_eq!(request.message, message(b"order"));
    assert_eq!(
        (request.caller.clone(), request.attempt),
        (mesh.node_id(), 1)
    );
    assert!((1..=7_000).contains(&request.time_left_ms));
}

#[tokio::test]
async fn the_first_answer_counts() {
    let handler = Arc::new(Scripted::new(|_, invocation| {
        invocation.fail(failure("FIRST"));
        invocation.complete(message(b"second"));
        invocation.fail(failure("THIRD"));
        Ok(())
    }));
    let Err(CommyError::HandlerFailed { info }) = answered(&handler).await else {
        unreachable!("the first answer was a failure")
    };
    assert_eq!(info.code.as_deref(), Some("FIRST"));
    assert_eq!(info.details_json.as_deref(), Some("{}"));
}

#[tokio::test]
async fn an_answer_may_come_later_and_from_any_thread() {
    let handler = Arc::new(Scripted::new(|_, invocation| {
        std::thread::spawn(move || invocation.complete(message(b"later")));
        Ok(())
    }));
    assert_eq!(answered(&handler).await.unwrap().message, message(b"later"));
    assert!(handler.cancelled.borrow().is_empty());
}

#[tokio::test]
async fn an_invocation_that_is_dropped_unanswered_is_internal() {
    let handler = Arc::new(Scripted::new(|_, _| Ok(())));
    let Err(CommyError::Internal { info }) = answered(&handler).await else {
        unreachable!("it was not answered")
    };
    assert_eq!(
        info.reason,
        "the handler dropped the request without an answer"
    );
    assert!(info.instance_id.is_some());
    assert!(handler.cancelled.borrow().is_empty());
}

#[tokio::test]
async fn a_start_that_throws_is_internal_with_its_reason() {
    let handler = Arc::new(Scripted::new(|_, _| {
        Err(uniffi::UnexpectedUniFFICallbackError::new("ValueError: no luck").into())
    }));
    let Err(CommyError::Internal { info }) = answered(&handler).await else {
        unreachable!("it threw")
    };
    assert!(
        info.reason.contains("ValueError: no luck"),
        "{}",
        info.reason
    );
    assert!(handler.cancelled.borrow().is_empty());
}

#[tokio::test]
async fn a_caller_that_gives_up_cancels_the_handler_once() {
    let handler = Arc::new(Scripted::new(|this, invocation| {
        this.kept.lock().push(invocation);
        Ok(())
    }));
    let mesh = Arc::new(mesh().await);
    mesh.register(spec("orders"), Arc::clone(&handler) as _)
        .await
        .unwrap();

    let Err(CommyError::DeadlineExceeded { .. }) = soon(call(&mesh, Some(10))).await else {
        unreachable!("nobody answered")
    };
    let caller = Arc::clone(&mesh);
    let dropped = tokio::spawn(async move { call(&caller, None).await });
    soon(handler.seen.subscribe().wait_for(|seen| seen.len() == 2))
        .await
        .unwrap();
    dropped.abort();

    soon(handler.cancelled.subscribe().wait_for(|ids| ids.len() == 2))
        .await
        .unwrap();
    // An answer that comes now is ignored, and cancels nothing either.
    for invocation in handler.kept.lock().drain(..) {
        invocation.complete(message(b"late"));
    }
    mesh.stop().await.unwrap();
    let seen: Vec<u64> = handler
        .seen
        .borrow()
        .iter()
        .map(|it| it.invocation_id)
        .collect();
    assert_eq!(*handler.cancelled.borrow(), seen);
}

#[tokio::test]
async fn a_cancel_that_throws_or_panics_harms_nobody() {
    let throws = || -> Result<(), CommyError> {
        Err(uniffi::UnexpectedUniFFICallbackError::new("no luck").into())
    };
    for on_cancel in [throws, || unreachable!("as a defect would be")] {
        let handler = Scripted::new(|this, invocation| {
            if this.seen.borrow().len() == 1 {
                this.kept.lock().push(invocation);
            } else {
                invocation.complete(message(b"well"));
            }
            Ok(())
        });
        let handler = Arc::new(handler.on_cancel(on_cancel));
        let mesh = mesh().await;
        mesh.register(spec("orders"), Arc::clone(&handler) as _)
            .await
            .unwrap();
        soon(call(&mesh, Some(10))).await.unwrap_err();
        soon(handler.cancelled.subscribe().wait_for(|ids| ids.len() == 1))
            .await
            .unwrap();
        assert_eq!(call(&mesh, None).await.unwrap().message, message(b"well"));
    }
}

fn one_event_queued() -> SubscribeOptions {
    SubscribeOptions {
        capacity: 16,
        overflow: Overflow::DropOldest,
    }
}

#[tokio::test]
async fn several_may_wait_on_one_subscription_and_each_gets_one_event() {
    let mesh = mesh().await;
    let events = mesh
        .subscribe("**".into(), one_event_queued())
        .await
        .unwrap();
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let events = Arc::clone(&events);
        waiting.push(tokio::spawn(async move {
            events.next().await.unwrap().sequence
        }));
    }
    tokio::task::yield_now().await;
    for _ in 0..4 {
        mesh.publish("a".into(), message(b"x")).await.unwrap();
    }
    let mut got = Vec::new();
    for waiting in waiting {
        got.push(soon(waiting).await.unwrap());
    }
    got.sort_unstable();
    got.dedup();
    assert_eq!(got.len(), 4);
}

#[tokio::test]
async fn looking_and_closing_never_wait_for_one_who_waits() {
    let mesh = mesh().await;
    let events = mesh
        .subscribe("**".into(), one_event_queued())
        .await
        .unwrap();
    let waiting = {
        let events = Arc::clone(&events);
        tokio::spawn(async move { events.next().await })
    };
    tokio::task::yield_now().await;
    assert_eq!(events.dropped(), 0);
    events.close();
    events.close();
    assert_eq!(soon(waiting).await.unwrap(), None);
    assert_eq!(soon(events.next()).await, None);

    let watch = mesh.watch(query()).unwrap();
    let waiting = {
        let watch = Arc::clone(&watch);
        tokio::spawn(async move { watch.next().await })
    };
    tokio::task::yield_now().await;
    watch.close();
    assert_eq!(soon(waiting).await.unwrap(), None);
}

#[tokio::test]
async fn a_next_that_is_given_up_loses_nothing_and_lets_the_others_on() {
    let mesh = mesh().await;
    let events = mesh
        .subscribe("**".into(), one_event_queued())
        .await
        .unwrap();
    let given_up = {
        let events = Arc::clone(&events);
        tokio::spawn(async move { events.next().await })
    };
    tokio::task::yield_now().await;
    let patient = {
        let events = Arc::clone(&events);
        tokio::spawn(async move { events.next().await })
    };
    tokio::task::yield_now().await;
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    mesh.publish("a".into(), message(b"x")).await.unwrap();
    assert_eq!(soon(patient).await.unwrap().unwrap().message, message(b"x"));
}

#[tokio::test]
async fn an_instance_keeps_every_field() {
    let mesh = mesh().await;
    let handler = Arc::new(Scripted::new(|_, _| Ok(())));
    let registration = mesh.register(spec("orders"), handler).await.unwrap();
    let instance = registration.instance();
    assert_eq!(instance.node_id, mesh.node_id());
    assert!(instance.id.starts_with(&instance.node_id));
    assert_eq!(
        (instance.service.as_str(), instance.version.as_str()),
        ("orders", "1.2.3")
    );
    assert_eq!(instance.tags, ["a", "b"]);
    assert_eq!(
        instance.metadata,
        HashMap::from([("owner".into(), "sales".into())])
    );
    assert_eq!((instance.weight, instance.health), (7, Health::Healthy));
    assert_eq!(instance.zone.as_deref(), Some("eu-1a"));
    assert_eq!(instance.region.as_deref(), Some("eu-1"));
    assert_eq!(instance.endpoint, None);
    assert_eq!(mesh.discover(query()).unwrap(), [instance]);
}

#[test]
fn an_error_keeps_every_field_under_its_own_status() {
    for status in commy::Status::ALL {
        let error = commy::Error::new(status, "because")
            .with_service("orders")
            .with_method("create")
            .with_instance("i-1")
            .with_attempts(2)
            .with_application(Some("CODE".into()), Some("[]".into()));
        let error = CommyError::from(error);
        let expected = ErrorInfo {
            reason: "because".into(),
            service: Some("orders".into()),
            method: Some("create".into()),
            instance_id: Some("i-1".into()),
            attempts: 2,
            code: Some("CODE".into()),
            details_json: Some("[]".into()),
        };
        assert_eq!(error.info(), &expected);
        assert_eq!(error.to_string(), format!("{}: because", status.name()));
    }
}

#[test]
fn options_that_break_a_rule_are_told() {
    let Err(CommyError::InvalidArgument { info }) = Mesh::new(options(String::new())) else {
        unreachable!("a mesh has a name")
    };
    assert!(info.reason.contains("mesh name"), "{}", info.reason);
}

//! The handle through which programs use a mesh.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use commy_core::{
    Bytes, CallOptions, Endpoint, Error, HealthCheck, Instance, MeshOptions, MeshSettings, Message,
    NodeId, Query, Reply, Request, Result, ServiceSpec, Status, SubscribeOptions, Topic,
    TopicFilter, retry::RetryBudget, spec::InstanceSpec,
};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::{
    actors::{
        ask,
        broker::Subscribe,
        mesh::{Advertise, Host},
        stopped,
    },
    call,
    fabric::Fabric,
    handler::Handler,
    membership::Membership,
    placement::Placement,
    publish,
    registration::Registration,
    session::Session,
    stats::{Counters, MeshStats},
    subscription::{Queue, Subscription},
    watch::Watch,
};

/// A mesh: this process's membership in it. Cheap to clone; all clones are the same mesh.
///
/// Its futures may be polled on any thread and by any executor. When the last clone is dropped
/// before [`Mesh::stop`], the mesh stops by itself, without a drain.
#[derive(Clone)]
pub struct Mesh(Arc<Inner>);

/// What the clones of a mesh share.
pub(crate) struct Inner {
    pub(crate) settings: MeshSettings,
    pub(crate) counters: Arc<Counters>,
    pub(crate) retries: Mutex<Option<RetryBudget>>,
    membership: Arc<Membership>,
    fabric: Option<Arc<dyn Fabric>>,
    session: ArcSwapOption<Session>,
    /// Held while the mesh starts or stops, so that these follow one another.
    lifecycle: tokio::sync::Mutex<()>,
}

impl Mesh {
    /// Creates a mesh that keeps to its process, and starts nothing.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for an option that breaks a rule.
    pub fn new(options: MeshOptions) -> Result<Self> {
        Self::placed(options, None, Placement::default())
    }

    /// Creates a mesh whose node reaches others by this fabric, and starts nothing. All meshes of
    /// one name in this process are one node, which is connected by the one that starts first; the
    /// others' options for the fabric have to be the same.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for an option that breaks a rule.
    pub fn with_fabric(options: MeshOptions, fabric: Arc<dyn Fabric>) -> Result<Self> {
        Self::placed(options, Some(fabric), Placement::default())
    }

    /// Creates a mesh whose node runs where it is told to, and starts nothing. For tests; see
    /// [`Placement`].
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for an option that breaks a rule.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a mesh is made from its options"
    )]
    pub fn placed(
        options: MeshOptions,
        fabric: Option<Arc<dyn Fabric>>,
        placement: Placement,
    ) -> Result<Self> {
        let settings = options.check()?;
        Ok(Self(Arc::new(Inner {
            membership: Membership::of(&settings.name, placement),
            settings,
            fabric,
            counters: Arc::default(),
            retries: Mutex::default(),
            session: ArcSwapOption::empty(),
            lifecycle: tokio::sync::Mutex::default(),
        })))
    }

    /// The name of the mesh.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.settings.name.as_str()
    }

    /// The id of this process's node in the mesh.
    #[must_use]
    pub fn node_id(&self) -> NodeId {
        self.0.membership.id
    }

    /// Whether the mesh is started and not stopped.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.0.session.load().is_some()
    }

    /// Starts the mesh. Starting one that runs does nothing; a stopped one can be started again.
    ///
    /// # Errors
    /// `INTERNAL` when the operating system gives no thread; `FAILED_PRECONDITION` when another mesh
    /// of this name runs with another fabric, or in a process that was forked from the mesh's own; `INVALID_ARGUMENT` or `UNAVAILABLE` when the fabric
    /// cannot be opened, saying why.
    pub async fn start(&self) -> Result<()> {
        self.0.membership.origin.check()?;
        let _lifecycle = self.0.lifecycle.lock().await;
        if self.is_running() {
            return Ok(());
        }
        let inner = &*self.0;
        let session = Session::open(
            &inner.membership,
            &inner.settings,
            &inner.counters,
            inner.fabric.as_ref(),
        )
        .await?;
        self.0.session.store(Some(Arc::new(session)));
        tracing::info!(mesh = self.name(), node = %self.node_id(), "started");
        Ok(())
    }

    /// Stops the mesh: refuses new calls, lets those in flight, made and answered, finish for at
    /// most the options' drain timeout, withdraws its registrations, ends its watches and subscriptions. Stopping
    /// one that does not run does nothing.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` in a process that was forked from the one that started it.
    pub async fn stop(&self) -> Result<()> {
        self.0.membership.origin.check()?;
        let _lifecycle = self.0.lifecycle.lock().await;
        if let Some(session) = self.0.session.swap(None) {
            session.close(self.0.settings.drain_timeout).await;
            tracing::info!(mesh = self.name(), node = %self.node_id(), "stopped");
        }
        Ok(())
    }

    /// Registers an instance of a service that this process hosts. It lasts until it is
    /// deregistered or the mesh is stopped, whether or not what is returned is kept.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a spec that breaks a rule, `FAILED_PRECONDITION` when the mesh does
    /// not run.
    pub async fn register(
        &self,
        spec: ServiceSpec,
        handler: Arc<dyn Handler>,
    ) -> Result<Registration> {
        let session = self.0.session()?;
        let spec = self.0.place(&spec)?;
        let (reply, registered) = oneshot::channel();
        let host = Host {
            spec,
            handler,
            reply,
        };
        session.inbox.host.send(host).await.map_err(|_| stopped())?;
        self.0.registration(&session, registered).await
    }

    /// Makes known an instance that runs elsewhere, at an address such as `http://127.0.0.1:8080`
    /// or `tcp://db:5432`. It is probed if a check is given, and taken as healthy otherwise.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a spec, an endpoint or a check that breaks a rule,
    /// `FAILED_PRECONDITION` when the mesh does not run.
    pub async fn advertise(
        &self,
        spec: ServiceSpec,
        endpoint: &str,
        check: Option<HealthCheck>,
    ) -> Result<Registration> {
        let session = self.0.session()?;
        let spec = self.0.place(&spec)?;
        let endpoint = Endpoint::new(endpoint)?;
        if let Some(check) = &check {
            check.check(&endpoint)?;
        }
        let (reply, registered) = oneshot::channel();
        let advertise = Advertise {
            spec,
            endpoint,
            check,
            reply,
        };
        session
            .inbox
            .advertise
            .send(advertise)
            .await
            .map_err(|_| stopped())?;
        self.0.registration(&session, registered).await
    }

    /// The instances that match now, by service and id, from this node's own knowledge.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a query that breaks a rule, `FAILED_PRECONDITION` when the mesh does
    /// not run.
    pub fn discover(&self, query: &Query) -> Result<Vec<Instance>> {
        let session = self.0.session()?;
        let selector = query.check()?;
        Ok(session.node.snapshot().select(&selector).cloned().collect())
    }

    /// Watches the instances that match: first those that match now, as added, then every change.
    ///
    /// # Errors
    /// As for [`Mesh::discover`].
    pub fn watch(&self, query: &Query) -> Result<Watch> {
        let session = self.0.session()?;
        let closing = session.closing.child_token();
        Ok(Watch::new(
            query.check()?,
            Arc::clone(&session.node),
            closing,
        ))
    }

    /// How many services have at least one healthy instance.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` when the mesh does not run.
    pub fn active_service_count(&self) -> Result<u64> {
        Ok(self.0.session()?.node.snapshot().services_active())
    }

    /// The counters of this mesh.
    #[must_use]
    pub fn stats(&self) -> MeshStats {
        let session = self.0.session.load();
        let node = session.as_ref().map(|session| &session.node);
        let traffic = node.map(|node| node.traffic()).unwrap_or_default();
        self.0.counters.read(
            node.map_or(0, |node| node.peers()),
            self.0.membership.traffic_before() + traffic,
        )
    }

    /// A copy of a payload, made where this mesh sends it from: a large one is in memory that the
    /// processes of this host share, and is not copied again when it is sent to one of them. Worth
    /// it only for what was not made as [`Bytes`]. A payload made by another mesh is as good as any.
    #[must_use]
    pub fn payload(&self, content: &[u8]) -> Bytes {
        let session = self.0.session.load();
        match session.as_ref().and_then(|session| session.node.link()) {
            Some(link) => link.payload(content),
            None => Bytes::copy_from_slice(content),
        }
    }

    /// Calls a service and waits for its reply. Dropping the future cancels the handler's work.
    ///
    /// # Errors
    /// Every [`Status`] but `ALREADY_EXISTS`; see the guarantees in the crate's documentation.
    pub async fn call(
        &self,
        service: &str,
        request: Request,
        options: &CallOptions,
    ) -> Result<Reply> {
        call::call(&self.0, service, request, options).await
    }

    /// Publishes an event on a topic. Returns when it is in the queue of every subscriber of this
    /// process, or was dropped there by the subscriber's own policy, and is on its way to other
    /// nodes' subscribers.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a topic that breaks a rule; `RESOURCE_EXHAUSTED` for a payload that
    /// is too large, or when a subscriber that blocks its publishers or the way to other nodes had
    /// no room for it within the time that a call may take;
    /// `FAILED_PRECONDITION` when the mesh does not run.
    pub async fn publish(&self, topic: &str, message: Message) -> Result<()> {
        publish::publish(&self.0, Topic::new(topic)?, message).await
    }

    /// Subscribes to the topics that match a filter, in which a segment `*` stands for any one
    /// segment and `**` for any number of them, also none.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a filter or an option that breaks a rule, `FAILED_PRECONDITION` when
    /// the mesh does not run.
    pub async fn subscribe(&self, filter: &str, options: SubscribeOptions) -> Result<Subscription> {
        let session = self.0.session()?;
        let filter = TopicFilter::new(filter)?;
        options.check()?;
        let queue = Arc::new(Queue::new(
            session.node.next_serial(),
            options,
            Arc::clone(&self.0.counters),
        ));
        // Made first, so that a subscription whose future is dropped is removed again.
        let subscription = Subscription::new(
            Arc::clone(&queue),
            filter.clone(),
            Arc::clone(&session.node),
        );
        let message = Subscribe {
            filter,
            queue: Arc::clone(&queue),
        };
        ask(session.node.subscribe(), message).await?;
        let closing = session.closing.clone();
        session.node.spawn(session.closers.track_future(async move {
            // Whichever comes first, so that a mesh that goes on keeps nothing of what was closed.
            tokio::select! {
                biased;
                () = closing.cancelled() => queue.close(),
                () = queue.closed() => {}
            }
        }));
        Ok(subscription)
    }
}

impl Inner {
    /// What runs, if the mesh does.
    pub(crate) fn session(&self) -> Result<Arc<Session>> {
        self.membership.origin.check()?;
        self.session.load_full().ok_or_else(|| {
            Error::new(
                Status::FailedPrecondition,
                format!(
                    "mesh \"{}\" is not running; start it first",
                    self.settings.name
                ),
            )
        })
    }

    /// Checks a spec, and places it where this mesh is unless it says otherwise.
    fn place(&self, spec: &ServiceSpec) -> Result<InstanceSpec> {
        let mut spec = spec.check()?;
        spec.zone = spec.zone.or_else(|| self.settings.zone.clone());
        spec.region = spec.region.or_else(|| self.settings.region.clone());
        Ok(spec)
    }

    async fn registration(
        &self,
        session: &Session,
        registered: oneshot::Receiver<Result<Instance>>,
    ) -> Result<Registration> {
        let instance = registered.await.map_err(|_| stopped())??;
        Ok(Registration::new(
            instance,
            Arc::clone(&session.node),
            session.inbox.clone(),
            self.settings.drain_timeout,
        ))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(session) = self.session.swap(None) {
            if !self.membership.origin.is_here() {
                // In a forked child nobody would do what closing asks for.
                std::mem::forget(session);
                return;
            }
            tracing::warn!(mesh = %self.settings.name, "dropped without a stop");
            // Goes on by itself: nobody is left to wait for it.
            drop(session.close(Duration::ZERO));
        }
    }
}

impl std::fmt::Debug for Mesh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mesh")
            .field("name", &self.name())
            .field("node_id", &self.node_id())
            .field("is_running", &self.is_running())
            .finish()
    }
}

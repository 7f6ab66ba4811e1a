//! The mesh as a Rust program sees it: one cheap handle, on which every verb of commy is a method.
//! What the verbs do is commy-mesh's business; this file gives them their Rust shape.

use std::sync::Arc;

use commy_core::{Bytes, MeshSettings};
use commy_fabric::ZenohFabric;

use crate::{
    Call, Handler, HealthCheck, Instance, MeshBuilder, MeshOptions, MeshStats, NodeId, Publish,
    Query, Registration, Result, Service, ServiceSpec, Subscribe, Watch,
};

/// This process's membership in a mesh. Clones are handles to the same one.
///
/// Creating a mesh starts nothing. A mesh is scoped by its name: two that share one see each
/// other's services, two that do not never meet.
///
/// A mesh whose last handle is dropped stops by itself, without a drain. A handler that holds one,
/// to call other services, keeps its mesh: end such a mesh by [`Mesh::stop`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> commy::Result<()> {
/// use commy::{Mesh, Query, Service};
///
/// let mesh = Mesh::builder("shop").zone("eu-1a").build()?;
/// mesh.start().await?;
///
/// let service = Service::new("greetings")
///     .method("greet", |name: String, _| async move { Ok(format!("hello, {name}")) });
/// mesh.serve(service).await?;
///
/// assert_eq!(mesh.discover(&Query::service("greetings"))?.len(), 1);
/// let reply = mesh.call("greetings", "greet").json("Ada").await?;
/// assert_eq!(reply.json::<String>()?, "hello, Ada");
///
/// mesh.stop().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Mesh(commy_mesh::Mesh);

impl Mesh {
    /// Describes a mesh of this name; [`MeshBuilder::build`] creates it.
    pub fn builder(name: impl Into<String>) -> MeshBuilder {
        MeshBuilder::new(name)
    }

    /// Creates a mesh and starts nothing.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when an option breaks a rule.
    pub fn new(options: MeshOptions) -> Result<Self> {
        let MeshSettings {
            name,
            max_payload_bytes,
            fabric,
            ..
        } = options.check()?;
        if fabric.local_only {
            return commy_mesh::Mesh::new(options).map(Self);
        }
        let fabric = ZenohFabric::new(&name, &fabric, max_payload_bytes)?;
        commy_mesh::Mesh::with_fabric(options, Arc::new(fabric)).map(Self)
    }

    /// The name of the mesh.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The id of this process's node in the mesh.
    #[must_use]
    pub fn node_id(&self) -> NodeId {
        self.0.node_id()
    }

    /// Whether the mesh is started and not stopped.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.0.is_running()
    }

    /// Starts the mesh. Starting one that runs does nothing; a stopped one can be started again.
    ///
    /// # Errors
    /// `INTERNAL` when the mesh's threads cannot be started; `INVALID_ARGUMENT` or `UNAVAILABLE`
    /// when an endpoint or the way to other nodes cannot be opened; `FAILED_PRECONDITION` when
    /// another mesh of this name runs in this process with other fabric options, or in a process
    /// that was forked from the one that created the mesh.
    pub async fn start(&self) -> Result<()> {
        self.0.start().await
    }

    /// Stops the mesh: refuses new calls, lets those in flight finish up to the drain timeout,
    /// withdraws its registrations, and ends its watches and subscriptions. Stopping one that does
    /// not run does nothing.
    ///
    /// # Errors
    /// `INTERNAL` when the mesh's threads ended before it could stop.
    pub async fn stop(&self) -> Result<()> {
        self.0.stop().await
    }

    /// Serves a service from this process, until it is deregistered or the mesh is stopped.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when its description breaks a rule; `FAILED_PRECONDITION` when the mesh
    /// does not run.
    pub async fn serve(&self, service: Service) -> Result<Registration> {
        let (spec, handler) = service.into_parts();
        self.register(spec, Arc::new(handler)).await
    }

    /// Registers a handler that answers every method itself. [`Mesh::serve`] is what most programs
    /// want.
    ///
    /// # Errors
    /// As for [`Mesh::serve`].
    pub async fn register(
        &self,
        spec: impl Into<ServiceSpec>,
        handler: Arc<dyn Handler>,
    ) -> Result<Registration> {
        self.0.register(spec.into(), handler).await
    }

    /// Makes known an instance that runs elsewhere, at an endpoint such as `http://127.0.0.1:8080`
    /// or `tcp://db:5432`: probed if a check is given, and taken as healthy otherwise.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the description, the endpoint or the check breaks a rule;
    /// `FAILED_PRECONDITION` when the mesh does not run.
    pub async fn advertise(
        &self,
        spec: impl Into<ServiceSpec>,
        endpoint: &str,
        check: impl Into<Option<HealthCheck>>,
    ) -> Result<Registration> {
        self.0.advertise(spec.into(), endpoint, check.into()).await
    }

    /// The instances that match now, from local knowledge, ordered by service and id.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the query breaks a rule; `FAILED_PRECONDITION` when the mesh does
    /// not run.
    pub fn discover(&self, query: &Query) -> Result<Vec<Instance>> {
        self.0.discover(query)
    }

    /// Watches the instances that match: first those that match now, as added, then every change.
    ///
    /// # Errors
    /// As for [`Mesh::discover`].
    pub fn watch(&self, query: &Query) -> Result<Watch> {
        self.0.watch(query)
    }

    /// How many services have at least one healthy instance.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` when the mesh does not run.
    pub fn active_service_count(&self) -> Result<u64> {
        self.0.active_service_count()
    }

    /// The counters of this mesh.
    #[must_use]
    pub fn stats(&self) -> MeshStats {
        self.0.stats()
    }

    /// A copy of a payload, made where this mesh sends it from: a large one lies in memory that the
    /// processes of this host share, and is not copied again when it is sent to one of them. Worth
    /// it for bytes that belong to somebody else; those in [`Bytes`] are sent as they are.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> commy::Result<()> {
    /// let mesh = commy::Mesh::builder("shop").build()?;
    /// assert_eq!(mesh.payload(b"an order"), "an order");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn payload(&self, content: &[u8]) -> Bytes {
        self.0.payload(content)
    }

    /// Calls a method of a service. What it returns is sent when it is awaited.
    pub fn call(&self, service: &str, method: impl Into<String>) -> Call<'_> {
        Call::new(&self.0, service.to_owned(), method.into())
    }

    /// Publishes an event on a topic, such as `orders/created`. What it returns is sent when it is
    /// awaited.
    pub fn publish(&self, topic: impl Into<String>) -> Publish<'_> {
        Publish::new(&self.0, topic.into())
    }

    /// Subscribes to the topics that match a filter, in which a segment `*` stands for any one
    /// segment and `**` for any number of them, also none. What it returns subscribes when it is
    /// awaited.
    pub fn subscribe(&self, filter: impl Into<String>) -> Subscribe<'_> {
        Subscribe::new(&self.0, filter.into())
    }
}

impl std::fmt::Debug for Mesh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

//! The mesh, as every other language sees it.

use std::sync::Arc;

use crate::{
    error::CommyError,
    handler::{Foreign, Handler},
    instance::ServiceInstance,
    message::{Message, Reply, Request},
    options::{CallOptions, MeshOptions, SubscribeOptions},
    query::Query,
    registration::Registration,
    spec::{HealthCheck, ServiceSpec},
    stats::MeshStats,
    subscription::Subscription,
    text,
    watch::Watch,
};

type Result<T> = std::result::Result<T, CommyError>;

/// A mesh: this process's membership in it.
#[derive(Debug)]
pub struct Mesh(commy::Mesh);

impl Mesh {
    /// The mesh itself, for what converts in another way.
    pub(crate) const fn inner(&self) -> &commy::Mesh {
        &self.0
    }
}

#[expect(
    clippy::missing_errors_doc,
    reason = "commy.udl says what fails with what, for every language"
)]
impl Mesh {
    /// Creates a mesh and starts nothing.
    pub fn new(options: MeshOptions) -> Result<Self> {
        Ok(Self(commy::Mesh::new(options.into())?))
    }

    /// The name of the mesh.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.name().to_owned()
    }

    /// The id of this process's node in the mesh.
    #[must_use]
    pub fn node_id(&self) -> String {
        self.0.node_id().to_string()
    }

    /// Whether the mesh is started and not stopped.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.0.is_running()
    }

    /// Starts the mesh.
    pub async fn start(&self) -> Result<()> {
        Ok(self.0.start().await?)
    }

    /// Stops the mesh.
    pub async fn stop(&self) -> Result<()> {
        Ok(self.0.stop().await?)
    }

    /// Registers an instance of a service that this process hosts.
    pub async fn register(
        &self,
        spec: ServiceSpec,
        handler: Arc<dyn Handler>,
    ) -> Result<Arc<Registration>> {
        let registration = self.0.register(spec, Arc::new(Foreign(handler))).await?;
        Ok(Arc::new(registration.into()))
    }

    /// Makes known an instance that runs elsewhere.
    pub async fn advertise(
        &self,
        spec: ServiceSpec,
        endpoint: String,
        check: Option<HealthCheck>,
    ) -> Result<Arc<Registration>> {
        let endpoint = text::checked("endpoint", endpoint)?;
        let check = check.map(commy::HealthCheck::from);
        let registration = self.0.advertise(spec, &endpoint, check).await?;
        Ok(Arc::new(registration.into()))
    }

    /// The instances that match now.
    pub fn discover(&self, query: Query) -> Result<Vec<ServiceInstance>> {
        let instances = self.0.discover(&query.into())?;
        Ok(instances.into_iter().map(Into::into).collect())
    }

    /// Watches the instances that match.
    pub fn watch(&self, query: Query) -> Result<Arc<Watch>> {
        Ok(Arc::new(self.0.watch(&query.into())?.into()))
    }

    /// How many services have at least one healthy instance.
    pub fn active_service_count(&self) -> Result<u64> {
        Ok(self.0.active_service_count()?)
    }

    /// The counters of this mesh.
    #[must_use]
    pub fn stats(&self) -> MeshStats {
        self.0.stats().into()
    }

    /// Calls a service and waits for its reply.
    pub async fn call(
        &self,
        service: String,
        request: Request,
        options: CallOptions,
    ) -> Result<Reply> {
        let service = text::checked("service", service)?;
        let Request { method, message } = request;
        let call = self
            .0
            .call(&service, method)
            .message(message.into())
            .options(options.into());
        Ok(call.await?.into())
    }

    /// Publishes an event on a topic.
    pub async fn publish(&self, topic: String, message: Message) -> Result<()> {
        let topic = text::checked("topic", topic)?;
        Ok(self.0.publish(topic).message(message.into()).await?)
    }

    /// Subscribes to the topics that match a filter.
    pub async fn subscribe(
        &self,
        filter: String,
        options: SubscribeOptions,
    ) -> Result<Arc<Subscription>> {
        let filter = text::checked("filter", filter)?;
        let subscription = self.0.subscribe(filter).options(options.into()).await?;
        Ok(Arc::new(subscription.into()))
    }
}

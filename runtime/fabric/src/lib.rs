//! How the nodes of a commy mesh reach each other: the fabric over [Zenoh](https://zenoh.io). This
//! is the one crate that knows Zenoh; it carries messages and tells who is there, and decides
//! nothing about services.
//!
//! Read in this order: what is said (`wire`) and where (`keys`), what may be configured (`address`,
//! `config`), how nodes of one host meet (`platform`, `rendezvous`, `siblings`) and what they say past
//! Zenoh (`shortcut`, `nearby`), a node's place on the fabric (`station`, and what it is made of:
//! `peers`, `lane`, `carrier`, `calls`, `serving`, `events`, `upkeep`, `farewell`), and how a link is
//! opened and closed (`opening`, `link`).

mod address;
mod calls;
mod carrier;
mod config;
mod events;
mod farewell;
mod keys;
mod lane;
mod link;
mod nearby;
mod opening;
mod peers;
mod platform;
mod rendezvous;
mod serving;
mod shared;
mod shortcut;
mod siblings;
mod station;
mod traffic;
mod upkeep;
mod wire;

use std::sync::Arc;

use commy_core::{
    InvalidValue, MeshName, Result,
    options::{FabricMode, FabricOptions},
    record::NodeLife,
};
use commy_mesh::{Fabric, Link, Listener};
use futures_util::future::BoxFuture;

use self::{link::ZenohLink, opening::Plan};

/// The fabric over Zenoh, for one mesh.
///
/// ```
/// use commy_core::{MeshName, options::FabricOptions};
/// use commy_fabric::ZenohFabric;
///
/// let mesh = MeshName::new("shop")?;
/// assert!(ZenohFabric::new(&mesh, &FabricOptions::default(), 8 << 20).is_ok());
///
/// // Nothing leaves the host in plain text unless its user says so.
/// let exposed = FabricOptions { listen: vec!["tcp/0.0.0.0:7447".into()], ..Default::default() };
/// assert!(ZenohFabric::new(&mesh, &exposed, 8 << 20).is_err());
/// # Ok::<(), commy_core::InvalidValue>(())
/// ```
pub struct ZenohFabric {
    plan: Plan,
}

impl ZenohFabric {
    /// The fabric of a mesh, whose payloads have at most the given number of bytes. Nothing is
    /// opened yet.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` that names the endpoint or option and the rule that it breaks.
    pub fn new(mesh: &MeshName, options: &FabricOptions, payload_bytes_max: u64) -> Result<Self> {
        address::check(options)?;
        if options.mode == FabricMode::Client && options.connect.is_empty() && !options.multicast {
            return Err(InvalidValue::new(
                "fabric mode",
                "client",
                "a client needs a router to connect to, in connect",
            )
            .into());
        }
        if options.multicast && options.mode != FabricMode::Client && options.listen.is_empty() {
            return Err(InvalidValue::new(
                "multicast",
                "true",
                "nodes that are found need an endpoint that the others can connect to, in listen",
            )
            .into());
        }
        Ok(Self {
            plan: Plan {
                mesh: mesh.clone(),
                options: options.clone(),
                payload_bytes_max,
            },
        })
    }
}

impl Fabric for ZenohFabric {
    fn connect(
        &self,
        life: NodeLife,
        listener: Arc<dyn Listener>,
    ) -> BoxFuture<'static, Result<Arc<dyn Link>>> {
        let plan = self.plan.clone();
        Box::pin(async move {
            let opened = opening::open(plan, life, listener).await?;
            Ok(Arc::new(ZenohLink::from(opened)) as Arc<dyn Link>)
        })
    }
}

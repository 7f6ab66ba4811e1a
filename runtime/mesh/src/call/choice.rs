//! Which instance an attempt is made on: core chooses among those that can be called now.

use std::sync::Arc;

use commy_core::{
    Error, Health, InstanceId, Result, ServiceName, Status,
    balance::{Pick, pick_near},
    registry::{Entry, Service},
};

use super::Call;
use crate::route::Route;

/// The instance that an attempt is made on.
pub(super) struct Chosen {
    pub(super) entry: Arc<Entry<Route>>,
    /// How many instances there are to choose from, this one among them.
    pub(super) alternatives: usize,
}

impl Call<'_> {
    /// Lets core choose among the instances that can be called now.
    pub(super) fn choose(&self, tried: &[InstanceId]) -> Result<Chosen> {
        let snapshot = self.node.snapshot();
        let Some(service) = snapshot.service(self.service) else {
            // Only a name that is in no table may be a wrong one.
            ServiceName::new(self.service)?;
            return Err(Error::new(
                Status::NotFound,
                format!(
                    "no service \"{}\" in mesh \"{}\"",
                    self.service, self.mesh.settings.name
                ),
            ));
        };
        let pick = Pick {
            balance: self.options.balance.unwrap_or(self.mesh.settings.balance),
            routing_key: self.options.routing_key.as_deref(),
            turn: service.next_turn(),
            tried,
        };
        let now = self.node.now();
        let candidates = service.candidates();
        let zone = self
            .mesh
            .settings
            .zone
            .as_ref()
            .filter(|_| self.options.zone_first);
        let (chosen, alternatives) = if self.wanted.is_empty() {
            let near = zone.and_then(|zone| candidates.in_zone(zone));
            let chosen = self.node.draw(|mut random| {
                pick_near(near, candidates.all(), &pick, now, &mut random).cloned()
            });
            (chosen, candidates.all().len())
        } else {
            let wanted = |entry: &&Arc<Entry<Route>>| self.wanted.matches(&entry.instance.spec);
            let all: Vec<_> = candidates.all().iter().filter(wanted).collect();
            let near = zone
                .and_then(|zone| candidates.in_zone(zone))
                .map(|near| near.iter().filter(wanted).collect::<Vec<_>>());
            let chosen = self.node.draw(|mut random| {
                pick_near(near.as_ref(), &all, &pick, now, &mut random)
                    .map(|entry| Arc::clone(entry))
            });
            (chosen, all.len())
        };
        match chosen {
            Some(entry) => Ok(Chosen {
                entry,
                alternatives,
            }),
            None => Err(self.none_chosen(service, alternatives)),
        }
    }

    /// Why none of the instances of a service was chosen.
    fn none_chosen(&self, service: &Service<Route>, candidates: usize) -> Error {
        let name = self.service;
        if candidates > 0 {
            return Error::new(
                Status::Unavailable,
                format!(
                    "the circuit breakers of all {candidates} instances of \"{name}\" are open"
                ),
            );
        }
        let wanted: Vec<_> = service
            .instances()
            .filter(|instance| self.wanted.matches(&instance.spec))
            .collect();
        if wanted.is_empty() {
            return Error::new(
                Status::NotFound,
                format!(
                    "no instance of \"{name}\" has the version, tags and metadata that the call asks for"
                ),
            );
        }
        let advertised = wanted
            .iter()
            .find_map(|instance| Some((instance, instance.endpoint.as_ref()?)));
        if let Some((instance, endpoint)) = advertised
            && wanted.iter().all(|instance| instance.endpoint.is_some())
        {
            return Error::new(
                Status::FailedPrecondition,
                format!("\"{name}\" is advertised, not hosted by the mesh: dial {endpoint}"),
            )
            .with_instance(instance.id.to_string());
        }
        let count = |health| {
            wanted
                .iter()
                .filter(|instance| instance.health == health)
                .count()
        };
        Error::new(
            Status::Unavailable,
            format!(
                "none of the {} instances of \"{name}\" can be called: {} unhealthy, {} draining",
                wanted.len(),
                count(Health::Unhealthy),
                count(Health::Draining),
            ),
        )
    }
}

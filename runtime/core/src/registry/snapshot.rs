//! What readers see: the service table at one revision.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use imbl::{HashMap, OrdMap, Vector};

use super::{Candidates, Entry};
use crate::{
    identity::InstanceId,
    instance::{Health, Instance},
    name::ServiceName,
    query::Selector,
};

/// The service table at one revision: immutable, and cheap to clone.
#[derive(Clone, Debug)]
pub struct Snapshot<R> {
    pub(super) revision: u64,
    pub(super) services: OrdMap<ServiceName, Service<R>>,
    pub(super) entries: HashMap<InstanceId, Arc<Entry<R>>>,
    pub(super) log: Vector<Logged<R>>,
    pub(super) services_active: u64,
}

impl<R> Default for Snapshot<R> {
    fn default() -> Self {
        Self {
            revision: 0,
            services: OrdMap::new(),
            entries: HashMap::new(),
            log: Vector::new(),
            services_active: 0,
        }
    }
}

/// One service at one revision.
#[derive(Clone, Debug)]
pub struct Service<R> {
    pub(super) entries: OrdMap<InstanceId, Arc<Entry<R>>>,
    pub(super) candidates: Candidates<R>,
    pub(super) healthy: u64,
    /// How many choices were made so far; shared by all snapshots of the service.
    turns: Arc<AtomicU64>,
}

impl<R> Default for Service<R> {
    fn default() -> Self {
        Self {
            entries: OrdMap::new(),
            candidates: Candidates::default(),
            healthy: 0,
            turns: Arc::default(),
        }
    }
}

impl<R: Clone> Service<R> {
    /// The instances that can be called.
    #[must_use]
    pub const fn candidates(&self) -> &Candidates<R> {
        &self.candidates
    }

    /// The number of the next choice among the instances, by which they take turns.
    #[must_use]
    pub fn next_turn(&self) -> u64 {
        self.turns.fetch_add(1, Relaxed)
    }

    /// Every instance, by id.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.entries.values().map(|entry| &entry.instance)
    }
}

/// What a revision did to one instance.
#[derive(Clone, Debug)]
pub(super) struct Logged<R> {
    pub(super) id: InstanceId,
    /// The entry after the revision, unless it was removed.
    pub(super) entry: Option<Arc<Entry<R>>>,
}

impl<R: Clone> Snapshot<R> {
    /// The revision, which rises with every change.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// A service that has at least one instance, whatever its health.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service<R>> {
        self.services.get(name)
    }

    /// An instance, with its route.
    #[must_use]
    pub fn entry(&self, id: &InstanceId) -> Option<&Arc<Entry<R>>> {
        self.entries.get(id)
    }

    /// How many instances there are, whatever their health.
    #[must_use]
    pub fn instances_len(&self) -> usize {
        self.entries.len()
    }

    /// How many services have at least one healthy instance.
    #[must_use]
    pub const fn services_active(&self) -> u64 {
        self.services_active
    }

    /// The instances that a selector asks for, by service and id.
    pub fn select<'s>(&'s self, selector: &'s Selector) -> impl Iterator<Item = &'s Instance> {
        self.matching(selector).map(|entry| &entry.instance)
    }

    pub(super) fn matching<'s>(
        &'s self,
        selector: &'s Selector,
    ) -> impl Iterator<Item = &'s Arc<Entry<R>>> {
        // One service is looked up; only a query without a service walks them all.
        let (one, all) = match &selector.service {
            Some(name) => (self.services.get(name), None),
            None => (None, Some(self.services.values())),
        };
        one.into_iter()
            .chain(all.into_iter().flatten())
            .flat_map(|service| service.entries.values())
            .filter(|entry| selector.matches(&entry.instance))
    }

    /// What happened after a revision, oldest first; none when the log no longer reaches back
    /// that far.
    pub(super) fn logged_since(&self, revision: u64) -> Option<impl Iterator<Item = &Logged<R>>> {
        let missed = usize::try_from(self.revision.saturating_sub(revision)).ok()?;
        // Every revision logs exactly one entry, so the last `missed` of them are what is asked for.
        let skipped = self.log.len().checked_sub(missed)?;
        // By index, as skipping with an iterator would walk all that is skipped.
        Some((skipped..self.log.len()).filter_map(|place| self.log.get(place)))
    }
}

impl<R> Service<R> {
    pub(super) fn is_active(&self) -> bool {
        self.healthy > 0
    }

    pub(super) fn count(&mut self, health: Health, by: i64) {
        if health == Health::Healthy {
            self.healthy = self.healthy.saturating_add_signed(by);
        }
    }
}

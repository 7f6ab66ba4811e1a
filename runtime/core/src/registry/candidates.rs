//! The callable instances of one service, dense, so that a balancer can draw any of them at once.

use std::sync::Arc;

use imbl::{HashMap, Vector};

use super::Entry;
use crate::{identity::InstanceId, name::Locality};

/// The callable instances of one service, altogether and by zone, in no order that means anything.
#[derive(Clone, Debug)]
pub struct Candidates<R> {
    all: Dense<R>,
    zones: HashMap<Locality, Dense<R>>,
}

impl<R: Clone> Candidates<R> {
    /// Every callable instance.
    #[must_use]
    pub fn all(&self) -> &Vector<Arc<Entry<R>>> {
        &self.all.entries
    }

    /// The callable instances in a zone, if there are any.
    #[must_use]
    pub fn in_zone(&self, zone: &Locality) -> Option<&Vector<Arc<Entry<R>>>> {
        self.zones.get(zone).map(|dense| &dense.entries)
    }

    /// Puts an entry in, or in the place of the one that has its id.
    pub(super) fn put(&mut self, entry: &Arc<Entry<R>>) {
        self.all.put(entry);
        if let Some(zone) = &entry.instance.spec.zone {
            self.zones.entry(zone.clone()).or_default().put(entry);
        }
    }

    pub(super) fn remove(&mut self, entry: &Entry<R>) {
        self.all.remove(&entry.instance.id);
        if let Some(zone) = &entry.instance.spec.zone
            && let Some(dense) = self.zones.get_mut(zone)
        {
            dense.remove(&entry.instance.id);
            if dense.entries.is_empty() {
                self.zones.remove(zone);
            }
        }
    }
}

impl<R> Default for Candidates<R> {
    fn default() -> Self {
        Self {
            all: Dense::default(),
            zones: HashMap::new(),
        }
    }
}

/// Entries without gaps, and where each one is.
#[derive(Clone, Debug)]
struct Dense<R> {
    entries: Vector<Arc<Entry<R>>>,
    places: HashMap<InstanceId, usize>,
}

impl<R> Default for Dense<R> {
    fn default() -> Self {
        Self {
            entries: Vector::new(),
            places: HashMap::new(),
        }
    }
}

impl<R: Clone> Dense<R> {
    fn put(&mut self, entry: &Arc<Entry<R>>) {
        let id = entry.instance.id;
        match self.places.get(&id) {
            Some(place) => {
                self.entries.set(*place, Arc::clone(entry));
            }
            None => {
                self.places.insert(id, self.entries.len());
                self.entries.push_back(Arc::clone(entry));
            }
        }
    }

    fn remove(&mut self, id: &InstanceId) {
        let Some(place) = self.places.remove(id) else {
            return;
        };
        let Some(last) = self.entries.pop_back() else {
            return;
        };
        if last.instance.id != *id {
            self.places.insert(last.instance.id, place);
            self.entries.set(place, last);
        }
    }
}

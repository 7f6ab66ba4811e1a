//! The writer's side of the service table. Every change makes one revision and one log entry.

use std::sync::Arc;

use super::{
    Entry, Snapshot,
    snapshot::{Logged, Service},
};
use crate::{
    error::{Error, Result, Status},
    identity::InstanceId,
    instance::{Health, Instance},
};

/// How many changes the log keeps. A watcher that is further behind compares whole snapshots,
/// which costs more and tells the same.
const LOG_ENTRIES_MAX: usize = 1024;

/// The service table, owned by the one who changes it.
#[derive(Debug)]
pub struct Table<R> {
    snapshot: Snapshot<R>,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self {
            snapshot: Snapshot::default(),
        }
    }
}

impl<R: Clone> Table<R> {
    /// The table as it is now.
    #[must_use]
    pub const fn snapshot(&self) -> &Snapshot<R> {
        &self.snapshot
    }

    /// Adds an instance; its revision is set here.
    ///
    /// # Errors
    /// `ALREADY_EXISTS` when there is an instance with this id.
    pub fn register(&mut self, instance: Instance, route: R) -> Result<Instance> {
        if self.snapshot.entries.contains_key(&instance.id) {
            return Err(Error::new(
                Status::AlreadyExists,
                format!("instance {} is already registered", instance.id),
            ));
        }
        Ok(self.put(None, Entry { instance, route }))
    }

    /// Adds an instance, or changes the one that has its id, whose route stays as it is. None when
    /// nothing about it is different.
    pub fn upsert(&mut self, instance: Instance, route: impl FnOnce() -> R) -> Option<Instance> {
        let Some(old) = self.snapshot.entries.get(&instance.id).cloned() else {
            let route = route();
            return Some(self.put(None, Entry { instance, route }));
        };
        let same = Instance {
            revision: old.instance.revision,
            ..instance
        };
        if same == old.instance {
            return None;
        }
        let route = old.route.clone();
        // One that is registered as something else is another entry in every index.
        let replaced = if same.spec == old.instance.spec {
            Some(&*old)
        } else {
            self.remove(&old);
            None
        };
        let entry = Entry {
            instance: same,
            route,
        };
        Some(self.put(replaced, entry))
    }

    /// Changes the health of an instance; none when it has it already.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such instance.
    pub fn set_health(&mut self, id: &InstanceId, health: Health) -> Result<Option<Instance>> {
        let old = self.get(id)?;
        if old.instance.health == health {
            return Ok(None);
        }
        let mut entry = Entry::clone(&old);
        entry.instance.health = health;
        Ok(Some(self.put(Some(&old), entry)))
    }

    /// Removes an instance, and gives it as it last was.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no such instance.
    pub fn deregister(&mut self, id: &InstanceId) -> Result<Instance> {
        let old = self.get(id)?;
        self.remove(&old);
        Ok(old.instance.clone())
    }

    fn remove(&mut self, old: &Entry<R>) {
        let id = old.instance.id;
        self.snapshot.entries.remove(&id);
        self.change_service(&old.instance, |service| {
            service.entries.remove(&id);
            service.candidates.remove(old);
            service.count(old.instance.health, -1);
        });
        self.log(id, None);
    }

    fn get(&self, id: &InstanceId) -> Result<Arc<Entry<R>>> {
        self.snapshot
            .entries
            .get(id)
            .cloned()
            .ok_or_else(|| Error::new(Status::NotFound, format!("instance {id} is not registered")))
    }

    fn put(&mut self, old: Option<&Entry<R>>, mut entry: Entry<R>) -> Instance {
        entry.instance.revision = self.snapshot.revision + 1;
        let entry = Arc::new(entry);
        let instance = &entry.instance;
        self.snapshot
            .entries
            .insert(instance.id, Arc::clone(&entry));
        self.change_service(instance, |service| {
            service.entries.insert(instance.id, Arc::clone(&entry));
            if instance.is_callable() {
                service.candidates.put(&entry);
            } else if let Some(old) = old {
                service.candidates.remove(old);
            }
            if let Some(old) = old {
                service.count(old.instance.health, -1);
            }
            service.count(instance.health, 1);
        });
        self.log(instance.id, Some(Arc::clone(&entry)));
        instance.clone()
    }

    fn change_service(&mut self, instance: &Instance, change: impl FnOnce(&mut Service<R>)) {
        let name = &instance.spec.service;
        let mut service = self
            .snapshot
            .services
            .get(name)
            .cloned()
            .unwrap_or_default();
        let was_active = service.is_active();
        change(&mut service);
        match (was_active, service.is_active()) {
            (false, true) => self.snapshot.services_active += 1,
            (true, false) => self.snapshot.services_active -= 1,
            _ => {}
        }
        if service.entries.is_empty() {
            self.snapshot.services.remove(name);
        } else {
            self.snapshot.services.insert(name.clone(), service);
        }
    }

    fn log(&mut self, id: InstanceId, entry: Option<Arc<Entry<R>>>) {
        self.snapshot.revision += 1;
        self.snapshot.log.push_back(Logged { id, entry });
        if self.snapshot.log.len() > LOG_ENTRIES_MAX {
            self.snapshot.log.pop_front();
        }
    }
}

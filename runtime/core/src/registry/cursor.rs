//! A watcher's place in the history of the service table. It holds what it has told, so that it
//! can tell what changed however far it fell behind; its memory is bounded by what it watches, and
//! an instance that changed many times meanwhile is told once.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use super::{Change, ChangeKind, Entry, Snapshot};
use crate::{identity::InstanceId, instance::Instance, query::Selector};

/// A watcher's place: what it asks for, and what it was told.
#[derive(Debug)]
pub struct Cursor<R> {
    selector: Selector,
    revision: u64,
    told: BTreeMap<InstanceId, Arc<Entry<R>>>,
}

impl<R: Clone> Cursor<R> {
    /// A watcher that was told nothing yet.
    #[must_use]
    pub fn new(selector: Selector) -> Self {
        Self {
            selector,
            revision: 0,
            told: BTreeMap::new(),
        }
    }

    /// What changed between what was told and this snapshot, which counts as told afterwards.
    /// A snapshot older than the last one tells nothing.
    pub fn advance(&mut self, snapshot: &Snapshot<R>) -> Vec<Change> {
        if snapshot.revision <= self.revision {
            return Vec::new();
        }
        let touched: Vec<(InstanceId, Option<Arc<Entry<R>>>)> =
            match snapshot.logged_since(self.revision) {
                // Only the last entry of an instance counts, in the order of those last entries.
                Some(logged) => {
                    let logged: Vec<_> = logged.collect();
                    let mut seen = HashSet::new();
                    let mut last: Vec<_> = logged
                        .into_iter()
                        .rev()
                        .filter(|logged| seen.insert(logged.id))
                        .map(|logged| (logged.id, logged.entry.clone()))
                        .collect();
                    last.reverse();
                    last
                }
                None => self.compare(snapshot),
            };
        self.revision = snapshot.revision;
        touched
            .into_iter()
            .filter_map(|(id, entry)| self.tell(id, entry))
            .collect()
    }

    /// What may have changed, when the log no longer tells.
    fn compare(&self, snapshot: &Snapshot<R>) -> Vec<(InstanceId, Option<Arc<Entry<R>>>)> {
        let gone = self
            .told
            .keys()
            .filter(|id| snapshot.entry(id).is_none())
            .map(|id| (*id, None));
        let present = self
            .told
            .keys()
            .filter_map(|id| Some((*id, Some(Arc::clone(snapshot.entry(id)?)))));
        let new = snapshot
            .matching(&self.selector)
            .filter(|entry| !self.told.contains_key(&entry.instance.id))
            .map(|entry| (entry.instance.id, Some(Arc::clone(entry))));
        gone.chain(present).chain(new).collect()
    }

    fn tell(&mut self, id: InstanceId, entry: Option<Arc<Entry<R>>>) -> Option<Change> {
        let matching = entry.filter(|entry| self.selector.matches(&entry.instance));
        let (kind, instance): (_, Instance) = match (self.told.get(&id), matching) {
            (None, None) => return None,
            (None, Some(new)) => {
                let instance = new.instance.clone();
                self.told.insert(id, new);
                (ChangeKind::Added, instance)
            }
            (Some(old), Some(new)) => {
                if old.instance == new.instance {
                    return None;
                }
                let instance = new.instance.clone();
                self.told.insert(id, new);
                (ChangeKind::Updated, instance)
            }
            (Some(_), None) => {
                let old = self.told.remove(&id)?;
                (ChangeKind::Removed, old.instance.clone())
            }
        };
        Some(Change {
            kind,
            instance,
            revision: self.revision,
        })
    }
}

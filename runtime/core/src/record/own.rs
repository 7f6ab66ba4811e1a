//! A node's own record: it turns changes of the node's own instances into revisions.

use std::sync::Arc;

use super::{InstanceRecord, NodeLife, NodeRecord, RecordUpdate};
use crate::registry::{Change, ChangeKind};

/// The record of this node, and its writer.
///
/// Each batch of changes makes one revision, however many changes it holds: so many registrations
/// in one go make few updates.
#[derive(Clone, Debug)]
pub struct OwnRecord {
    record: Arc<NodeRecord>,
}

impl OwnRecord {
    /// The record of a life that has registered nothing yet, at revision 0.
    #[must_use]
    pub fn new(life: NodeLife) -> Self {
        Self {
            record: Arc::new(NodeRecord {
                life,
                revision: 0,
                instances: Default::default(),
            }),
        }
    }

    /// The record as it is now.
    #[must_use]
    pub const fn record(&self) -> &Arc<NodeRecord> {
        &self.record
    }

    /// Takes changes over, in their order, and gives the update that tells them; none when nothing
    /// is different. Changes of other nodes' instances are not this record's.
    pub fn change(&mut self, changes: impl IntoIterator<Item = Change>) -> Option<RecordUpdate> {
        let NodeLife { node, .. } = self.record.life;
        let mut touched = std::collections::BTreeMap::new();
        for change in changes {
            let id = change.instance.id;
            if id.node == node {
                let after = (change.kind != ChangeKind::Removed)
                    .then(|| InstanceRecord::from(&change.instance));
                touched.insert(id.serial, after);
            }
        }
        touched.retain(|serial, after| self.record.instances.get(serial) != after.as_ref());
        if touched.is_empty() {
            return None;
        }
        let record = Arc::make_mut(&mut self.record);
        let since = record.revision;
        record.revision += 1;
        let mut update = RecordUpdate {
            life: record.life,
            since,
            revision: record.revision,
            put: Vec::new(),
            removed: Vec::new(),
        };
        for (serial, after) in touched {
            match after {
                Some(instance) => {
                    record.instances.insert(serial, instance.clone());
                    update.put.push(instance);
                }
                None => {
                    record.instances.remove(&serial);
                    update.removed.push(serial);
                }
            }
        }
        Some(update)
    }

    /// An update that changes nothing: it tells the revision to those who may have missed one.
    #[must_use]
    pub fn reminder(&self) -> RecordUpdate {
        RecordUpdate {
            life: self.record.life,
            since: self.record.revision,
            revision: self.record.revision,
            put: Vec::new(),
            removed: Vec::new(),
        }
    }
}

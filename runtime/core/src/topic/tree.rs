//! The filters of all subscriptions as a tree of segments, so that finding those that match a topic
//! does not look at the others. The tree is persistent: a clone is a snapshot, made in constant
//! time, which later changes of the original do not touch.

use std::{collections::HashSet, ptr, sync::Arc};

use super::{ANY, ANY_NUMBER, Topic, TopicFilter};

/// Values, each under a filter and an id.
///
/// ```
/// use commy_core::topic::{Topic, TopicFilter, TopicTree};
///
/// let orders = TopicFilter::new("orders/*")?;
/// let created = Topic::new("orders/created")?;
/// let mut tree = TopicTree::default();
/// tree.insert(&orders, 1, "audit");
/// tree.insert(&TopicFilter::new("invoices/**")?, 2, "archive");
/// let before = tree.clone();
/// assert_eq!(tree.remove(&orders, 1), Some("audit"));
/// assert!(tree.matching(&created).is_empty());
/// assert_eq!(before.matching(&created), [&"audit"]);
/// # Ok::<(), commy_core::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
pub struct TopicTree<T> {
    root: Arc<Node<T>>,
}

/// What follows, and what ends, after some segments of filters.
#[derive(Clone, Debug)]
struct Node<T> {
    segments: imbl::HashMap<Arc<str>, Arc<Node<T>>>,
    any: Option<Arc<Node<T>>>,
    any_number: Option<Arc<Node<T>>>,
    values: imbl::OrdMap<u64, T>,
}

impl<T: Clone> TopicTree<T> {
    /// Whether it holds no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root.is_empty()
    }

    /// Adds a value. One that has the same filter and id is replaced, and given back.
    pub fn insert(&mut self, filter: &TopicFilter, id: u64, value: T) -> Option<T> {
        let mut node = Arc::make_mut(&mut self.root);
        for segment in filter.segments() {
            let next = match segment {
                ANY => node.any.get_or_insert_default(),
                ANY_NUMBER => node.any_number.get_or_insert_default(),
                _ => node.segments.entry(segment.into()).or_default(),
            };
            node = Arc::make_mut(next);
        }
        node.values.insert(id, value)
    }

    /// Removes the value that has this filter and id, and gives it back.
    pub fn remove(&mut self, filter: &TopicFilter, id: u64) -> Option<T> {
        Arc::make_mut(&mut self.root).remove(filter.segments(), id)
    }

    /// The values whose filters match a topic, each once.
    ///
    /// All ways through the tree are followed at once, segment by segment, and each node is on at
    /// most one of them: the work is bounded by the topic's segments times the nodes that begin
    /// like the topic.
    #[must_use]
    pub fn matching(&self, topic: &Topic) -> Vec<&T> {
        let mut front = Front::default();
        front.advance_to(vec![&self.root]);
        for segment in topic.segments() {
            let next = front.nodes().flat_map(|node| node.after(segment)).collect();
            front.advance_to(next);
        }
        front
            .nodes()
            .flat_map(|node| node.values.values())
            .collect()
    }
}

impl<T> Default for TopicTree<T> {
    fn default() -> Self {
        Self {
            root: Arc::default(),
        }
    }
}

impl<T> Node<T> {
    /// The nodes that are reached with one segment more.
    fn after<'t>(&'t self, segment: &str) -> impl Iterator<Item = &'t Self> + use<'t, T> {
        let literal = self.segments.get(segment);
        literal.into_iter().chain(&self.any).map(|node| &**node)
    }

    fn is_empty(&self) -> bool {
        self.segments.is_empty()
            && self.any.is_none()
            && self.any_number.is_none()
            && self.values.is_empty()
    }
}

impl<T: Clone> Node<T> {
    /// Removes a value behind some segments, and the nodes that this leaves empty. It calls itself
    /// once a segment, and the length of a filter bounds these.
    fn remove<'f>(&mut self, mut steps: impl Iterator<Item = &'f str>, id: u64) -> Option<T> {
        let Some(segment) = steps.next() else {
            return self.values.remove(&id);
        };
        let mut remove_from = |next: &mut Arc<Self>| {
            let next = Arc::make_mut(next);
            (
                next.remove(&mut steps as &mut dyn Iterator<Item = _>, id),
                next.is_empty(),
            )
        };
        match segment {
            ANY => {
                let (removed, is_empty) = remove_from(self.any.as_mut()?);
                self.any.take_if(|_| is_empty);
                removed
            }
            ANY_NUMBER => {
                let (removed, is_empty) = remove_from(self.any_number.as_mut()?);
                self.any_number.take_if(|_| is_empty);
                removed
            }
            _ => {
                let (removed, is_empty) = remove_from(self.segments.get_mut(segment)?);
                if is_empty {
                    self.segments.remove(segment);
                }
                removed
            }
        }
    }
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self {
            segments: imbl::HashMap::new(),
            any: None,
            any_number: None,
            values: imbl::OrdMap::new(),
        }
    }
}

/// The nodes that some segments of a topic lead to, each once.
struct Front<'t, T> {
    /// Reached with the latest segment.
    reached: Vec<&'t Node<T>>,
    /// Reached through a `**`, which takes every segment to come: these stay.
    staying: Vec<&'t Node<T>>,
    stays: HashSet<*const Node<T>>,
}

impl<'t, T> Front<'t, T> {
    fn nodes(&self) -> impl Iterator<Item = &'t Node<T>> {
        self.reached.iter().chain(&self.staying).copied()
    }

    fn advance_to(&mut self, reached: Vec<&'t Node<T>>) {
        for node in &reached {
            // Only this can be reached twice: by the `**` that stays, and once more by its parent.
            let mut node = *node;
            while let Some(behind) = node.any_number.as_deref()
                && self.stays.insert(ptr::from_ref(behind))
            {
                self.staying.push(behind);
                node = behind;
            }
        }
        self.reached = reached;
    }
}

impl<T> Default for Front<'_, T> {
    fn default() -> Self {
        Self {
            reached: Vec::new(),
            staying: Vec::new(),
            stays: HashSet::new(),
        }
    }
}

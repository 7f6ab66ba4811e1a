//! The keys that a mesh's nodes use in Zenoh's key space, and what is read back from them.
//!
//! `commy/1/MESH/live/SS/NODE/LIFE` is the token of a node, `…/inbox/SS/NODE/LIFE` where it is
//! written to, `…/record/SS/NODE` where its record changes, and `…/event/TOPIC` where events are
//! published. `1` is the version of this scheme. `SS` is the beginning of the node's id: a prefix
//! with many children is slow to declare under.

use commy_core::{
    MeshName, NodeId, Topic, TopicFilter,
    record::{Incarnation, NodeLife},
};
use zenoh::key_expr::{KeyExpr, OwnedKeyExpr};

/// The keys of one mesh.
pub(crate) struct Keys {
    prefix: String,
}

impl Keys {
    pub(crate) fn of(mesh: &MeshName) -> Self {
        Self {
            prefix: format!("commy/1/{mesh}"),
        }
    }

    /// Where a node in this life is written to.
    pub(crate) fn inbox(&self, life: NodeLife) -> KeyExpr<'static> {
        key(format!("{}/inbox/{}", self.prefix, life_path(life)))
    }

    /// The token that says that a node in this life is there.
    pub(crate) fn token(&self, life: NodeLife) -> KeyExpr<'static> {
        key(format!("{}/live/{}", self.prefix, life_path(life)))
    }

    /// The tokens of all nodes.
    pub(crate) fn tokens(&self) -> KeyExpr<'static> {
        key(format!("{}/live/**", self.prefix))
    }

    /// Where a node tells what changed in its record.
    pub(crate) fn record(&self, node: NodeId) -> KeyExpr<'static> {
        key(format!("{}/record/{}/{node}", self.prefix, shard(node)))
    }

    /// Where all nodes do.
    pub(crate) fn records(&self) -> KeyExpr<'static> {
        key(format!("{}/record/**", self.prefix))
    }

    /// Where events on a topic are published.
    pub(crate) fn event(&self, topic: &Topic) -> KeyExpr<'static> {
        key(format!("{}/event/{topic}", self.prefix))
    }

    /// Where events on the topics that match a filter are published.
    pub(crate) fn events(&self, filter: &TopicFilter) -> KeyExpr<'static> {
        key(format!("{}/event/{filter}", self.prefix))
    }

    /// Whose token this is.
    pub(crate) fn life_of_token(&self, key: &str) -> Option<NodeLife> {
        let mut parts = self.below(key, "/live/")?.split('/').skip(1);
        let node = parts.next()?.parse().ok()?;
        let incarnation = u64::from_str_radix(parts.next()?, 16).ok()?;
        Some(NodeLife {
            node,
            incarnation: Incarnation(incarnation),
        })
    }

    /// Whose record changes under this key.
    pub(crate) fn node_of_record(&self, key: &str) -> Option<NodeId> {
        let (_, node) = self.below(key, "/record/")?.split_once('/')?;
        node.parse().ok()
    }

    /// On which topic an event under this key was published.
    pub(crate) fn topic_of_event(&self, key: &str) -> Option<Topic> {
        Topic::new(self.below(key, "/event/")?).ok()
    }

    fn below<'a>(&self, key: &'a str, part: &str) -> Option<&'a str> {
        key.strip_prefix(self.prefix.as_str())?.strip_prefix(part)
    }
}

fn life_path(life: NodeLife) -> String {
    let NodeLife { node, incarnation } = life;
    format!("{}/{node}/{:x}", shard(node), incarnation.0)
}

fn shard(node: NodeId) -> String {
    format!("{:02x}", node.as_u128() >> 120)
}

/// Names and topics of commy hold no character that means something in a key, but two wildcards
/// may follow each other in a filter in an order that Zenoh writes otherwise.
#[expect(clippy::expect_used, reason = "checked names make valid keys")]
fn key(text: String) -> KeyExpr<'static> {
    OwnedKeyExpr::autocanonize(text)
        .expect("a key made of checked names")
        .into()
}

//! Where the node of a mesh runs, and who shares it.

use commy_core::peers::PeerRules;

/// Where the node of a mesh runs, and who shares it. Programs have no reason to choose: the other
/// placements are for tests, which need several nodes in one process or the same run twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// On two threads of its own, shared by all meshes of one name in this process.
    #[default]
    Process,
    /// On two threads of its own, and for this mesh alone, as if it had a process for itself.
    Alone,
    /// On the current thread, inside the actix system that runs there, and for this mesh alone.
    /// Nothing but its inputs decides what it does: it has no thread, its clock is tokio's, which
    /// may be paused, and its randomness comes from the seed.
    Here {
        /// What all its randomness comes from, also its node id.
        seed: u64,
        /// The times by which it asks, trusts and forgets others.
        rules: PeerRules,
    },
}

//! The times by which peers are asked, trusted and forgotten.

use std::time::Duration;

/// The times by which peers are asked, trusted and forgotten. The default suits every mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerRules {
    /// How long one who is gone is remembered. 10 s: a router that is replaced is back within
    /// 10 ms, a switch that restarts its links within a few seconds; and who waits longer to see a
    /// dead instance disappear from a listing begins to wonder.
    pub grace: Duration,
    /// How long one who was lost a second time stays before it is called again; the third time it
    /// is twice as long, and so on. 500 ms: five times the flicker of a link that recovers.
    pub hold: Duration,
    /// The longest time that one stays before it is called again. 30 s: as the longest ejection of
    /// an instance that fails.
    pub hold_max: Duration,
    /// How far apart losses do not belong together any more. 60 s: twice the longest hold, so that
    /// one who is held and lost again is not taken for a newcomer.
    pub steady: Duration,
    /// How long a fetch waits for its record before it is repeated; the next wait is twice as
    /// long, and so on. 250 ms: above any round trip within a region.
    pub fetch_retry: Duration,
    /// The longest wait between two fetches. 5 s: each is a small message, and a peer of which
    /// nothing is known is of no use.
    pub fetch_retry_max: Duration,
}

impl Default for PeerRules {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(10),
            hold: Duration::from_millis(500),
            hold_max: Duration::from_secs(30),
            steady: Duration::from_secs(60),
            fetch_retry: Duration::from_millis(250),
            fetch_retry_max: Duration::from_secs(5),
        }
    }
}

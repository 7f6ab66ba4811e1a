//! `[bindings.node]`: the keys that only Node knows.

use serde::Deserialize;

/// None yet.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {}

//! `[bindings.go]`: the keys that only Go knows.

use serde::Deserialize;

/// None yet.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {}

//! `[bindings.cpp]`: the keys that only C++ knows.

use serde::Deserialize;

/// None yet.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {}

//! Topic: optionals, sequences and maps, and how they nest.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::collections::HashMap;

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub position: Option<u32>,
}

macro_rules! echo {
    ($($name:ident: $of:ty),+ $(,)?) => {
        $(pub fn $name(value: $of) -> $of {
            value
        })+
    };
}

echo! {
    echo_optional: Option<u32>,
    echo_optional_string: Option<String>,
    echo_optional_boolean: Option<bool>,
    echo_sequence: Vec<i32>,
    echo_strings: Vec<String>,
    echo_map: HashMap<String, u64>,
    echo_numbered: HashMap<u32, String>,
    echo_gaps: Vec<Option<String>>,
    echo_grid: Vec<Vec<u8>>,
    echo_index: Option<HashMap<String, Vec<Entry>>>,
}

pub fn sum(values: &[i64]) -> i64 {
    values.iter().sum()
}

uniffi::include_scaffolding!("compounds");

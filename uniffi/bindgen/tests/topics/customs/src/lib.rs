//! Topic: custom types over strings, integers and bytes.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::collections::HashMap;

/// An address with a scheme and a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Url {
    scheme: String,
    rest: String,
}

#[derive(Debug, thiserror::Error)]
#[error("not a URL: {0}")]
pub struct NotUrl(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(pub i64);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest(pub Vec<u8>);

uniffi::custom_type!(Url, String, {
    try_lift: |text| match text.split_once("://") {
        Some((scheme, rest)) => Ok(Url { scheme: scheme.to_owned(), rest: rest.to_owned() }),
        None => Err(NotUrl(text).into()),
    },
    lower: |url| format!("{}://{}", url.scheme, url.rest),
});

uniffi::custom_type!(Handle, i64, {
    try_lift: |number| Ok(Handle(number)),
    lower: |handle| handle.0,
});

uniffi::custom_type!(Digest, Vec<u8>, {
    try_lift: |bytes| Ok(Digest(bytes)),
    lower: |digest| digest.0,
});

#[derive(Clone, Debug)]
pub struct Site {
    pub url: Url,
    pub handle: Option<Handle>,
}

macro_rules! echo {
    ($($name:ident: $of:ty),+ $(,)?) => {
        $(pub fn $name(value: $of) -> $of {
            value
        })+
    };
}

echo! {
    echo_url: Url,
    echo_handle: Handle,
    echo_digest: Digest,
    echo_urls: Vec<Url>,
    echo_handles: HashMap<Url, Handle>,
    echo_site: Option<Site>,
}

pub fn host_of(url: Url) -> String {
    url.rest.split('/').next().unwrap_or_default().to_owned()
}

uniffi::include_scaffolding!("customs");

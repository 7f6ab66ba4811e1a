//! The content type and the headers of a message. The payload travels beside the envelope, so that
//! nothing copies it.

use std::{borrow::Cow, collections::BTreeMap};

use commy_core::{
    Bytes, Message,
    message::{JSON, OCTET_STREAM},
};
use minicbor::Decoder;

use super::{Read, Sink, Written, definite};

/// A message without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    content_type: Cow<'static, str>,
    headers: BTreeMap<String, String>,
}

impl Content {
    /// The message that has this payload, checked.
    pub(crate) fn with_payload(
        self,
        payload: Bytes,
        payload_bytes_max: u64,
    ) -> commy_core::Result<Message> {
        let message = Message {
            payload,
            content_type: self.content_type,
            headers: self.headers,
        };
        message.check(payload_bytes_max)?;
        Ok(message)
    }

    pub(super) fn read(decoder: &mut Decoder<'_>) -> Read<Self> {
        let content_type = match decoder.str()? {
            OCTET_STREAM => Cow::Borrowed(OCTET_STREAM),
            JSON => Cow::Borrowed(JSON),
            other => Cow::Owned(other.to_owned()),
        };
        let length = decoder.map()?;
        let mut headers = BTreeMap::new();
        for _ in 0..definite(length, decoder)? {
            let name = decoder.str()?;
            headers.insert(name.to_owned(), decoder.str()?.to_owned());
        }
        Ok(Self {
            content_type,
            headers,
        })
    }
}

/// The number of items that [`write`] writes.
pub(super) const ITEMS: u64 = 2;

pub(super) fn write(sink: &mut Sink, message: &Message) -> Written {
    sink.str(&message.content_type)?
        .map(message.headers.len() as u64)?;
    for (name, value) in &message.headers {
        sink.str(name)?.str(value)?;
    }
    Ok(())
}

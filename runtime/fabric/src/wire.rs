//! What nodes say to each other, and how it is encoded: `docs/wire.md` describes it for readers of
//! other languages. Everything decoded here came from the network and is hostile until it was
//! checked: sizes are bounded before anything is allocated, and names pass the checks of
//! commy-core. This module knows nothing of Zenoh, of time or of who is connected.

mod content;
mod envelope;
mod failure;
mod record;
#[cfg(test)]
mod tests;

use std::convert::Infallible;

use minicbor::{Decoder, Encoder, decode, encode};

use commy_core::{
    InvalidValue,
    identity::NodeId,
    record::{Incarnation, NodeLife},
};

pub(crate) use self::{
    envelope::{
        Answer, Envelope, RequestId, cancel, event, failed, fetch, goodbye, goodbye_heard, record,
        refused, replied, request, update,
    },
    record::{decode_record, decode_update, encode_record, encode_update},
};

/// The version of the encoding that this node speaks, the first item of every envelope.
pub(crate) const VERSION: u32 = 1;

/// The most bytes in an envelope: 64 headers of the largest kind, and a handler's details.
pub(crate) const ENVELOPE_BYTES_MAX: usize = 512 * 1024;
/// The most bytes in a record or an update: 100,000 instances with room for metadata.
pub(crate) const RECORD_BYTES_MAX: usize = 64 << 20;

/// Why something that came from the network was not understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    /// It is larger than anything valid.
    #[error("it has {bytes} bytes, and at most {bytes_max} are allowed")]
    TooLong {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        bytes_max: usize,
    },
    /// It is of a version that this node does not speak. Who asks, if it was a request: that part
    /// stays the same in every version, so that it can be refused.
    #[error("it has version {version} of the encoding, and this node speaks {VERSION}")]
    Version {
        /// The version.
        version: u32,
        /// The request that it was, and who made it.
        request: Option<(RequestId, NodeLife)>,
    },
    /// It is of a kind that this node does not know: one that came after it.
    #[error("it is of kind {0}, which this node does not know")]
    Kind(u16),
    /// It is not CBOR, or not of the shape that its kind has.
    #[error("it is not well-formed: {0}")]
    Shape(#[from] decode::Error),
    /// A value in it breaks a rule.
    #[error("{0}")]
    Value(#[from] InvalidValue),
    /// A value in it breaks a rule that only commy-core knows.
    #[error("{0}")]
    Message(#[from] commy_core::Error),
}

type Sink = Encoder<Vec<u8>>;
type Written = Result<(), encode::Error<Infallible>>;
type Read<T> = Result<T, Malformed>;

/// Writes CBOR into new memory.
fn written(bytes_expected: usize, write: impl FnOnce(&mut Sink) -> Written) -> Vec<u8> {
    let mut sink = Encoder::new(Vec::with_capacity(bytes_expected));
    #[expect(clippy::expect_used, reason = "memory takes all that is written")]
    write(&mut sink).expect("writing into memory");
    sink.into_writer()
}

/// The number of items of an array or map; those of unknown length are not used here.
fn definite(length: Option<u64>, decoder: &Decoder<'_>) -> Read<u64> {
    length.ok_or_else(|| {
        decode::Error::message("an array or map has no length")
            .at(decoder.position())
            .into()
    })
}

/// Reads the length of an array that has at least this many items. Items beyond those that are
/// known are for those who know them.
fn array(decoder: &mut Decoder<'_>, items_min: u64) -> Read<u64> {
    let length = decoder.array()?;
    let length = definite(length, decoder)?;
    if length < items_min {
        return Err(
            decode::Error::message(format!("{length} items where {items_min} belong"))
                .at(decoder.position())
                .into(),
        );
    }
    Ok(length)
}

/// Skips what is left of an array whose first items were read.
fn skip(decoder: &mut Decoder<'_>, items: u64) -> Read<()> {
    for _ in 0..items {
        decoder.skip()?;
    }
    Ok(())
}

fn write_life(sink: &mut Sink, life: NodeLife) -> Written {
    sink.bytes(&life.node.as_u128().to_be_bytes())?
        .u64(life.incarnation.0)?;
    Ok(())
}

fn read_life(decoder: &mut Decoder<'_>) -> Read<NodeLife> {
    let bytes = decoder.bytes()?;
    let node = bytes
        .try_into()
        .map_err(|_| decode::Error::message("a node id has 16 bytes").at(decoder.position()))?;
    Ok(NodeLife {
        node: NodeId::from_u128(u128::from_be_bytes(node)),
        incarnation: Incarnation(decoder.u64()?),
    })
}

fn write_optional(sink: &mut Sink, text: Option<&str>) -> Written {
    match text {
        Some(text) => sink.str(text)?,
        None => sink.null()?,
    };
    Ok(())
}

fn read_optional<'b>(decoder: &mut Decoder<'b>) -> Read<Option<&'b str>> {
    if decoder.datatype()? == minicbor::data::Type::Null {
        decoder.null()?;
        return Ok(None);
    }
    Ok(Some(decoder.str()?))
}

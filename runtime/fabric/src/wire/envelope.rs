//! The envelope of every message between two nodes: what it is, and what belongs to what. It is an
//! array whose first two items are the version and the kind.

use std::time::Duration;

use commy_core::{
    Error, Event, IncomingRequest, Message, MethodName, ServiceName, record::NodeLife,
};
use minicbor::Decoder;

use super::{
    ENVELOPE_BYTES_MAX, Malformed, Read, Sink, VERSION, Written, array, content, content::Content,
    failure, read_life, write_life, written,
};

/// What kind of envelope it is. Numbers from 16 are kept for streams.
mod kind {
    pub(super) const REQUEST: u16 = 1;
    pub(super) const REPLY: u16 = 2;
    pub(super) const CANCEL: u16 = 3;
    pub(super) const FETCH: u16 = 4;
    pub(super) const RECORD: u16 = 5;
    pub(super) const UPDATE: u16 = 6;
    pub(super) const EVENT: u16 = 7;
    pub(super) const GOODBYE: u16 = 8;
    pub(super) const GOODBYE_HEARD: u16 = 9;
}

/// What became of a request, as its reply says.
mod outcome {
    pub(super) const REPLIED: u8 = 0;
    pub(super) const FAILED: u8 = 1;
    pub(super) const REFUSED: u8 = 2;
}

/// Room for an envelope without headers.
const ENVELOPE_BYTES_USUAL: usize = 160;

/// The number of a request, which its caller never gives twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RequestId(pub(crate) u64);

/// What became of a request, but for the payload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The handler replied.
    Replied(Content),
    /// The handler failed.
    Failed(Error),
    /// The handler never saw it.
    Refused(Error),
}

/// A message between nodes, but for its payload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// A call; the payload is the request's.
    Request {
        id: RequestId,
        from: NodeLife,
        /// The serial number of the instance that is called.
        to: u64,
        attempt: u32,
        time_left: Duration,
        service: ServiceName,
        method: MethodName,
        content: Content,
    },
    /// What became of a call; the payload is the reply's.
    Reply { id: RequestId, answer: Answer },
    /// Nobody waits for the reply to a call any more.
    Cancel { id: RequestId, from: NodeLife },
    /// A node wants the whole record.
    Fetch { from: NodeLife },
    /// The payload is a node's record.
    Record,
    /// The payload is what changed in a node's record.
    Update,
    /// The payload is an event's; its topic is in the key that it travels under.
    Event {
        from: NodeLife,
        /// The publisher's number of it, which subscribers are shown.
        sequence: u64,
        /// The link's number of it: what it sent later has a higher one.
        position: u64,
        content: Content,
    },
    /// A node leaves; all that it had to say was said before.
    Goodbye {
        from: NodeLife,
        /// Whether it answered every request of the receiver that it began to work on.
        is_settled: bool,
    },
    /// The goodbye was heard, and all that was said before it.
    GoodbyeHeard { from: NodeLife },
}

/// Writes the envelope of a call.
pub(crate) fn request(
    id: RequestId,
    from: NodeLife,
    to: u64,
    request: &IncomingRequest,
) -> Vec<u8> {
    let time_left_us = u64::try_from(request.time_left.as_micros()).unwrap_or(u64::MAX);
    envelope(kind::REQUEST, 8 + content::ITEMS, |sink| {
        sink.u64(id.0)?;
        write_life(sink, from)?;
        sink.u64(to)?
            .u32(request.attempt)?
            .u64(time_left_us)?
            .str(request.service.as_str())?
            .str(request.method.as_str())?;
        content::write(sink, &request.message)
    })
}

/// Writes the envelope of a reply.
pub(crate) fn replied(id: RequestId, reply: &Message) -> Vec<u8> {
    envelope(kind::REPLY, 2 + content::ITEMS, |sink| {
        sink.u64(id.0)?.u8(outcome::REPLIED)?;
        content::write(sink, reply)
    })
}

/// Writes the envelope that says that the handler failed.
pub(crate) fn failed(id: RequestId, error: &Error) -> Vec<u8> {
    not_replied(id, outcome::FAILED, error)
}

/// Writes the envelope that says that the handler never saw a request.
pub(crate) fn refused(id: RequestId, error: &Error) -> Vec<u8> {
    not_replied(id, outcome::REFUSED, error)
}

fn not_replied(id: RequestId, outcome: u8, error: &Error) -> Vec<u8> {
    envelope(kind::REPLY, 3, |sink| {
        sink.u64(id.0)?.u8(outcome)?;
        failure::write(sink, error)
    })
}

/// Writes that nobody waits for a reply any more.
pub(crate) fn cancel(id: RequestId, from: NodeLife) -> Vec<u8> {
    envelope(kind::CANCEL, 3, |sink| {
        sink.u64(id.0)?;
        write_life(sink, from)
    })
}

/// Writes that the whole record is wanted.
pub(crate) fn fetch(from: NodeLife) -> Vec<u8> {
    envelope(kind::FETCH, 2, |sink| write_life(sink, from))
}

/// Writes the envelope of a record.
pub(crate) fn record() -> Vec<u8> {
    envelope(kind::RECORD, 0, |_| Ok(()))
}

/// Writes the envelope of what changed in a record.
pub(crate) fn update() -> Vec<u8> {
    envelope(kind::UPDATE, 0, |_| Ok(()))
}

/// Writes the envelope of an event.
pub(crate) fn event(from: NodeLife, position: u64, event: &Event) -> Vec<u8> {
    envelope(kind::EVENT, 4 + content::ITEMS, |sink| {
        write_life(sink, from)?;
        sink.u64(event.sequence)?.u64(position)?;
        content::write(sink, &event.message)
    })
}

/// Writes a goodbye.
pub(crate) fn goodbye(from: NodeLife, is_settled: bool) -> Vec<u8> {
    envelope(kind::GOODBYE, 3, |sink| {
        write_life(sink, from)?;
        sink.bool(is_settled)?;
        Ok(())
    })
}

/// Writes that a goodbye was heard.
pub(crate) fn goodbye_heard(from: NodeLife) -> Vec<u8> {
    envelope(kind::GOODBYE_HEARD, 2, |sink| write_life(sink, from))
}

fn envelope(kind: u16, items: u64, write: impl FnOnce(&mut Sink) -> Written) -> Vec<u8> {
    written(ENVELOPE_BYTES_USUAL, |sink| {
        sink.array(2 + items)?.u32(VERSION)?.u16(kind)?;
        write(sink)
    })
}

impl Envelope {
    /// Reads an envelope that came from the network.
    pub(crate) fn read(bytes: &[u8]) -> Read<Self> {
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(Malformed::TooLong {
                bytes: bytes.len(),
                bytes_max: ENVELOPE_BYTES_MAX,
            });
        }
        let mut decoder = Decoder::new(bytes);
        array(&mut decoder, 2)?;
        let version = decoder.u32()?;
        let kind = decoder.u16()?;
        if version != VERSION {
            let request = (kind == kind::REQUEST)
                .then(|| read_origin(&mut decoder))
                .transpose()?;
            return Err(Malformed::Version { version, request });
        }
        match kind {
            kind::REQUEST => read_request(&mut decoder),
            kind::REPLY => Ok(Self::Reply {
                id: RequestId(decoder.u64()?),
                answer: read_answer(&mut decoder)?,
            }),
            kind::CANCEL => {
                let (id, from) = read_origin(&mut decoder)?;
                Ok(Self::Cancel { id, from })
            }
            kind::FETCH => Ok(Self::Fetch {
                from: read_life(&mut decoder)?,
            }),
            kind::RECORD => Ok(Self::Record),
            kind::UPDATE => Ok(Self::Update),
            kind::EVENT => Ok(Self::Event {
                from: read_life(&mut decoder)?,
                sequence: decoder.u64()?,
                position: decoder.u64()?,
                content: Content::read(&mut decoder)?,
            }),
            kind::GOODBYE => Ok(Self::Goodbye {
                from: read_life(&mut decoder)?,
                is_settled: decoder.bool()?,
            }),
            kind::GOODBYE_HEARD => Ok(Self::GoodbyeHeard {
                from: read_life(&mut decoder)?,
            }),
            unknown => Err(Malformed::Kind(unknown)),
        }
    }
}

/// What a request begins with in every version: its number, and who waits for the reply.
fn read_origin(decoder: &mut Decoder<'_>) -> Read<(RequestId, NodeLife)> {
    Ok((RequestId(decoder.u64()?), read_life(decoder)?))
}

fn read_request(decoder: &mut Decoder<'_>) -> Read<Envelope> {
    let (id, from) = read_origin(decoder)?;
    Ok(Envelope::Request {
        id,
        from,
        to: decoder.u64()?,
        attempt: decoder.u32()?,
        time_left: Duration::from_micros(decoder.u64()?),
        service: ServiceName::new(decoder.str()?)?,
        method: MethodName::new(decoder.str()?)?,
        content: Content::read(decoder)?,
    })
}

fn read_answer(decoder: &mut Decoder<'_>) -> Read<Answer> {
    match decoder.u8()? {
        outcome::REPLIED => Ok(Answer::Replied(Content::read(decoder)?)),
        outcome::FAILED => Ok(Answer::Failed(failure::read(decoder)?)),
        outcome::REFUSED => Ok(Answer::Refused(failure::read(decoder)?)),
        unknown => Err(minicbor::decode::Error::message(format!(
            "a reply has outcome 0, 1 or 2, not {unknown}"
        ))
        .into()),
    }
}

//! What travels: requests, replies and events.

use std::{borrow::Cow, collections::HashMap};

use crate::payload::Payload;

/// The content of a request, a reply or an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The payload.
    pub payload: Payload,
    /// What the payload is.
    pub content_type: String,
    /// Headers.
    pub headers: HashMap<String, String>,
}

impl From<Message> for commy::Message {
    fn from(message: Message) -> Self {
        let Message {
            payload,
            content_type,
            headers,
        } = message;
        Self {
            payload,
            content_type: Cow::Owned(content_type),
            headers: headers.into_iter().collect(),
        }
    }
}

impl From<commy::Message> for Message {
    fn from(message: commy::Message) -> Self {
        let commy::Message {
            payload,
            content_type,
            headers,
        } = message;
        Self {
            payload,
            content_type: content_type.into_owned(),
            headers: headers.into_iter().collect(),
        }
    }
}

/// A request to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method that is asked for.
    pub method: String,
    /// The content.
    pub message: Message,
}

/// The answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The content.
    pub message: Message,
    /// The id of the instance that answered.
    pub served_by: String,
}

impl From<commy::Reply> for Reply {
    fn from(reply: commy::Reply) -> Self {
        let commy::Reply { message, served_by } = reply;
        Self {
            message: message.into(),
            served_by: served_by.to_string(),
        }
    }
}

/// An event as its subscriber receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The topic.
    pub topic: String,
    /// The content.
    pub message: Message,
    /// The id of the node that published it.
    pub publisher: String,
    /// The number of the event.
    pub sequence: u64,
    /// How many events were lost just before this one.
    pub missed: u64,
}

impl From<commy::Event> for Event {
    fn from(event: commy::Event) -> Self {
        let commy::Event {
            topic,
            message,
            publisher,
            sequence,
            missed,
        } = event;
        Self {
            topic: topic.to_string(),
            message: message.into(),
            publisher: publisher.to_string(),
            sequence,
            missed,
        }
    }
}

//! The JSON convention of commy, the same in every language: a value travels as UTF-8 JSON with
//! the content type `application/json`.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Message, Result, Status};

/// The message that carries a value.
///
/// # Errors
/// `INVALID_ARGUMENT` when the value has no JSON form.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Message> {
    serde_json::to_vec(value)
        .map(Message::json)
        .map_err(|error| {
            Error::new(
                Status::InvalidArgument,
                format!(
                    "a {} cannot be written as JSON: {error}",
                    std::any::type_name::<T>()
                ),
            )
        })
}

/// The value that a message carries; `what` names the message in the error.
///
/// # Errors
/// `INTERNAL` when the payload is not JSON of such a value.
pub(crate) fn decode<T: DeserializeOwned>(message: &Message, what: &str) -> Result<T> {
    serde_json::from_slice(&message.payload).map_err(|error| {
        Error::new(
            Status::Internal,
            format!(
                "a {what} of type {} cannot be read as {}: {error}",
                message.content_type,
                std::any::type_name::<T>()
            ),
        )
    })
}

//! Text from the other side. UniFFI takes a string that is an argument by itself to be UTF-8
//! without looking, so a language whose strings may hold any bytes could hand over something that
//! is not; inside of records, UniFFI looks.

use commy::{Error, Status};

/// The text, if it is UTF-8.
///
/// # Errors
/// `INVALID_ARGUMENT` with the name of the argument and the place of the first wrong byte.
pub(crate) fn checked(what: &str, text: String) -> Result<String, Error> {
    String::from_utf8(text.into_bytes()).map_err(|error| {
        Error::new(
            Status::InvalidArgument,
            format!("the {what} is not UTF-8: {}", error.utf8_error()),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf8_are_told_with_their_place() {
        // SAFETY: nothing looks at the text before `checked` does, which is what is tested.
        let text = unsafe { String::from_utf8_unchecked(vec![b'a', 0xff]) };
        let error = checked("service", text).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument);
        assert!(error.reason().contains("index 1"), "{error}");
    }

    #[test]
    fn text_passes_untouched() {
        assert_eq!(checked("service", "ördërs".into()).unwrap(), "ördërs");
    }
}

//! What travels is bounded, and what fails says so in gRPC's words.

use commy_core::{Error, Failure, FailureKind, Message, Status};
use proptest::prelude::*;

const PAYLOAD_BYTES_MAX: u64 = 1000;

fn status_of(message: &Message) -> Option<Status> {
    message
        .check(PAYLOAD_BYTES_MAX)
        .err()
        .map(|error| error.status())
}

proptest! {
    #[test]
    fn a_failure_of_any_size_becomes_an_error_that_may_travel(
        code in ".{0,300}",
        reason in prop_oneof![
            ".{0,100}",
            (4000..9000_usize).prop_map(|chars| "é".repeat(chars)),
            (4000..9000_usize).prop_map(|chars| format!("a{}", "é".repeat(chars))),
        ],
        details_bytes in prop::option::of(1..70_000_usize),
    ) {
        let mut failure = Failure::new(code.clone(), reason.clone());
        failure.details_json = details_bytes.map(|bytes| "1".to_owned() + &" ".repeat(bytes - 1));
        let error = Error::from(failure);
        prop_assert_eq!(error.status(), Status::HandlerFailed);
        prop_assert!(error.reason().len() <= 8 * 1024 + 100);
        let kept = error.context().code.as_deref().unwrap_or_default();
        prop_assert!(kept.len() <= 128 && code.starts_with(kept));
        let dropped = details_bytes.is_some_and(|bytes| bytes > 64 * 1024);
        prop_assert_eq!(error.context().details_json.is_none(), dropped || details_bytes.is_none());
        prop_assert_eq!(error.reason().ends_with("bytes were dropped)"), dropped);
    }

    #[test]
    fn every_code_is_one_status_or_none(code: u16) {
        match Status::from_code(code) {
            Some(status) => prop_assert_eq!(status.code(), code),
            None => prop_assert!(Status::ALL.iter().all(|status| status.code() != code)),
        }
    }
}

#[test]
fn codes_and_names_are_those_of_grpc() {
    let codes: Vec<_> = Status::ALL
        .iter()
        .map(|status| (status.code(), status.name()))
        .collect();
    assert_eq!(
        codes,
        [
            (1, "CANCELLED"),
            (3, "INVALID_ARGUMENT"),
            (4, "DEADLINE_EXCEEDED"),
            (5, "NOT_FOUND"),
            (6, "ALREADY_EXISTS"),
            (7, "PERMISSION_DENIED"),
            (8, "RESOURCE_EXHAUSTED"),
            (9, "FAILED_PRECONDITION"),
            (12, "UNIMPLEMENTED"),
            (13, "INTERNAL"),
            (14, "UNAVAILABLE"),
            (16, "UNAUTHENTICATED"),
            (100, "HANDLER_FAILED"),
        ]
    );
}

#[test]
fn a_message_is_bounded_in_every_part() {
    assert_eq!(status_of(&Message::bytes(vec![0; 1000])), None);
    assert_eq!(
        status_of(&Message::bytes(vec![0; 1001])),
        Some(Status::ResourceExhausted)
    );
    let message = || Message::json("{}");
    assert_eq!(
        status_of(&message().with_header("a", "é".repeat(2048))),
        None
    );
    let many = (0..65).fold(message(), |message, n| {
        message.with_header(format!("h{n}"), "")
    });
    let typed = |content_type: String| Message {
        content_type: content_type.into(),
        ..message()
    };
    for wrong in [
        message().with_header("", "empty name"),
        message().with_header("a b", "name of two words"),
        message().with_header("a", "x".repeat(4097)),
        message().with_header("a", "one\r\nanother: line"),
        typed("x".repeat(257)),
        typed("text/plain\n".into()),
        many,
    ] {
        assert_eq!(
            status_of(&wrong),
            Some(Status::InvalidArgument),
            "{wrong:?}"
        );
    }
}

#[test]
fn each_kind_of_failure_has_its_status() {
    for (kind, status) in [
        (FailureKind::Application, Status::HandlerFailed),
        (FailureKind::UnknownMethod, Status::Unimplemented),
        (FailureKind::BadRequest, Status::InvalidArgument),
        (FailureKind::Internal, Status::Internal),
    ] {
        assert_eq!(Error::from(Failure::of_kind(kind, "why")).status(), status);
    }
}

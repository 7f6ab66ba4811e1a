//! Every failure has one status, and says what it concerns.

use commy::{Error, Failure, FailureKind, Message, Service, Status};
use commy_tests::{Outcome, echo, mesh};

/// A service with one method that fails in one way.
fn failing(failure: Failure) -> Service {
    Service::new("orders").message("fail", move |_, _| {
        let failure = failure.clone();
        async move { Err(failure) }
    })
}

/// What a call to such a service fails with.
async fn failure_of(service: Service) -> Error {
    let mesh = mesh().await;
    mesh.serve(service).await.unwrap();
    mesh.call("orders", "fail").await.unwrap_err()
}

#[test]
fn statuses_have_the_codes_and_names_of_grpc() {
    let known: Vec<_> = Status::ALL
        .iter()
        .map(|status| (status.code(), status.name()))
        .collect();
    let expected = [
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
    ];
    assert_eq!(known, expected);
    for (code, name) in expected {
        assert_eq!(Status::from_code(code).unwrap().name(), name);
    }
    assert_eq!(Status::from_code(2), None);
}

#[tokio::test]
async fn a_handlers_failure_arrives_with_its_code_reason_and_details() {
    let mesh = mesh().await;
    let failure = Failure {
        details_json: Some(r#"{"left":0}"#.into()),
        ..Failure::new("OUT_OF_STOCK", "no tea is left")
    };
    let id = mesh.serve(failing(failure)).await.unwrap().instance().id;
    let error = mesh
        .call("orders", "fail")
        .await
        .fails_as(Status::HandlerFailed);

    assert_eq!(error.reason(), "no tea is left");
    assert_eq!(error.to_string(), "HANDLER_FAILED: no tea is left");
    let context = error.context();
    assert_eq!(context.code.as_deref(), Some("OUT_OF_STOCK"));
    assert_eq!(context.details_json.as_deref(), Some(r#"{"left":0}"#));
    assert_eq!(context.service.as_deref(), Some("orders"));
    assert_eq!(context.method.as_deref(), Some("fail"));
    assert_eq!(context.instance_id, Some(id.to_string()));
    assert_eq!(context.attempts, 1);
}

#[tokio::test]
async fn a_failure_without_a_code_has_none() {
    let error = failure_of(failing(Failure::new("", "because"))).await;
    assert_eq!(error.status(), Status::HandlerFailed);
    assert_eq!(error.context().code, None);
}

#[tokio::test]
async fn each_kind_of_failure_has_its_status() {
    let kinds = [
        (FailureKind::Application, Status::HandlerFailed),
        (FailureKind::UnknownMethod, Status::Unimplemented),
        (FailureKind::BadRequest, Status::InvalidArgument),
        (FailureKind::Internal, Status::Internal),
    ];
    for (kind, status) in kinds {
        let error = failure_of(failing(Failure::of_kind(kind, "because"))).await;
        assert_eq!((error.status(), error.reason()), (status, "because"));
    }
}

#[tokio::test]
async fn any_error_in_a_handler_is_a_failure_named_after_its_type() {
    let service = Service::new("orders").bytes("fail", |_, _| async move {
        let number: i32 = "many".parse()?;
        Ok(number.to_string())
    });
    let error = failure_of(service).await;
    assert_eq!(error.status(), Status::HandlerFailed);
    assert_eq!(error.context().code.as_deref(), Some("ParseIntError"));
    assert_eq!(error.reason(), "invalid digit found in string");
}

#[tokio::test]
async fn a_failure_too_large_to_travel_is_cut() {
    let failure = Failure {
        details_json: Some("9".repeat(100_000)),
        ..Failure::new("C".repeat(1000), "ü".repeat(100_000))
    };
    let error = failure_of(failing(failure)).await;
    assert_eq!(error.context().code.as_ref().unwrap().len(), 128);
    assert_eq!(error.context().details_json, None);
    assert!(error.reason().len() < 10_000);
    assert!(
        error
            .reason()
            .ends_with("(details of 100000 bytes were dropped)")
    );
}

#[tokio::test]
async fn a_panic_fails_its_call_and_nothing_else() {
    let mesh = mesh().await;
    let service = Service::new("orders")
        .message("panic", |_, _| async move { panic!("no {}", "luck") })
        .message("panic-early", |_, _| {
            if true {
                panic!("never began");
            }
            async move { Ok(Message::default()) }
        })
        .message(
            "panic-oddly",
            |_, _| async move { std::panic::panic_any(7) },
        )
        .message("echo", |message, _| async move { Ok(message) });
    let id = mesh.serve(service).await.unwrap().instance().id;

    for (method, said) in [
        ("panic", "no luck"),
        ("panic-early", "never began"),
        ("panic-oddly", ""),
    ] {
        let error = mesh.call("orders", method).await.fails_as(Status::Internal);
        assert!(error.reason().contains("panicked"), "{error}");
        assert!(error.reason().contains(said), "{error}");
        assert_eq!(error.context().instance_id, Some(id.to_string()));
        mesh.call("orders", "echo").await.unwrap();
    }
    assert_eq!(mesh.stats().requests_in_flight, 0);
}

#[tokio::test]
async fn an_error_that_never_reached_an_instance_names_none() {
    let mesh = mesh().await;
    mesh.serve(echo("orders")).await.unwrap();
    let error = mesh
        .call("billing", "echo")
        .await
        .fails_as(Status::NotFound);
    assert_eq!(error.context().instance_id, None);
    assert_eq!(error.context().attempts, 0);
}

#[tokio::test]
async fn a_wrong_value_is_shown_shortened_and_escaped() {
    let mesh = mesh().await;
    let error = mesh
        .call(&"\n".repeat(1000), "echo")
        .await
        .fails_as(Status::InvalidArgument);
    assert!(error.reason().len() < 400, "{error}");
    assert!(error.reason().contains(r"\n\n"), "{error}");
    assert!(!error.reason().contains('\n'), "{error}");
}

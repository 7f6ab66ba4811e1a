//! Work that nobody waits for is dropped, and deadlines are kept.

use std::time::Duration;

use commy::{Bytes, Context, Service, ServiceSpec, Status};
use commy_tests::{Outcome, builder, gate, invalid, mesh, soon, started};

/// Short enough to wait for, where the passing of a deadline is what is tested.
const SHORT: Duration = Duration::from_millis(20);

#[tokio::test]
async fn dropping_a_call_drops_the_handlers_work() {
    let mesh = mesh().await;
    let (service, gate) = gate("orders");
    mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("orders", "wait").await });
    gate.entered.reaches(1).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    gate.dropped.reaches(1).await;
    assert_eq!(mesh.stats().calls_failed[&Status::Cancelled], 1);
    assert_eq!(mesh.stats().calls_in_flight, 0);
}

#[tokio::test]
async fn a_call_that_is_never_awaited_is_never_sent() {
    let mesh = mesh().await;
    let (service, gate) = gate("orders");
    mesh.serve(service).await.unwrap();
    drop(mesh.call("orders", "wait"));
    gate.open();
    mesh.call("orders", "wait").await.unwrap();
    assert_eq!(gate.entered.count(), 1);
}

#[tokio::test]
async fn a_call_that_hangs_ends_at_its_deadline_and_so_does_its_handler() {
    let mesh = mesh().await;
    let (service, gate) = gate("orders");
    let id = mesh.serve(service).await.unwrap().instance().id;
    let call = mesh.call("orders", "wait").timeout(SHORT);
    let error = soon(call.into_future())
        .await
        .fails_as(Status::DeadlineExceeded);
    assert_eq!(error.context().instance_id, Some(id.to_string()));
    gate.dropped.reaches(1).await;
}

#[tokio::test]
async fn a_call_that_names_no_timeout_has_the_mesh_s() {
    let mesh = started(builder().call_timeout(SHORT)).await;
    let (service, gate) = gate("orders");
    mesh.serve(service).await.unwrap();
    soon(mesh.call("orders", "wait").into_future())
        .await
        .fails_as(Status::DeadlineExceeded);
    gate.dropped.reaches(1).await;
}

#[tokio::test]
async fn a_deadline_of_zero_is_exceeded_at_once_and_nothing_is_sent() {
    let mesh = mesh().await;
    let (service, gate) = gate("orders");
    gate.open();
    mesh.serve(service).await.unwrap();
    mesh.call("orders", "wait")
        .timeout(Duration::ZERO)
        .await
        .fails_as(Status::DeadlineExceeded);
    assert_eq!(gate.entered.count(), 0);
    assert_eq!(mesh.stats().requests_handled, 0);
    mesh.call("orders", "wait").await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_is_told_before_that_it_is_late() {
    let mesh = mesh().await;
    let call = mesh.call("orders", "a b").timeout(Duration::ZERO);
    invalid(call.await, "method \"a b\"", "is not");
}

#[tokio::test]
async fn a_handler_sees_what_is_left_and_may_pass_it_on() {
    let mesh = mesh().await;
    let (slow, gate) = gate("slow");
    mesh.serve(slow).await.unwrap();
    let caller = mesh.clone();
    let service = Service::new("orders").bytes("relay", move |payload: Bytes, context: Context| {
        let mesh = caller.clone();
        async move {
            let half = context.time_left / 2;
            Ok(mesh
                .call("slow", "wait")
                .bytes(payload)
                .timeout(half)
                .await?
                .message
                .payload)
        }
    });
    mesh.serve(service).await.unwrap();
    let call = mesh
        .call("orders", "relay")
        .timeout(Duration::from_millis(500));
    let error = soon(call.into_future())
        .await
        .fails_as(Status::HandlerFailed);
    assert_eq!(error.context().code.as_deref(), Some("DEADLINE_EXCEEDED"));
    gate.dropped.reaches(1).await;
}

#[tokio::test]
async fn cancelling_a_call_cancels_what_its_handler_called() {
    let mesh = mesh().await;
    let (inner, gate) = gate("inner");
    mesh.serve(inner).await.unwrap();
    let caller = mesh.clone();
    let outer = Service::new("outer").bytes("relay", move |payload: Bytes, _| {
        let mesh = caller.clone();
        async move {
            Ok(mesh
                .call("inner", "wait")
                .bytes(payload)
                .await?
                .message
                .payload)
        }
    });
    mesh.serve(outer).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("outer", "relay").await });
    gate.entered.reaches(1).await;
    call.abort();
    gate.dropped.reaches(1).await;
}

#[tokio::test]
async fn a_cancelled_call_makes_room_for_another() {
    let mesh = mesh().await;
    let (service, gate) = gate(ServiceSpec::new("orders").max_in_flight(1));
    mesh.serve(service).await.unwrap();
    let caller = mesh.clone();
    let call = tokio::spawn(async move { caller.call("orders", "wait").await });
    gate.entered.reaches(1).await;
    mesh.call("orders", "wait")
        .await
        .fails_as(Status::ResourceExhausted);
    call.abort();
    gate.dropped.reaches(1).await;
    gate.open();
    // The instance takes note of the drop just after the handler does.
    while mesh.stats().requests_in_flight > 0 {
        tokio::task::yield_now().await;
    }
    mesh.call("orders", "wait").await.unwrap();
}

#[tokio::test]
async fn a_handler_that_finishes_after_its_deadline_answers_nobody() {
    let mesh = mesh().await;
    let (service, gate) = gate("orders");
    mesh.serve(service).await.unwrap();
    let late = mesh.call("orders", "wait").bytes("late").timeout(SHORT);
    soon(late.into_future())
        .await
        .fails_as(Status::DeadlineExceeded);
    gate.open();
    let reply = mesh.call("orders", "wait").bytes("in time").await.unwrap();
    assert_eq!(reply.message.payload, "in time");
}

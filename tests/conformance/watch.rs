//! A watch tells what matches now, then everything that changes.

use commy::{Change, ChangeKind, Health, Instance, Query, ServiceSpec, Watch};
use commy_tests::{echo, mesh, soon};
use futures_util::StreamExt;

async fn next(watch: &mut Watch) -> Change {
    soon(watch.next()).await.expect("the watch is open")
}

fn version(instance: &Instance) -> String {
    instance.spec.version.to_string()
}

#[tokio::test]
async fn a_watch_tells_first_what_matches_now() {
    let mesh = mesh().await;
    let orders = mesh.serve(echo("orders")).await.unwrap().instance();
    mesh.serve(echo("billing")).await.unwrap();

    let mut watch = mesh.watch(&Query::service("orders")).unwrap();
    let change = next(&mut watch).await;
    assert_eq!(change.kind, ChangeKind::Added);
    assert_eq!(change.instance, orders);
    assert!(change.revision >= orders.revision);
}

#[tokio::test]
async fn a_watch_tells_what_comes_changes_and_goes() {
    let mesh = mesh().await;
    let every = [Health::Healthy, Health::Unhealthy, Health::Draining];
    let mut watch = mesh.watch(&Query::service("orders").health(every)).unwrap();

    let registration = mesh.serve(echo("orders")).await.unwrap();
    let added = next(&mut watch).await;
    assert_eq!(added.kind, ChangeKind::Added);

    registration.set_health(Health::Unhealthy).await.unwrap();
    let updated = next(&mut watch).await;
    assert_eq!(
        (updated.kind, updated.instance.health),
        (ChangeKind::Updated, Health::Unhealthy)
    );
    assert!(updated.revision > added.revision);

    registration.deregister().await.unwrap();
    let mut last = next(&mut watch).await;
    if last.kind == ChangeKind::Updated {
        assert_eq!(last.instance.health, Health::Draining);
        last = next(&mut watch).await;
    }
    assert_eq!(
        (last.kind, last.instance.id),
        (ChangeKind::Removed, added.instance.id)
    );
    assert!(last.revision > updated.revision);
}

#[tokio::test]
async fn what_no_longer_matches_is_removed_and_what_matches_again_is_added() {
    let mesh = mesh().await;
    let registration = mesh.serve(echo("orders")).await.unwrap();
    let mut watch = mesh.watch(&Query::all()).unwrap();
    assert_eq!(next(&mut watch).await.kind, ChangeKind::Added);

    registration.set_health(Health::Unhealthy).await.unwrap();
    assert_eq!(next(&mut watch).await.kind, ChangeKind::Removed);
    registration.set_health(Health::Healthy).await.unwrap();
    assert_eq!(next(&mut watch).await.kind, ChangeKind::Added);
}

#[tokio::test]
async fn a_watch_tells_nothing_that_does_not_match() {
    let mesh = mesh().await;
    let mut watch = mesh.watch(&Query::service("orders").version("^2")).unwrap();
    mesh.serve(echo("billing")).await.unwrap();
    mesh.serve(echo(ServiceSpec::new("orders").version("1.0.0")))
        .await
        .unwrap();
    mesh.serve(echo(ServiceSpec::new("orders").version("2.1.0")))
        .await
        .unwrap();
    assert_eq!(version(&next(&mut watch).await.instance), "2.1.0");
}

#[tokio::test]
async fn changes_are_told_in_order() {
    let mesh = mesh().await;
    let mut watch = mesh.watch(&Query::all()).unwrap();
    for minor in 0..50 {
        mesh.serve(echo(
            ServiceSpec::new("orders").version(format!("1.{minor}.0")),
        ))
        .await
        .unwrap();
    }
    for minor in 0..50 {
        assert_eq!(
            version(&next(&mut watch).await.instance),
            format!("1.{minor}.0")
        );
    }
}

#[tokio::test]
async fn each_of_several_watches_tells_everything() {
    let mesh = mesh().await;
    let mut watches: Vec<_> = (0..5).map(|_| mesh.watch(&Query::all()).unwrap()).collect();
    let id = mesh.serve(echo("orders")).await.unwrap().instance().id;
    for watch in &mut watches {
        assert_eq!(next(watch).await.instance.id, id);
    }
}

#[tokio::test]
async fn a_watch_that_fell_behind_ends_at_what_is_true() {
    let mesh = mesh().await;
    let registration = mesh.serve(echo("orders")).await.unwrap();
    let mut watch = mesh.watch(&Query::all()).unwrap();
    assert_eq!(next(&mut watch).await.kind, ChangeKind::Added);
    for _ in 0..500 {
        registration.set_health(Health::Unhealthy).await.unwrap();
        registration.set_health(Health::Healthy).await.unwrap();
    }
    registration.deregister().await.unwrap();
    let removed = next(&mut watch).await;
    assert_eq!(removed.kind, ChangeKind::Removed);
    let other = mesh.serve(echo("billing")).await.unwrap().instance();
    assert_eq!(next(&mut watch).await.instance, other);
}

#[tokio::test]
async fn closing_a_watch_ends_it_and_what_waits_on_it() {
    let mesh = mesh().await;
    let mut watch = mesh.watch(&Query::all()).unwrap();
    let closer = watch.closer();
    let waiting = tokio::spawn(async move { watch.next().await });
    tokio::task::yield_now().await;
    closer.close();
    closer.close();
    assert_eq!(soon(waiting).await.unwrap(), None);
}

#[tokio::test]
async fn stopping_the_mesh_ends_its_watches() {
    let mesh = mesh().await;
    let mut watch = mesh.watch(&Query::all()).unwrap();
    let waiting = tokio::spawn(async move { watch.next().await });
    tokio::task::yield_now().await;
    mesh.stop().await.unwrap();
    assert_eq!(soon(waiting).await.unwrap(), None);
}

#[tokio::test]
async fn a_waiting_next_that_is_dropped_loses_no_change() {
    let mesh = mesh().await;
    let mut watch = mesh.watch(&Query::all()).unwrap();
    for _ in 0..10 {
        assert!(futures_util::poll!(watch.next()).is_pending());
    }
    mesh.serve(echo("orders")).await.unwrap();
    assert_eq!(next(&mut watch).await.kind, ChangeKind::Added);
}

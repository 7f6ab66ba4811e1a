//! The prober against real servers on the loopback: what is up is found, what is down is not.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use commy::{ChangeKind, Health, HealthCheck, Mesh, Query, Watch};
use commy_tests::{Signal, mesh, soon};
use futures_util::StreamExt;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// The shortest time between two probes that is allowed.
const INTERVAL: Duration = Duration::from_millis(10);

/// A server that counts its requests and answers them with what it is told to.
struct Server {
    address: SocketAddr,
    requests: Signal,
    answer: watch::Sender<&'static str>,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start(answer: &'static str) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), answer).await
    }

    async fn start_at(address: SocketAddr, answer: &'static str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Signal::default();
        let answer = watch::Sender::new(answer);
        let (signal, told) = (requests.clone(), answer.clone());
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (signal, answer) = (signal.clone(), *told.borrow());
                tokio::spawn(async move { respond(stream, &signal, answer).await });
            }
        });
        Self {
            address,
            requests,
            answer,
            serving,
        }
    }

    fn http(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes the server's socket.
    async fn stop(self) -> SocketAddr {
        self.serving.abort();
        let _ = self.serving.await;
        self.address
    }
}

async fn respond(mut stream: TcpStream, requests: &Signal, answer: &str) {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read).lines();
    let Ok(Some(request)) = lines.next_line().await else {
        // A probe by connection alone.
        return requests.raise();
    };
    while lines
        .next_line()
        .await
        .is_ok_and(|line| line.is_some_and(|line| !line.is_empty()))
    {}
    let answer = if request.starts_with("GET /health ") {
        answer
    } else {
        "404 Not Found"
    };
    if !answer.is_empty() {
        let text = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nlocation: /health\r\n\r\n");
        let _ = write.write_all(text.as_bytes()).await;
    }
    requests.raise();
    if answer.is_empty() {
        // Says nothing until the probe has given up.
        let _ = lines.next_line().await;
    }
}

const UP: &str = "200 OK";
const DOWN: &str = "503 Service Unavailable";
const SILENT: &str = "";

fn check(rise: u32, fall: u32) -> HealthCheck {
    let timeout = Duration::from_secs(2);
    HealthCheck::http("/health")
        .interval(INTERVAL)
        .timeout(timeout)
        .thresholds(rise, fall)
}

/// A watch of every instance, whatever its health.
fn every(mesh: &Mesh) -> Watch {
    let every = [
        Health::Starting,
        Health::Healthy,
        Health::Unhealthy,
        Health::Draining,
    ];
    mesh.watch(&Query::all().health(every)).unwrap()
}

/// Waits until the one instance of a watch has this health.
async fn becomes(watch: &mut Watch, health: Health) {
    loop {
        let change = soon(watch.next()).await.unwrap();
        assert_ne!(change.kind, ChangeKind::Removed);
        if change.instance.health == health {
            return;
        }
    }
}

#[tokio::test]
async fn a_server_is_found_once_it_answers_and_no_longer_when_it_does_not() {
    let mesh = mesh().await;
    let server = Server::start(UP).await;
    let mut watch = every(&mesh);
    let registration = mesh
        .advertise("web", &server.http(), check(1, 1))
        .await
        .unwrap();
    becomes(&mut watch, Health::Healthy).await;
    assert_eq!(
        mesh.discover(&Query::service("web")).unwrap(),
        [registration.instance()]
    );

    server.answer.send_replace(DOWN);
    becomes(&mut watch, Health::Unhealthy).await;
    assert_eq!(mesh.discover(&Query::service("web")).unwrap(), []);
    server.answer.send_replace(UP);
    becomes(&mut watch, Health::Healthy).await;
}

#[tokio::test]
async fn a_server_that_is_stopped_drops_out_and_comes_back() {
    let mesh = mesh().await;
    let server = Server::start(UP).await;
    let mut watch = every(&mesh);
    mesh.advertise("web", &server.http(), check(1, 2))
        .await
        .unwrap();
    becomes(&mut watch, Health::Healthy).await;
    let address = server.stop().await;
    becomes(&mut watch, Health::Unhealthy).await;
    let _server = Server::start_at(address, UP).await;
    becomes(&mut watch, Health::Healthy).await;
}

#[tokio::test]
async fn a_connection_is_enough_for_a_tcp_probe() {
    let mesh = mesh().await;
    let server = Server::start(SILENT).await;
    let mut watch = every(&mesh);
    let check = HealthCheck::tcp().interval(INTERVAL).thresholds(1, 1);
    mesh.advertise("db", &format!("tcp://{}", server.address), check)
        .await
        .unwrap();
    becomes(&mut watch, Health::Healthy).await;
    server.stop().await;
    becomes(&mut watch, Health::Unhealthy).await;
}

#[tokio::test]
async fn a_server_that_says_nothing_is_unhealthy_after_the_timeout() {
    let mesh = mesh().await;
    let server = Server::start(SILENT).await;
    let mut watch = every(&mesh);
    let check = check(1, 1).timeout(Duration::from_millis(20));
    mesh.advertise("web", &server.http(), check).await.unwrap();
    becomes(&mut watch, Health::Unhealthy).await;
}

#[tokio::test]
async fn only_a_2xx_answer_is_a_success() {
    for (answer, health) in [
        ("204 No Content", Health::Healthy),
        ("302 Found", Health::Unhealthy),
        ("404 Not Found", Health::Unhealthy),
        ("500 Internal Server Error", Health::Unhealthy),
        ("nonsense", Health::Unhealthy),
    ] {
        let mesh = mesh().await;
        let server = Server::start(answer).await;
        let mut watch = every(&mesh);
        mesh.advertise("web", &server.http(), check(1, 1))
            .await
            .unwrap();
        becomes(&mut watch, health).await;
    }
}

#[tokio::test]
async fn an_instance_is_starting_until_its_rise_is_reached() {
    let mesh = mesh().await;
    let server = Server::start(UP).await;
    let mut watch = every(&mesh);
    let registration = mesh
        .advertise("web", &server.http(), check(5, 1))
        .await
        .unwrap();
    assert_eq!(registration.instance().health, Health::Starting);
    assert_eq!(mesh.discover(&Query::service("web")).unwrap(), []);
    becomes(&mut watch, Health::Healthy).await;
    assert!(
        server.requests.count() >= 5,
        "{} probes were enough",
        server.requests.count()
    );
}

#[tokio::test]
async fn an_instance_is_healthy_until_its_fall_is_reached() {
    let mesh = mesh().await;
    let server = Server::start(UP).await;
    let mut watch = every(&mesh);
    mesh.advertise("web", &server.http(), check(1, 5))
        .await
        .unwrap();
    becomes(&mut watch, Health::Healthy).await;
    server.answer.send_replace(DOWN);
    let before = server.requests.count();
    becomes(&mut watch, Health::Unhealthy).await;
    // One more may have been on its way with the old answer.
    let failed = server.requests.count() - before;
    assert!(failed >= 4, "{failed} probes were enough");
}

#[tokio::test]
async fn probing_ends_with_the_registration() {
    let mesh = mesh().await;
    let server = Server::start(UP).await;
    let registration = mesh
        .advertise("web", &server.http(), check(1, 1))
        .await
        .unwrap();
    server.requests.reaches(2).await;
    registration.deregister().await.unwrap();

    // Another instance's probes tell that time has passed.
    let other = Server::start(UP).await;
    mesh.advertise("other", &other.http(), check(1, 1))
        .await
        .unwrap();
    other.requests.reaches(2).await;
    let before = server.requests.count();
    other.requests.reaches(10).await;
    assert_eq!(server.requests.count(), before);
    assert_eq!(mesh.discover(&Query::service("web")).unwrap(), []);
}

#[tokio::test]
async fn many_servers_are_probed_side_by_side() {
    let mesh = mesh().await;
    let silent = Arc::new(Server::start(SILENT).await);
    let up = Server::start(UP).await;
    let slow = check(1, 1).timeout(Duration::from_secs(60));
    for number in 0..50 {
        mesh.advertise(format!("slow-{number}"), &silent.http(), slow.clone())
            .await
            .unwrap();
    }
    let mut watch = mesh.watch(&Query::service("web")).unwrap();
    mesh.advertise("web", &up.http(), check(1, 1))
        .await
        .unwrap();
    becomes(&mut watch, Health::Healthy).await;
}

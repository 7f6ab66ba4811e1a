//! Zenoh alone: a query, and a pair of topics.

use std::sync::Arc;

use zenoh::{Config, Session, Wait, pubsub::Publisher, qos::CongestionControl};

use crate::{Caller, Way};

/// A session as commy configures it, where that bears on the time of a call.
async fn session(way: Way, listen: &[&str], connect: &[&str]) -> Session {
    let mut config = Config::default();
    let quote = |endpoints: &[&str]| format!("{endpoints:?}");
    let settings = [
        ("scouting/multicast/enabled", "false".to_owned()),
        ("scouting/gossip/enabled", "false".to_owned()),
        ("listen/endpoints", quote(listen)),
        ("connect/endpoints", quote(connect)),
        (
            "transport/shared_memory/enabled",
            (way == Way::Shared).to_string(),
        ),
    ];
    for (key, value) in settings {
        config.insert_json5(key, &value).expect("a setting");
    }
    zenoh::open(config).await.expect("a session")
}

pub(crate) async fn answer(way: Way, endpoint: &str) -> Session {
    let session = session(way, &[endpoint], &[]).await;
    session
        .declare_queryable("bare/query")
        .callback(|query| {
            let payload = query.payload().expect("a payload").clone();
            query
                .reply("bare/query", payload)
                .express(true)
                .wait()
                .expect("a reply");
        })
        .background()
        .await
        .expect("a queryable");
    let replies = session
        .declare_publisher("bare/reply")
        .express(true)
        .congestion_control(CongestionControl::Block)
        .await
        .expect("a publisher");
    session
        .declare_subscriber("bare/request")
        .callback(move |sample| {
            replies
                .put(sample.payload().clone())
                .wait()
                .expect("a reply");
        })
        .background()
        .await
        .expect("a subscriber");
    session
}

pub(crate) struct Query(Session);

impl Query {
    pub(crate) async fn open(way: Way, endpoint: &str) -> Self {
        Self(session(way, &[], &[endpoint]).await)
    }
}

impl Caller for Query {
    fn name(&self) -> &'static str {
        "zenoh query"
    }

    async fn call(&self, bytes: usize) {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let sender = Arc::new(std::sync::Mutex::new(Some(sender)));
        self.0
            .get("bare/query")
            .payload(vec![7; bytes])
            .express(true)
            .callback(move |reply| {
                let length = reply.result().expect("a reply").payload().len();
                if let Some(sender) = sender.lock().expect("a lock").take() {
                    sender.send(length).expect("someone who waits");
                }
            })
            .await
            .expect("a query");
        assert_eq!(receiver.await.expect("a reply"), bytes);
    }
}

pub(crate) struct Topics {
    _session: Session,
    requests: Publisher<'static>,
    replies: tokio::sync::Mutex<tokio::sync::mpsc::UnboundedReceiver<usize>>,
}

impl Topics {
    pub(crate) async fn open(way: Way, endpoint: &str) -> Self {
        let session = session(way, &[], &[endpoint]).await;
        let (sender, replies) = tokio::sync::mpsc::unbounded_channel();
        session
            .declare_subscriber("bare/reply")
            .callback(move |sample| {
                sender
                    .send(sample.payload().len())
                    .expect("someone who waits");
            })
            .background()
            .await
            .expect("a subscriber");
        let requests = session
            .declare_publisher("bare/request")
            .express(true)
            .congestion_control(CongestionControl::Block)
            .await
            .expect("a publisher");
        // Both sides know of each other's topics.
        while !requests
            .matching_status()
            .await
            .expect("a status")
            .matching()
        {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        Self {
            _session: session,
            requests,
            replies: replies.into(),
        }
    }
}

impl Caller for Topics {
    fn name(&self) -> &'static str {
        "two zenoh topics"
    }

    async fn call(&self, bytes: usize) {
        self.requests.put(vec![7; bytes]).await.expect("a request");
        let length = self.replies.lock().await.recv().await;
        assert_eq!(length, Some(bytes));
    }
}

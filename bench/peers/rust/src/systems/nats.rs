//! NATS: request and reply with a queue group, through nats-server at HOST:PORT.

use anyhow::Result;
use async_nats::{Client as Connection, connect as open};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::mpsc::UnboundedSender;

use crate::measure::{self, Relay, answer};

pub(crate) async fn serve(address: &str) -> Result<Connection> {
    let connection = open(address).await?;
    let mut calls = connection.queue_subscribe("echo", "echo".into()).await?;
    let mut there = connection.subscribe("bench.there").await?;
    let replies = connection.clone();
    tokio::spawn(async move {
        while let Some(message) = calls.next().await {
            if let Some(reply) = message.reply {
                replies.publish(reply, answer(message.payload)).await?;
            }
        }
        anyhow::Ok(())
    });
    let publisher = connection.clone();
    tokio::spawn(async move {
        let relay = Relay::default();
        while let Some(message) = there.next().await {
            if let Some(back) = relay.take(&message.payload) {
                publisher.publish("bench.back", back).await?;
            }
        }
        anyhow::Ok(())
    });
    connection.flush().await?;
    Ok(connection)
}

pub(crate) struct Client(Connection);

pub(crate) async fn connect(address: &str, events: UnboundedSender<Bytes>) -> Result<Client> {
    let connection = open(address).await?;
    let mut back = connection.subscribe("bench.back").await?;
    tokio::spawn(async move {
        while let Some(message) = back.next().await {
            if events.send(message.payload).is_err() {
                return;
            }
        }
    });
    connection.flush().await?;
    Ok(Client(connection))
}

impl measure::Client for Client {
    async fn call(&self, payload: Bytes) -> Result<Bytes> {
        // A request has a deadline of 10 s by default.
        Ok(self.0.request("echo", payload).await?.payload)
    }

    async fn publish(&self, event: Bytes) -> Result<()> {
        Ok(self.0.publish("bench.there", event).await?)
    }
}

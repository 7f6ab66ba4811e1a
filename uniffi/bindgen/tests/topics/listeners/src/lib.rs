//! Topic: foreign traits with async methods.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

mod deadline;
mod threads;

use std::{sync::Arc, time::Duration};

#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    #[error("no answer to {question}")]
    Unknown { question: String },
    #[error("no answer within {limit_ms} ms")]
    TooLate { limit_ms: u64 },
    #[error("unexpected: {reason}")]
    Unexpected { reason: String },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for AnswerError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unexpected {
            reason: error.reason,
        }
    }
}

#[uniffi::trait_interface]
#[async_trait::async_trait]
pub trait Responder: Send + Sync {
    async fn answer(&self, question: String) -> Result<String, AnswerError>;
    async fn add(&self, left: u64, right: u32) -> u64;
    async fn told(&self, text: String);
    fn name(&self) -> String;
}

pub async fn ask(responder: Arc<dyn Responder>, question: String) -> Result<String, AnswerError> {
    let answer = responder.answer(question).await?;
    Ok(format!("{}: {answer}", responder.name()))
}

pub async fn add_up(responder: Arc<dyn Responder>, numbers: Vec<u32>) -> u64 {
    let mut total = 0;
    for number in numbers {
        total = responder.add(total, number).await;
    }
    total
}

pub async fn notify(responder: Arc<dyn Responder>, text: String) {
    responder.told(text).await;
}

pub async fn ask_within(
    responder: Arc<dyn Responder>,
    question: String,
    limit_ms: u64,
) -> Result<String, AnswerError> {
    let answer = async move { responder.answer(question).await };
    deadline::within(Box::pin(answer), Duration::from_millis(limit_ms))
        .await
        .unwrap_or(Err(AnswerError::TooLate { limit_ms }))
}

pub async fn ask_from_threads(responder: Arc<dyn Responder>, threads: u32) -> u32 {
    threads::ask(&responder, threads).await
}

uniffi::include_scaffolding!("listeners");

//! Topic: callback interfaces, called on the caller's and on other threads.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

#[derive(Debug, thiserror::Error)]
pub enum TransformError {
    #[error("rejected {text} at {position}")]
    Rejected { text: String, position: u32 },
    #[error("unexpected: {reason}")]
    Unexpected { reason: String },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for TransformError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unexpected {
            reason: error.reason,
        }
    }
}

pub trait Transformer: Send + Sync {
    fn apply(&self, text: String) -> String;
    fn try_apply(&self, text: String) -> Result<String, TransformError>;
    fn seen(&self, index: u64, payload: Option<Vec<u8>>);
}

pub fn transform(transformer: Box<dyn Transformer>, text: String) -> String {
    transformer.apply(text)
}

pub fn try_transform(
    transformer: Box<dyn Transformer>,
    text: String,
) -> Result<String, TransformError> {
    transformer.try_apply(text)
}

pub struct Pump {
    transformer: Arc<dyn Transformer>,
    finished: Arc<AtomicU64>,
}

impl Pump {
    pub fn new(transformer: Box<dyn Transformer>) -> Self {
        Self {
            transformer: Arc::from(transformer),
            finished: Arc::default(),
        }
    }

    pub fn run(&self, threads: u32, calls: u32) {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| pump(&*self.transformer, &self.finished, calls));
            }
        });
    }

    pub fn run_later(&self, calls: u32, delay_ms: u64) {
        let transformer = Arc::clone(&self.transformer);
        let finished = Arc::clone(&self.finished);
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(delay_ms));
            pump(&*transformer, &finished, calls);
        });
    }

    pub fn finished(&self) -> u64 {
        self.finished.load(Ordering::SeqCst)
    }
}

fn pump(transformer: &dyn Transformer, finished: &AtomicU64, calls: u32) {
    for index in 0..calls {
        let payload = (index % 2 == 0).then(|| index.to_be_bytes().to_vec());
        transformer.seen(u64::from(index), payload);
        finished.fetch_add(1, Ordering::SeqCst);
    }
}

uniffi::include_scaffolding!("callbacks");

//! Topic: traits implemented in Rust, and by the foreign side as well.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

#[derive(Clone, Debug)]
pub struct Note {
    pub text: String,
    pub line: Option<u32>,
}

#[derive(Debug, thiserror::Error)]
pub enum GreetError {
    #[error("refused: {reason}")]
    Refused { reason: String },
    #[error("unexpected: {reason}")]
    Unexpected { reason: String },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for GreetError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unexpected {
            reason: error.reason,
        }
    }
}

#[uniffi::trait_interface]
pub trait Shape: Send + Sync {
    fn area(&self) -> f64;
    fn name(&self) -> String;
}

#[uniffi::trait_interface]
pub trait Greeter: Send + Sync {
    fn greet(&self, name: String) -> String;
    fn try_greet(&self, name: String) -> Result<String, GreetError>;
    fn observe(&self, note: Note, tags: Vec<String>);
    fn rank(&self) -> Option<u32>;
    fn small(&self) -> u8;
    fn polite(&self) -> bool;
    fn warmth(&self) -> f64;
}

struct Square(f64);

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }

    fn name(&self) -> String {
        "square".to_owned()
    }
}

struct Polite;

impl Greeter for Polite {
    fn greet(&self, name: String) -> String {
        format!("good day, {name}")
    }

    fn try_greet(&self, name: String) -> Result<String, GreetError> {
        if name.is_empty() {
            return Err(GreetError::Refused {
                reason: "no name".to_owned(),
            });
        }
        Ok(self.greet(name))
    }

    fn observe(&self, _note: Note, _tags: Vec<String>) {}

    fn rank(&self) -> Option<u32> {
        Some(1)
    }

    fn small(&self) -> u8 {
        255
    }

    fn polite(&self) -> bool {
        true
    }

    fn warmth(&self) -> f64 {
        0.5
    }
}

pub fn square(side: f64) -> Arc<dyn Shape> {
    Arc::new(Square(side))
}

pub fn area_of(shape: Arc<dyn Shape>) -> f64 {
    shape.area()
}

pub fn polite_greeter() -> Arc<dyn Greeter> {
    Arc::new(Polite)
}

pub fn echo_greeter(greeter: Arc<dyn Greeter>) -> Arc<dyn Greeter> {
    greeter
}

pub fn greet_with(greeter: Arc<dyn Greeter>, name: String) -> String {
    greeter.observe(
        Note {
            text: format!("greeting {name}"),
            line: Some(u32::from(greeter.small())),
        },
        vec![greeter.polite().to_string(), greeter.warmth().to_string()],
    );
    greeter.greet(name)
}

pub fn greet_on_thread(greeter: Arc<dyn Greeter>, name: String) -> Result<String, GreetError> {
    thread::spawn(move || greeter.try_greet(name))
        .join()
        .unwrap_or_else(|_| {
            Err(GreetError::Unexpected {
                reason: "the greeting thread panicked".to_owned(),
            })
        })
}

pub fn count_on(greeter: Arc<dyn Greeter>, times: u32) -> Result<u32, GreetError> {
    for turn in 0..times {
        greeter.try_greet(turn.to_string())?;
    }
    Ok(greeter.rank().unwrap_or_default())
}

static LIVE_CHOIRS: AtomicU64 = AtomicU64::new(0);

pub struct Choir {
    greeters: Mutex<Vec<Arc<dyn Greeter>>>,
}

impl Default for Choir {
    fn default() -> Self {
        Self::new()
    }
}

impl Choir {
    pub fn new() -> Self {
        LIVE_CHOIRS.fetch_add(1, Ordering::SeqCst);
        Self {
            greeters: Mutex::default(),
        }
    }

    fn members(&self) -> Vec<Arc<dyn Greeter>> {
        self.greeters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn add(&self, greeter: Arc<dyn Greeter>) {
        self.greeters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(greeter);
    }

    pub fn greet(&self, name: String) -> Vec<String> {
        self.members()
            .iter()
            .map(|greeter| greeter.greet(name.clone()))
            .collect()
    }

    pub fn first(&self) -> Option<Arc<dyn Greeter>> {
        self.members().into_iter().next()
    }

    pub fn clear(&self) {
        self.greeters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Drop for Choir {
    fn drop(&mut self) {
        LIVE_CHOIRS.fetch_sub(1, Ordering::SeqCst);
    }
}

pub fn live_choirs() -> u64 {
    LIVE_CHOIRS.load(Ordering::SeqCst)
}

uniffi::include_scaffolding!("traits");

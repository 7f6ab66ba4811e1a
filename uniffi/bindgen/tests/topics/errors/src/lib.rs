//! Topic: errors, flat, rich and objects, and panics.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    #[error("not a number: {text}")]
    Unreadable { text: String },
    #[error("out of range: {value}")]
    OutOfRange { value: u64 },
}

#[derive(Clone, Debug)]
pub struct ParseDetail {
    pub line: u32,
    pub column: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    #[error("the account is locked")]
    Locked,
    #[error("needs {needed}, has {balance}")]
    Insufficient { balance: u64, needed: u64 },
    #[error("refused: {reason}")]
    Refused { reason: String, detail: ParseDetail },
}

static LIVE_INCIDENTS: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, thiserror::Error)]
#[error("incident of severity {severity}: {what}")]
pub struct Incident {
    what: String,
    severity: u32,
}

impl Incident {
    fn new(what: String, severity: u32) -> Self {
        LIVE_INCIDENTS.fetch_add(1, Ordering::SeqCst);
        Self { what, severity }
    }

    pub fn what(&self) -> String {
        self.what.clone()
    }

    pub fn severity(&self) -> u32 {
        self.severity
    }
}

impl Drop for Incident {
    fn drop(&mut self) {
        LIVE_INCIDENTS.fetch_sub(1, Ordering::SeqCst);
    }
}

pub fn parse(text: String) -> Result<u32, ParseError> {
    let Ok(value) = text.parse::<u64>() else {
        return Err(ParseError::Unreadable { text });
    };
    match u32::try_from(value) {
        Ok(small) if small <= 100 => Ok(small),
        _ => Err(ParseError::OutOfRange { value }),
    }
}

pub fn transfer(balance: u64, amount: u64, locked: bool) -> Result<u64, TransferError> {
    if locked {
        return Err(TransferError::Locked);
    }
    if amount == 0 {
        return Err(TransferError::Refused {
            reason: "nothing to transfer".to_owned(),
            detail: ParseDetail {
                line: 1,
                column: Some("amount".to_owned()),
            },
        });
    }
    balance
        .checked_sub(amount)
        .ok_or(TransferError::Insufficient {
            balance,
            needed: amount,
        })
}

pub fn provoke(what: String, severity: u32) -> Result<(), Arc<Incident>> {
    if severity == 0 {
        return Ok(());
    }
    Err(Arc::new(Incident::new(what, severity)))
}

pub fn require(text: &str) -> Result<(), ParseError> {
    parse(text.to_owned()).map(|_| ())
}

#[expect(clippy::panic, reason = "the panic is what the topic is about")]
pub fn explode(message: String) {
    panic!("{message}");
}

pub fn live_incidents() -> u64 {
    LIVE_INCIDENTS.load(Ordering::SeqCst)
}

uniffi::include_scaffolding!("errors");

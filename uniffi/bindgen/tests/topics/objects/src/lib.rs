//! Topic: objects, their constructors, methods, identity and lifetime.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

static LIVE_COUNTERS: AtomicU64 = AtomicU64::new(0);

#[derive(Debug, thiserror::Error)]
pub enum CounterError {
    #[error("not a count: {text}")]
    Unreadable { text: String },
    #[error("would fall below zero by {by}")]
    BelowZero { by: u64 },
}

#[derive(Debug)]
pub struct Counter {
    value: AtomicU64,
}

impl Default for Counter {
    fn default() -> Self {
        Self::new()
    }
}

impl Counter {
    pub fn new() -> Self {
        Self::starting_at(0)
    }

    pub fn starting_at(value: u64) -> Self {
        LIVE_COUNTERS.fetch_add(1, Ordering::SeqCst);
        Self {
            value: AtomicU64::new(value),
        }
    }

    pub fn parsed(text: String) -> Result<Self, CounterError> {
        match text.parse() {
            Ok(value) => Ok(Self::starting_at(value)),
            Err(_) => Err(CounterError::Unreadable { text }),
        }
    }

    pub fn increment(&self) -> u64 {
        self.value.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub fn value(&self) -> u64 {
        self.value.load(Ordering::SeqCst)
    }

    pub fn decrement(&self) -> Result<u64, CounterError> {
        self.value
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |value| {
                value.checked_sub(1)
            })
            .map(|before| before - 1)
            .map_err(|_| CounterError::BelowZero { by: 1 })
    }

    pub fn fork(&self) -> Arc<Self> {
        Arc::new(Self::starting_at(self.value()))
    }

    pub fn itself(self: Arc<Self>) -> Arc<Self> {
        self
    }

    pub fn absorb(&self, other: Arc<Self>) {
        self.value.fetch_add(other.value(), Ordering::SeqCst);
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        LIVE_COUNTERS.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Debug)]
pub struct Account {
    owner: String,
    balance: Mutex<u64>,
}

impl Account {
    pub fn owner(&self) -> String {
        self.owner.clone()
    }

    pub fn withdraw(&self, amount: u64) -> Result<(), CounterError> {
        let mut balance = self.balance.lock().unwrap_or_else(PoisonError::into_inner);
        *balance = balance
            .checked_sub(amount)
            .ok_or_else(|| CounterError::BelowZero {
                by: amount - *balance,
            })?;
        Ok(())
    }
}

#[derive(Debug)]
pub struct Bank {
    name: String,
    accounts: Mutex<Vec<Arc<Account>>>,
}

impl Bank {
    pub fn new(name: String) -> Self {
        Self {
            name,
            accounts: Mutex::default(),
        }
    }

    pub fn open(&self, owner: String, balance: u64) -> Arc<Account> {
        let account = Arc::new(Account {
            owner: format!("{owner}@{}", self.name),
            balance: Mutex::new(balance),
        });
        self.accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(&account));
        account
    }

    pub fn accounts(&self) -> Vec<Arc<Account>> {
        self.accounts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn by_owner(&self) -> HashMap<String, Arc<Account>> {
        self.accounts()
            .into_iter()
            .map(|account| (account.owner(), account))
            .collect()
    }
}

#[derive(Debug)]
pub struct Pair {
    pub left: Arc<Counter>,
    pub right: Option<Arc<Counter>>,
}

pub fn live_counters() -> u64 {
    LIVE_COUNTERS.load(Ordering::SeqCst)
}

pub fn echo_counter(counter: Arc<Counter>) -> Arc<Counter> {
    counter
}

pub fn are_same(left: Arc<Counter>, right: Arc<Counter>) -> bool {
    Arc::ptr_eq(&left, &right)
}

pub fn total(counters: &[Arc<Counter>]) -> u64 {
    counters.iter().map(|counter| counter.value()).sum()
}

pub fn pair(left: Arc<Counter>, right: Option<Arc<Counter>>) -> Pair {
    Pair { left, right }
}

pub fn maybe_counter(some: bool) -> Option<Arc<Counter>> {
    some.then(|| Arc::new(Counter::new()))
}

uniffi::include_scaffolding!("objects");

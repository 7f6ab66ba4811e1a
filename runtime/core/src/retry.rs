//! Whether a failed attempt of a call is followed by another. Two rules come before all others: a
//! call is executed at most once unless its caller said that twice does no harm, and retries never
//! multiply the load of a service that is in trouble.

use std::time::Duration;

use crate::{deadline::Deadline, error::Status, time::Moment};

/// How many attempts a call has at most: a third failure in a row is hardly bad luck.
pub const ATTEMPTS_MAX: u32 = 3;

/// Whether an attempt may have reached its handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// It provably has not: the request was refused, or never left.
    NotAccepted,
    /// Nobody knows, or it has.
    Possible,
}

/// An attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedAttempt {
    /// Which attempt of the call it was, from 1.
    pub attempt: u32,
    /// How it failed.
    pub status: Status,
    /// Whether it may have reached its handler.
    pub delivery: Delivery,
}

/// Decides whether another attempt follows, and takes it from the budget if so.
pub fn may_retry(
    idempotent: bool,
    failed: &FailedAttempt,
    deadline: Deadline,
    now: Moment,
    budget: &mut RetryBudget,
) -> bool {
    failed.attempt < ATTEMPTS_MAX
        && is_worth_a_retry(idempotent, failed)
        && !deadline.is_past(now)
        && budget.withdraw(now)
}

/// Whether another instance might do better, and no harm is done if both execute the call.
fn is_worth_a_retry(idempotent: bool, failed: &FailedAttempt) -> bool {
    match (failed.status, failed.delivery) {
        // A full instance says nothing about the others.
        (Status::Unavailable | Status::ResourceExhausted, Delivery::NotAccepted) => true,
        // The deadline that passed is the attempt's: the call's own is looked at separately.
        (Status::Unavailable | Status::DeadlineExceeded, _) => idempotent,
        // The handler has answered, or its panic would only be repeated elsewhere.
        _ => false,
    }
}

/// How many units of a budget one retry costs, one call adds, and one nanosecond refills. Integers,
/// so that no sum of fifths is ever a little less than one.
const RETRY_UNITS: u64 = 100_000_000;
/// Retries add at most a fifth to the load.
const CALL_UNITS: u64 = RETRY_UNITS / 5;
/// Even without other calls there are ten retries a second.
const REFILL_UNITS_PER_NS: u64 = RETRY_UNITS * 10 / 1_000_000_000;
/// What is refilled without calls, and there from the start: ten retries.
const RESERVE_UNITS: u64 = 10 * RETRY_UNITS;
/// The most that many calls without a failure can save up: a hundred retries.
const UNITS_MAX: u64 = 100 * RETRY_UNITS;

/// How many retries the callers of a service may still make: a token bucket that calls fill, with
/// a small reserve that time fills.
///
/// ```
/// use commy_core::{Moment, retry::RetryBudget};
///
/// let now = Moment::default();
/// let mut budget = RetryBudget::new(now);
/// while budget.withdraw(now) {}
/// for _ in 0..5 {
///     assert!(!budget.withdraw(now));
///     budget.on_call(now);
/// }
/// assert!(budget.withdraw(now));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    units: u64,
    refilled_at: Moment,
}

impl RetryBudget {
    /// A budget that holds its reserve.
    #[must_use]
    pub const fn new(now: Moment) -> Self {
        Self {
            units: RESERVE_UNITS,
            refilled_at: now,
        }
    }

    /// Takes note of a call: its first attempt, not its retries.
    pub fn on_call(&mut self, now: Moment) {
        self.refill(now);
        self.units = (self.units + CALL_UNITS).min(UNITS_MAX);
    }

    /// Takes one retry from the budget; false, and nothing taken, if there is none.
    #[must_use]
    pub fn withdraw(&mut self, now: Moment) -> bool {
        self.refill(now);
        match self.units.checked_sub(RETRY_UNITS) {
            Some(left) => {
                self.units = left;
                true
            }
            None => false,
        }
    }

    /// How many retries could be made now.
    #[must_use]
    pub fn retries_left(&self, now: Moment) -> u32 {
        let mut refilled = *self;
        refilled.refill(now);
        (refilled.units / RETRY_UNITS) as u32
    }

    fn refill(&mut self, now: Moment) {
        let elapsed = now.since(self.refilled_at).min(Duration::from_secs(60));
        let refill = elapsed.as_nanos() as u64 * REFILL_UNITS_PER_NS;
        let reserve = self.units.saturating_add(refill).min(RESERVE_UNITS);
        self.units = self.units.max(reserve);
        self.refilled_at = self.refilled_at.max(now);
    }
}

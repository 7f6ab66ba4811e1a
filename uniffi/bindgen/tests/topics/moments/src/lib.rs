//! Topic: timestamps and durations.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::time::{Duration, SystemTime};

#[derive(Debug, thiserror::Error)]
pub enum MomentError {
    #[error("later than a timestamp can say")]
    Overflow,
    #[error("backwards by {by:?}")]
    Backwards { by: Duration },
}

#[derive(Clone, Debug)]
pub struct Appointment {
    pub at: SystemTime,
    pub takes: Duration,
}

pub fn echo_timestamp(at: SystemTime) -> SystemTime {
    at
}

pub fn echo_duration(length: Duration) -> Duration {
    length
}

pub fn echo_optional(at: Option<SystemTime>) -> Option<SystemTime> {
    at
}

pub fn later(at: SystemTime, by: Duration) -> Result<SystemTime, MomentError> {
    at.checked_add(by).ok_or(MomentError::Overflow)
}

pub fn between(from: SystemTime, to: SystemTime) -> Result<Duration, MomentError> {
    to.duration_since(from)
        .map_err(|error| MomentError::Backwards {
            by: error.duration(),
        })
}

pub fn nanoseconds(at: SystemTime) -> i64 {
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |n| -n),
    }
}

pub fn epoch() -> SystemTime {
    SystemTime::UNIX_EPOCH
}

pub fn before_epoch() -> SystemTime {
    SystemTime::UNIX_EPOCH - Duration::from_nanos(1)
}

pub fn longest() -> Duration {
    Duration::MAX
}

pub fn echo_appointment(appointment: Appointment) -> Appointment {
    appointment
}

uniffi::include_scaffolding!("moments");

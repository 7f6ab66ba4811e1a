//! Topic: numbers, booleans and strings by value.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! echo {
    ($($name:ident: $of:ty),+ $(,)?) => {
        $(pub fn $name(value: $of) -> $of {
            value
        })+
    };
}

echo! {
    echo_u8: u8, echo_i8: i8, echo_u16: u16, echo_i16: i16, echo_u32: u32, echo_i32: i32,
    echo_u64: u64, echo_i64: i64, echo_f32: f32, echo_f64: f64, echo_boolean: bool,
}

static TICKS: AtomicU64 = AtomicU64::new(0);

#[expect(clippy::expect_used, reason = "the panic is what the topic is about")]
pub fn add(left: u32, right: u32) -> u32 {
    left.checked_add(right).expect("the sum fits a u32")
}

pub fn tick() {
    TICKS.fetch_add(1, Ordering::Relaxed);
}

pub fn ticks() -> u64 {
    TICKS.load(Ordering::Relaxed)
}

pub fn greet(who: String) -> String {
    format!("hello, {who}")
}

uniffi::include_scaffolding!("primitives");

//! What a pair of languages has to show, one function a check.
//!
//! Owns the facts; docs/interop.md has the commands by which they are found out.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use super::pair::Pair;
use super::process::{PATIENCE, Process};
use crate::check::Tally;

type Check = fn(&mut Pair) -> Result<()>;

/// In this order: a callee whose call ends without an answer is called no more for a second, so
/// nothing is called soon after the deadline; the last one ends both peers.
pub(super) const CHECKS: &[(&str, Check)] = &[
    ("discovery", discovery),
    ("json", json),
    ("bytes", bytes),
    ("large", large),
    ("failure", failure),
    ("cancel", cancel),
    ("deadline", deadline),
    ("event out", event_out),
    ("event back", event_back),
    ("stop", stop),
];

/// What the callee serves; any name that a person would choose.
const SERVICE: &str = "interop.tea";
/// Every byte value, once.
const BYTES: usize = 256;
const MEBIBYTE: usize = 1 << 20;
/// Time enough for a call to reach its handler on a machine that is busy.
const DEADLINE: Duration = Duration::from_secs(2);
/// Interest in a topic travels by itself: an event is published again until it is heard of.
const AGAIN: Duration = Duration::from_millis(100);

/// Runs every check, until one of the peers is gone.
pub(super) fn run(pair: &mut Pair) -> Tally {
    let mut tally = Tally::default();
    for (name, check) in CHECKS {
        pair.caller.forget();
        pair.callee.forget();
        match check(pair) {
            Ok(()) => tally.passed += 1,
            Err(error) => {
                let log = &pair.log;
                tally.failed.push(format!("{name}: {error:#}; see {log}"));
                if pair.caller.has_ended() || pair.callee.has_ended() {
                    break;
                }
            }
        }
    }
    tally
}

/// The caller finds the callee as it described itself.
fn discovery(pair: &mut Pair) -> Result<()> {
    let mut spec = json!({
        "version": "1.2.3-rc.1",
        "tags": ["green", "leaf"],
        "metadata": { "origin": "静岡", "pot.size": "7" },
    });
    let mut serve = spec.clone();
    serve["do"] = json!("serve");
    serve["service"] = json!(SERVICE);
    spec["id"] = pair.callee.does(&serve)?;
    spec["node"] = json!(pair.callee.node);
    let mut found = pair
        .caller
        .does(&json!({ "do": "find", "service": SERVICE }))?;
    // Tags are a set.
    if let Some(tags) = found["tags"].as_array_mut() {
        tags.sort_by_key(ToString::to_string);
    }
    same("what is found", &found, &spec)
}

/// A value comes back as it was, with every kind of JSON in it.
fn json(pair: &mut Pair) -> Result<()> {
    let value = json!({
        "nothing": null,
        "flags": [true, false],
        "numbers": [0, -1, 7, 1_234_567_890_123_i64, 0.5, -2.25, 1e-7, 6.02e23],
        "text": "tea, thé, 茶, чай, 🍵",
        "escapes": "\"\\/\u{8}\u{c}\n\r\t\u{1f}\u{2028}",
        "empty": { "text": "", "list": [], "object": {} },
        "": "the empty name",
        "snake_case": "the name of a field",
        "deep": [[[[{ "a": [{ "b": [null] }] }]]]],
    });
    let mut call = echo();
    call["value"] = value.clone();
    same("the answer", &pair.caller.does(&call)?, &value)
}

fn bytes(pair: &mut Pair) -> Result<()> {
    back(pair, BYTES)
}

fn large(pair: &mut Pair) -> Result<()> {
    back(pair, MEBIBYTE)
}

/// So many bytes come back as they were.
fn back(pair: &mut Pair, size: usize) -> Result<()> {
    let came = pair
        .caller
        .does(&json!({ "do": "bytes", "service": SERVICE, "size": size }))?;
    let sent = (0..size).map(|index| (7 * index + index / 256).to_le_bytes()[0]);
    same(
        "the answer",
        &came,
        &json!({ "size": size, "fnv1a": fnv1a(sent) }),
    )
}

/// The callee's failure arrives with everything that it said.
fn failure(pair: &mut Pair) -> Result<()> {
    let call = json!({ "do": "call", "service": SERVICE, "method": "fail", "value": null });
    let expected = json!({
        "status": "HANDLER_FAILED",
        "code": "OUT_OF_STOCK",
        "reason": "none of tea left",
        "details": { "left": 0, "of": ["tea"] },
    });
    same("the failure", &pair.caller.fails(&call)?, &expected)
}

/// A call is cancelled by the caller's own construct, and the callee lets go.
fn cancel(pair: &mut Pair) -> Result<()> {
    pair.caller
        .does(&json!({ "do": "hold", "service": SERVICE }))?;
    let held = pair.callee.tells("held", |_| true);
    let end = pair.caller.does(&json!({ "do": "cancel" }))?;
    if let Err(error) = held {
        return Err(error.context(format!("the call ended as {end}")));
    }
    same("the end of the call", &end, &Value::Null)?;
    pair.callee.tells("let go", |_| true)?;
    Ok(())
}

/// A call ends when its time has passed, and the callee lets go.
fn deadline(pair: &mut Pair) -> Result<()> {
    let call = json!({
        "do": "call",
        "service": SERVICE,
        "method": "hold",
        "value": null,
        "timeout_ms": u64::try_from(DEADLINE.as_millis())?,
    });
    let begun = Instant::now();
    let id = pair.caller.begins(call.clone())?;
    let answer = pair.caller.answer(id, &call)?;
    ensure!(begun.elapsed() >= DEADLINE, "it ended early: {answer}");
    status(&pair.caller.error(&answer)?, &["DEADLINE_EXCEEDED"])?;
    pair.callee.tells("held", |_| true)?;
    pair.callee.tells("let go", |_| true)?;
    Ok(())
}

fn event_out(pair: &mut Pair) -> Result<()> {
    event(&mut pair.caller, &mut pair.callee, "interop/out")
}

fn event_back(pair: &mut Pair) -> Result<()> {
    event(&mut pair.callee, &mut pair.caller, "interop/back")
}

/// An event reaches a subscriber with its topic, its value and its publisher.
fn event(from: &mut Process, to: &mut Process, topic: &str) -> Result<()> {
    to.does(&json!({ "do": "subscribe", "topic": topic }))?;
    let deadline = Instant::now() + PATIENCE;
    for number in 1.. {
        let value = json!({ "number": number, "text": "茶", "list": [true, null, 0.5] });
        from.does(&json!({ "do": "publish", "topic": topic, "value": value }))?;
        let Some(mut event) = to.tells_within("event", AGAIN)? else {
            ensure!(
                Instant::now() < deadline,
                "of {number} events none is heard of"
            );
            continue;
        };
        // It may be one of those before.
        let heard = event["value"]["number"].as_u64().unwrap_or_default();
        ensure!(
            (1..=number).contains(&heard),
            "an event that nobody published: {event}"
        );
        event["value"]["number"] = json!(number);
        let expected = json!({
            "told": "event",
            "topic": topic,
            "value": value,
            "publisher": from.node,
        });
        return same("the event", &event, &expected);
    }
    Ok(())
}

/// The callee stops well, the caller sees it and can call no more, and stops well itself.
fn stop(pair: &mut Pair) -> Result<()> {
    let Pair { caller, callee, .. } = pair;
    let found = caller.does(&json!({ "do": "find", "service": SERVICE }))?;
    caller.does(&json!({ "do": "watch", "service": SERVICE }))?;
    let is_it = |line: &Value| line["instance"] == found["id"];
    caller.tells("added", is_it)?;
    callee.does(&json!({ "do": "stop" }))?;
    callee.ends()?;
    caller.tells("removed", is_it)?;
    let mut call = echo();
    call["value"] = Value::Null;
    status(&caller.fails(&call)?, &["NOT_FOUND", "UNAVAILABLE"])?;
    caller.does(&json!({ "do": "stop" }))?;
    caller.ends()
}

fn echo() -> Value {
    json!({ "do": "call", "service": SERVICE, "method": "echo" })
}

fn status(error: &Value, expected: &[&str]) -> Result<()> {
    let came = error["status"].as_str().unwrap_or_default();
    if !expected.contains(&came) {
        bail!("expected {}, came {error}", expected.join(" or "));
    }
    Ok(())
}

fn same(what: &str, came: &Value, expected: &Value) -> Result<()> {
    ensure!(
        equal(came, expected),
        "{what}: expected {expected}, came {came}"
    );
    Ok(())
}

/// Whether two values are the same to any language: `1`, `1.0` and `1e0` are one number.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|it| equal(value, it)))
        }
        _ => one == other,
    }
}

fn fnv1a(bytes: impl Iterator<Item = u8>) -> String {
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_that_is_documented() {
        // From the test vectors of the draft.
        assert_eq!(fnv1a("foobar".bytes()), "85944171f73967e8");
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert!(equal(&value("[1, 100]"), &value("[1.0, 1e2]")));
        assert!(!equal(&value("[1]"), &value("[1, 1]")));
        assert!(!equal(&value(r#"{"a": 1}"#), &value(r#"{"b": 1}"#)));
        assert!(!equal(&value("0"), &value("null")));
    }
}
